/* reconcile/internal: what the files of lib/reconcile share; not for others. */
#pragma once

#include <pthread.h>

#include "reconcile/reconcile.h"

/* What a pass over an app is made for. */
struct reconcile_effective {
	struct manifest_app *app; /* has no objects when it left the files */
	struct state_pin pin;	  /* its revision is what the pass is made for; 0: not pinned */
	bool broken;		  /* the files are; what was in force stays */
	bool refused;		  /* it did not become ready; what was in force before is */
	bool frozen;		  /* either, and nothing was ever in force: only what a replace
				   * took down comes back */
	bool unpinned;		  /* it was pinned, and its files changed since */
};

/* One pass over one app: everything that its functions hand on to each other. */
struct reconcile_pass {
	const struct reconcile_world *world;
	struct reconcile_round *round;
	const struct reconcile_options *options;
	struct reconcile_result *result;
	struct reconcile_effective effective;
	struct manifest_app *app; /* effective.app */
	struct map ledger;	  /* its entries */
	struct manifest_live live;
	struct map answers;
	struct plan *plan;
	struct list wanted_elsewhere;
	struct list inherited; /* keys of other apps' workloads that are pruned here (heirs.c) */
	int64_t began;
	bool again;	  /* something else became due by this pass: what was listed is old */
	bool retry;	  /* a refused version counts like any other */
	struct map *said; /* what the server said to writes a moment ago (plan_answer by key), to be
			   * taken over; or NULL */
};

struct reconcile_round {
	const struct reconcile_world *world;
	struct manifest_set *set;
	char *selected; /* --app */
	char *batch;	/* what its prunes are kept under */
	struct list tags, skip_tags;

	pthread_mutex_t lock; /* of what follows */
	bool listed;
	bool rested; /* the lists are gone */
	int64_t listed_at;
	struct manifest_live live;
	struct map wanted; /* key -> app name, of all apps of the set, and of heirs */
	struct map heirs;  /* key of a workload that left the files -> app that takes its place */
	struct map prunes; /* app name -> number of its ledger entries that nobody wants */
	size_t prune_total;
};

/* --- round.c --- */

/* Why no app may prune now, or NULL. Caller frees. */
char *reconcile_prune_blocked(const struct reconcile_round *round);

/* The app is kept back anyway: its files are broken, or it is pinned to another version. */
bool reconcile_is_kept(const struct reconcile_round *round, const char *name);
/* Nobody wants the entry any more, and its delete may be planned. */
bool reconcile_may_prune(const struct reconcile_round *round, const char *key,
			 const struct state_entry *entry);

/* --- heirs.c --- */

/* Finds them, and has them wanted by who takes their place. */
void reconcile_find_heirs(struct reconcile_round *round);
void reconcile_forget_heirs(struct reconcile_round *round);
/* Keys that the plan of an app prunes although another app had them. */
void reconcile_inherited(const struct reconcile_round *round, const char *app, struct list *ret);
/* The deletes of the round that count as the app's for the brake: when it only takes the place of
 * others, theirs. */
size_t reconcile_own_prunes(const struct reconcile_pass *pass);
/* Those who gave their place and own nothing any more are forgotten. */
int reconcile_forget_donors(const struct reconcile_pass *pass, struct err *err);

/* --- effective.c --- */

/* What is to be in force for an app: the revision that it is pinned to, the loaded set, the
 * revision in force while its files are broken, or an app without objects when it left the files.
 * ERR_NOT_FOUND when the files are broken, nothing was ever in force and nothing has to come back.
 * `retry`: a refused version counts like any other. */
int reconcile_effective(const struct reconcile_round *round, const char *name, bool retry,
			struct reconcile_effective *ret, struct err *err);
void reconcile_effective_done(struct reconcile_effective *effective);

/* --- reconcile.c --- */

/* The entries of the app, and of its keys, from the ledger anew. */
void reconcile_pass_read_ledger(struct reconcile_pass *pass);

/* --- gate.c --- */

/* Whether the app's data is there: 0 goes on; 1: nothing is to be done, the result says why. */
int reconcile_pass_gate(struct reconcile_pass *pass, struct err *err);

/* --- plans.c --- */

/* Makes pass->plan. */
int reconcile_pass_plan(struct reconcile_pass *pass, struct err *err);

/* --- upgrade.c --- */

/* Saves the app's data when the pass would bring it other images; result->saved names the set. */
int reconcile_save_before(struct reconcile_pass *pass, struct err *err);

/* --- pending.c --- */

/* Notes and tells the deletes of the plan that wait; approvals of what is wanted again go. */
int reconcile_note_pending(struct reconcile_pass *pass, struct err *err);
/* Approves the entries whose deletes wait when their id was approved beforehand: 1; else 0. */
int reconcile_take_approval(struct reconcile_pass *pass, struct err *err);

/* --- record.c --- */

/* What came of the pass, into ledger and revisions. 1 when the app went back to an earlier version
 * by itself: then another pass is due. */
int reconcile_record(struct reconcile_pass *pass, struct err *err);

/* --- live.c --- */

/* Looks up everything a plan of the app may ask about, into `live`, with as few requests as the
 * round allows: its objects, its ledger entries, its namespaces; or only one key. `fresh`: without
 * the round's lists. */
int reconcile_look(struct reconcile_round *round, const struct manifest_app *app,
		   const struct map *ledger, const char *only_key, bool fresh,
		   struct cancel *cancel, struct manifest_live *live, struct err *err);

/* --- ask.c --- */

/* Plans, asks what the plan wants to know, and plans again until there are no questions. The
 * input's live and answers are filled on the way. */
int reconcile_plan(const struct reconcile_world *world, struct plan_input *input,
		   struct manifest_live *live, struct map *answers, struct cancel *cancel,
		   struct plan **ret, struct err *err);

/* --- node.c --- */

/* The answer to PLAN_ASK_SERVICES; new reference. */
int reconcile_ask_services(const struct reconcile_world *world, const struct deadline *deadline,
			   json_t **ret, struct err *err);
/* The answer to PLAN_ASK_NODE; new reference. */
int reconcile_ask_node(const struct reconcile_world *world, const struct deadline *deadline,
		       json_t **ret, struct err *err);

/* --- inventory.c --- */

/* Announces in the ledger what the plan will make, and publishes the ApplySet's kinds and
 * namespaces when they grew; before the first write. */
int reconcile_announce(const struct reconcile_world *world, const struct plan *plan,
		       struct cancel *cancel, struct err *err);
/* Publishes what is left after deletes. */
int reconcile_publish(const struct reconcile_world *world, struct cancel *cancel, struct err *err);
