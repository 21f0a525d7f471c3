/*
 * The order is a graph: a step names those that must be done before it; what is not tied
 * together may run at once.
 *
 *	Namespace -> all in it
 *	CRD -> its wait for Established -> its custom resources
 *	what workloads read -> workloads -> their waits for health
 *	hooks `before` -> their waits -> workloads; everything -> hooks `after`
 *	everything -> webhooks and APIServices (their own pods must answer by then)
 *	everything -> deletes: webhooks, custom resources, workloads and others, what they read,
 *	CRDs and Namespaces
 *
 * A refused step blocks what cannot be right without it: workloads that name it, its namespace, its
 * custom resources. Deletes are held by then (prune.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/hook.h"
#include "manifest/scope.h"
#include "plan/internal.h"
#include "tree/path.h"

/* Whom an edge may be needed for: a step in one of these sets, by index. */
struct set {
	size_t *items;
	size_t n, cap;
};

struct graph {
	struct plan *plan;
	struct map namespaces; /* name -> index + 1 of the step that makes it */
	struct map crds;       /* "group/Kind" -> index + 1 of the wait */
	struct set config;     /* writes of what workloads read */
	struct set refused;
	struct set hooks; /* what workloads wait for: waits of hooks `before`, refused ones */
	struct set before_after; /* what hooks `after` wait for */
	struct set before_late;	 /* writes and waits but the late ones */
	struct set before_deletes;
};

static void set_add(struct set *set, size_t index)
{
	mem_grow(set->items, &set->cap, set->n + 1);
	set->items[set->n++] = index;
}

static bool is_write(const struct plan_step *step)
{
	return plan_step_writes(step) && step->action != PLAN_DELETE;
}

static bool is_crd(const struct manifest_id *id)
{
	return plan_kind_is(id, "apiextensions.k8s.io", "CustomResourceDefinition");
}

/* --- waits --- */

static void add_wait(struct plan_run *run, size_t index, bool established)
{
	const struct plan_step *of = &run->plan->steps[index];
	struct plan_step wait = {
		.action = PLAN_WAIT,
		.key = mem_strdup(of->key),
		.object = of->object,
		.established = established,
	};

	manifest_id_copy(&wait.id, &of->id);
	(void)plan_add(run, &wait);
}

static bool deletes_anything(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].action == PLAN_DELETE)
			return true;
	return false;
}

static enum manifest_hook hook_of(const struct plan_step *step)
{
	return step->object ? manifest_hook_of(step->object->body) : MANIFEST_HOOK_NONE;
}

/* A hook that was not seen to succeed holds back the workloads, also when it ran in an earlier
 * pass. */
static bool is_unfinished_hook(const struct plan_run *run, const struct plan_step *step)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);

	return hook_of(step) == MANIFEST_HOOK_BEFORE && !(entry && entry->done);
}

/* A repair of one object waits for nothing: the next drift is to be met at once. A replace is
 * waited for all the same, because its wait tells how long it took. */
static bool is_awaited(const struct plan_run *run, const struct plan_step *step, bool deletes)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);

	if (!plan_kind_has_pods(&step->id))
		return false;
	if (step->action == PLAN_PUT_BACK)
		return true;
	if (!step->object)
		return false;
	bool tried = entry && (entry->stage == STATE_ON_TRIAL || entry->stage == STATE_PUT_BACK);
	if (tried && (is_write(step) || step->action == PLAN_NONE))
		return true;
	if (run->input->only_key)
		return step->action == PLAN_REPLACE;
	/* Deletes come after the whole app is healthy, also what has not changed. */
	bool all = deletes || run->input->settle || is_unfinished_hook(run, step);
	return is_write(step) || (all && step->action == PLAN_NONE && !step->why);
}

void plan_waits(struct plan_run *run)
{
	size_t count = run->plan->count;
	bool deletes = deletes_anything(run->plan);

	for (size_t i = 0; i < count; i++) {
		const struct plan_step *step = &run->plan->steps[i];
		if (is_crd(&step->id) && is_write(step))
			add_wait(run, i, true);
		else if (is_awaited(run, step, deletes))
			add_wait(run, i, false);
	}
}

/* --- who is what --- */

static char *crd_kind(const struct plan_step *step)
{
	const char *group = tree_path_string(step->object->body, "spec.group");
	const char *kind = tree_path_string(step->object->body, "spec.names.kind");

	return mem_printf("%s/%s", group ? group : "", kind ? kind : "");
}

static bool blocks_namespace(const struct plan_step *step)
{
	return plan_kind_is(&step->id, "", "Namespace") &&
	       (step->action == PLAN_CREATE || (step->action == PLAN_REFUSE && !step->uid));
}

static void classify(struct graph *graph, size_t index)
{
	const struct plan_step *step = &graph->plan->steps[index];

	if (blocks_namespace(step))
		map_put(&graph->namespaces, step->id.name, (void *)(index + 1));
	if (step->object && is_crd(&step->id) &&
	    (step->established || (step->action == PLAN_REFUSE && !step->uid))) {
		cleanup_free char *kind = crd_kind(step);
		map_put(&graph->crds, kind, (void *)(index + 1));
	}
	bool refused = step->action == PLAN_REFUSE;
	if (refused)
		set_add(&graph->refused, index);
	if (hook_of(step) == MANIFEST_HOOK_BEFORE && (refused || step->action == PLAN_WAIT))
		set_add(&graph->hooks, index);
	if (is_write(step) && plan_kind_is_config(&step->id))
		set_add(&graph->config, index);
	if (!is_write(step) && step->action != PLAN_WAIT)
		return;
	set_add(&graph->before_deletes, index);
	if (hook_of(step) == MANIFEST_HOOK_AFTER)
		return;
	set_add(&graph->before_after, index);
	if (!plan_kind_is_late(&step->id))
		set_add(&graph->before_late, index);
}

static void graph_done(struct graph *graph)
{
	map_done(&graph->namespaces);
	map_done(&graph->crds);
	free(graph->config.items);
	free(graph->refused.items);
	free(graph->hooks.items);
	free(graph->before_after.items);
	free(graph->before_late.items);
	free(graph->before_deletes.items);
}

/* --- edges --- */

static void reserve(struct plan_step *step, size_t more)
{
	step->after = mem_realloc(step->after, (step->after_count + more) * sizeof(size_t));
}

static void add_edge(struct plan *plan, size_t from, size_t to)
{
	struct plan_step *step = &plan->steps[to];

	if (from == to)
		return;
	reserve(step, 1);
	step->after[step->after_count++] = from;
}

static void add_edges(struct plan *plan, const struct set *from, size_t to)
{
	struct plan_step *step = &plan->steps[to];

	if (!from->n)
		return;
	reserve(step, from->n);
	for (size_t i = 0; i < from->n; i++)
		if (from->items[i] != to)
			step->after[step->after_count++] = from->items[i];
}

static void add_found(struct graph *graph, const struct map *map, const char *name, size_t to)
{
	size_t found = (size_t)map_get(map, name);

	if (found)
		add_edge(graph->plan, found - 1, to);
}

/* What was refused and is named by these pods. */
static void add_refused_config(struct graph *graph, size_t to)
{
	const struct plan_step *step = &graph->plan->steps[to];

	for (size_t i = 0; i < graph->refused.n; i++) {
		const struct plan_step *refused = &graph->plan->steps[graph->refused.items[i]];
		if (plan_kind_is_config(&refused->id) &&
		    plan_pods_name(step->object->body, &refused->id))
			add_edge(graph->plan, graph->refused.items[i], to);
	}
}

static bool reads_config(const struct plan_step *step)
{
	return plan_kind_has_pods(&step->id) || plan_kind_is(&step->id, "batch", "CronJob");
}

static void order_write(struct graph *graph, size_t index)
{
	const struct plan_step *step = &graph->plan->steps[index];
	cleanup_free char *kind = mem_printf("%s/%s", step->id.group, step->id.kind);

	if (*step->id.ns)
		add_found(graph, &graph->namespaces, step->id.ns, index);
	add_found(graph, &graph->crds, kind, index);
	if (hook_of(step) == MANIFEST_HOOK_AFTER) {
		add_edges(graph->plan, &graph->before_after, index);
		add_refused_config(graph, index);
	} else if (step->object && reads_config(step)) {
		add_edges(graph->plan, &graph->config, index);
		add_refused_config(graph, index);
	}
	if (plan_kind_has_pods(&step->id) && !hook_of(step) && step->action != PLAN_PUT_BACK)
		add_edges(graph->plan, &graph->hooks, index);
	if (plan_kind_is_late(&step->id))
		add_edges(graph->plan, &graph->before_late, index);
}

/* A wait follows the write of its object, where there is one. */
static void order_waits(struct graph *graph)
{
	struct map writes = MAP_INIT(NULL);
	struct plan *plan = graph->plan;

	for (size_t i = 0; i < plan->count; i++)
		if (is_write(&plan->steps[i]))
			map_put(&writes, plan->steps[i].key, (void *)(i + 1));
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].action == PLAN_WAIT)
			add_found(graph, &writes, plan->steps[i].key, i);
	map_done(&writes);
}

/* --- deletes --- */

enum {
	RANKS = 5
};

/* Webhooks before the pods that answer them; custom resources while their controller still runs and
 * can take off finalizers; what pods read after them. */
static int rank_of(const struct manifest_id *id)
{
	if (plan_kind_is_late(id))
		return 0;
	if (is_crd(id) || plan_kind_is(id, "", "Namespace"))
		return 4;
	if (plan_kind_is_config(id))
		return 3;
	return manifest_kind_find(id->group, id->kind) ? 2 : 1;
}

static bool is_inherited(const struct plan_run *run, size_t index)
{
	for (size_t i = 0; i < run->heir_count; i++)
		if (run->heirs[i].delete_ == index)
			return true;
	return false;
}

static void order_deletes(const struct plan_run *run, struct graph *graph)
{
	struct set ranks[RANKS] = {0};
	const struct set *before = NULL;
	struct plan *plan = graph->plan;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].action == PLAN_DELETE && !is_inherited(run, i))
			set_add(&ranks[rank_of(&plan->steps[i].id)], i);
	for (int rank = 0; rank < RANKS; rank++) {
		for (size_t i = 0; i < ranks[rank].n; i++) {
			size_t index = ranks[rank].items[i];
			add_edges(plan, before ? before : &graph->before_deletes, index);
		}
		if (ranks[rank].n)
			before = &ranks[rank];
	}
	for (int rank = 0; rank < RANKS; rank++)
		free(ranks[rank].items);
}

/* The delete waits for what the create waits for, and the create for the delete. */
static void order_heirs(const struct plan_run *run)
{
	struct plan *plan = run->plan;

	for (size_t i = 0; i < run->heir_count; i++) {
		const struct plan_step *create = &plan->steps[run->heirs[i].create];
		struct set before = {.items = create->after, .n = create->after_count};
		add_edges(plan, &before, run->heirs[i].delete_);
	}
	for (size_t i = 0; i < run->heir_count; i++)
		add_edge(plan, run->heirs[i].delete_, run->heirs[i].create);
}

void plan_order(struct plan_run *run)
{
	struct graph graph = {
		.plan = run->plan,
		.namespaces = MAP_INIT(NULL),
		.crds = MAP_INIT(NULL),
	};

	for (size_t i = 0; i < run->plan->count; i++)
		classify(&graph, i);
	for (size_t i = 0; i < run->plan->count; i++)
		if (is_write(&run->plan->steps[i]))
			order_write(&graph, i);
	order_waits(&graph);
	order_heirs(run);
	order_deletes(run, &graph);
	graph_done(&graph);
}
