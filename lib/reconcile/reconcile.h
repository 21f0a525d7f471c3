/*
 * reconcile: the picture of design.md section 3, for one app.
 *
 *	effective set (loaded; the revision it is pinned to; or, while the files are broken, the one
 *	in force)
 *	  -> live -> plan (questions, answers, plan) -> inventory grows -> steps -> ledger, revision
 *
 * The caller (a job of the daemon, or a verb) decides when, on which thread, and that an app is
 * never reconciled twice at once.
 */
#pragma once

#include <stdbool.h>

#include "apply/apply.h"
#include "backup/gate.h"
#include "base/deadline.h"
#include "base/event.h"
#include "kube/client.h"
#include "manifest/set.h"
#include "plan/plan.h"
#include "reconcile/contest.h"
#include "reconcile/upgrade.h"
#include "source/settings.h"
#include "state/ledger.h"

/* What every pass needs; borrowed for as long as passes run. */
struct reconcile_world {
	struct kube_client *client;
	struct state_ledger *ledger;
	const char *state_dir;
	const struct source_settings *settings;
	struct event_sink *sink;
	const struct list *spare; /* directories that no purge removes; NULL: none but state_dir */
	const struct clock *clock;
	/* Whether an object is known, without asking, to be as the ledger says; NULL: it never is
	 */
	bool (*settled)(void *context, const struct state_entry *entry);
	void *context;
	struct reconcile_contest *contest;   /* NULL: nothing is remembered of drift */
	struct backup_gate *gate;	     /* NULL: apps start without their data, too */
	const struct reconcile_saver *saver; /* NULL: there is nowhere to save data to */
};

/* What one round of passes shares: made once for a reload, a start or a verb. */
struct reconcile_round;

/* Learns the cluster's identity and binds the ledger to it. The kinds of the ledger and of the set
 * are listed once, when the first app needs them. ERR_UNREACHABLE when the server is not there. */
int reconcile_round_begin(const struct reconcile_world *world, struct manifest_set *set,
			  const struct deadline *deadline, struct reconcile_round **ret,
			  struct err *err);
/* Every app had its pass: what was listed is forgotten, and a later pass (a repair, a retry) asks
 * for what it needs. */
void reconcile_round_rest(struct reconcile_round *round);
void reconcile_round_end(struct reconcile_round *round);

/* Limits the round to what --app, --tags and --skip-tags select; nothing else is then touched, and
 * apps that left the files only when `app` names them. */
void reconcile_round_select(struct reconcile_round *round, const char *app, const struct list *tags,
			    const struct list *skip_tags);

/* The apps that need a pass: those of the set, and those of the ledger that the set no longer
 * names. Names; in dependency order. */
void reconcile_round_apps(const struct reconcile_round *round, struct list *ret);

struct reconcile_options {
	bool show;	       /* plan only: nothing is written */
	const json_t *agreed;  /* plan/record.h: nothing but this is done; ERR_INVALID when the
				* world moved. NULL: what the files say */
	bool retry;	       /* try a refused version again */
	bool force;	       /* replace also what cannot be proven */
	bool adopt;	       /* take over what Helm, a k3s Addon or the like claims */
	const char *adopt_key; /* of these only this one; NULL: all */
	bool purge;	       /* what left the files goes, data and all */
	bool force_replace;    /* replace workloads even when they could roll */
	bool fresh;	       /* tried before: what the round listed may be older than that */
	bool sweep;	       /* fetch and compare everything in full; implies fresh */
	const char *only_key;  /* drift: this object only */
	const char *who;       /* "reload by root" */
	struct cancel *cancel;
};

struct reconcile_result {
	struct plan *plan;	  /* set when options.show */
	json_t *record;		  /* likewise: plan/record.h */
	struct manifest_app *app; /* what the plan was made for: it borrows from it */
	struct apply_result applied;
	size_t repaired;
	size_t swept,
		unseen; /* a sweep: objects compared; of these, drift that no watch could see */
	bool changed;
	bool held; /* suspended or held: nothing was done */
	bool waiting_approval;
	bool unknown;	   /* of some objects nobody can tell whether they are there: look again */
	bool broken;	   /* the files are broken: what was in force was enforced */
	bool pinned;	   /* the pass was made for a revision that the app is pinned to */
	char *refused;	   /* why this version is not tried: what was in force was enforced; NULL */
	bool put_back;	   /* ... and it was this pass that tried it */
	char *saved;	   /* the set with the data before its images changed; NULL */
	char *rolled_back; /* it went back to an earlier version by itself, and why; NULL */
	/* Not OPEN: nothing was done, because its data is not there; `missing` says it all. */
	enum backup_gate_verdict gate;
	char *missing;
	int revision;
};

/* One pass over one app. Success means that everything was done that could be; see result. */
int reconcile_app(const struct reconcile_world *world, struct reconcile_round *round,
		  const char *name, const struct reconcile_options *options,
		  struct reconcile_result *ret, struct err *err);
void reconcile_result_done(struct reconcile_result *result);

/* A watched Job that is complete: the ledger remembers it, so that it is not run again when its TTL
 * takes it away. Asks nothing; object may be NULL. */
int reconcile_note_done(struct state_ledger *ledger, const char *key, const json_t *object,
			struct err *err);

/* A drift event of kube/observe: true when `object` (metadata; NULL: gone) is not what the ledger
 * says we applied, so that a pass over ret_app with only_key is due. Asks nothing. */
bool reconcile_drifted(struct state_ledger *ledger, const char *key, const json_t *object,
		       char **ret_app);
