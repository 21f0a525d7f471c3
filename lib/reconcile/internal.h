/* reconcile/internal: what the files of lib/reconcile share; not for others. */
#pragma once

#include <pthread.h>

#include "reconcile/reconcile.h"

struct reconcile_round {
	const struct reconcile_world *world;
	struct manifest_set *set;
	char *selected; /* --app */
	struct list tags, skip_tags;

	pthread_mutex_t lock; /* of what follows */
	bool listed;
	bool rested; /* the lists are gone */
	int64_t listed_at;
	struct manifest_live live;
	struct map wanted; /* key -> app name, of all apps of the set */
	struct map prunes; /* app name -> number of its ledger entries that nobody wants */
	size_t prune_total;
};

/* --- round.c --- */

/* Why no app may prune now, or NULL. Caller frees. */
char *reconcile_prune_blocked(const struct reconcile_round *round);

/* --- effective.c --- */

/* What is to be in force for an app: the loaded set, the revision in force while its files are
 * broken (ret_broken), or an app without objects when it left the files. ERR_NOT_FOUND when the
 * files are broken and nothing was ever in force. */
int reconcile_effective(const struct reconcile_round *round, const char *name,
			struct manifest_app **ret, bool *ret_broken, struct err *err);

/* --- live.c --- */

/* Looks up everything a plan of the app may ask about, into `live`, with as few requests as the
 * round allows: its objects, its ledger entries, its namespaces; or only one key. */
int reconcile_look(struct reconcile_round *round, const struct manifest_app *app,
		   const struct map *ledger, const char *only_key, struct cancel *cancel,
		   struct manifest_live *live, struct err *err);

/* --- ask.c --- */

/* Plans, asks what the plan wants to know, and plans again until there are no questions. The
 * input's live and answers are filled on the way. */
int reconcile_plan(const struct reconcile_world *world, struct plan_input *input,
		   struct manifest_live *live, struct map *answers, struct cancel *cancel,
		   struct plan **ret, struct err *err);

/* --- inventory.c --- */

/* Announces in the ledger what the plan will make, and publishes the ApplySet's kinds and
 * namespaces when they grew; before the first write. */
int reconcile_announce(const struct reconcile_world *world, const struct plan *plan,
		       struct cancel *cancel, struct err *err);
/* Publishes what is left after deletes. */
int reconcile_publish(const struct reconcile_world *world, struct cancel *cancel, struct err *err);
