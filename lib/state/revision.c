#include "state/revision.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "state/file.h"

static char *folder_of(const char *state_dir, const char *app)
{
	return mem_printf("%s/revisions/%s", state_dir, app);
}

static char *path_of(const char *state_dir, const char *app, int number)
{
	return mem_printf("%s/revisions/%s/%d.json", state_dir, app, number);
}

/* The number of "17.json"; 0 for any other name. */
static int number_of(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	if (end == name || strcmp(end, ".json") != 0 || number < 1 || number > INT_MAX - 1)
		return 0;
	return (int)number;
}

static int by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The numbers that there are, ascending. */
static int numbers(const char *state_dir, const char *app, int **ret, size_t *ret_count,
		   struct err *err)
{
	cleanup_free char *folder = folder_of(state_dir, app);
	cleanup_list struct list names = LIST_INIT;
	cleanup_free int *found = NULL;
	size_t count = 0, cap = 0;

	int r = file_names(folder, &names, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++) {
		int number = number_of(names.items[i]);
		if (!number)
			continue;
		mem_grow(found, &cap, count + 1);
		found[count++] = number;
	}
	if (count)
		qsort(found, count, sizeof(*found), by_number);
	*ret = steal(&found);
	*ret_count = count;
	return 0;
}

int state_revision_apps(const char *state_dir, struct list *ret, struct err *err)
{
	cleanup_free char *folder = file_join(state_dir, "revisions");

	return file_names(folder, ret, err);
}

static void revision_of(const json_t *tree, const char *app, int number, struct state_revision *ret)
{
	*ret = (struct state_revision){
		.number = number,
		.app = mem_strdup(app),
		.hash = state_file_get_text(tree, "hash"),
		.when = state_file_get_text(tree, "when"),
		.who = state_file_get_text(tree, "who"),
		.git = state_file_get_text(tree, "git"),
		.source = state_file_get_text(tree, "source"),
		.saved = state_file_get_text(tree, "saved"),
		.healthy = json_is_true(json_object_get(tree, "healthy")),
	};
}

void state_revision_done(struct state_revision *revision)
{
	free(revision->app);
	free(revision->hash);
	free(revision->when);
	free(revision->who);
	free(revision->git);
	free(revision->source);
	free(revision->saved);
	*revision = (struct state_revision){0};
}

static void revisions_free(struct state_revision *revisions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		state_revision_done(&revisions[i]);
	free(revisions);
}

int state_revision_list(const char *state_dir, const char *app, struct state_revision **ret,
			size_t *ret_count, struct err *err)
{
	cleanup_free int *found = NULL;
	size_t total = 0, count = 0;
	int r = numbers(state_dir, app, &found, &total, err);

	if (r < 0)
		return r;
	struct state_revision *list = mem_zalloc((total + 1) * sizeof(*list));
	for (size_t i = 0; i < total; i++) {
		cleanup_free char *path = path_of(state_dir, app, found[i]);
		cleanup_err struct err aside = ERR_INIT;
		json_auto_t *tree = NULL;
		/* One that is damaged is out of the way now; the others can still be used. */
		if (state_file_read(path, &tree, &aside) == 0 && tree)
			revision_of(tree, app, found[i], &list[count++]);
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

static int make_folder(const char *state_dir, const char *app, struct err *err)
{
	cleanup_free char *all = file_join(state_dir, "revisions");
	cleanup_free char *own = folder_of(state_dir, app);
	int r = file_make_dir(all, 0700, err);

	return r < 0 ? r : file_make_dir(own, 0700, err);
}

static int write_revision(const char *state_dir, const struct manifest_app *app,
			  const struct state_revision *revision, struct err *err)
{
	cleanup_free char *path = path_of(state_dir, app->name, revision->number);
	json_auto_t *tree = json_object();

	int r = make_folder(state_dir, app->name, err);
	if (r < 0)
		return r;
	json_object_set_new(tree, "schema", json_integer(STATE_SCHEMA));
	state_file_set_text(tree, "app", app->name);
	state_file_set_text(tree, "hash", revision->hash);
	state_file_set_text(tree, "when", revision->when);
	state_file_set_text(tree, "who", revision->who);
	state_file_set_text(tree, "git", revision->git);
	state_file_set_text(tree, "source", app->source);
	json_object_set_new(tree, "healthy", json_false());
	json_object_set_new(tree, "set", manifest_app_to_json(app));
	return state_file_write(path, tree, err);
}

/* Old ones go, except the newest that was healthy: it is what a rollback wants. */
static int remove_old(const char *state_dir, const struct state_revision *list, size_t count,
		      int keep, struct err *err)
{
	size_t gone = count >= (size_t)keep ? count - (size_t)keep + 1 : 0, healthy = count;

	for (size_t i = 0; i < count; i++)
		if (list[i].healthy)
			healthy = i;
	for (size_t i = 0; i < gone; i++) {
		cleanup_free char *path = path_of(state_dir, list[i].app, list[i].number);
		int r = i == healthy ? 0 : file_remove(path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int save_next(const char *state_dir, const struct manifest_app *app, const char *who,
		     const char *git, int number, struct err *err)
{
	cleanup_free char *when = timespan_rfc3339(time(NULL));
	struct state_revision revision = {
		.number = number,
		.hash = app->hash,
		.when = when,
		.who = (char *)who,
		.git = (char *)git,
	};

	return write_revision(state_dir, app, &revision, err);
}

int state_revision_save(const char *state_dir, const struct manifest_app *app, const char *who,
			const char *git, int keep, int *ret_number, struct err *err)
{
	struct state_revision *list;
	size_t count;
	int r = state_revision_list(state_dir, app->name, &list, &count, err);

	if (r < 0)
		return r;
	const struct state_revision *newest = count ? &list[count - 1] : NULL;
	int number = newest ? newest->number : 0;
	if (!newest || !newest->hash || strcmp(newest->hash, app->hash) != 0) {
		r = save_next(state_dir, app, who, git, ++number, err);
		if (r >= 0)
			r = remove_old(state_dir, list, count, keep > 0 ? keep : 1, err);
	}
	if (r >= 0)
		*ret_number = number;
	revisions_free(list, count);
	return r;
}

static int read_revision(const char *state_dir, const char *app, int number, json_t **ret,
			 struct err *err)
{
	cleanup_free char *path = path_of(state_dir, app, number);
	int r = state_file_read(path, ret, err);

	if (r > 0)
		return err_hint(err, "`desired history %s` lists the others", app);
	if (r == 0 && !*ret)
		return err_set(err, ERR_NOT_FOUND, "%s has no revision %d", app, number);
	return r;
}

int state_revision_mark_healthy(const char *state_dir, const char *app, int number, struct err *err)
{
	cleanup_free char *path = path_of(state_dir, app, number);
	json_auto_t *tree = NULL;
	int r = read_revision(state_dir, app, number, &tree, err);

	if (r < 0)
		return r;
	if (json_is_true(json_object_get(tree, "healthy")))
		return 0;
	json_object_set_new(tree, "healthy", json_true());
	return state_file_write(path, tree, err);
}

int state_revision_note_saved(const char *state_dir, const char *app, int number, const char *set,
			      struct err *err)
{
	cleanup_free char *path = path_of(state_dir, app, number);
	json_auto_t *tree = NULL;
	int r = read_revision(state_dir, app, number, &tree, err);

	if (r < 0)
		return r;
	state_file_set_text(tree, "saved", set);
	return state_file_write(path, tree, err);
}

int state_revision_load(const char *state_dir, const char *app, int number,
			struct manifest_app **ret, struct err *err)
{
	json_auto_t *tree = NULL;
	int r = read_revision(state_dir, app, number, &tree, err);

	if (r < 0)
		return r;
	r = manifest_app_from_json(json_object_get(tree, "set"), ret, err);
	return r < 0 ? err_wrap(err, "revision %d of %s", number, app) : 0;
}

/* --- finding one --- */

int state_revision_find_healthy(const char *state_dir, const char *app, const char *hash,
				int *ret_number, struct err *err)
{
	struct state_revision *list;
	size_t count;
	int r = state_revision_list(state_dir, app, &list, &count, err);

	if (r < 0)
		return r;
	*ret_number = 0;
	for (size_t i = 0; i < count; i++)
		if (list[i].healthy && list[i].hash && (!hash || strcmp(list[i].hash, hash) != 0))
			*ret_number = list[i].number;
	revisions_free(list, count);
	return 0;
}

static int no_such(const struct state_revision *list, size_t count, const char *app, int number,
		   struct err *err)
{
	cleanup_list struct list known = LIST_INIT;

	for (size_t i = 0; i < count; i++)
		list_printf(&known, "%d", list[i].number);
	cleanup_free char *numbers_text = list_join(&known, ", ");
	(void)err_set(err, ERR_NOT_FOUND, "%s has no revision %d", app, number);
	return err_hint(err, "%s%s", known.n ? "there are: " : "there are none yet", numbers_text);
}

int state_revision_find(const char *state_dir, const char *app, int number,
			struct state_revision *ret, struct err *err)
{
	struct state_revision *list;
	size_t count, found;
	int r = state_revision_list(state_dir, app, &list, &count, err);

	if (r < 0)
		return r;
	for (found = 0; found < count && list[found].number != number;)
		found++;
	if (found < count) {
		*ret = list[found];
		list[found] = (struct state_revision){0};
	} else {
		r = no_such(list, count, app, number, err);
	}
	revisions_free(list, count);
	return r;
}
