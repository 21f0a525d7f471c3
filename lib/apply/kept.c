/* What left the files and stays, because it holds data: said once, with its size. */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "host/tree.h"
#include "tree/path.h"

/* A volume with millions of files is not counted to its end. */
#define MEASURE_MS 2000

/* The folder of this host that a PersistentVolume is; NULL: it is elsewhere. */
static const char *folder_of(const json_t *volume)
{
	const char *path = tree_path_string(volume, "spec.hostPath.path");

	return path ? path : tree_path_string(volume, "spec.local.path");
}

static char *size_on_disk(const json_t *volume)
{
	const char *folder = folder_of(volume);
	cleanup_err struct err ignored = ERR_INIT;
	struct host_tree tree;

	if (!folder || host_tree_measure(folder, MEASURE_MS, &tree, &ignored) < 0)
		return NULL;
	return host_tree_text(&tree);
}

static json_t *volume_of_claim(struct apply_run *run, const json_t *claim)
{
	const char *name = tree_path_string(claim, "spec.volumeName");
	const struct manifest_id id = {
		.group = (char *)"",
		.version = (char *)"v1",
		.kind = (char *)"PersistentVolume",
		.ns = (char *)"",
		.name = (char *)name,
	};
	struct deadline deadline = apply_deadline(run);
	cleanup_err struct err ignored = ERR_INIT;
	json_t *volume = NULL;

	if (!name || kube_client_get(run->context->client, &id, &deadline, &volume, &ignored) < 0)
		return NULL;
	return volume;
}

static const char *capacity_of(const json_t *object)
{
	static const char *const places[] = {"status.capacity.storage", "spec.capacity.storage",
					     "spec.resources.requests.storage"};
	const char *capacity = NULL;

	for (size_t i = 0; !capacity && i < sizeof(places) / sizeof(*places); i++)
		capacity = tree_path_string(object, places[i]);
	return capacity;
}

/* "4.1 GB, 1203 files", else the size it was asked for; NULL where it has none. */
static char *size_of(struct apply_run *run, const struct plan_step *step)
{
	struct deadline deadline = apply_deadline(run);
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *object = NULL, *volume = NULL;

	if (strncmp(step->id.kind, "PersistentVolume", strlen("PersistentVolume")) != 0 ||
	    kube_client_get(run->context->client, &step->id, &deadline, &object, &ignored) < 0)
		return NULL;
	if (!strcmp(step->id.kind, "PersistentVolumeClaim"))
		volume = volume_of_claim(run, object);
	char *size = size_on_disk(volume ? volume : object);
	return size ? size : mem_strdup(capacity_of(object));
}

int apply_keep(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);
	int r = 0;

	if (entry && !entry->kept) {
		free(entry->size);
		entry->size = size_of(run, step);
		entry->kept = true;
		apply_say(run, step, EVENT_KEPT, "left the files and is kept%s%s: %s",
			  entry->size ? ", " : "", entry->size ? entry->size : "", step->why);
		r = state_ledger_put(run->context->ledger,
				     (const struct state_entry *const *)&entry, 1, err);
	}
	state_entry_free(entry);
	return r;
}
