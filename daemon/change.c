#include "change.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "hold.h"
#include "reconcile/purge.h"
#include "reconcile/rollback.h"
#include "reconcile/undo.h"
#include "state/revision.h"
#include "tree/path.h"

#define LOOK_MS 60000

json_t *change_answer(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cleanup_free char *text = mem_vprintf(format, args);
	va_end(args);
	return json_pack("{s:i, s:[s]}", "schema", 1, "messages", text);
}

static int several(const char *name, const struct list *found, struct err *err)
{
	cleanup_free char *names = list_join(found, ", ");

	(void)err_set(err, ERR_INVALID, "'%s' stands for several instances", name);
	return err_hint(err, "name one of them: %s", names);
}

int change_app(const struct change *change, const char *name, char **ret, struct err *err)
{
	cleanup_list struct list known = LIST_INIT, found = LIST_INIT;

	if (!name)
		return err_set(err, ERR_INVALID, "the request names no app");
	hold_known_apps(change->loaded, change->site->ledger, &known);
	int r = state_revision_apps(change->site->options->state, &known, err);
	if (r >= 0)
		r = hold_find_apps(&known, name, &found, err);
	if (r < 0)
		return r;
	if (found.n > 1 && !list_has(&found, name))
		return several(name, &found, err);
	*ret = mem_strdup(list_has(&found, name) ? name : found.items[0]);
	return 0;
}

/* --- rollback --- */

/* Older images may not read what newer ones made of the data. */
static int tell_rollback(const struct change *change, const char *app, int number,
			 json_t **ret_answer, struct err *err)
{
	cleanup_list struct list lines = LIST_INIT;
	cleanup_free char *set = NULL;
	int migrated;

	int r = reconcile_migrated(change->site->options->state, app, number, &migrated, &set, err);
	if (r < 0)
		return r;
	list_printf(&lines, "%s: goes to revision %d", app, number);
	if (set && !json_is_true(json_object_get(change->body, "withData")))
		list_printf(&lines,
			    "Its data stays as it is, and revision %d had other images, which may "
			    "have migrated it. As it was before: desired rollback %s %d "
			    "--with-data %s",
			    migrated, app, number, set);
	*ret_answer = json_pack("{s:i, s:o}", "schema", 1, "messages", change_lines(&lines));
	return 0;
}

static int rollback(const struct change *change, struct pass_request *ret_request,
		    json_t **ret_answer, struct err *err)
{
	cleanup_free char *app = NULL;
	int number = 0;
	int r = change_app(change, tree_path_string(change->body, "app"), &app, err);

	if (r >= 0)
		r = reconcile_rollback(
			&(struct reconcile_rollback){
				.ledger = change->site->ledger,
				.state_dir = change->site->options->state,
				.set = change->loaded->set,
				.sink = change->sink,
				.app = app,
				.number = (int)tree_path_integer(change->body, "revision", 0),
				.who = change->who,
			},
			&number, err);
	if (r < 0)
		return r;
	r = tell_rollback(change, app, number, ret_answer, err);
	ret_request->app = steal(&app);
	ret_request->force = true;
	return r;
}

/* --- approve --- */

/* The app whose deletes wait under an id, or NULL. Caller frees. */
static char *app_of_id(struct state_ledger *ledger, const char *id)
{
	cleanup_list struct list names = LIST_INIT;
	char *found = NULL;

	state_ledger_apps(ledger, &names);
	for (size_t i = 0; !found && i < names.n; i++) {
		struct state_app *app = state_ledger_app(ledger, names.items[i]);
		if (app && app->pending.id && !strcmp(app->pending.id, id))
			found = mem_strdup(app->name);
		state_app_free(app);
	}
	return found;
}

static void wanted_ids(const struct change *change, struct list *ret)
{
	size_t i;
	json_t *id;

	if (tree_path_true(change->body, "all"))
		state_ledger_pending(change->site->ledger, ret);
	json_array_foreach (json_object_get(change->body, "ids"), i, id)
		if (json_is_string(id))
			list_add_new(ret, json_string_value(id));
}

static int approve_one(const struct change *change, const char *id, struct list *apps,
		       json_t *messages, struct err *err)
{
	cleanup_free char *app = app_of_id(change->site->ledger, id);
	int r = state_ledger_approve(change->site->ledger, id, err);

	if (r < 0)
		return r;
	cleanup_free char *text =
		app ? mem_printf("%s: its deletes are approved", app)
		    : mem_printf("Nothing waits under %s; it is remembered for the next apply", id);
	json_array_append_new(messages, json_string(text));
	if (app)
		list_add(apps, app);
	return 0;
}

static int approve(const struct change *change, struct pass_request *ret_request,
		   json_t **ret_answer, struct err *err)
{
	cleanup_list struct list ids = LIST_INIT, apps = LIST_INIT;
	json_auto_t *messages = json_array();
	int r = 0;

	wanted_ids(change, &ids);
	for (size_t i = 0; r >= 0 && i < ids.n; i++)
		r = approve_one(change, ids.items[i], &apps, messages, err);
	if (r < 0)
		return r;
	if (!ids.n)
		json_array_append_new(messages, json_string("Nothing waits for approval"));
	*ret_answer =
		json_pack("{s:i, s:O, s:b}", "schema", 1, "messages", messages, "done", !apps.n);
	ret_request->app = apps.n == 1 ? mem_strdup(apps.items[0]) : NULL;
	return 0;
}

/* --- undo --- */

json_t *change_lines(const struct list *lines)
{
	json_t *array = json_array();

	for (size_t i = 0; i < lines->n; i++)
		json_array_append_new(array, json_string(lines->items[i]));
	return array;
}

static int undo(const struct change *change, struct pass_request *ret_request, json_t **ret_answer,
		struct err *err)
{
	cleanup_list struct list apps = LIST_INIT, lines = LIST_INIT;
	int r = reconcile_undo(
		&(struct reconcile_undo){
			.ledger = change->site->ledger,
			.state_dir = change->site->options->state,
			.set = change->loaded->set,
			.revisions = change->loaded->settings.revisions,
			.sink = change->sink,
			.batch = tree_path_string(change->body, "batch"),
			.who = change->who,
		},
		&apps, &lines, err);

	if (r < 0)
		return r;
	*ret_answer = json_pack("{s:i, s:o, s:b}", "schema", 1, "messages", change_lines(&lines),
				"done", !apps.n);
	ret_request->app = apps.n == 1 ? mem_strdup(apps.items[0]) : NULL;
	ret_request->force = true;
	return 0;
}

/* --- purge --- */

static int look_for_purge(const struct change *change, const char *app,
			  struct reconcile_purge_view *ret, struct err *err)
{
	const struct reconcile_world world = {
		.client = change->link->client,
		.ledger = change->site->ledger,
		.state_dir = change->site->options->state,
		.settings = &change->loaded->settings,
		.spare = &change->site->spare,
		.clock = &clock_real,
	};
	struct deadline deadline = deadline_in(&clock_real, NULL, LOOK_MS);
	struct kube_cluster cluster;

	/* Nothing is judged with another cluster's ledger. */
	int r = kube_client_cluster(change->link->client, &deadline, &cluster, err);
	if (r < 0)
		return r;
	r = state_ledger_bind(change->site->ledger, cluster.uid, err);
	kube_cluster_done(&cluster);
	if (r < 0)
		return r;
	return reconcile_purge_look(
		&(struct reconcile_purge){.world = &world, .set = change->loaded->set, .app = app},
		&deadline, ret, err);
}

static void finish_lines(const char *app, bool yes, const struct reconcile_purge_view *view,
			 struct list *lines)
{
	list_copy(lines, &view->lines);
	if (!view->objects && !view->folders.n)
		list_printf(lines, "%s: nothing of it is kept", app);
	else if (view->forbidden)
		list_printf(lines, "It cannot be purged like this: %s. Delete or move that first.",
			    view->forbidden);
	else if (!yes)
		list_printf(lines,
			    "Nothing was changed. To delete it for good: desired purge %s "
			    "--yes",
			    app);
}

/* Of an app that left only directories the ledger knows nothing any more; a pass takes those that
 * it knows. */
static int make_known(const struct change *change, const char *app, struct err *err)
{
	struct state_ledger *ledger = change->site->ledger;
	struct state_app *known = state_ledger_app(ledger, app);
	const struct state_app fresh = {.name = (char *)app};
	bool is_known = known;

	state_app_free(known);
	return is_known ? 0 : state_ledger_put_app(ledger, &fresh, err);
}

static int purge(const struct change *change, struct pass_request *ret_request, json_t **ret_answer,
		 struct err *err)
{
	bool yes = tree_path_true(change->body, "yes");
	cleanup_list struct list lines = LIST_INIT;
	struct reconcile_purge_view view = {0};
	cleanup_free char *app = NULL;

	if (!change->link)
		return err_set(err, ERR_UNREACHABLE, "the API server was not met yet");
	int r = change_app(change, tree_path_string(change->body, "app"), &app, err);
	if (r >= 0)
		r = look_for_purge(change, app, &view, err);
	if (r < 0)
		return r;
	bool something = view.objects || view.folders.n;
	finish_lines(app, yes, &view, &lines);
	*ret_answer = json_pack("{s:i, s:o, s:b, s:b, s:b}", "schema", 1, "messages",
				change_lines(&lines), "done", !yes || !something || view.forbidden,
				"failed", yes && view.forbidden, "warned", !yes && something);
	ret_request->app = steal(&app);
	ret_request->purge = true;
	bool goes = yes && something && !view.forbidden;
	reconcile_purge_view_done(&view);
	return goes ? make_known(change, ret_request->app, err) : 0;
}

static const struct {
	const char *verb;
	change_prepare *prepare;
} changes[] = {
	{"adopt", change_adopt}, {"approve", approve}, {"purge", purge},
	{"rollback", rollback},	 {"undo", undo},
};

change_prepare *change_find(const char *verb)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if (!strcmp(changes[i].verb, verb))
			return changes[i].prepare;
	return NULL;
}
