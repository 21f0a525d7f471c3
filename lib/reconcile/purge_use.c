/* Who uses directories of this host. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/pod.h"
#include "reconcile/purge_internal.h"
#include "state/revision.h"
#include "tree/path.h"

static void add(struct reconcile_purge_use *use, const char *path, const char *who, bool reads)
{
	mem_grow(use->paths, &use->cap, use->count + 1);
	use->paths[use->count++] = (struct purge_use_path){
		.path = mem_strdup(path),
		.who = mem_strdup(who),
		.reads = reads,
	};
}

void reconcile_purge_use_done(struct reconcile_purge_use *use)
{
	for (size_t i = 0; i < use->count; i++) {
		free(use->paths[i].path);
		free(use->paths[i].who);
	}
	free(use->paths);
	*use = (struct reconcile_purge_use){0};
}

/* --- pods --- */

/* Whether any container mounts a volume to write. */
struct mounts {
	const char *volume;
	bool writes;
};

static void look_at_mounts(void *context, json_t *container, const char *list, const char *path)
{
	struct mounts *mounts = context;
	json_t *mount;
	size_t i;

	(void)list, (void)path;
	json_array_foreach (json_object_get(container, "volumeMounts"), i, mount) {
		const char *name = tree_path_string(mount, "name");
		if (name && !strcmp(name, mounts->volume) && !tree_path_true(mount, "readOnly"))
			mounts->writes = true;
	}
}

/* The host paths of what has pods, and the folder of a PersistentVolume. */
static void add_body(struct reconcile_purge_use *use, const json_t *body, const char *who)
{
	const json_t *spec = manifest_pod_spec(body, NULL);
	const char *folder = tree_path_string(body, "spec.hostPath.path");
	json_t *volume;
	size_t i;

	if (!folder)
		folder = tree_path_string(body, "spec.local.path");
	if (folder)
		add(use, folder, who, false);
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		const char *path = tree_path_string(volume, "hostPath.path");
		struct mounts mounts = {.volume = tree_path_string(volume, "name")};
		if (!path || !mounts.volume)
			continue;
		manifest_pod_containers(body, look_at_mounts, &mounts);
		add(use, path, who, !mounts.writes);
	}
}

static int add_live(const struct reconcile_purge *purge, const char *kind,
		    const struct deadline *deadline, struct reconcile_purge_use *ret,
		    struct err *err)
{
	json_auto_t *items = NULL;
	json_t *item;
	size_t i;
	int r = kube_client_select(purge->world->client, "", kind, NULL, NULL, NULL, deadline,
				   &items, err);

	if (r < 0)
		return r;
	json_array_foreach (items, i, item) {
		const char *ns = tree_path_string(item, "metadata.namespace");
		cleanup_free char *who = mem_printf("%s %s%s%s", kind, ns ? ns : "", ns ? "/" : "",
						    tree_path_string(item, "metadata.name"));
		add_body(ret, item, who);
	}
	return 0;
}

/* --- apps --- */

static void add_app(struct reconcile_purge_use *use, const struct manifest_app *app)
{
	const struct manifest_options *options = &app->options;
	json_t *path;
	size_t j;

	for (size_t i = 0; i < options->directory_count; i++)
		add(use, options->directories[i].path, app->name, false);
	json_array_foreach (json_object_get(options->backup, "paths"), j, path)
		if (json_is_string(path))
			add(use, json_string_value(path), app->name, true);
	for (size_t i = 0; i < app->count; i++)
		add_body(use, app->objects[i]->body, app->name);
}

/* What is in force counts as well as what the files say. */
static void add_in_force(const struct reconcile_purge *purge, const char *name,
			 struct reconcile_purge_use *use)
{
	struct state_app *known = state_ledger_app(purge->world->ledger, name);
	cleanup_err struct err lost = ERR_INIT;
	struct manifest_app *app = NULL;

	if (known && known->revision &&
	    state_revision_load(purge->world->state_dir, name, known->revision, &app, &lost) >= 0)
		add_app(use, app);
	manifest_app_unref(app);
	state_app_free(known);
}

int reconcile_purge_use(const struct reconcile_purge *purge, const struct deadline *deadline,
			struct reconcile_purge_use *ret, struct err *err)
{
	cleanup_list struct list known = LIST_INIT;

	*ret = (struct reconcile_purge_use){0};
	for (size_t i = 0; i < purge->set->count; i++)
		if (strcmp(purge->set->apps[i]->name, purge->app) != 0)
			add_app(ret, purge->set->apps[i]);
	state_ledger_apps(purge->world->ledger, &known);
	for (size_t i = 0; i < known.n; i++)
		if (strcmp(known.items[i], purge->app) != 0)
			add_in_force(purge, known.items[i], ret);
	int r = add_live(purge, "Pod", deadline, ret, err);
	return r < 0 ? r : add_live(purge, "PersistentVolume", deadline, ret, err);
}

/* --- the question --- */

/* Without slashes at the end: "/data/" is "/data". */
static size_t length_of(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

static bool within(const char *path, const char *folder)
{
	size_t n = length_of(folder), m = length_of(path);

	return m >= n && !strncmp(path, folder, n) && (m == n || path[n] == '/' || n == 1);
}

const char *reconcile_purge_user(const struct reconcile_purge_use *use, const char *path)
{
	for (size_t i = 0; i < use->count; i++) {
		const struct purge_use_path *other = &use->paths[i];
		if (other->forgiven)
			continue;
		/* Who only looks at a folder that holds it among others has no claim on it. */
		if (within(other->path, path) || (within(path, other->path) && !other->reads))
			return other->who;
	}
	return NULL;
}
