#include "saver.h"

#include <stdio.h>
#include <string.h>

#include "backup/backup.h"
#include "base/mem.h"
#include "base/process.h"
#include "command.h"
#include "store.h"
#include "tree/json.h"
#include "tree/path.h"

#define SAVE_MS	     (12LL * 3600 * 1000)
#define OUTPUT_LIMIT ((size_t)8 << 20)
#define SELF	     "/proc/self/exe"

/* --- whether there is anything to save --- */

static bool has_data(const struct backup_sources *sources, const char *app)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct backup_source *source = &sources->items[i];
		if (!strcmp(source->name, app))
			return source->count ||
			       json_array_size(json_object_get(source->options, "dumps"));
	}
	return false;
}

/* 1 when it has. */
static int look_for_data(const struct saver *saver, const char *app, struct err *err)
{
	const json_t *backup = saver->settings->backup;
	const char *storage = tree_path_string(backup, "storage");
	const char *k3s = tree_path_string(backup, "k3s");
	const struct backup_options options = {
		.state_dir = saver->options->state,
		.dir = saver->options->dir,
		.storage = storage ? storage : BACKUP_STORAGE,
		.k3s = k3s ? k3s : BACKUP_K3S,
		.only = app,
	};
	struct backup_sources sources;
	int r = backup_find_sources(&options, &sources, err);

	if (r < 0)
		return r;
	r = has_data(&sources, app);
	backup_sources_done(&sources);
	return r;
}

/* --- saving it --- */

/* Another backup may be under way: then it waits. */
static int run_backup(const struct saver *saver, const char *app, struct cancel *cancel,
		      struct process_result *ret, struct err *err)
{
	const struct options *options = saver->options;
	const char *const argv[] = {SELF,
				    "backup",
				    "run",
				    "--output",
				    "json",
				    "--app",
				    app,
				    "--dir",
				    options->dir,
				    "--state",
				    options->state,
				    "--runtime",
				    options->runtime,
				    "--config",
				    options->config,
				    NULL};
	struct deadline deadline = deadline_in(&clock_real, cancel, SAVE_MS);
	int r;

	for (;;) {
		*ret = (struct process_result){0};
		r = process_run(argv, OUTPUT_LIMIT, &deadline, ret, err);
		if (r < 0 || ret->status != COMMAND_BUSY)
			return r;
		process_result_done(ret);
		if ((r = deadline_back_off(&deadline, err)) < 0)
			return r;
	}
}

/* The last line of what it complained about. */
static int tell_failure(const struct process_result *result, struct err *err)
{
	cleanup_list struct list lines = LIST_INIT;

	list_split(&lines, buf_str(&result->errors), "\n");
	if (!lines.n)
		return err_set(err, ERR_IO, "the backup ended with status %d", result->status);
	return err_set(err, ERR_IO, "%s", lines.items[lines.n - 1]);
}

static const json_t *unit_of(const json_t *set, const char *app)
{
	const json_t *unit;
	size_t i;

	json_array_foreach (json_object_get(set, "units"), i, unit) {
		const char *name = tree_path_string(unit, "name");
		if (name && !strcmp(name, app))
			return unit;
	}
	return NULL;
}

/* Other units may have failed in it: what counts is that this one has not. */
static int judge(const struct process_result *result, const char *app, char **ret_set,
		 struct err *err)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *set = NULL;

	if (tree_json_parse(buf_str(&result->output), result->output.len, "the backup", false, &set,
			    &ignored) < 0)
		return tell_failure(result, err);
	const json_t *unit = unit_of(set, app);
	const char *state = tree_path_string(unit, "state"), *id = tree_path_string(set, "id");
	const char *why = tree_path_string(unit, "error");
	if (!id || !state || !strcmp(state, "failed"))
		return err_set(err, ERR_IO, "%s", why ? why : "the backup does not have it");
	*ret_set = mem_strdup(id);
	return 0;
}

static int save(void *context, const char *app, struct cancel *cancel, char **ret_set,
		struct err *err)
{
	const struct saver *saver = context;
	cleanup_process struct process_result result = {0};

	int r = look_for_data(saver, app, err);
	if (r <= 0)
		return r;
	r = run_backup(saver, app, cancel, &result, err);
	return r < 0 ? r : judge(&result, app, ret_set, err);
}

const struct reconcile_saver *saver_init(struct saver *ret, const struct options *options,
					 const struct source_settings *settings)
{
	*ret = (struct saver){
		.saver = {.save = save, .context = ret},
		.options = options,
		.settings = settings,
	};
	return store_wanted(settings) ? &ret->saver : NULL;
}
