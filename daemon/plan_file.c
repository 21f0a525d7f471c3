#include "plan_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "plan/record.h"
#include "state/ledger.h"
#include "tree/json.h"
#include "tree/path.h"

#define SCHEMA 1
#define KIND   "plan"
#define LIMIT  ((size_t)64 << 20)

static json_t *texts(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

json_t *plan_file_new(const struct planned *planned)
{
	const struct pass_request *request = &planned->round->request;
	cleanup_free char *person = site_person(), *now = timespan_rfc3339(time(NULL));
	cleanup_free char *dir = realpath(planned->site.options->dir, NULL);

	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s*, s:{s:s*, s:o, s:o, s:b, s:b}, s:{}}",
			 "schema", SCHEMA, "desired", KIND, "version", DESIRED_VERSION, "made", now,
			 "by", person, "cluster", state_ledger_cluster(planned->site.ledger), "dir",
			 dir, "request", "app", request->app, "tags", texts(&request->tags),
			 "skip_tags", texts(&request->skip_tags), "force", request->force,
			 "replace", request->force_replace, "apps");
}

void plan_file_add(json_t *file, const char *app, json_t *record)
{
	json_object_set(json_object_get(file, "apps"), app, record);
}

int plan_file_write(const char *path, const json_t *file, struct mask *mask, struct err *err)
{
	cleanup_free char *text = tree_json_pretty(file);
	cleanup_free char *masked = mask_text(mask, text, strlen(text));
	const char *shown = masked ? masked : text;

	return file_write(path, shown, strlen(shown), 0600, err);
}

int plan_file_read(const char *path, json_t **ret, struct err *err)
{
	json_auto_t *file = NULL;
	int r = tree_json_read(path, LIMIT, &file, err);

	if (r < 0)
		return r;
	const char *kind = tree_path_string(file, "desired");
	const char *version = tree_path_string(file, "version");
	if (!kind || strcmp(kind, KIND) != 0 || tree_path_integer(file, "schema", 0) != SCHEMA ||
	    !json_is_object(json_object_get(file, "apps"))) {
		(void)err_set(err, ERR_INVALID, "%s is no plan", path);
		return err_hint(err, "'desired plan --out FILE' makes one");
	}
	if (!version || strcmp(version, DESIRED_VERSION) != 0) {
		(void)err_set(err, ERR_INVALID, "%s was made by desired %s, and this is %s", path,
			      version ? version : "?", DESIRED_VERSION);
		return err_hint(err, "make a new plan");
	}
	*ret = json_incref(file);
	return 0;
}

/* --- whether the world moved --- */

static void compare_place(const struct planned *planned, const json_t *file, struct list *moved)
{
	const char *cluster = tree_path_string(file, "cluster");
	const char *dir = tree_path_string(file, "dir");
	cleanup_free char *own = realpath(planned->site.options->dir, NULL);

	if (!cluster || strcmp(cluster, state_ledger_cluster(planned->site.ledger)) != 0)
		list_add(moved, "this is another cluster than the plan was made for");
	if (dir && own && strcmp(dir, own) != 0)
		list_printf(moved, "the plan is of the files in %s, not of those in %s", dir, own);
}

static void compare_app(const struct planned *planned, const char *name, const json_t *before,
			struct list *moved)
{
	struct reconcile_result result = {0};
	cleanup_err struct err err = ERR_INIT;
	int r = planned_app(planned, name, &result, &err);

	if (r < 0) {
		cleanup_free char *text = err_text(&err);
		list_printf(moved, "%s: it cannot be planned now: %s", name, text);
	} else if (!before) {
		list_printf(moved, "%s: this app is not in the plan", name);
	} else {
		plan_record_compare(before, result.record, moved);
	}
	reconcile_result_done(&result);
}

static void compare_apps(const struct planned *planned, const json_t *file, struct list *moved)
{
	const struct list *names = &planned->round->apps;
	json_t *apps = json_object_get(file, "apps"), *record;
	const char *name;

	for (size_t i = 0; i < names->n; i++)
		compare_app(planned, names->items[i], json_object_get(apps, names->items[i]),
			    moved);
	json_object_foreach (apps, name, record)
		if (!list_has(names, name))
			list_printf(moved, "%s: this app is gone", name);
}

int plan_file_check(const struct options *options, const json_t *file, struct list *moved,
		    struct err *err)
{
	cleanup_planned struct planned planned = PLANNED_INIT;
	struct pass_request request;

	pass_request_from_json(json_object_get(file, "request"), "apply", &request);
	int r = planned_open(options, &request, &planned, err);
	if (r >= 0 && planned.loaded->fatal)
		list_add(moved, "what all apps share is broken now; 'desired check' says why");
	if (r >= 0)
		compare_place(&planned, file, moved);
	if (r >= 0 && !moved->n)
		compare_apps(&planned, file, moved);
	pass_request_done(&request);
	return r;
}

/* --- doing it --- */

json_t *plan_file_body(const json_t *file)
{
	json_t *body = json_deep_copy(json_object_get(file, "request"));
	json_t *agreed = json_deep_copy(json_object_get(file, "apps")), *record;
	const char *name;

	json_object_foreach (agreed, name, record)
		json_object_del(record, "plan"); /* is for people */
	json_object_set_new(body, "agreed", agreed);
	return body;
}
