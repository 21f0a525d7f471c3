#include "metrics.h"

#include <string.h>

#include "backup_record.h"
#include "tree/path.h"

static void begin(struct buf *out, const char *name, const char *help)
{
	buf_printf(out, "# HELP desired_%s %s\n# TYPE desired_%s gauge\n", name, help, name);
}

static void add_value(struct buf *out, const char *value)
{
	for (const char *c = value; *c; c++) {
		if (*c == '\\' || *c == '"')
			buf_addch(out, '\\');
		if (*c == '\n')
			buf_addstr(out, "\\n");
		else
			buf_addch(out, *c);
	}
}

/* One line; label NULL: none. */
static void line(struct buf *out, const char *name, const char *label, const char *value,
		 long long number)
{
	buf_printf(out, "desired_%s", name);
	if (label) {
		buf_printf(out, "{%s=\"", label);
		add_value(out, value);
		buf_addstr(out, "\"}");
	}
	buf_printf(out, " %lld\n", number);
}

static void single(struct buf *out, const char *name, const char *help, long long number)
{
	begin(out, name, help);
	line(out, name, NULL, NULL, number);
}

/* --- the node and its apps --- */

static void print_info(const json_t *status, struct buf *out)
{
	const char *version = tree_path_string(status, "version");
	const char *node = tree_path_string(status, "node");

	begin(out, "info", "What runs here.");
	buf_addstr(out, "desired_info{version=\"");
	add_value(out, version ? version : "");
	buf_addstr(out, "\",node=\"");
	add_value(out, node ? node : "");
	buf_addstr(out, "\"} 1\n");
	single(out, "api_up", "Whether the API server answers.",
	       json_is_true(tree_path_get(status, "cluster.answers")));
	single(out, "files_errors", "Errors in what all apps share.",
	       (long long)json_array_size(tree_path_get(status, "files.errors")));
	single(out, "files_changed", "Files that changed since they were read.",
	       tree_path_integer(status, "files.changed", 0));
	single(out, "deletes_waiting", "Apps whose deletes wait.",
	       (long long)json_array_size(json_object_get(status, "waiting")));
	single(out, "contested_fields", "Fields that another program changes back.",
	       (long long)json_array_size(json_object_get(status, "contested")));
}

static void print_apps(const json_t *apps, struct buf *out)
{
	json_t *app;
	size_t i;

	begin(out, "app_ready", "Whether the app is ready and its files are whole.");
	json_array_foreach (apps, i, app)
		line(out, "app_ready", "app", tree_path_string(app, "name"),
		     !strcmp(tree_path_string(app, "health"), "ready") &&
			     !tree_path_true(app, "broken"));
	begin(out, "app_revision", "The revision in force.");
	json_array_foreach (apps, i, app)
		line(out, "app_revision", "app", tree_path_string(app, "name"),
		     tree_path_integer(app, "revision", 0));
	begin(out, "app_suspended", "Whether the app is suspended or held.");
	json_array_foreach (apps, i, app)
		line(out, "app_suspended", "app", tree_path_string(app, "name"),
		     json_object_get(app, "hold") != NULL);
}

/* --- backups --- */

static void print_time(const json_t *backup, const char *name, const char *help, const char *path,
		       struct buf *out)
{
	single(out, name, help, (long long)backup_record_time(backup, path));
}

static void print_units(const json_t *backup, struct buf *out)
{
	static const char *const name = "backup_unit_last_success_timestamp_seconds";
	const json_t *detail = json_object_get(backup, "detail");
	json_t *unit;
	size_t i;

	begin(out, name, "When the unit was in a set last; 0: never.");
	json_array_foreach (detail, i, unit)
		line(out, name, "unit", tree_path_string(unit, "unit"),
		     (long long)backup_record_time(unit, "lastGood"));
	begin(out, "backup_unit_bytes", "Size of the unit's content.");
	json_array_foreach (detail, i, unit)
		line(out, "backup_unit_bytes", "unit", tree_path_string(unit, "unit"),
		     tree_path_integer(unit, "bytes", 0));
	begin(out, "backup_unit_files", "Files of the unit.");
	json_array_foreach (detail, i, unit)
		line(out, "backup_unit_files", "unit", tree_path_string(unit, "unit"),
		     tree_path_integer(unit, "files", 0));
}

static void print_backup(const json_t *backup, struct buf *out)
{
	time_t began = backup_record_time(backup, "began");
	const char *state = tree_path_string(backup, "state");

	print_time(backup, "backup_last_attempt_timestamp_seconds",
		   "When the last backup began; 0: never.", "began", out);
	print_time(backup, "backup_last_success_timestamp_seconds",
		   "When the last good backup began; 0: never.", "lastGood", out);
	print_time(backup, "backup_last_verify_timestamp_seconds",
		   "When a set was verified last; 0: never.", "verified.when", out);
	print_time(backup, "backup_last_test_restore_timestamp_seconds",
		   "When a rehearsed restore was good last; 0: never.", "rehearsed.lastGood", out);
	single(out, "backup_failed", "Whether the last run failed.",
	       state && !strcmp(state, "failed"));
	single(out, "backup_stale", "Whether there was no good set for too long.",
	       tree_path_true(backup, "stale"));
	single(out, "backup_unprotected_paths", "Paths of pods that no backup takes along.",
	       (long long)json_array_size(json_object_get(backup, "unprotected")));
	single(out, "backup_verify_problems", "What the last verify found.",
	       (long long)json_array_size(tree_path_get(backup, "verified.problems")));
	single(out, "backup_rehearsal_problems", "What the last rehearsal found.",
	       (long long)json_array_size(tree_path_get(backup, "rehearsed.problems")));
	single(out, "backup_sent_bytes", "What the last run sent.",
	       tree_path_integer(backup, "bytes", 0));
	single(out, "backup_duration_seconds", "How long the last run took.",
	       began ? (long long)(backup_record_time(backup, "ended") - began) : 0);
	print_units(backup, out);
}

void metrics_print(const json_t *status, struct buf *out)
{
	const json_t *backup = json_object_get(status, "backup");

	print_info(status, out);
	print_apps(json_object_get(status, "apps"), out);
	if (json_is_object(backup))
		print_backup(backup, out);
}
