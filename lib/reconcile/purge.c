#include "reconcile/purge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/tree.h"
#include "reconcile/purge_internal.h"
#include "reconcile/standing.h"
#include "state/revision.h"
#include "tree/path.h"

#define MEASURE_MS 2000

void reconcile_purge_view_done(struct reconcile_purge_view *view)
{
	list_done(&view->lines);
	list_done(&view->folders);
	free(view->forbidden);
	*view = (struct reconcile_purge_view){0};
}

/* Its entries that neither its files nor any other app's want. */
static void find_left(const struct reconcile_purge *purge,
		      const struct reconcile_standing *standing, struct map *ret)
{
	struct map entries = MAP_INIT(state_entry_free);
	const char *key;
	const struct state_entry *entry;

	state_ledger_entries(purge->world->ledger, purge->app, NULL, &entries);
	map_foreach (&entries, key, entry) {
		bool wanted = standing->app && manifest_app_find(standing->app, key);
		for (size_t i = 0; !wanted && i < purge->set->count; i++)
			wanted = manifest_app_find(purge->set->apps[i], key);
		if (!wanted)
			map_put(ret, key, state_entry_copy(entry));
	}
	map_done(&entries);
}

/* --- objects --- */

/* What becomes of the data of a claim, " (its volume pvc-1 goes with it)"; caller frees. */
static char *fate_of_volume(const struct reconcile_purge *purge, const struct state_entry *entry,
			    const struct deadline *deadline)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *claim = NULL, *volume = NULL;
	struct manifest_id id = {.group = (char *)"",
				 .version = (char *)"v1",
				 .kind = (char *)"PersistentVolume",
				 .ns = (char *)""};

	if (strcmp(entry->id.kind, "PersistentVolumeClaim") != 0 ||
	    kube_client_get(purge->world->client, &entry->id, deadline, &claim, &ignored) < 0)
		return mem_strdup("");
	id.name = (char *)tree_path_string(claim, "spec.volumeName");
	if (!id.name || kube_client_get(purge->world->client, &id, deadline, &volume, &ignored) < 0)
		return mem_strdup("");
	const char *policy = tree_path_string(volume, "spec.persistentVolumeReclaimPolicy");
	bool stays = !policy || strcmp(policy, "Delete") != 0;
	return mem_printf(" (its volume %s %s)", id.name,
			  stays ? "stays, as its reclaim policy says"
				: "goes with it, data and all");
}

static int look_at_object(const struct reconcile_purge *purge, const struct state_entry *entry,
			  const struct map *left, const struct deadline *deadline,
			  struct reconcile_purge_view *view, struct err *err)
{
	cleanup_free char *text = manifest_id_text(&entry->id), *inside = NULL;
	cleanup_free char *fate = fate_of_volume(purge, entry, deadline);
	int r = reconcile_purge_inside(purge, &entry->id, left, deadline, &inside, err);

	if (r < 0)
		return r;
	list_printf(&view->lines, "delete  %s%s%s%s", text, entry->size ? " " : "",
		    entry->size ? entry->size : "", fate);
	view->objects++;
	if (!inside)
		return 0;
	list_printf(&view->lines, "        it holds %s", inside);
	if (!view->forbidden)
		view->forbidden = mem_printf("%s holds %s", text, inside);
	return 0;
}

/* --- directories --- */

/* Those that app.yaml named when the app was in force last. */
static int find_folders(const struct reconcile_purge *purge, struct list *ret, struct err *err)
{
	struct state_revision *list;
	struct manifest_app *app = NULL;
	size_t count;
	int r = state_revision_list(purge->world->state_dir, purge->app, &list, &count, err);

	if (r < 0)
		return r;
	int number = count ? list[count - 1].number : 0;
	for (size_t i = 0; i < count; i++)
		state_revision_done(&list[i]);
	free(list);
	if (number)
		r = state_revision_load(purge->world->state_dir, purge->app, number, &app, err);
	for (size_t i = 0; app && i < app->options.directory_count; i++)
		list_add_new(ret, app->options.directories[i].path);
	manifest_app_unref(app);
	return r;
}

static void spare_own(const struct reconcile_purge *purge, struct list *ret)
{
	cleanup_free char *state = realpath(purge->world->state_dir, NULL);

	if (purge->world->spare)
		list_copy(ret, purge->world->spare);
	if (state)
		list_add(ret, state);
}

static void look_at_folder(const struct reconcile_purge *purge, const char *path,
			   const struct reconcile_purge_use *use, struct reconcile_purge_view *view)
{
	cleanup_list struct list spare = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;
	const char *user = reconcile_purge_user(use, path);
	struct host_tree tree;

	spare_own(purge, &spare);
	int r = host_tree_check(path, &spare, &err);
	if (r == -ERR_NOT_FOUND)
		return;
	if (r >= 0 && !user)
		r = host_tree_measure(path, MEASURE_MS, &tree, &err);
	if (r < 0) {
		list_printf(&view->lines, "keep    %s: %s", path, err.message);
	} else if (user) {
		view->in_use += !strncmp(user, "Pod ", 4);
		list_printf(&view->lines, "keep    %s: %s uses it", path, user);
	} else {
		cleanup_free char *size = host_tree_text(&tree);
		list_printf(&view->lines, "remove  %s %s", path, size);
		list_add(&view->folders, path);
	}
}

/* The pods and volumes of the app itself are gone when its directories are removed. */
static void forgive_own(const struct map *left, struct reconcile_purge_use *use)
{
	const char *key;
	const struct state_entry *entry;

	map_foreach (left, key, entry) {
		(void)key;
		cleanup_free char *text = manifest_id_text(&entry->id);
		for (size_t i = 0; i < use->count; i++)
			if (!strcmp(use->paths[i].who, text))
				use->paths[i].forgiven = true;
	}
}

static int look_at_folders(const struct reconcile_purge *purge, const struct map *left,
			   const struct deadline *deadline, struct reconcile_purge_view *view,
			   struct err *err)
{
	cleanup_list struct list folders = LIST_INIT;
	struct reconcile_purge_use use;
	int r = find_folders(purge, &folders, err);

	if (r < 0 || !folders.n)
		return r;
	r = reconcile_purge_use(purge, deadline, &use, err);
	if (r >= 0 && left)
		forgive_own(left, &use);
	for (size_t i = 0; r >= 0 && i < folders.n; i++)
		look_at_folder(purge, folders.items[i], &use, view);
	reconcile_purge_use_done(&use);
	return r;
}

/* --- looking --- */

static int look(const struct reconcile_purge *purge, const struct reconcile_standing *standing,
		const struct deadline *deadline, struct reconcile_purge_view *ret, struct err *err)
{
	struct map left = MAP_INIT(state_entry_free);
	const char *key;
	const struct state_entry *entry;
	int r = 0;

	find_left(purge, standing, &left);
	map_foreach (&left, key, entry) {
		(void)key;
		r = look_at_object(purge, entry, &left, deadline, ret, err);
		if (r < 0)
			break;
	}
	if (r >= 0 && !standing->app)
		r = look_at_folders(purge, &left, deadline, ret, err);
	map_done(&left);
	return r;
}

int reconcile_purge_look(const struct reconcile_purge *purge, const struct deadline *deadline,
			 struct reconcile_purge_view *ret, struct err *err)
{
	struct reconcile_standing standing;
	int r = reconcile_standing(purge->world->ledger, purge->world->state_dir, purge->set,
				   purge->app, &standing, err);

	*ret = (struct reconcile_purge_view){0};
	if (r >= 0 && standing.broken) {
		(void)err_set(err, ERR_INVALID,
			      "%s: its files are broken, so nobody can tell what "
			      "left them",
			      purge->app);
		r = err_hint(err, "mend them first; see desired check");
	}
	if (r >= 0)
		r = look(purge, &standing, deadline, ret, err);
	reconcile_standing_done(&standing);
	return r;
}

/* --- the directories' end --- */

static void say_removed(const struct reconcile_purge *purge, const char *path, const char *size)
{
	event_emit(purge->world->sink, (struct event){.kind = EVENT_PURGED, .app = purge->app},
		   "%s: directory %s removed with all that was in it (%s)", purge->app, path, size);
}

/* "keep    /srv/x: Pod default/y uses it" */
static void say_kept(const struct reconcile_purge *purge, const char *line)
{
	line += strlen("keep");
	line += strspn(line, " ");
	event_emit(purge->world->sink, (struct event){.kind = EVENT_KEPT, .app = purge->app},
		   "%s: directory kept: %s", purge->app, line);
}

static int remove_folder(const struct reconcile_purge *purge, const char *path, struct err *err)
{
	cleanup_list struct list spare = LIST_INIT;
	cleanup_err struct err ignored = ERR_INIT;
	struct host_tree tree = {0};

	spare_own(purge, &spare);
	(void)host_tree_measure(path, MEASURE_MS, &tree, &ignored);
	cleanup_free char *size = host_tree_text(&tree);
	int r = host_tree_remove(path, &spare, err);
	if (r >= 0)
		say_removed(purge, path, size);
	return r;
}

/* Looks until pods that are on their way out have let go of all of them, or the time is over. */
static int wait_for_folders(const struct reconcile_purge *purge, struct deadline *deadline,
			    struct reconcile_purge_view *view, struct err *err)
{
	cleanup_err struct err late = ERR_INIT;
	int r;

	do {
		reconcile_purge_view_done(view);
		r = look_at_folders(purge, NULL, deadline, view, err);
	} while (r >= 0 && view->in_use && deadline_back_off(deadline, &late) >= 0);
	return r;
}

int reconcile_purge_folders(const struct reconcile_purge *purge, struct deadline *deadline,
			    struct err *err)
{
	struct reconcile_purge_view view = {0};
	int r = wait_for_folders(purge, deadline, &view, err);

	for (size_t i = 0; r >= 0 && i < view.folders.n; i++)
		r = remove_folder(purge, view.folders.items[i], err);
	for (size_t i = 0; r >= 0 && i < view.lines.n; i++)
		if (!strncmp(view.lines.items[i], "keep", 4))
			say_kept(purge, view.lines.items[i]);
	reconcile_purge_view_done(&view);
	return r;
}
