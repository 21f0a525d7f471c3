/* backup/gate_private: what the files of the gate share; not for others. */
#pragma once

#include <pthread.h>

#include "backup/find.h"
#include "backup/gate.h"
#include "backup/known.h"

struct backup_gate {
	struct backup_gate_options options;
	pthread_mutex_t turn; /* at the store; of what follows */
	char *target, *node;
	struct s3_store *store; /* NULL: not open */
	struct age_identities identities;
	struct backup_catalog catalog;
	struct list others; /* further nodes, when ours has no sets */
	int64_t asked_at;   /* when the list came */
	int64_t failed_at;
	char *failure; /* why it did not; NULL */

	pthread_mutex_t lock; /* of STATE/backup/known.json */
};

/* One question. */
struct backup_gate_asking {
	struct backup_gate *gate;
	const struct backup_gate_question *question;
	struct backup_known known;
	bool chosen;	     /* the node's name was given */
	struct list missing; /* paths that are new to this node */
	struct list lost;    /* paths and claims that it had */
	bool claims;	     /* are to be looked at */
	enum backup_gate_verdict verdict;
	char *why;
};

/* --- gate.c --- */

/* Notes what is known of a path or a claim. */
int backup_gate_note(struct backup_gate *gate, const char *path, const char *app,
		     enum backup_known_state state, struct err *err);
/* The verdict for what stands in `lost`. */
int backup_gate_hold_lost(struct backup_gate_asking *asking);
/* Restores a path; `name` is what messages call it. A failure is a verdict. */
int backup_gate_bring_back(struct backup_gate_asking *asking, const struct backup_set *set,
			   const char *path, const char *name, struct err *err);

/* --- gate_claim.c --- */

/* Whether the app's claims are to be looked at. With the lock; may note something in `known`. */
bool backup_gate_claims_are_due(struct backup_gate_asking *asking, bool allowed, int *changed);
/* With the turn. */
int backup_gate_settle_claims(struct backup_gate_asking *asking, const struct deadline *deadline,
			      struct err *err);
