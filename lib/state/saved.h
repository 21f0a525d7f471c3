/*
 * state/saved: what a replace takes down, as it was, so that it can be put back.
 *
 * STATE/saved/DIGEST.json (0600: it may hold a Secret), one for each object on its way through a
 * replace. It is on disk before the delete, and goes when the new object has proven itself or the
 * old one is back. The ledger's entry says how far the replace has come (enum state_stage); a file
 * whose entry is settled means nothing.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "state/ledger.h"

struct state_saved {
	char *key;
	json_t *object;		   /* whole, with its managedFields and uid */
	struct state_entry *entry; /* what the ledger said of it; NULL: it was not ours */
	int64_t since;		   /* wall clock, ms: when it was about to be deleted */
};

int state_saved_put(const char *state_dir, const struct state_saved *saved, struct err *err);
/* ERR_NOT_FOUND; a damaged file counts as missing. Release with state_saved_free(). */
int state_saved_get(const char *state_dir, const char *key, struct state_saved **ret,
		    struct err *err);
int state_saved_drop(const char *state_dir, const char *key, struct err *err);
/* Removes what a crash left of objects whose replace is over. Only while nothing is replaced: when
 * the state was just opened. */
void state_saved_sweep(const char *state_dir, struct state_ledger *ledger);
void state_saved_free(struct state_saved *saved);
