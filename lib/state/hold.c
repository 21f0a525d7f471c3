#include "state/hold.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/mem.h"
#include "state/file.h"

/* Another process changes the file in microseconds; longer means that it hangs. */
#define LOCK_MS 2000

static char *path_of(const char *state_dir)
{
	return file_join(state_dir, "holds.json");
}

/* The daemon and a verb may change the holds at once. */
static int lock(const char *state_dir, int *ret_fd, struct err *err)
{
	cleanup_free char *path = file_join(state_dir, "holds.lock");
	struct deadline deadline = deadline_in(&clock_real, NULL, LOCK_MS);
	cleanup_err struct err late = ERR_INIT;
	int r;

	deadline.pause = 10;
	while ((r = file_lock(path, ret_fd, err)) == -ERR_BUSY)
		if (deadline_back_off(&deadline, &late) < 0)
			return r;
	return r;
}

/* An array, perhaps empty. A damaged file is an error, once: apps that somebody wanted left alone
 * would be touched otherwise, without a word. */
static int read_holds(const char *state_dir, json_t **ret, struct err *err)
{
	cleanup_free char *path = path_of(state_dir);
	json_auto_t *tree = NULL;
	int r = state_file_read(path, &tree, err);

	if (r > 0)
		return err_hint(err, "repeat the `desired suspend` of apps that must stay as they "
				     "are");
	if (r < 0)
		return r;
	json_t *holds = json_object_get(tree, "holds");
	*ret = json_is_array(holds) ? json_incref(holds) : json_array();
	return 0;
}

static int write_holds(const char *state_dir, json_t *holds, struct err *err)
{
	cleanup_free char *path = path_of(state_dir);
	json_auto_t *tree = json_pack("{s:i, s:O}", "schema", STATE_SCHEMA, "holds", holds);

	return state_file_write(path, tree, err);
}

static const char *text_of(const json_t *hold, const char *key)
{
	const char *text = json_string_value(json_object_get(hold, key));

	return text ? text : "";
}

static time_t time_of(const json_t *hold, const char *key)
{
	return (time_t)json_integer_value(json_object_get(hold, key));
}

/* "suspend by root" and "suspend by admin" are the same kind of owner. */
static bool same_kind(const char *a, const char *b)
{
	size_t n = strcspn(a, " ");

	return n == strcspn(b, " ") && !strncmp(a, b, n);
}

/* Removes the holds of an app that owner may drop; returns how many. */
static size_t remove_holds(json_t *holds, const char *app, const char *owner)
{
	size_t removed = 0;

	for (size_t i = json_array_size(holds); i-- > 0;) {
		const json_t *hold = json_array_get(holds, i);
		if (strcmp(text_of(hold, "app"), app) != 0 ||
		    (owner && !same_kind(text_of(hold, "owner"), owner)))
			continue;
		json_array_remove(holds, i);
		removed++;
	}
	return removed;
}

int state_hold_take(const char *state_dir, const struct state_hold *hold, struct err *err)
{
	cleanup_fd int fd = -1;
	json_auto_t *holds = NULL;

	int r = file_make_dir(state_dir, 0700, err);
	if (r < 0)
		return r;
	if ((r = lock(state_dir, &fd, err)) < 0)
		return r;
	if ((r = read_holds(state_dir, &holds, err)) < 0)
		return r;
	(void)remove_holds(holds, hold->app, hold->owner);
	json_array_append_new(holds, json_pack("{s:s, s:s, s:I, s:I}", "app", hold->app, "owner",
					       hold->owner, "since", (json_int_t)hold->since,
					       "until", (json_int_t)hold->until));
	return write_holds(state_dir, holds, err);
}

int state_hold_drop(const char *state_dir, const char *app, const char *owner, struct err *err)
{
	cleanup_free char *path = path_of(state_dir);
	cleanup_fd int fd = -1;
	json_auto_t *holds = NULL;

	if (!file_exists(path))
		return 0;
	int r = lock(state_dir, &fd, err);
	if (r < 0)
		return r;
	if ((r = read_holds(state_dir, &holds, err)) < 0)
		return r;
	if (!remove_holds(holds, app, owner))
		return 0;
	r = write_holds(state_dir, holds, err);
	return r < 0 ? r : 1;
}

int state_hold_keep_only(const char *state_dir, const char *owner, struct err *err)
{
	cleanup_free char *path = path_of(state_dir);
	cleanup_fd int fd = -1;
	json_auto_t *holds = NULL;

	if (!file_exists(path))
		return 0;
	int r = lock(state_dir, &fd, err);
	if (r >= 0)
		r = read_holds(state_dir, &holds, err);
	for (size_t i = json_array_size(holds); r >= 0 && i-- > 0;)
		if (!same_kind(text_of(json_array_get(holds, i), "owner"), owner))
			json_array_remove(holds, i);
	return r < 0 ? r : write_holds(state_dir, holds, err);
}

static bool covers(const json_t *hold, const char *app, time_t now)
{
	const char *held = text_of(hold, "app");
	size_t n = strlen(held);
	time_t until = time_of(hold, "until");

	if (until && until <= now)
		return false;
	return n && !strncmp(app, held, n) && (app[n] == '\0' || app[n] == '@');
}

/* True when a lasts longer than b. */
static bool outlasts(const json_t *a, const json_t *b)
{
	time_t until = time_of(a, "until"), other = time_of(b, "until");

	return other && (!until || until > other);
}

int state_hold_find(const char *state_dir, const char *app, time_t now, struct state_hold *ret,
		    struct err *err)
{
	json_auto_t *holds = NULL;
	json_t *hold, *found = NULL;
	size_t i;
	int r = read_holds(state_dir, &holds, err);

	if (r < 0)
		return r;
	json_array_foreach (holds, i, hold)
		if (covers(hold, app, now) && (!found || outlasts(hold, found)))
			found = hold;
	if (!found)
		return 0;
	*ret = (struct state_hold){
		.app = mem_strdup(text_of(found, "app")),
		.owner = mem_strdup(text_of(found, "owner")),
		.since = time_of(found, "since"),
		.until = time_of(found, "until"),
	};
	return 1;
}

void state_hold_done(struct state_hold *hold)
{
	free(hold->app);
	free(hold->owner);
	*hold = (struct state_hold){0};
}
