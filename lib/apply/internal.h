/* apply/internal: what the files of lib/apply share; not for others. */
#pragma once

#include "apply/apply.h"
#include "base/list.h"
#include "state/saved.h"

enum step_state {
	STEP_PENDING,
	STEP_DONE,
	STEP_FAILED,
	STEP_SKIPPED, /* a step before it failed */
};

/* Where a replace, a put-back or a delete stands; each waits without holding up other steps. */
enum apply_stage {
	STAGE_BEGIN,
	STAGE_PULL,   /* its images are on their way to the node */
	STAGE_DELETE, /* nothing is gone yet */
	STAGE_GONE,   /* deleted; its pods end */
	STAGE_CREATE, /* the new one has to be made, whatever happens */
	STAGE_END,
};

/* How far one step has come. */
struct apply_progress {
	enum step_state state;
	enum apply_stage stage;
	json_t *old;		   /* what is or was replaced, whole */
	struct list old_pods;	   /* their UIDs */
	char *uid;		   /* of what it made */
	struct state_saved *saved; /* put-back */
	int64_t tries_until;	   /* clock time */
	bool trial;		   /* a wait: for what was replaced and can be put back */
	int64_t ready_since;	   /* a wait on trial: clock time; 0: not ready */
	int64_t down;		   /* the downtime it saw, ms */
	char *pods;		   /* the pods that were ready then, and how often they started */
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
/* Moves the fields of others to us and takes off their marks, so that an apply can do the rest. */
int apply_adopt(struct apply_run *run, const struct plan_step *step, struct err *err);
/* These take a step as far as it goes without waiting. Positive when it came further, 0 when it
 * waits for something; a failure is the step's (apply_fail). */
int apply_replace(struct apply_run *run, size_t index);
int apply_put_back(struct apply_run *run, size_t index);
int apply_delete(struct apply_run *run, size_t index, struct err *err);
/* Between delete and create: goes on whoever cancels. */
bool apply_is_half_done(const struct apply_run *run, size_t index);

/* A refusal of a create that passes by waiting: the old one is on its way out, the server does not
 * answer, a quota still counts what is gone. */
bool apply_may_pass(const struct err *why);

/* --- pods.c --- */

/* For one request of what must not be left half done: nobody's cancel ends it. */
struct deadline apply_uninterrupted(const struct apply_run *run);
/* 1 when no pod that the (deleted) workload selected is left, else 0. */
int apply_pods_gone(struct apply_run *run, const json_t *old, struct err *err);
/* The pods that a workload selects; a new reference to an array, NULL when it selects nothing. */
int apply_pods_of(struct apply_run *run, const json_t *workload, json_t **ret, struct err *err);

/* --- pull.c --- */

/* Makes the pod that pulls the step's images. */
int apply_pull_start(struct apply_run *run, const struct plan_step *step, struct err *err);
/* 1 when all are on the node, 0 when it goes on. `since`: clock time of the start. */
int apply_pull_look(struct apply_run *run, const struct plan_step *step, int64_t since,
		    struct err *err);
/* Removes the pod; what remains of it the next pass removes. */
void apply_pull_end(struct apply_run *run, const struct plan_step *step);

/* --- stage.c: how far a replace has come, in ledger and state/saved.h --- */

/* Puts the old object on disk and says in the ledger that its replace begins. */
int apply_stage_begin(struct apply_run *run, const struct plan_step *step, json_t *old,
		      struct err *err);
/* Where an entry stands after its object was written under that UID. */
enum state_stage apply_stage_after_write(struct apply_run *run, const struct plan_step *step,
					 enum state_stage before, const char *uid);
bool apply_stage_is_trial(struct apply_run *run, const char *key);
/* The new one has proven itself: what it replaced is forgotten. */
int apply_stage_settle(struct apply_run *run, const char *key, struct err *err);
/* It has not: the app's version is refused, and what was replaced has to come back. what: "is not
 * ready", before the reason. */
void apply_reject(struct apply_run *run, size_t index, const char *what, const char *reason);
int apply_stage_refuse(struct apply_run *run, struct err *err);

/* --- trial.c --- */

enum apply_verdict {
	TRIAL_GOES_ON,
	TRIAL_PASSED,
	TRIAL_FAILED,
};
/* A replaced workload that is waited for: passes when it is ready, and stays so for a while where
 * no probe says it; fails at once when its pods say that waiting will not help (ret_reason, caller
 * frees). `ready` and object are what this look found. */
enum apply_verdict apply_trial_look(struct apply_run *run, size_t index, const json_t *object,
				    bool ready, char **ret_reason);

/* --- kept.c --- */

/* Says, once, that something stays; the ledger remembers that and its size. */
int apply_keep(struct apply_run *run, const struct plan_step *step, struct err *err);
/* Looks once at everything that is waited for. Positive when a wait ended, 0 when all go on. */
int apply_look(struct apply_run *run, struct err *err);

/* For one request: generous, cancelable. */
struct deadline apply_deadline(const struct apply_run *run);

bool apply_runnable(const struct apply_run *run, size_t index);

/* Records successes in the ledger, with one write of its file: objects[i] is what the server
 * answered to steps[i]. */
int apply_record(struct apply_run *run, const struct plan_step *const *steps,
		 json_t *const *objects, size_t count, struct err *err);
/* Says that a step failed, once, and counts it. */
void apply_fail(struct apply_run *run, size_t index, const struct err *why);
/* The step of the plan that replaces or puts back the object of a wait; NULL when none did. */
const struct plan_step *apply_replacing_step(const struct apply_run *run, const char *key,
					     struct apply_progress **ret);
/* True when a wait step for this object follows. */
bool apply_is_awaited(const struct apply_run *run, const char *key);
void apply_say_put_back(struct apply_run *run, const struct plan_step *step,
			const struct apply_progress *progress);
/* What a text says of the step's object, without the name that errors bear before it. Borrowed. */
const char *apply_without_name(const struct plan_step *step, const char *text);
/* An event about the object of a step. */
void apply_say(struct apply_run *run, const struct plan_step *step, enum event_kind kind,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- tell.c --- */

/* An Event on the object of a step ("Repaired", "Replaced", "PutBack"), posted at the end of the
 * run. `object` is what the server has now, for its UID: without one `kubectl describe` does not
 * show it; NULL means what the step made. No values of fields in the text: anybody may read events.
 */
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
