#include "status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup_record.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "state/hold.h"
#include "tree/path.h"

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* --- building --- */

static const struct err *first_error(const struct diag_list *findings, const char *app)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].severity == DIAG_ERROR &&
		    list_has(&findings->items[i].apps, app))
			return &findings->items[i].err;
	return NULL;
}

static char *broken_note(const struct loaded *loaded, const char *name, int revision)
{
	const struct err *err = first_error(&loaded->findings, name);
	cleanup_free char *why = err ? err_text(err) : mem_strdup("see desired check");

	if (!revision)
		return mem_printf("files broken, nothing was applied yet: %s", why);
	return mem_printf("files broken, revision %d enforced: %s", revision, why);
}

static void set_text(json_t *app, const char *key, const char *text)
{
	json_object_set_new(app, key, json_string(text));
}

static void add_hold(const struct status_input *input, const char *name, json_t *app)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_hold hold;

	if (state_hold_find(input->state, name, input->now, &hold, &err) <= 0)
		return;
	cleanup_free char *since = timespan_rfc3339(hold.since);
	json_t *tree =
		json_pack("{s:s, s:s, s:s}", "app", hold.app, "owner", hold.owner, "since", since);
	if (hold.until) {
		cleanup_free char *until = timespan_rfc3339(hold.until);
		set_text(tree, "until", until);
	}
	json_object_set_new(app, "hold", tree);
	state_hold_done(&hold);
}

/* "pinned by rollback (root); desired resume ghost@tfe-fr", after what there is to say anyway. */
static void add_pin(const struct state_app *known, json_t *app)
{
	const struct state_pin *pin = known ? &known->pin : NULL;
	const char *note = json_string_value(json_object_get(app, "note"));

	if (!pin || !pin->revision)
		return;
	json_object_set_new(app, "pin",
			    json_pack("{s:i, s:s*, s:s*, s:s*, s:s*}", "revision", pin->revision,
				      "by", pin->verb, "who", pin->who, "when", pin->when, "why",
				      pin->why));
	cleanup_free char *text =
		pin->why ? mem_printf("pinned by automatic %s, %s", pin->verb, pin->why)
			 : mem_printf("pinned by %s (%s)", pin->verb, pin->who);
	cleanup_free char *all = mem_printf("%s%s%s; desired resume %s", note ? note : "",
					    note ? "; " : "", text, known->name);
	set_text(app, "note", all);
}

/* A job is at it: the last outcome is history. */
static void add_work(const struct status_input *input, const char *name, json_t *app)
{
	const char *health = json_string_value(json_object_get(app, "health"));
	cleanup_free char *why = NULL;

	if (!input->at_work || !strcmp(health, "ready") ||
	    !input->at_work(input->context, name, &why))
		return;
	set_text(app, "health", "waiting");
	set_text(app, "note", why ? why : "being applied");
}

static json_t *build_app(const struct status_input *input, const char *name)
{
	const struct loaded *loaded = input->loaded;
	struct manifest_app *files = loaded ? manifest_set_find(loaded->set, name) : NULL;
	struct state_app *known = state_ledger_app(input->ledger, name);
	int revision = known ? known->revision : 0;
	json_t *app = json_pack(
		"{s:s, s:i, s:s, s:o, s:o, s:b}", "name", name, "revision", revision, "health",
		known && known->health ? known->health : "pending", "since",
		text_or_null(known ? known->since : NULL), "note",
		text_or_null(known ? known->note : NULL), "broken", files && files->broken);

	add_work(input, name, app);
	if (files && files->broken) {
		cleanup_free char *note = broken_note(loaded, name, revision);
		set_text(app, "note", note);
	} else if (loaded && !loaded->fatal && !files && !(known && known->pin.revision)) {
		set_text(app, "note", "left the files");
	} else if (files && files->options.suspend) {
		set_text(app, "note", "suspended by its app.yaml");
	}
	add_pin(known, app);
	add_hold(input, name, app);
	state_app_free(known);
	return app;
}

static json_t *build_apps(const struct status_input *input)
{
	cleanup_list struct list names = LIST_INIT, owned = LIST_INIT;
	json_t *apps = json_array();

	state_ledger_apps(input->ledger, &owned);
	for (size_t i = 0; input->loaded && i < input->loaded->set->count; i++)
		list_add(&names, input->loaded->set->apps[i]->name);
	for (size_t i = 0; i < owned.n; i++)
		list_add_new(&names, owned.items[i]);
	list_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(apps, build_app(input, names.items[i]));
	return apps;
}

/* Errors that belong to no app: the settings, a shared variable file, a folder. */
static json_t *build_errors(const struct loaded *loaded)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < loaded->findings.n; i++) {
		const struct diag *diag = &loaded->findings.items[i];
		if (diag->severity != DIAG_ERROR || diag->apps.n)
			continue;
		cleanup_free char *text = err_text(&diag->err);
		json_array_append_new(errors, json_string(text));
	}
	return errors;
}

static json_t *build_files(const struct status_input *input)
{
	const struct loaded *loaded = input->loaded;

	if (!loaded)
		return json_null();
	cleanup_free char *when = timespan_rfc3339(loaded->when);
	return json_pack("{s:s, s:o, s:I, s:I, s:b, s:o}", "loaded", when, "git",
			 text_or_null(loaded->set->git_head), "count",
			 (json_int_t)loaded->set->file_count, "changed",
			 (json_int_t)input->files_changed, "fatal", loaded->fatal, "errors",
			 build_errors(loaded));
}

static json_t *build_cluster(const struct status_input *input)
{
	const struct kube_cluster *cluster = input->cluster;

	if (!input->running)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:b, s:o}", "version",
			 text_or_null(cluster ? cluster->version : NULL), "server",
			 text_or_null(cluster ? cluster->server : NULL), "uid",
			 text_or_null(cluster ? cluster->uid : NULL), "answers", !input->api_why,
			 "why", text_or_null(input->api_why));
}

/* As everybody would name it: a verb compares it from another working directory. */
static json_t *real_path(const char *path)
{
	cleanup_free char *real = realpath(path, NULL);

	return json_string(real ? real : path);
}

/* Deletes that wait: for a person, or for something else to be over. */
static json_t *build_waiting(const struct status_input *input)
{
	cleanup_list struct list names = LIST_INIT;
	json_t *waiting = json_array();

	state_ledger_apps(input->ledger, &names);
	for (size_t i = 0; i < names.n; i++) {
		struct state_app *app = state_ledger_app(input->ledger, names.items[i]);
		if (app && app->pending.why)
			json_array_append_new(waiting, json_pack("{s:s, s:s, s:s*}", "app",
								 app->name, "why", app->pending.why,
								 "approve", app->pending.id));
		state_app_free(app);
	}
	return waiting;
}

/* What left the files and is kept, app by app. */
static json_t *build_orphans(const struct status_input *input)
{
	struct map entries = MAP_INIT(state_entry_free);
	json_t *orphans = json_array();
	const char *key;
	const struct state_entry *entry;

	state_ledger_entries(input->ledger, NULL, NULL, &entries);
	map_foreach (&entries, key, entry)
		if (entry->kept)
			json_array_append_new(orphans,
					      json_pack("{s:s, s:s, s:s*}", "app", entry->app,
							"key", key, "size", entry->size));
	map_done(&entries);
	return orphans;
}

/* What the last run left, in words too; null when there was none and none is wanted. */
static json_t *build_backup(const struct status_input *input)
{
	json_t *record = backup_record_read(input->state);

	if (!record && !input->backup_wanted)
		return json_null();
	if (!record)
		return json_pack("{s:s, s:b}", "text", "no backup was made yet", "stale", true);
	cleanup_free char *text = backup_record_text(record);
	cleanup_free char *rehearsal = backup_record_rehearsal_text(record);
	int64_t age = backup_record_age(record, input->now);
	json_object_set_new(record, "text", json_string(text ? text : "no backup was made yet"));
	if (rehearsal)
		json_object_set_new(record, "rehearsal", json_string(rehearsal));
	json_object_set_new(
		record, "stale",
		json_boolean(input->backup_wanted && (age < 0 || age > BACKUP_RECORD_STALE_S)));
	return record;
}

json_t *status_build(const struct status_input *input)
{
	char node[256] = "";

	(void)gethostname(node, sizeof(node) - 1);
	json_t *contested = input->contest ? reconcile_contest_list(input->contest) : json_array();
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "schema", 1, "version", DESIRED_VERSION, "node", node, "dir",
			 real_path(input->dir), "state", real_path(input->state), "running",
			 input->running, "cluster", build_cluster(input), "files",
			 build_files(input), "apps", build_apps(input), "waiting",
			 build_waiting(input), "orphans", build_orphans(input), "contested",
			 contested, "backup", build_backup(input));
}

/* --- judging --- */

static const char *text_at(const json_t *tree, const char *key)
{
	const char *text = json_string_value(json_object_get(tree, key));

	return text ? text : "";
}

static bool is_held_by(const json_t *app, const char *kind)
{
	const char *owner = tree_path_string(app, "hold.owner");

	return owner && !strncmp(owner, kind, strlen(kind));
}

static const char *health_of(const json_t *app)
{
	if (!json_object_get(app, "hold"))
		return text_at(app, "health");
	return is_held_by(app, "backup")    ? "backing up"
	       : is_held_by(app, "restore") ? "restoring"
					    : "suspended";
}

static bool is_bad(const json_t *app)
{
	static const char *const bad[] = {"failed", "not ready", "refused", "broken", "held"};

	if (json_is_true(json_object_get(app, "broken")))
		return true;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!strcmp(health_of(app), bad[i]))
			return true;
	return false;
}

static bool is_out_of_reach(const json_t *status)
{
	return json_is_false(tree_path_get(status, "cluster.answers"));
}

enum command_exit status_exit(const json_t *status)
{
	bool bad =
		is_out_of_reach(status) || json_array_size(tree_path_get(status, "files.errors"));
	bool warned = json_array_size(json_object_get(status, "waiting")) ||
		      json_array_size(tree_path_get(status, "backup.unprotected")) ||
		      json_array_size(json_object_get(status, "contested"));

	bad |= tree_path_true(status, "backup.stale") ||
	       json_array_size(tree_path_get(status, "backup.verified.problems")) ||
	       json_array_size(tree_path_get(status, "backup.rehearsed.problems"));
	size_t i;
	json_t *app;

	json_array_foreach (json_object_get(status, "apps"), i, app) {
		bad |= is_bad(app);
		warned |= strcmp(health_of(app), "ready") != 0;
	}
	return bad ? COMMAND_FAILED : warned ? COMMAND_WARNINGS : COMMAND_FINE;
}

/* --- printing --- */

/* "09:12" today, "Fri 23:41" within the last six days, else "2026-11-02". */
static char *when_text(const char *rfc3339, time_t now)
{
	time_t when = timespan_parse_rfc3339(rfc3339);
	struct tm then, today;
	char text[32];

	if (when == (time_t)-1)
		return mem_strdup("-");
	localtime_r(&when, &then);
	localtime_r(&now, &today);
	bool same_day = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
	const char *format = same_day			  ? "%H:%M"
			     : now - when < 6 * 24 * 3600 ? "%a %H:%M"
							  : "%Y-%m-%d";
	strftime(text, sizeof(text), format, &then);
	return mem_strdup(text);
}

static void print_files(const json_t *status, time_t now, struct buf *out)
{
	const json_t *files = json_object_get(status, "files");
	json_int_t changed = json_integer_value(json_object_get(files, "changed"));
	const char *git = text_at(files, "git");

	if (!json_is_object(files)) {
		buf_addstr(out, "files not loaded yet");
		return;
	}
	const char *dirty = strstr(git, "+dirty");
	cleanup_free char *when = when_text(text_at(files, "loaded"), now);
	buf_addstr(out, "files ");
	if (*git)
		buf_printf(out, "%.*s (git, %s) ", (int)(dirty ? dirty - git : (long)strlen(git)),
			   git, dirty ? "dirty" : "clean");
	buf_printf(out, "loaded %s", when);
	if (changed)
		buf_printf(out, "; %lld file%s changed since: systemctl reload desired",
			   (long long)changed, changed == 1 ? "" : "s");
}

static void print_head(const json_t *status, time_t now, struct buf *out)
{
	const char *version = tree_path_string(status, "cluster.version");

	buf_addstr(out, "# desired status\n");
	buf_printf(out, "%s  ", text_at(status, "node"));
	if (version)
		buf_printf(out, "%s %s  ", strstr(version, "+k3s") ? "k3s" : "kubernetes", version);
	buf_printf(out, "desired %s   ", text_at(status, "version"));
	if (json_is_true(json_object_get(status, "running")))
		print_files(status, now, out);
	else
		buf_addstr(out, "no daemon runs: this is what was left");
	buf_addch(out, '\n');
	if (is_out_of_reach(status))
		buf_printf(out, "API server does not answer: %s\n",
			   tree_path_string(status, "cluster.why"));
	size_t i;
	json_t *error;
	json_array_foreach (tree_path_get(status, "files.errors"), i, error)
		buf_printf(out, "%s\n", json_string_value(error));
}

static char *note_of(const json_t *app, time_t now)
{
	const json_t *hold = json_object_get(app, "hold");
	const char *owner = text_at(hold, "owner"), *until = text_at(hold, "until");

	if (!hold)
		return mem_strdup(text_at(app, "note"));
	cleanup_free char *end = *until ? when_text(until, now) : NULL;
	if (!strncmp(owner, "suspend ", 8))
		owner += 8;
	if (!is_held_by(app, "suspend"))
		return mem_printf("held by %s", owner);
	return mem_printf("%s%s%s; desired resume %s", owner, end ? " until " : "", end ? end : "",
			  text_at(hold, "app"));
}

static char *since_of(const json_t *app, time_t now)
{
	const json_t *hold = json_object_get(app, "hold");

	return when_text(text_at(hold ? hold : app, "since"), now);
}

static const char *colour_of(const json_t *app)
{
	if (is_bad(app))
		return "\033[31m";
	return strcmp(health_of(app), "ready") ? "\033[33m" : "\033[32m";
}

static void print_app(const json_t *app, int width, time_t now, bool colour, struct buf *out)
{
	cleanup_free char *since = since_of(app, now), *note = note_of(app, now);
	json_int_t revision = json_integer_value(json_object_get(app, "revision"));
	cleanup_free char *number =
		revision ? mem_printf("%lld", (long long)revision) : mem_strdup("-");

	buf_printf(out, "%-*s %4s  %s%-10s%s %-10s", width, text_at(app, "name"), number,
		   colour ? colour_of(app) : "", health_of(app), colour ? "\033[0m" : "", since);
	if (*note)
		buf_printf(out, " %s", note);
	while (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_addch(out, '\n');
}

static void print_apps(const json_t *apps, time_t now, bool colour, struct buf *out)
{
	int width = 15;
	size_t i;
	json_t *app;

	if (!json_array_size(apps)) {
		buf_addstr(out, "no apps\n");
		return;
	}
	json_array_foreach (apps, i, app)
		if ((int)strlen(text_at(app, "name")) > width)
			width = (int)strlen(text_at(app, "name"));
	buf_printf(out, "%-*s %4s  %-10s %-10s NOTE\n", width, "APP", "REV", "HEALTH", "SINCE");
	json_array_foreach (apps, i, app)
		print_app(app, width, now, colour, out);
}

/* "CONTESTED  Deployment default/ghost spec.replicas, by keda-operator; left alone until ..." */
static void print_contested(const json_t *contested, struct buf *out)
{
	struct manifest_id id;

	if (!manifest_id_of_key(text_at(contested, "key"), &id))
		return;
	cleanup_free char *object = manifest_id_text(&id);
	buf_printf(out, "CONTESTED  %s %s: %s changes it back; left alone until the next reload\n",
		   object, text_at(contested, "field"), text_at(contested, "manager"));
	manifest_id_done(&id);
}

static void print_waiting(const json_t *waiting, struct buf *out)
{
	size_t i, to_approve = 0;
	json_t *item;

	json_array_foreach (waiting, i, item) {
		const char *id = text_at(item, "approve");
		buf_printf(out, "WAITING  %s: %s%s%s\n", text_at(item, "app"), text_at(item, "why"),
			   *id ? "; desired approve " : "", id);
		to_approve += *id != '\0';
	}
	if (to_approve > 1)
		buf_addstr(out, "         all of them: desired approve --all\n");
}

/* "ORPHANS  PVC default/old-blog 4.1 GB, 1203 files; desired purge old-blog" */
static void print_orphan(const json_t *orphan, struct buf *out)
{
	const char *size = text_at(orphan, "size");
	struct manifest_id id;

	if (!manifest_id_of_key(text_at(orphan, "key"), &id))
		return;
	cleanup_free char *object = manifest_id_text(&id);
	buf_printf(out, "ORPHANS  %s%s%s; desired purge %s\n", object, *size ? " " : "", size,
		   text_at(orphan, "app"));
	manifest_id_done(&id);
}

static void print_backup(const json_t *backup, time_t now, struct buf *out)
{
	const char *when = text_at(backup, "began");
	size_t i;
	json_t *path;

	if (!json_is_object(backup))
		return;
	cleanup_free char *at = *when ? when_text(when, now) : mem_strdup("");
	buf_printf(out, "BACKUP   %s%s%s%s\n", at, *at ? " " : "", text_at(backup, "text"),
		   tree_path_true(backup, "stale") ? "; no good set for more than a day" : "");
	if (*text_at(backup, "rehearsal"))
		buf_printf(out, "         %s\n", text_at(backup, "rehearsal"));
	json_array_foreach (tree_path_get(backup, "verified.problems"), i, path)
		buf_printf(out, "         damaged: %s\n", json_string_value(path));
	json_array_foreach (json_object_get(backup, "unprotected"), i, path)
		buf_printf(out, "         unprotected: %s\n", json_string_value(path));
}

void status_print(const json_t *status, time_t now, bool colour, struct buf *out)
{
	size_t i;
	json_t *contested, *orphan;

	print_head(status, now, out);
	print_apps(json_object_get(status, "apps"), now, colour, out);
	print_waiting(json_object_get(status, "waiting"), out);
	json_array_foreach (json_object_get(status, "orphans"), i, orphan)
		print_orphan(orphan, out);
	json_array_foreach (json_object_get(status, "contested"), i, contested)
		print_contested(contested, out);
	print_backup(json_object_get(status, "backup"), now, out);
}
