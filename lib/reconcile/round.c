/* A round: what the passes over all apps share. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "reconcile/internal.h"
#include "reconcile/rollback.h"
#include "state/pruned.h"

/* Who wants which key: an object that moves from one app to another is never pruned. */
static void note_wanted(struct reconcile_round *round)
{
	for (size_t i = 0; i < round->set->count; i++) {
		struct manifest_app *app = round->set->apps[i];
		for (size_t j = 0; j < app->count; j++)
			map_put(&round->wanted, app->objects[j]->key, app->name);
	}
}

bool reconcile_is_kept(const struct reconcile_round *round, const char *name)
{
	struct state_app *known = state_ledger_app(round->world->ledger, name);
	bool broken = reconcile_files_broken(round->set, name);
	bool pinned = known &&
		      reconcile_pin_holds(&known->pin, manifest_set_find(round->set, name), broken);

	state_app_free(known);
	return broken || pinned;
}

bool reconcile_may_prune(const struct reconcile_round *round, const char *key,
			 const struct state_entry *entry)
{
	return !map_has(&round->wanted, key) && !entry->keep &&
	       entry->prune != MANIFEST_PRUNE_NEVER && !reconcile_is_kept(round, entry->app);
}

/* The deletes that this round may plan, app by app: the brake looks at all of them. What was never
 * confirmed to be there has a brake of its own. */
static void note_prunes(struct reconcile_round *round)
{
	struct map entries = MAP_INIT(state_entry_free);
	const char *key;
	const struct state_entry *entry;

	state_ledger_entries(round->world->ledger, NULL, NULL, &entries);
	map_foreach (&entries, key, entry) {
		if (!entry->uid || !reconcile_may_prune(round, key, entry))
			continue;
		size_t n = (size_t)map_get(&round->prunes, entry->app);
		map_put(&round->prunes, entry->app, (void *)(n + 1));
		round->prune_total++;
	}
	map_done(&entries);
}

static int bind_ledger(const struct reconcile_world *world, const struct deadline *deadline,
		       struct err *err)
{
	struct kube_cluster cluster;
	int r = kube_client_cluster(world->client, deadline, &cluster, err);

	if (r < 0)
		return r;
	r = state_ledger_bind(world->ledger, cluster.uid, err);
	if (r > 0)
		event_emit(world->sink, (struct event){.kind = EVENT_WARNING},
			   "this is another cluster than before (%s): its ledger starts empty, "
			   "nothing is pruned",
			   cluster.server);
	kube_cluster_done(&cluster);
	return r < 0 ? r : 0;
}

int reconcile_round_begin(const struct reconcile_world *world, struct manifest_set *set,
			  const struct deadline *deadline, struct reconcile_round **ret,
			  struct err *err)
{
	int r = bind_ledger(world, deadline, err);

	if (r < 0)
		return r;
	struct reconcile_round *round = mem_new(struct reconcile_round);
	struct timespec now;

	round->world = world;
	round->set = manifest_set_ref(set);
	round->wanted = MAP_INIT(NULL);
	round->heirs = MAP_INIT(NULL);
	round->prunes = MAP_INIT(NULL);
	pthread_mutex_init(&round->lock, NULL);
	manifest_live_init(&round->live);
	clock_gettime(CLOCK_REALTIME, &now);
	round->batch = state_pruned_batch(&now);
	note_wanted(round);
	note_prunes(round);
	if (round->prune_total)
		reconcile_find_heirs(round);
	*ret = round;
	return 0;
}

void reconcile_round_rest(struct reconcile_round *round)
{
	pthread_mutex_lock(&round->lock);
	manifest_live_done(&round->live);
	manifest_live_init(&round->live);
	round->rested = true;
	pthread_mutex_unlock(&round->lock);
}

void reconcile_round_end(struct reconcile_round *round)
{
	if (!round)
		return;
	manifest_live_done(&round->live);
	map_done(&round->wanted);
	map_done(&round->heirs);
	map_done(&round->prunes);
	list_done(&round->tags);
	list_done(&round->skip_tags);
	free(round->selected);
	free(round->batch);
	pthread_mutex_destroy(&round->lock);
	manifest_set_unref(round->set);
	free(round);
}

void reconcile_round_select(struct reconcile_round *round, const char *app, const struct list *tags,
			    const struct list *skip_tags)
{
	if (app || (tags && tags->n) || (skip_tags && skip_tags->n))
		reconcile_forget_heirs(round);
	free(round->selected);
	round->selected = mem_strdup(app);
	list_done(&round->tags);
	list_done(&round->skip_tags);
	if (tags)
		list_copy(&round->tags, tags);
	if (skip_tags)
		list_copy(&round->skip_tags, skip_tags);
}

/* An app that left the files has no tags: only its name selects it. */
static bool gone_is_selected(const struct reconcile_round *round, const char *name)
{
	if (round->tags.n || round->skip_tags.n)
		return false;
	size_t n = round->selected ? strlen(round->selected) : 0;
	return !round->selected ||
	       (!strncmp(name, round->selected, n) && (name[n] == '\0' || name[n] == '@'));
}

static bool depends_on(const struct manifest_app *app, const struct manifest_app *other)
{
	return list_has(&app->options.depends_on, other->name) ||
	       list_has(&app->options.depends_on, other->app);
}

/* Dependencies first; a loop is cut where it is met. */
static void add_app(const struct reconcile_round *round, const struct manifest_app *app,
		    struct list *met, struct list *ret)
{
	if (list_has(met, app->name))
		return;
	list_add(met, app->name);
	for (size_t i = 0; app->options.depends_on.n && i < round->set->count; i++)
		if (depends_on(app, round->set->apps[i]))
			add_app(round, round->set->apps[i], met, ret);
	if (manifest_app_selected(app, round->selected, &round->tags, &round->skip_tags))
		list_add(ret, app->name);
}

void reconcile_round_apps(const struct reconcile_round *round, struct list *ret)
{
	cleanup_list struct list met = LIST_INIT, known = LIST_INIT;

	for (size_t i = 0; i < round->set->count; i++)
		add_app(round, round->set->apps[i], &met, ret);
	state_ledger_apps(round->world->ledger, &known);
	for (size_t i = 0; i < known.n; i++)
		if (!list_has(&met, known.items[i]) && gone_is_selected(round, known.items[i]))
			list_add(ret, known.items[i]);
}

char *reconcile_prune_blocked(const struct reconcile_round *round)
{
	const struct manifest_set *set = round->set;
	cleanup_list struct list broken = LIST_INIT;

	if (set->fatal)
		return mem_strdup("desired.yaml or a shared variable file is broken");
	if (set->empty)
		return mem_strdup("the directory is empty or cannot be read");
	list_copy(&broken, &set->broken_folders);
	for (size_t i = 0; i < set->count; i++)
		if (set->apps[i]->broken && !list_has(&broken, set->apps[i]->app))
			list_add(&broken, set->apps[i]->name);
	if (!broken.n)
		return NULL;
	cleanup_free char *names = list_join(&broken, ", ");
	return mem_printf("%s failed to load, and the object may have moved there", names);
}
