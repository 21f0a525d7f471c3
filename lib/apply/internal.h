/* apply/internal: what the files of lib/apply share; not for others. */
#pragma once

#include "apply/apply.h"

enum step_state {
	STEP_PENDING,
	STEP_DONE,
	STEP_FAILED,
	STEP_SKIPPED, /* a step before it failed */
};

/* How far one step has come. */
struct apply_progress {
	enum step_state state;
	int64_t began;	    /* clock time of a wait's first look, a replace's delete, a first try */
	int64_t tell_after; /* a wait that lasts longer says why; doubles */
	char *told;	    /* the reason that was said last */
	bool kept;	    /* a delete: its object is on disk */
};

/* What the objects are told of when the run is over. */
struct apply_notices {
	const struct plan_step **steps;
	size_t cap;
	struct list texts; /* UID, reason and message of each */
};

/* One execution of a plan. */
struct apply_run {
	const struct apply_context *context;
	const struct plan *plan;
	struct apply_result *result;
	struct apply_progress *steps; /* one a step of the plan */
	struct apply_notices notices;
};

/* Writes (create, patch, adopt) that may run now, as one batch. Positive when any ran. */
int apply_writes(struct apply_run *run, struct err *err);
/* Moves the fields of kubectl's and Ansible's managers to ours, so that an apply can remove them.
 */
int apply_adopt(struct apply_run *run, const struct plan_step *step, struct err *err);
/* Delete, then create; see plan_replace for the order. */
int apply_replace(struct apply_run *run, size_t index, struct err *err);
/* For what must not be left half done: nobody's cancel ends it, the app's timeout does. */
struct deadline apply_uninterrupted(const struct apply_run *run);
/* Waits until no pod that the (deleted) workload selected is left. */
int apply_wait_pods_gone(struct apply_run *run, const json_t *old, struct deadline *deadline,
			 struct err *err);
/* Deletes what left the files, and keeps it on disk before. */
int apply_delete(struct apply_run *run, size_t index, struct err *err);
/* Looks once at everything that is waited for. Positive when a wait ended, 0 when all go on. */
int apply_look(struct apply_run *run, struct err *err);

/* For one request: generous, cancelable. */
struct deadline apply_deadline(const struct apply_run *run);

bool apply_runnable(const struct apply_run *run, size_t index);

/* Records a success in the ledger: `object` is what the server answered. */
int apply_record(struct apply_run *run, const struct plan_step *step, const json_t *object,
		 struct err *err);
/* Says that a step failed, once, and counts it. */
void apply_fail(struct apply_run *run, size_t index, const struct err *why);
/* An event about the object of a step. */
void apply_say(struct apply_run *run, const struct plan_step *step, enum event_kind kind,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- tell.c --- */

/* An Event on the object of a step ("Repaired", "Replaced", "PutBack"), posted at the end of the
 * run. `object` is what the server has now, for its UID; may be NULL. No values of fields in the
 * text: anybody may read events. */
void apply_tell(struct apply_run *run, const struct plan_step *step, const json_t *object,
		const char *reason, const char *format, ...) __attribute__((format(printf, 5, 6)));
void apply_tell_all(struct apply_run *run);

/* --- job.c --- */

/* A Job that its TTL took away before anybody saw how it ended: taken as done. */
bool apply_job_vanished(const struct plan_step *step, const json_t *object);
/* A Job that was waited for has ended: a success is remembered, a hook's log goes to the journal.
 * Does nothing with other kinds. */
int apply_job_ended(struct apply_run *run, const struct plan_step *step, bool well,
		    struct err *err);
