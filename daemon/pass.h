/*
 * pass: passes over apps as jobs, shared by the daemon and by an apply without one.
 *
 * A round is begun once (for a reload, a start, an apply), holds what its passes share, and lives
 * until the last of them has ended. Each of its apps becomes one piece of work for the job pool. A
 * work reports its first outcome to the round's tally, also when it is tried again later.
 */
#pragma once

#include <jansson.h>
#include <pthread.h>

#include "base/event.h"
#include "base/list.h"
#include "job.h"
#include "link.h"
#include "loaded.h"
#include "reconcile/reconcile.h"
#include "saver.h"

/* What somebody asked for. */
struct pass_request {
	char *app; /* NULL: all */
	struct list tags, skip_tags;
	bool force;	    /* try refused versions again */
	bool force_replace; /* replace workloads even when they could roll */
	bool adopt;	    /* take over what others claim; at the first try only */
	char *adopt_key;    /* of these only this one; NULL: all */
	bool sweep;	    /* fetch and compare everything in full */
	bool purge;	    /* what left the files goes, data and all; at the first try only */
	json_t *agreed;	    /* nothing but this is done: {app: plan/record.h}; NULL: what is due */
	char *who;
};

/* What the body of POST /v1/apply says. */
void pass_request_from_json(const json_t *body, const char *who, struct pass_request *ret);

void pass_request_copy(struct pass_request *to, const struct pass_request *from);
bool pass_request_is_all(const struct pass_request *request);
void pass_request_done(struct pass_request *request);

struct pass_tally {
	size_t pending; /* apps that have not reported */
	size_t failed, warned, changed;
	size_t swept, unseen; /* objects of a sweep; of these, drift that no watch could see */
	json_t *apps;	      /* [{app, outcome, note, ...}] */
};

struct pass_round {
	int references; /* atomic */
	struct loaded *loaded;
	struct link *link;
	struct reconcile_world world;
	struct saver saver;
	struct reconcile_round *round;
	struct pass_request request;
	struct list apps;
	int64_t began;

	pthread_mutex_t lock; /* of the tally */
	struct pass_tally tally;
	void (*finished)(void *context, struct pass_round *round); /* every app has reported */
	void *context;
};

struct pass_round_options {
	const struct site *site;
	struct loaded *loaded;
	struct link *link;
	struct event_sink *sink;
	const struct clock *clock;
	struct cancel *cancel;
	struct reconcile_contest *contest; /* may be NULL */
	/* See struct reconcile_world; may be NULL. */
	bool (*settled)(void *context, const struct state_entry *entry);
	void *settled_context;
	struct backup_gate *gate; /* may be NULL */
	const struct pass_request *request;
	int64_t timeout_ms; /* of the API server's first answers */
	void (*finished)(void *context, struct pass_round *round);
	void *context;
};

/* Asks the server whether it is ready and which cluster it is. ERR_UNREACHABLE, ERR_TIMEOUT. */
int pass_round_begin(const struct pass_round_options *options, struct pass_round **ret,
		     struct err *err);
struct pass_round *pass_round_ref(struct pass_round *round);
void pass_round_unref(struct pass_round *round);

/* Makes work of every app of the round. With no apps, the round is finished at once. */
void pass_round_submit(struct pass_round *round, struct job_pool *pool);

/* Submits a pass over one app that nobody waits for. */
void pass_submit_app(struct pass_round *round, struct job_pool *pool, const char *app);

/* What a pass learned about the API server. */
enum pass_contact {
	PASS_NOT_ASKED,
	PASS_ANSWERED,
	PASS_NO_ANSWER,
};

/* The run function of jobs that have work; on a thread of the pool. */
enum job_outcome pass_run(const struct job *job, enum pass_contact *ret_contact);

/* Repairs one object, if it still is not as the ledger says. */
enum job_outcome pass_repair(struct pass_round *round, const struct job *job,
			     enum pass_contact *ret_contact);

/* Releases the work of a job; one that never ran reports that it was canceled. */
void pass_release(void *work);

/* The tally as JSON: {"apps": [...], "failed": n, "warned": n, "changed": n}. New reference. */
json_t *pass_round_result(struct pass_round *round);
