/*
 * site: what a process needs besides the files: the ledger under the state lock, and I/O.
 *
 * Who writes (the daemon, an apply without one) holds STATE/lock; the lock file says who that is.
 * Who only looks (plan, status without a daemon) works on a copy of the ledger, needs no lock, and
 * can leave no trace.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "http/http.h"
#include "options.h"
#include "state/ledger.h"

struct site {
	const struct options *options;
	struct http *http;
	struct state_ledger *ledger;
	int lock;	   /* -1: only looks */
	struct list spare; /* the directories of desired itself: no purge takes them */
	char *temporary;   /* where the copy of the ledger is; NULL */
};

#define SITE_INIT    ((struct site){.lock = -1})
#define cleanup_site __attribute__((cleanup(site_close)))

/* Takes the lock. `purpose` is what others read while it is held: "desired apply". ERR_BUSY says
 * who has it. */
int site_open(const struct options *options, const char *purpose, struct site *ret,
	      struct err *err);
/* Without the lock, to change nothing. */
int site_look(const struct options *options, struct site *ret, struct err *err);
void site_close(struct site *site);

/* The login name of whoever runs this, through sudo too. Caller frees. */
char *site_person(void);
