/*
 * What the server holds, with few requests. The first app of a round lists every kind of the ledger
 * once, by our label and as metadata; that alone decides that nothing has changed. Only what is
 * wanted and not in those lists is looked up by name, or by one list of its kind when there is
 * much of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reconcile/internal.h"

#define LOOK_MS 60000
/* From so many unknown objects of one kind on, one list is cheaper than single requests. */
#define LIST_FROM 4
/* An older list is not trusted for decisions: apps that waited long look again. */
#define FRESH_MS 10000

/* The keys of a kind ("group/Kind") that the ledger has. */
static void keys_of_kind(const struct map *entries, const char *kind, struct list *ret)
{
	size_t n = strlen(kind);
	const char *key;
	const struct state_entry *entry;

	map_foreach (entries, key, entry) {
		(void)entry;
		if (!strncmp(key, kind, n) && key[n] == '/')
			list_add(ret, key);
	}
}

/* "apps/Deployment" as an identity of which only group and kind count. */
static struct manifest_id id_of_kind(const char *kind)
{
	size_t group = strcspn(kind, "/");
	bool legacy = !strncmp(kind, "core/", 5);

	return (struct manifest_id){
		.group = legacy ? mem_strdup("") : mem_strndup(kind, group),
		.version = mem_strdup(""),
		.kind = mem_strdup(kind + group + 1),
		.ns = mem_strdup(""),
		.name = mem_strdup(""),
	};
}

static int list_kind(struct reconcile_round *round, const char *kind, const struct list *mark,
		     const struct deadline *deadline, struct err *err)
{
	struct manifest_id id = id_of_kind(kind);
	int r = kube_client_list(round->world->client, &id, false, NULL, mark, deadline,
				 &round->live, err);

	manifest_id_done(&id);
	return r;
}

static int list_ledger_kinds(struct reconcile_round *round, const struct deadline *deadline,
			     struct err *err)
{
	cleanup_list struct list kinds = LIST_INIT;
	struct map entries = MAP_INIT(state_entry_free);

	state_ledger_kinds(round->world->ledger, &kinds);
	state_ledger_entries(round->world->ledger, NULL, NULL, &entries);
	cleanup_free struct manifest_id *ids = mem_alloc((kinds.n + 1) * sizeof(*ids));
	cleanup_free struct list *marks = mem_zalloc((kinds.n + 1) * sizeof(*marks));
	for (size_t i = 0; i < kinds.n; i++) {
		ids[i] = id_of_kind(kinds.items[i]);
		keys_of_kind(&entries, kinds.items[i], &marks[i]);
	}
	int r = kube_client_list_ours(round->world->client, ids, marks, kinds.n, false, deadline,
				      &round->live, err);
	for (size_t i = 0; i < kinds.n; i++) {
		manifest_id_done(&ids[i]);
		list_done(&marks[i]);
	}
	map_done(&entries);
	return r;
}

static char *kind_of(const struct manifest_id *id)
{
	return mem_printf("%s/%s", *id->group ? id->group : "core", id->kind);
}

/* Wanted objects that no list brought, by kind -> struct list of keys. A key that the ledger's
 * list looked up and did not find may exist without our label: it is asked for all the same. */
static void find_unknown(const struct reconcile_round *round, struct map *ret)
{
	const struct manifest_set *set = round->set;

	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			if (manifest_live_get(&round->live, object->key))
				continue;
			cleanup_free char *kind = kind_of(&object->id);
			struct list *keys = map_get(ret, kind);
			if (!keys)
				map_put(ret, kind, keys = mem_new(struct list));
			list_add(keys, object->key);
		}
	}
}

static void free_list(struct list *list)
{
	list_done(list);
	free(list);
}

static int list_unknown(struct reconcile_round *round, const struct deadline *deadline,
			struct err *err)
{
	struct map unknown = MAP_INIT(free_list);
	const char *kind;
	const struct list *keys;
	int r = 0;

	find_unknown(round, &unknown);
	map_foreach (&unknown, kind, keys) {
		if (r >= 0 && keys->n >= LIST_FROM)
			r = list_kind(round, kind, keys, deadline, err);
		if (r >= 0 && keys->n < LIST_FROM)
			for (size_t i = 0; i < keys->n; i++)
				map_remove(&round->live.looked, keys->items[i]);
	}
	map_done(&unknown);
	return r;
}

static int list_once(struct reconcile_round *round, struct cancel *cancel, struct err *err)
{
	const struct clock *clock = round->world->clock;
	struct deadline deadline = deadline_in(clock, cancel, LOOK_MS);

	if (round->listed)
		return 0;
	int r = list_ledger_kinds(round, &deadline, err);
	if (r >= 0)
		r = list_unknown(round, &deadline, err);
	if (r < 0)
		return r;
	round->listed = true;
	round->listed_at = clock->now(clock);
	return 0;
}

/* Takes over what the round knows of a key. False when it must be asked for. */
static bool take_known(const struct reconcile_round *round, const char *key,
		       struct manifest_live *live)
{
	const struct manifest_live_object *known = manifest_live_get(&round->live, key);

	if (!known && !manifest_live_looked(&round->live, key))
		return false;
	manifest_live_put(live, key, known ? known->body : NULL, known && known->full);
	return true;
}

/* Ids of everything the plan may ask about; keys in the same order. */
struct wants {
	struct manifest_id *ids;
	struct list keys;
	struct map known; /* the same keys */
	size_t cap;
};

static void want(struct wants *wants, const char *key, const char *only_key)
{
	struct manifest_id id;

	if ((only_key && strcmp(key, only_key) != 0) || map_has(&wants->known, key) ||
	    !manifest_id_of_key(key, &id))
		return;
	list_add(&wants->keys, key);
	map_put(&wants->known, key, (void *)1);
	mem_grow(wants->ids, &wants->cap, wants->keys.n);
	wants->ids[wants->keys.n - 1] = id;
}

/* Namespaces that every cluster has are not asked for. */
static void want_namespace(struct wants *wants, const char *ns)
{
	static const char *const everywhere[] = {"default", "kube-system", "kube-public"};
	cleanup_free char *key = mem_printf("core/Namespace//%s", ns);

	for (size_t i = 0; i < sizeof(everywhere) / sizeof(*everywhere); i++)
		if (!strcmp(ns, everywhere[i]))
			return;
	want(wants, key, NULL);
}

/* What has to be created wants to know whether its namespace is there; what exists proves it. */
static void collect_namespaces(struct wants *wants, const struct manifest_app *app,
			       const struct manifest_live *live)
{
	if (app->options.ns && app->count && !manifest_live_get(live, app->objects[0]->key))
		want_namespace(wants, app->options.ns);
	for (size_t i = 0; i < app->count; i++)
		if (*app->objects[i]->id.ns && !manifest_live_get(live, app->objects[i]->key))
			want_namespace(wants, app->objects[i]->id.ns);
}

static void collect(struct wants *wants, const struct reconcile_round *round,
		    const struct manifest_app *app, const struct map *ledger, const char *only_key)
{
	const char *key;
	const struct state_entry *entry;

	for (size_t i = 0; i < app->count; i++)
		want(wants, app->objects[i]->key, only_key);
	map_foreach (ledger, key, entry)
		if (!strcmp(entry->app, app->name) || map_has(&round->heirs, key))
			want(wants, key, only_key);
}

static void wants_done(struct wants *wants)
{
	for (size_t i = 0; i < wants->keys.n; i++)
		manifest_id_done(&wants->ids[i]);
	free(wants->ids);
	list_done(&wants->keys);
	map_done(&wants->known);
}

static int ask_for_the_rest(struct reconcile_round *round, const struct wants *wants,
			    struct manifest_live *live, struct cancel *cancel, struct err *err)
{
	cleanup_free const struct manifest_id **ids =
		mem_alloc(wants->keys.n * sizeof(const struct manifest_id *));
	struct deadline deadline = deadline_in(round->world->clock, cancel, LOOK_MS);
	size_t count = 0;

	for (size_t i = 0; i < wants->keys.n; i++)
		if (!manifest_live_looked(live, wants->keys.items[i]))
			ids[count++] = &wants->ids[i];
	if (!count)
		return 0;
	return kube_client_get_all(round->world->client, ids, count, &deadline, live, err);
}

/* What left the files is only forgotten when the server, asked for it by name, does not have it: it
 * may have lost our label, and a list may be short. */
static bool may_be_forgotten(const struct reconcile_round *round, const struct manifest_app *app,
			     const char *key)
{
	return !manifest_live_get(&round->live, key) && !manifest_app_find(app, key);
}

/* What changes, or is not applied as it stands in the files because a field belongs to somebody
 * else, has to be seen with its managers; what left the files is asked for in any case. */
static bool may_be_vouched_for(const struct reconcile_world *world, const struct state_entry *entry,
			       const struct manifest_object *object)
{
	return entry && world->settled && entry->uid && entry->owned && entry->hash &&
	       entry->stage == STATE_SETTLED && !strcmp(entry->hash, object->hash) &&
	       world->settled(world->context, entry);
}

/* Takes what the watches know. True when that is all, or all but a few objects, which are cheaper
 * to ask for by name than by lists. */
static bool watches_know(const struct reconcile_round *round, const struct manifest_app *app,
			 const struct map *ledger, const struct wants *wants,
			 struct manifest_live *live)
{
	size_t settled = 0;

	for (size_t i = 0; i < app->count; i++) {
		const struct manifest_object *object = app->objects[i];
		const struct state_entry *entry = map_get(ledger, object->key);
		if (!may_be_vouched_for(round->world, entry, object))
			continue;
		manifest_live_put_settled(live, entry->key, entry->uid, entry->owned);
		settled++;
	}
	return settled && wants->keys.n - settled < LIST_FROM;
}

/* Takes what the round's lists know, if they are still fresh. */
static int take_lists(struct reconcile_round *round, const struct manifest_app *app,
		      const struct wants *wants, struct cancel *cancel, struct manifest_live *live,
		      struct err *err)
{
	const struct clock *clock = round->world->clock;

	pthread_mutex_lock(&round->lock);
	int r = round->rested ? 0 : list_once(round, cancel, err);
	bool fresh = r >= 0 && !round->rested && clock->now(clock) - round->listed_at < FRESH_MS;
	for (size_t i = 0; fresh && i < wants->keys.n; i++)
		if (!manifest_live_looked(live, wants->keys.items[i]) &&
		    !may_be_forgotten(round, app, wants->keys.items[i]))
			(void)take_known(round, wants->keys.items[i], live);
	pthread_mutex_unlock(&round->lock);
	return r;
}

int reconcile_look(struct reconcile_round *round, const struct manifest_app *app,
		   const struct map *ledger, const char *only_key, bool fresh,
		   struct cancel *cancel, struct manifest_live *live, struct err *err)
{
	struct wants objects = {0}, namespaces = {0};
	int r = 0;

	collect(&objects, round, app, ledger, only_key);
	if (!only_key && !fresh && !watches_know(round, app, ledger, &objects, live))
		r = take_lists(round, app, &objects, cancel, live, err);
	if (r >= 0)
		r = ask_for_the_rest(round, &objects, live, cancel, err);
	if (r >= 0 && !only_key) {
		collect_namespaces(&namespaces, app, live);
		r = ask_for_the_rest(round, &namespaces, live, cancel, err);
	}
	wants_done(&objects);
	wants_done(&namespaces);
	return r;
}
