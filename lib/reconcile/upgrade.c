#include "reconcile/upgrade.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "reconcile/internal.h"
#include "state/file.h"
#include "state/revision.h"
#include "tree/path.h"

#define SAVED_S 3600 /* so long a change that is tried again needs no other set */

/* --- images --- */

static void add_images(const char *key, const json_t *containers, struct map *ret)
{
	json_t *container;
	size_t i;

	json_array_foreach (containers, i, container) {
		const char *name = tree_path_string(container, "name");
		const char *image = tree_path_string(container, "image");
		cleanup_free char *place = mem_printf("%s %s", key, name ? name : "");
		if (image)
			map_put(ret, place, mem_strdup(image));
	}
}

/* Object and container -> image. */
static void images_of(const struct manifest_app *app, struct map *ret)
{
	for (size_t i = 0; i < app->count; i++) {
		const json_t *pod = manifest_pod_spec(app->objects[i]->body, NULL);
		add_images(app->objects[i]->key, json_object_get(pod, "initContainers"), ret);
		add_images(app->objects[i]->key, json_object_get(pod, "containers"), ret);
	}
}

static bool has_image(const struct map *images, const char *image)
{
	const char *key, *other;

	map_foreach (images, key, other) {
		(void)key;
		if (!strcmp(other, image))
			return true;
	}
	return false;
}

/* "ghost:5.1 -> ghost:5.2", or the image that is new; NULL when all stay. Caller frees. */
static char *change_of(const struct manifest_app *old, const struct manifest_app *new)
{
	struct map before = MAP_INIT(free), after = MAP_INIT(free);
	char *change = NULL;
	const char *key, *image;

	images_of(old, &before);
	images_of(new, &after);
	map_foreach (&after, key, image) {
		const char *was = map_get(&before, key);
		if (change || (was ? !strcmp(was, image) : has_image(&before, image)))
			continue;
		change = was ? mem_printf("%s -> %s", was, image) : mem_strdup(image);
	}
	map_done(&before);
	map_done(&after);
	return change;
}

/* --- what was saved a moment ago, for a change that is tried again --- */

static char *note_path(const struct reconcile_pass *pass)
{
	return mem_printf("%s/backup/before/%s.json", pass->world->state_dir, pass->app->name);
}

static char *noted_set(const struct reconcile_pass *pass, int revision)
{
	cleanup_free char *path = note_path(pass);
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *note = NULL;

	if (state_file_read(path, &note, &ignored) != 0 || !note)
		return NULL;
	const char *hash = tree_path_string(note, "hash");
	bool same = hash && !strcmp(hash, pass->app->hash) &&
		    tree_path_integer(note, "revision", 0) == revision;
	json_int_t age = (json_int_t)time(NULL) - tree_path_integer(note, "when", 0);
	return same && age >= 0 && age < SAVED_S ? state_file_get_text(note, "set") : NULL;
}

static int note_set(const struct reconcile_pass *pass, int revision, const char *set,
		    struct err *err)
{
	cleanup_free char *path = note_path(pass);
	cleanup_free char *folder = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	json_auto_t *note = json_pack("{s:i, s:s, s:i, s:s, s:I}", "schema", STATE_SCHEMA, "hash",
				      pass->app->hash, "revision", revision, "set", set, "when",
				      (json_int_t)time(NULL));

	cleanup_free char *above = mem_printf("%s/backup", pass->world->state_dir);
	int r = file_make_dir(above, 0700, err);
	if (r >= 0)
		r = file_make_dir(folder, 0700, err);
	return r < 0 ? r : state_file_write(path, note, err);
}

/* --- saving --- */

static bool is_wanted(const struct reconcile_pass *pass, const struct state_app *known)
{
	const struct reconcile_effective *effective = &pass->effective;
	const json_t *backup = pass->app->options.backup;

	return known && known->revision && known->hash && pass->app->hash &&
	       strcmp(known->hash, pass->app->hash) != 0 && !effective->broken &&
	       !effective->refused && !effective->frozen && !effective->pin.revision &&
	       !json_is_false(json_object_get(backup, "beforeUpgrade"));
}

static int save(struct reconcile_pass *pass, int revision, const char *change, struct err *err)
{
	const struct reconcile_saver *saver = pass->world->saver;
	const char *app = pass->app->name;
	char *set = NULL;

	int r = saver->save(saver->context, app, pass->options->cancel, &set, err);
	if (r < 0) {
		(void)err_wrap(err, "its images change (%s), and its data could not be saved",
			       change);
		return err->hint ? r
				 : err_hint(err, "to go on without, in its app.yaml: backup: "
						 "{beforeUpgrade: false}");
	}
	if (!set)
		return 0;
	pass->result->saved = set;
	event_emit(pass->world->sink,
		   (struct event){.kind = EVENT_BACKUP, .app = app, .revision = revision},
		   "%s: its images change (%s); its data as it was is in backup %s", app, change,
		   set);
	return note_set(pass, revision, set, err);
}

static int save_if_changed(struct reconcile_pass *pass, int revision, struct err *err)
{
	struct manifest_app *old = NULL;
	int r = state_revision_load(pass->world->state_dir, pass->app->name, revision, &old, err);

	if (r < 0)
		return r;
	cleanup_free char *change = change_of(old, pass->app);
	manifest_app_unref(old);
	if (!change)
		return 0;
	free(pass->result->saved);
	pass->result->saved = noted_set(pass, revision);
	return pass->result->saved ? 0 : save(pass, revision, change, err);
}

int reconcile_save_before(struct reconcile_pass *pass, struct err *err)
{
	struct state_app *known;
	int r = 0;

	if (!pass->world->saver || pass->options->only_key || pass->options->purge)
		return 0;
	known = state_ledger_app(pass->world->ledger, pass->app->name);
	if (is_wanted(pass, known))
		r = save_if_changed(pass, known->revision, err);
	state_app_free(known);
	return r;
}

int reconcile_migrated(const char *state_dir, const char *app, int number, int *ret_revision,
		       char **ret_set, struct err *err)
{
	struct state_revision *list;
	size_t count;
	int r = state_revision_list(state_dir, app, &list, &count, err);

	if (r < 0)
		return r;
	*ret_revision = 0;
	*ret_set = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!*ret_set && list[i].number > number && list[i].saved) {
			*ret_revision = list[i].number;
			*ret_set = mem_strdup(list[i].saved);
		}
		state_revision_done(&list[i]);
	}
	free(list);
	return 0;
}
