#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include "backup_record.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "tree/json.h"
#include "tree/path.h"

#define FILE_MAX    (4 << 20)
#define PATIENCE_MS (60 * 1000) /* with an API server: k3s restarts */
#define DAY_S	    (24 * 3600)

void alert_free(struct alert *alert)
{
	if (alert)
		free(alert->text);
	free(alert);
}

static void add(struct map *found, char *key_stolen, enum event_kind kind, char *text_stolen)
{
	struct alert *alert = mem_new(struct alert);
	cleanup_free char *key = key_stolen;

	alert->kind = kind;
	alert->text = text_stolen;
	map_put(found, key, alert);
}

/* --- what is wrong --- */

static void find_apps(const json_t *status, struct map *found)
{
	static const char *const bad[] = {"failed", "not ready", "refused", "broken", "held"};
	json_t *app;
	size_t i;

	json_array_foreach (json_object_get(status, "apps"), i, app) {
		const char *name = tree_path_string(app, "name");
		const char *health = tree_path_string(app, "health");
		const char *note = tree_path_string(app, "note");
		bool wrong = tree_path_true(app, "broken");
		for (size_t j = 0; j < sizeof(bad) / sizeof(*bad); j++)
			wrong |= !strcmp(health, bad[j]);
		if (wrong && !json_object_get(app, "hold"))
			add(found, mem_printf("app %s", name), EVENT_WARNING,
			    mem_printf("%s is %s%s%s", name,
				       tree_path_true(app, "broken") ? "broken" : health,
				       note ? ": " : "", note ? note : ""));
	}
}

static void find_files(const json_t *status, struct map *found)
{
	const char *error = tree_path_string(status, "files.errors[0]");

	if (error)
		add(found, mem_strdup("files"), EVENT_WARNING, mem_strdup(error));
}

static void find_api(const json_t *status, int64_t gone_ms, struct map *found)
{
	const char *why = tree_path_string(status, "cluster.why");

	if (json_is_false(tree_path_get(status, "cluster.answers")) && gone_ms >= PATIENCE_MS)
		add(found, mem_strdup("api"), EVENT_WARNING,
		    mem_printf("the API server does not answer: %s", why ? why : ""));
}

static void find_stale(const json_t *backup, time_t now, struct map *found)
{
	int64_t age = backup_record_age(backup, now);

	if (!tree_path_true(backup, "stale"))
		return;
	cleanup_free char *span = timespan_text(age * 1000);
	add(found, mem_strdup("backup stale"), EVENT_BACKUP_STALE,
	    age < 0 ? mem_strdup("there is no backup yet that could be restored from; make one: "
				 "systemctl start desired-backup")
		    : mem_printf("the last good backup is %s old; systemctl list-timers "
				 "desired-backup.timer and journalctl -u desired-backup say more",
				 span));
}

/* The line about the run itself says the same in the journal. */
static void find_failed(const json_t *backup, struct map *found)
{
	const char *state = tree_path_string(backup, "state");
	cleanup_free char *text = backup_record_text(backup);

	if (text && state && !strcmp(state, "failed"))
		add(found, mem_strdup("backup failed"), EVENT_WARNING, mem_strdup(text));
}

static void find_unprotected(const json_t *backup, struct map *found)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(backup, "unprotected"), i, item)
		add(found, mem_printf("unprotected %s", json_string_value(item)), EVENT_UNPROTECTED,
		    mem_printf("no backup takes %s along; name a place for it in backup.paths, or "
			       "move it",
			       json_string_value(item)));
}

static void find_damage(const json_t *backup, struct map *found)
{
	const json_t *problems = tree_path_get(backup, "verified.problems");
	const char *set = tree_path_string(backup, "verified.set");
	size_t n = json_array_size(problems);

	if (n)
		add(found, mem_strdup("backup verify"), EVENT_VERIFY_FAILED,
		    mem_printf("backup set %s: %s%s; desired backup verify %s --deep", set,
			       tree_path_string(backup, "verified.problems[0]"),
			       n > 1 ? " (and more)" : "", set));
}

static void find_rehearsal(const json_t *backup, time_t now, struct map *found)
{
	time_t good = backup_record_time(backup, "rehearsed.lastGood");
	time_t since = backup_record_time(backup, "since");
	cleanup_free char *text = backup_record_rehearsal_text(backup);

	if (json_array_size(tree_path_get(backup, "rehearsed.problems"))) {
		add(found, mem_strdup("rehearsal"), EVENT_REHEARSAL_FAILED, steal(&text));
		return;
	}
	time_t last = good ? good : since;
	if (!last || now - last <= BACKUP_RECORD_UNREHEARSED_S)
		return;
	add(found, mem_strdup("rehearsal"), EVENT_REHEARSAL_FAILED,
	    mem_printf("no restore was rehearsed for %lld days: systemctl enable --now "
		       "desired-rehearsal.timer",
		       (long long)((now - last) / DAY_S)));
}

void alert_find(const json_t *status, int64_t api_gone_ms, time_t now, struct map *ret)
{
	const json_t *backup = json_object_get(status, "backup");

	find_apps(status, ret);
	find_files(status, ret);
	find_api(status, api_gone_ms, ret);
	if (!json_is_object(backup))
		return;
	find_stale(backup, now, ret);
	find_failed(backup, ret);
	find_unprotected(backup, ret);
	find_damage(backup, ret);
	find_rehearsal(backup, now, ret);
}

/* --- what is news --- */

static char *told_path(const char *state_dir)
{
	return mem_printf("%s/alerts.json", state_dir);
}

static json_t *read_told(const char *path)
{
	cleanup_err struct err none = ERR_INIT;
	json_t *told = NULL;

	if (tree_json_read(path, FILE_MAX, &told, &none) >= 0 && json_is_object(told))
		return told;
	json_decref(told);
	return json_object();
}

static int write_told(const char *path, const json_t *told, struct err *err)
{
	cleanup_free char *text = tree_json_dump(told);

	return file_write(path, text, strlen(text), 0600, err);
}

static json_t *part(json_t *told, const char *key)
{
	json_t *found = json_object_get(told, key);

	if (!json_is_object(found)) {
		found = json_object();
		json_object_set_new(told, key, found);
	}
	return found;
}

static void push(struct alert_news **all, size_t *count, struct alert_news news)
{
	*all = mem_realloc(*all, (*count + 1) * sizeof(news));
	(*all)[(*count)++] = news;
}

static void find_over(json_t *wrong, const struct map *now_wrong, struct alert_news **all,
		      size_t *count)
{
	const char *key;
	json_t *entry;
	void *next;

	json_object_foreach_safe (wrong, next, key, entry) {
		const char *text = tree_path_string(entry, "text");
		if (map_has(now_wrong, key))
			continue;
		push(all, count,
		     (struct alert_news){.key = mem_strdup(key),
					 .text = mem_strdup(text ? text : key),
					 .kind = tree_path_true(entry, "journal") ? EVENT_WELL
										  : EVENT_WARNING,
					 .over = true});
		json_object_del(wrong, key);
	}
}

/* A stale backup is said again each day; everything else once. */
static bool is_due(const json_t *before, const struct alert *alert, time_t now)
{
	return !before || (alert->kind == EVENT_BACKUP_STALE &&
			   now - backup_record_time(before, "told") >= DAY_S);
}

static void find_new(json_t *wrong, const struct map *now_wrong, time_t now,
		     struct alert_news **all, size_t *count)
{
	const char *key;
	const struct alert *alert;

	map_foreach (now_wrong, key, alert) {
		const json_t *before = json_object_get(wrong, key);
		if (!is_due(before, alert, now))
			continue;
		cleanup_free char *when = timespan_rfc3339(now);
		push(all, count,
		     (struct alert_news){.key = mem_strdup(key),
					 .text = mem_strdup(alert->text),
					 .kind = alert->kind,
					 .again = before});
		json_object_set_new(wrong, key,
				    json_pack("{s:s, s:s, s:b}", "text", alert->text, "told", when,
					      "journal", alert->kind != EVENT_WARNING));
	}
}

int alert_compare(const char *state_dir, const struct map *now_wrong, time_t now,
		  struct alert_news **ret, size_t *ret_count, struct err *err)
{
	cleanup_free char *path = told_path(state_dir);
	json_auto_t *told = read_told(path);
	json_t *wrong = part(told, "wrong");

	*ret = NULL;
	*ret_count = 0;
	find_over(wrong, now_wrong, ret, ret_count);
	find_new(wrong, now_wrong, now, ret, ret_count);
	return *ret_count ? write_told(path, told, err) : 0;
}

void alert_news_done(struct alert_news *news)
{
	free(news->key);
	free(news->text);
}

/* --- what was done --- */

/* The text of what ended at `when`, unless it was told. */
static char *untold(json_t *told, const char *key, const char *when, char *text_stolen,
		    bool *changed)
{
	const char *before = tree_path_string(told, key);
	cleanup_free char *text = text_stolen;

	if (!text || !when || (before && !strcmp(before, when)))
		return NULL;
	json_object_set_new(told, key, json_string(when));
	*changed = true;
	return steal(&text);
}

int alert_reports(const char *state_dir, const json_t *record, struct alert_reports *ret,
		  struct err *err)
{
	cleanup_free char *path = told_path(state_dir);
	json_auto_t *told = read_told(path);
	const char *state = tree_path_string(record, "state");
	bool changed = false, good = !json_array_size(tree_path_get(record, "rehearsed.problems"));

	*ret = (struct alert_reports){.backup_failed = state && !strcmp(state, "failed")};
	ret->backup = untold(told, "backup", tree_path_string(record, "ended"),
			     backup_record_text(record), &changed);
	/* One that failed is an alert. */
	ret->rehearsal = untold(told, "rehearsal", tree_path_string(record, "rehearsed.when"),
				good ? backup_record_rehearsal_text(record) : NULL, &changed);
	return changed ? write_told(path, told, err) : 0;
}

void alert_reports_done(struct alert_reports *reports)
{
	free(reports->backup);
	free(reports->rehearsal);
}
