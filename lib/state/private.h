/* state/private: the ledger itself; inside lib/state only. */
#pragma once

#include <pthread.h>

#include "state/ledger.h"

/* An entry with the line it makes in the file: a write of the file joins lines and formats only
 * what has changed, so recording one object of thousands stays cheap. */
struct state_line {
	struct state_entry *entry;
	char *text;
};

struct state_ledger {
	pthread_mutex_t lock;
	char *dir, *path;
	struct list clusters; /* the one bound to comes last; others may still be looked at */
	struct list approved;
	struct map entries; /* key -> struct state_line */
	struct map apps;    /* name -> struct state_app */
	struct map pods;    /* key of a pod that pulls -> its app, own copy */
};

struct state_line *state_line_new(struct state_entry *entry_stolen);

/* The app's record, made when there is none. */
struct state_app *state_ledger_app_of(struct state_ledger *ledger, const char *name);

/* Writes the file. As all of these, with the lock held. */
int state_ledger_save(const struct state_ledger *ledger, struct err *err);
