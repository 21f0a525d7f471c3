/*
 * An app that takes the place of another: a workload that left the files of one app, and a new one
 * of another app that needs its host ports or its directories. Each app has a plan of its own; so
 * the old workload is pruned by the plan of the new one, which deletes nothing before it has proven
 * what comes instead, and then does both as one replace (plan/heir.c).
 *
 * What the old one looks like is read from the revision that was in force: nothing is asked.
 */
#include <string.h>

#include "reconcile/internal.h"
#include "state/revision.h"

/* NULL when it cannot be told; then each app goes its own way. */
static struct manifest_app *version_in_force(const struct reconcile_round *round, const char *name)
{
	struct state_app *known = state_ledger_app(round->world->ledger, name);
	cleanup_err struct err ignored = ERR_INIT;
	struct manifest_app *app = NULL;

	if (known && known->revision)
		(void)state_revision_load(round->world->state_dir, name, known->revision, &app,
					  &ignored);
	state_app_free(known);
	return app;
}

static bool is_new(const struct reconcile_round *round, const struct manifest_object *object)
{
	struct state_entry *entry = state_ledger_get(round->world->ledger, object->key);
	bool made = entry && entry->uid;

	state_entry_free(entry);
	return !made && plan_kind_is_tried(&object->id);
}

static bool needs_place_of(const struct reconcile_round *round, const struct manifest_app *app,
			   const struct manifest_object *old)
{
	for (size_t i = 0; i < app->count; i++)
		if (is_new(round, app->objects[i]) &&
		    plan_bodies_meet(old->body, app->objects[i]->body))
			return true;
	return false;
}

static const char *heir_of(const struct reconcile_round *round, const struct state_entry *entry,
			   const struct manifest_object *old)
{
	const struct manifest_set *set = round->set;

	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->apps[i]->name, entry->app) != 0 &&
		    !reconcile_is_kept(round, set->apps[i]->name) &&
		    needs_place_of(round, set->apps[i], old))
			return set->apps[i]->name;
	return NULL;
}

static void find_heir(struct reconcile_round *round, const struct state_entry *entry)
{
	struct manifest_app *before = version_in_force(round, entry->app);
	const struct manifest_object *old = before ? manifest_app_find(before, entry->key) : NULL;
	const char *heir = old ? heir_of(round, entry, old) : NULL;

	if (heir) {
		map_put(&round->heirs, entry->key, (void *)heir);
		map_put(&round->wanted, entry->key, (void *)heir);
	}
	manifest_app_unref(before);
}

void reconcile_find_heirs(struct reconcile_round *round)
{
	struct map entries = MAP_INIT(state_entry_free);
	const char *key;
	const struct state_entry *entry;

	state_ledger_entries(round->world->ledger, NULL, NULL, &entries);
	map_foreach (&entries, key, entry)
		if (entry->uid && plan_kind_is_tried(&entry->id) &&
		    reconcile_may_prune(round, key, entry))
			find_heir(round, entry);
	map_done(&entries);
}

void reconcile_forget_heirs(struct reconcile_round *round)
{
	const char *key, *heir;

	map_foreach (&round->heirs, key, heir) {
		(void)heir;
		map_remove(&round->wanted, key);
	}
	map_done(&round->heirs);
	round->heirs = MAP_INIT(NULL);
}

void reconcile_inherited(const struct reconcile_round *round, const char *app, struct list *ret)
{
	const char *key, *heir;

	map_foreach (&round->heirs, key, heir)
		if (!strcmp(heir, app))
			list_add(ret, key);
}

size_t reconcile_own_prunes(const struct reconcile_pass *pass)
{
	const struct reconcile_round *round = pass->round;
	cleanup_list struct list donors = LIST_INIT;
	size_t own = (size_t)map_get(&round->prunes, pass->app->name);

	for (size_t i = 0; !own && i < pass->inherited.n; i++) {
		const struct state_entry *entry = map_get(&pass->ledger, pass->inherited.items[i]);
		if (entry)
			list_add_new(&donors, entry->app);
	}
	for (size_t i = 0; i < donors.n; i++)
		own += (size_t)map_get(&round->prunes, donors.items[i]);
	return own;
}

int reconcile_forget_donors(const struct reconcile_pass *pass, struct err *err)
{
	struct state_ledger *ledger = pass->world->ledger;

	for (size_t i = 0; i < pass->inherited.n; i++) {
		const struct state_entry *entry = map_get(&pass->ledger, pass->inherited.items[i]);
		struct map left = MAP_INIT(state_entry_free);
		if (!entry || manifest_set_find(pass->round->set, entry->app))
			continue;
		state_ledger_entries(ledger, entry->app, NULL, &left);
		bool gone = !left.n;
		map_done(&left);
		int r = gone ? state_ledger_remove_app(ledger, entry->app, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
