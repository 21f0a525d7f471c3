#include "backup/halt.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backup/live.h"
#include "backup/path.h"
#include "backup/workload.h"
#include "base/file.h"
#include "base/mem.h"
#include "state/file.h"
#include "state/hold.h"
#include "tree/path.h"

#define PODS_MS	   (5LL * 60 * 1000)
#define ANSWER_MS  30000 /* of one list */
#define START_MS   60000 /* to put it back: no cancel ends it */
#define HOLD_S	   (24LL * 3600)
#define STOP_EVERY 5 /* looks: somebody may have scaled it up meanwhile */

struct backup_halt {
	struct backup_halt_options options;
	char *record_path, *lock_path;
	char *app, *owner, *state_dir;
	int lock;
	json_t *record; /* {schema, app, owner, hold, workloads: [..], swaps: [..]} */
};

static const char *text(const json_t *tree, const char *key)
{
	const char *found = json_string_value(json_object_get(tree, key));

	return found ? found : "";
}

/* --- the record --- */

static char *folder_of(const char *state_dir)
{
	return mem_printf("%s/backup/halts", state_dir);
}

static struct backup_halt *halt_new(const struct backup_halt_options *options)
{
	struct backup_halt *halt = mem_new(struct backup_halt);
	cleanup_free char *folder = folder_of(options->state_dir);

	halt->options = *options;
	halt->app = mem_strdup(options->app);
	halt->owner = mem_strdup(options->owner);
	halt->state_dir = mem_strdup(options->state_dir);
	halt->record_path = mem_printf("%s/%s.json", folder, options->app);
	halt->lock_path = mem_printf("%s/%s.lock", folder, options->app);
	halt->lock = -1;
	return halt;
}

static void halt_free(struct backup_halt *halt)
{
	file_close(&halt->lock);
	json_decref(halt->record);
	free(halt->record_path);
	free(halt->lock_path);
	free(halt->app);
	free(halt->owner);
	free(halt->state_dir);
	free(halt);
}

static int lock(struct backup_halt *halt, struct err *err)
{
	cleanup_free char *folder = folder_of(halt->state_dir);

	int r = file_make_dir(folder, 0700, err);
	if (r >= 0)
		r = file_lock(halt->lock_path, &halt->lock, err);
	if (r == -ERR_BUSY)
		return err_set(err, ERR_BUSY,
			       "%s is being backed up or restored by another process", halt->app);
	return r;
}

static int save(const struct backup_halt *halt, struct err *err)
{
	return state_file_write(halt->record_path, halt->record, err);
}

static int open_record(struct backup_halt *halt, struct err *err)
{
	halt->record = json_pack("{s:i, s:s, s:s, s:[], s:[]}", "schema", STATE_SCHEMA, "app",
				 halt->app, "owner", halt->owner, "workloads", "swaps");
	return save(halt, err);
}

/* --- who uses the directories --- */

static bool names_path(const struct backup_halt_options *options, const json_t *pod)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(pod, "paths"), i, item) {
		cleanup_free char *path =
			backup_path_clean(json_is_string(item) ? json_string_value(item) : "");
		for (size_t j = 0; j < options->paths.n; j++)
			if (backup_path_within(path, options->paths.items[j]) ||
			    backup_path_within(options->paths.items[j], path))
				return true;
	}
	return false;
}

static bool names_claim(const struct backup_halt_options *options, const json_t *pod)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(pod, "claims"), i, item) {
		cleanup_free char *claim =
			mem_printf("%s/%s", text(pod, "namespace"), json_string_value(item));
		if (list_has(&options->claims, claim))
			return true;
	}
	return false;
}

/* The facts (backup/live.h) about pods that use them. */
static int find_pods(const struct backup_halt_options *options, const struct deadline *deadline,
		     json_t **ret, struct err *err)
{
	json_auto_t *pods = NULL;
	json_t *pod;
	size_t i;

	int r = kube_client_select(options->client, "", "Pod", NULL, NULL, NULL, deadline, &pods,
				   err);
	if (r < 0)
		return r;
	json_auto_t *facts = backup_live_facts(NULL, pods, NULL, NULL, "");
	*ret = json_array();
	json_array_foreach (json_object_get(facts, "pods"), i, pod)
		if (names_path(options, pod) || names_claim(options, pod))
			json_array_append(*ret, pod);
	return 0;
}

static bool same_workload(const json_t *workload, const json_t *pod)
{
	return !strcmp(text(workload, "kind"), text(pod, "kind")) &&
	       !strcmp(text(workload, "namespace"), text(pod, "namespace")) &&
	       !strcmp(text(workload, "name"), text(pod, "name"));
}

static bool is_known(const json_t *workloads, const json_t *pod)
{
	json_t *workload;
	size_t i;

	json_array_foreach (workloads, i, workload)
		if (same_workload(workload, pod))
			return true;
	return false;
}

/* What makes these pods goes into the record. */
static int add_workloads(struct backup_halt *halt, const json_t *pods, struct err *err)
{
	json_t *workloads = json_object_get(halt->record, "workloads"), *pod, *workload;
	size_t i;

	json_array_foreach (pods, i, pod) {
		if (is_known(workloads, pod))
			continue;
		int r = backup_workload_read(halt->options.client, text(pod, "kind"),
					     text(pod, "namespace"), text(pod, "name"),
					     halt->options.deadline, &workload, err);
		if (r == -ERR_NOT_FOUND) { /* it goes already */
			err_done(err);
			continue;
		}
		if (r < 0)
			return r;
		json_array_append_new(workloads, workload);
	}
	return save(halt, err);
}

/* --- standing still --- */

static int stop_workloads(struct backup_halt *halt, struct err *err)
{
	json_t *workload;
	size_t i;

	json_array_foreach (json_object_get(halt->record, "workloads"), i, workload) {
		int r = backup_workload_stop(halt->options.client, workload, halt->options.deadline,
					     err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int still_there(const struct backup_halt *halt, const json_t *pods, struct err *err)
{
	(void)err_set(err, ERR_TIMEOUT, "%s: pod %s does not end", halt->app,
		      text(json_array_get(pods, 0), "pod"));
	return err_hint(err, "kubectl describe pod says what it waits for");
}

static struct deadline patience(const struct backup_halt *halt)
{
	const struct backup_halt_options *options = &halt->options;
	int64_t wait = options->timeout_ms ? options->timeout_ms : PODS_MS;
	int64_t left = deadline_left(options->deadline);

	return deadline_in(options->deadline->clock, options->deadline->cancel,
			   left < wait ? left : wait);
}

static int await_pods(struct backup_halt *halt, struct err *err)
{
	struct deadline wait = patience(halt);

	for (int look = 0;; look++) {
		json_auto_t *pods = NULL;
		cleanup_err struct err late = ERR_INIT;
		const struct deadline answer = deadline_in(wait.clock, wait.cancel, ANSWER_MS);
		int r = find_pods(&halt->options, &answer, &pods, err);
		if (r < 0 || !json_array_size(pods))
			return r;
		if (look && look % STOP_EVERY == 0 && (r = stop_workloads(halt, err)) < 0)
			return r;
		r = deadline_back_off(&wait, &late);
		if (r == -ERR_TIMEOUT)
			return still_there(halt, pods, err);
		if (r < 0)
			return err_move(err, &late);
	}
}

static void say(const struct backup_halt *halt, const char *what)
{
	cleanup_list struct list names = LIST_INIT;
	json_t *workload;
	size_t i;

	json_array_foreach (json_object_get(halt->record, "workloads"), i, workload)
		list_take(&names, backup_workload_text(workload));
	cleanup_free char *all = list_join(&names, ", ");
	if (names.n)
		event_emit(halt->options.sink,
			   (struct event){.kind = EVENT_BACKUP, .app = halt->app}, "%s: %s %s (%s)",
			   halt->app, all, what, halt->owner);
}

static int take_hold(const struct backup_halt *halt, struct err *err)
{
	const struct state_hold hold = {
		.app = halt->app,
		.owner = halt->owner,
		.since = time(NULL),
		.until = time(NULL) + HOLD_S,
	};

	return state_hold_take(halt->state_dir, &hold, err);
}

static int stand_still(struct backup_halt *halt, struct err *err)
{
	json_auto_t *pods = NULL;

	/* Units without an app have a name that no app can have. */
	int r = *halt->app == '_' ? 0 : take_hold(halt, err);
	if (r < 0 || !halt->options.client)
		return r;
	r = find_pods(&halt->options, halt->options.deadline, &pods, err);
	if (r >= 0)
		r = add_workloads(halt, pods, err);
	if (r >= 0)
		r = stop_workloads(halt, err);
	if (r >= 0)
		r = await_pods(halt, err);
	if (r >= 0)
		say(halt, "stopped");
	return r;
}

/* --- going on --- */

static int finish_swaps(const json_t *record, struct err *err)
{
	json_t *swap;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(record, "swaps"), i, swap) {
		struct backup_place place = {0};
		if (r >= 0 && backup_place_from_json(swap, &place))
			r = backup_place_swap(&place, err);
		backup_place_done(&place);
	}
	return r < 0 ? r : 0;
}

static int start_workloads(const struct backup_halt *halt, struct err *err)
{
	const struct deadline deadline = deadline_in(&clock_real, NULL, START_MS);
	json_t *workloads = json_object_get(halt->record, "workloads"), *workload;
	size_t i;
	int r = 0;

	if (json_array_size(workloads) && !halt->options.client)
		return err_set(err, ERR_UNREACHABLE, "%s stands still and there is no API server",
			       halt->app);
	json_array_foreach (workloads, i, workload) {
		cleanup_err struct err one = ERR_INIT;
		if (backup_workload_start(halt->options.client, workload, &deadline, &one) < 0)
			r = err_move(err, &one);
	}
	return r;
}

/* In this order: with the record gone nobody would drop the hold. */
static int go_on(struct backup_halt *halt, struct err *err)
{
	int r = finish_swaps(halt->record, err);

	if (r >= 0)
		r = start_workloads(halt, err);
	if (r >= 0)
		r = state_hold_drop(halt->state_dir, halt->app, text(halt->record, "owner"), err);
	if (r >= 0)
		r = file_remove(halt->record_path, err);
	return r < 0 ? r : 0;
}

/* --- the whole --- */

static bool has_record(const struct backup_halt *halt)
{
	return file_exists(halt->record_path);
}

/* What an earlier process left; a record that cannot be read is moved aside, and said. */
static int finish_record(struct backup_halt *halt, struct err *err)
{
	int r = state_file_read(halt->record_path, &halt->record, err);

	if (r > 0)
		return err_hint(err, "see whether the workloads of %s run, and: desired resume %s",
				halt->app, halt->app);
	if (r >= 0 && halt->record)
		r = go_on(halt, err);
	json_decref(steal(&halt->record));
	return r < 0 ? err_wrap(err, "%s", halt->app) : 0;
}

int backup_halt_begin(const struct backup_halt_options *options, struct backup_halt **ret,
		      struct err *err)
{
	struct backup_halt *halt = halt_new(options);
	cleanup_err struct err also = ERR_INIT;

	int r = lock(halt, err);
	if (r >= 0 && has_record(halt))
		r = finish_record(halt, err);
	if (r >= 0)
		r = open_record(halt, err);
	if (r < 0) {
		halt_free(halt);
		return r;
	}
	if ((r = stand_still(halt, err)) < 0) {
		if (backup_halt_end(halt, &also) < 0)
			(void)err_hint(err, "and it could not be started again: %s", also.message);
		return r;
	}
	*ret = halt;
	return 0;
}

/* All or nothing, where that can be had: half of an app's data must not be used. */
static void undo_swaps(struct backup_halt *halt, const struct backup_place *places, size_t count,
		       struct err *err)
{
	cleanup_err struct err also = ERR_INIT;
	int r = 0;

	for (size_t i = count; r >= 0 && i-- > 0;)
		r = backup_place_undo(&places[i], &also);
	if (r >= 0) {
		json_array_clear(json_object_get(halt->record, "swaps"));
		r = save(halt, &also);
	}
	if (r < 0)
		(void)err_hint(err, "%s stands still until that is put right: %s", halt->app,
			       also.message);
}

int backup_halt_swap(struct backup_halt *halt, const struct backup_place *places, size_t count,
		     bool *ret_had, struct err *err)
{
	json_t *swaps = json_array();
	size_t i = 0;

	for (size_t j = 0; j < count; j++)
		json_array_append_new(swaps, backup_place_to_json(&places[j]));
	json_object_set_new(halt->record, "swaps", swaps);
	int r = save(halt, err);
	for (; r >= 0 && i < count; i++)
		if ((r = backup_place_swap(&places[i], err)) >= 0)
			ret_had[i] = r > 0;
	if (r < 0)
		undo_swaps(halt, places, i, err);
	return r < 0 ? r : 0;
}

int backup_halt_end(struct backup_halt *halt, struct err *err)
{
	if (!halt)
		return 0;
	int r = go_on(halt, err);
	if (r >= 0)
		say(halt, "started again");
	else
		r = err_wrap(err, "%s", halt->app);
	halt_free(halt);
	return r;
}

/* --- what others left --- */

/* "ghost@tfe-fr.json" without its end; NULL for other files. Caller frees. */
static char *app_of(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && *name != '.' && !strcmp(name + n - 5, ".json") ? mem_strndup(name, n - 5)
								       : NULL;
}

static int finish_one(struct kube_client *client, const char *state_dir, const char *app,
		      const struct deadline *deadline, struct event_sink *sink, struct err *err)
{
	const struct backup_halt_options options = {
		.client = client,
		.state_dir = state_dir,
		.app = app,
		.owner = "restart",
		.deadline = deadline,
		.sink = sink,
	};
	struct backup_halt *halt = halt_new(&options);

	int r = lock(halt, err);
	if (r == -ERR_BUSY) {
		err_done(err);
		halt_free(halt);
		return 0;
	}
	bool left = r >= 0 && has_record(halt);
	if (left)
		r = finish_record(halt, err);
	if (left && r >= 0)
		event_emit(sink, (struct event){.kind = EVENT_BACKUP, .app = app},
			   "%s: a backup or restore was cut off; what it had stopped runs again",
			   app);
	halt_free(halt);
	return r < 0 ? r : left;
}

bool backup_halt_is_left(const char *state_dir)
{
	cleanup_free char *folder = folder_of(state_dir);
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool left = false;

	while (dir && !left && (entry = readdir(dir))) {
		cleanup_free char *app = app_of(entry->d_name);
		left = app;
	}
	if (dir)
		closedir(dir);
	return left;
}

int backup_halt_finish(struct kube_client *client, const char *state_dir,
		       const struct deadline *deadline, struct event_sink *sink, struct err *err)
{
	cleanup_free char *folder = folder_of(state_dir);
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort), r = 0, finished = 0;

	if (count < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", folder);
	for (int i = 0; i < count; i++) {
		cleanup_err struct err one = ERR_INIT;
		cleanup_free char *app = app_of(entries[i]->d_name);
		int done = app ? finish_one(client, state_dir, app, deadline, sink, &one) : 0;
		if (done < 0)
			r = err_move(err, &one);
		finished += done > 0;
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : finished;
}
