/*
 * Inventory: written ahead in the ledger, and published in the ApplySet format (KEP-3659) in
 * ConfigMap kube-system/desired, so that kubectl knows whose the objects are and a lost ledger
 * can be rebuilt. Kinds and namespaces grow before the first write and shrink after a prune.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "reconcile/internal.h"
#include "tree/json.h"

#define PUBLISH_MS 30000

static int announce(const struct reconcile_world *world, const struct plan *plan, struct err *err)
{
	cleanup_free struct state_entry **entries = mem_zalloc(plan->count * sizeof(*entries));
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (!step->object || !plan_step_writes(step))
			continue;
		struct state_entry *known = state_ledger_get(world->ledger, step->key);
		if (known && !strcmp(known->app, plan->app->name)) {
			state_entry_free(known);
			continue;
		}
		/* New, or moved here from another app: then what was applied stays known. */
		struct state_entry *entry = state_entry_new(step->object, plan->app->name);
		if (known) {
			entry->uid = steal(&known->uid);
			entry->hash = steal(&known->hash);
			entry->owned = steal(&known->owned);
			entry->from = steal(&known->app);
			state_entry_free(known);
		}
		entries[count++] = entry;
	}
	int r = count ? state_ledger_put(world->ledger, (const struct state_entry *const *)entries,
					 count, err)
		      : 0;
	for (size_t i = 0; i < count; i++)
		state_entry_free(entries[i]);
	return r;
}

/* "apps/Deployment" -> "Deployment.apps"; the legacy group has no suffix. */
static void add_group_kind(struct list *ret, const char *kind)
{
	const char *slash = strchr(kind, '/');
	int group = (int)(slash - kind);

	if (!strncmp(kind, "core/", 5))
		list_add(ret, slash + 1);
	else
		list_printf(ret, "%s.%.*s", slash + 1, group, kind);
}

static json_t *parent_body(const struct reconcile_world *world)
{
	cleanup_list struct list kinds = LIST_INIT, names = LIST_INIT, namespaces = LIST_INIT;

	state_ledger_kinds(world->ledger, &kinds);
	for (size_t i = 0; i < kinds.n; i++)
		add_group_kind(&names, kinds.items[i]);
	list_sort(&names);
	state_ledger_namespaces(world->ledger, &namespaces);
	cleanup_free char *group_kinds = list_join(&names, ",");
	cleanup_free char *others = list_join(&namespaces, ",");
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}, s:{s:s, s:s, s:s}}}", "apiVersion", "v1",
			 "kind", "ConfigMap", "metadata", "name", "desired", "namespace",
			 "kube-system", "labels", "applyset.kubernetes.io/id", manifest_set_id(),
			 "annotations", "applyset.kubernetes.io/tooling", "desired/v1",
			 "applyset.kubernetes.io/contains-group-kinds", group_kinds,
			 "applyset.kubernetes.io/additional-namespaces", others);
}

/* What was published last stands in STATE/published, bound to the cluster: an unchanged
 * inventory is not written again. */
static bool is_published(const struct reconcile_world *world, const char *path, const char *mark)
{
	cleanup_free char *text = NULL;
	cleanup_err struct err err = ERR_INIT;

	(void)world;
	return file_read(path, 4096, &text, NULL, &err) >= 0 && !strcmp(text, mark);
}

int reconcile_publish(const struct reconcile_world *world, struct cancel *cancel, struct err *err)
{
	json_auto_t *body = parent_body(world);
	cleanup_free char *hash = tree_json_hash(body);
	cleanup_free char *mark = mem_printf("%s %s\n", state_ledger_cluster(world->ledger), hash);
	cleanup_free char *path = file_join(world->state_dir, "published");

	if (is_published(world, path, mark))
		return 0;
	struct deadline deadline = deadline_in(world->clock, cancel, PUBLISH_MS);
	struct kube_result result = {0};
	int r = kube_client_apply(world->client, &body, 1, &(struct kube_apply_options){0},
				  &deadline, &result, err);
	kube_result_done(&result);
	return r < 0 ? r : file_write(path, mark, strlen(mark), 0600, err);
}

int reconcile_announce(const struct reconcile_world *world, const struct plan *plan,
		       struct cancel *cancel, struct err *err)
{
	int r = announce(world, plan, err);

	return r < 0 ? r : reconcile_publish(world, cancel, err);
}
