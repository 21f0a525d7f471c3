/*
 * daemon: the state of `desired run`, and who turns it.
 *
 *	files --reload--> loaded --rounds--> passes (job pool) --> API server
 *	API server --observe--> drift --> repairs (job pool)
 *
 * The loop's thread decides when; files are read, rounds begun, drift judged and calls served on
 * libuv's threads; passes run in the job pool. What several of them touch stands behind `lock`.
 *
 * follow.c, reload.c, rounds.c, drift.c, sweep.c, recover.c and alarm.c each own a part of it,
 * opaque to the others; requests.c serves the control socket.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "control.h"
#include "job.h"
#include "kube/observe.h"
#include "loaded.h"
#include "loop.h"
#include "pass.h"
#include "quiet.h"
#include "site.h"
#include "tasks.h"

struct daemon {
	struct site *site;
	struct loop *loop;
	struct cancel *cancel; /* of everything that is not a job */
	struct tasks *tasks;
	struct quiet *quiet;
	struct event_sink *sink; /* masking, then quiet, then tasks, then the journal */
	struct source_vault_cache *vault;
	struct job_pool *jobs;
	struct control *control;
	struct follow *follow;
	struct reload *reload;
	struct rounds *rounds;
	struct drift *drift;
	struct sweep *sweep;
	struct alarm *alarm;
	struct recover *recover;
	struct reconcile_contest *contest; /* fields that somebody changes back; own lock */
	struct backup_gate *gate;	   /* before apps whose data is missing; own locks */
	struct loop_timer *leaving;
	bool ready, stopping;	       /* of the loop's thread */
	int working;		       /* pieces of loop_work() under way; of the loop's thread */
	int64_t leaves_at, extends_at; /* when waiting for jobs ends; when systemd is asked next */

	pthread_mutex_t lock;	     /* of what follows */
	struct loaded *loaded;	     /* in force; NULL before the first */
	struct pass_round *round;    /* the newest; repairs use it; NULL before the first */
	struct link *link;	     /* NULL before the API server was met */
	struct kube_cluster cluster; /* as far as known */
	bool api_gone;
	int64_t api_gone_since;
	char *api_why;
};

/* --- daemon.c --- */

/* Runs until SIGTERM or SIGINT. */
int daemon_run(struct site *site, struct err *err);

/* loop_work() that a stop waits for. */
void daemon_work(struct daemon *daemon, void (*work)(void *context), void (*after)(void *context),
		 void *context);

/* What is loaded now; the caller owns the reference. NULL before the first load. Any thread. */
struct loaded *daemon_loaded(struct daemon *daemon);

/* The API server does not answer (err), or does (NULL): told once for each turn. Any thread. */
void daemon_api(struct daemon *daemon, const struct err *err);

/* Brings the STATUS line of systemctl up to date. Any thread. */
void daemon_tell_status(struct daemon *daemon);

/* --- follow.c: files that change, holds that end, the interval --- */

struct follow *follow_new(struct daemon *daemon);
void follow_free(struct follow *follow);

/* The first reading has ended. Loop thread, as all of these. */
void follow_start(struct follow *follow);

/* Watches the folders that there are now, and sees what changed since the last reading. */
void follow_files(struct follow *follow);

/* How many files changed since then. */
size_t follow_changed(const struct follow *follow);

/* Acts when the next hold ends; to be called when one was taken or dropped. */
void follow_holds(struct follow *follow);

/* --- reload.c: reading the files --- */

struct reload *reload_new(struct daemon *daemon);
void reload_free(struct reload *reload);

/* Reads the files, takes up what is good of them (with request->app or tags: only of those), and
 * begins a round. `done` (may be NULL) gets the verdict as JSON, borrowed; NULL when it could not
 * be read at all, err says why. `task` is finished with the round's result; 0: none. Loop thread.
 */
void reload_begin(struct reload *reload, const struct pass_request *request, int task,
		  void (*done)(void *context, const json_t *verdict, const struct err *err),
		  void *context);

/* True when files of that fingerprint were not read yet, whatever came of it. Loop thread. */
bool reload_is_news(const struct reload *reload, const char *fingerprint);

/* --- rounds.c: beginning rounds with the API server --- */

struct rounds *rounds_new(struct daemon *daemon);
void rounds_free(struct rounds *rounds);

/* Begins a round over what is loaded as soon as the API server answers. Loop thread. */
void rounds_begin(struct rounds *rounds, const struct pass_request *request, int task);
/* The API server seems to be back: what waits for it is tried now. Loop thread. */
void rounds_hurry(struct rounds *rounds);
/* Compares everything again, unless every kind is watched and nothing waits. Loop thread. */
void rounds_compare(struct rounds *rounds);

/* Watches the kinds that the ledger has now. Any thread. */
void rounds_observe(struct daemon *daemon);

/* --- drift.c: what the watches see --- */

struct drift *drift_new(struct daemon *daemon);
void drift_free(struct drift *drift);

/* For kube_observe_options.changed; context is a struct drift. */
void drift_changed(void *context, const char *key, json_t *object);

/* Whether what was seen last of an object is what the ledger says. Any thread. */
bool drift_agrees(struct drift *drift, const struct state_entry *entry);

/* The files were read again: contested objects and fields are repaired again. Any thread. */
void drift_forget(struct drift *drift);

/* --- sweep.c: now and then everything is compared in full --- */

struct sweep *sweep_new(struct daemon *daemon);
void sweep_free(struct sweep *sweep);

/* How long, on average, from one to the next. The first follows so long after. Loop thread. */
void sweep_every(struct sweep *sweep, int64_t milliseconds);

/* A round with request.sweep has ended. Any thread. */
void sweep_ended(struct sweep *sweep, struct pass_round *round);

/* What all of them found together, for status and metrics. Any thread. */
struct sweep_counts {
	uint64_t sweeps, objects, disagreements; /* drift that no watch had seen: should be 0 */
	time_t last;				 /* 0: none yet */
};
struct sweep_counts sweep_counts(struct sweep *sweep);

/* --- recover.c: apps that a killed backup or restore left standing still --- */

struct recover *recover_new(struct daemon *daemon);
void recover_free(struct recover *recover);
/* From now on; the first look at once. Loop thread. */
void recover_start(struct recover *recover);

/* --- requests.c: the control socket's calls --- */

/* For control_open(); context is a struct daemon. */
void requests_handle(void *context, struct control_call *call);
