#include "plan/record.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "manifest/generate.h"
#include "plan/print.h"
#include "tree/json.h"
#include "tree/path.h"

static const char *text_of(const json_t *tree, const char *key)
{
	const char *text = json_string_value(json_object_get(tree, key));

	return text ? text : "";
}

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	return !strcmp(text_of(a, key), text_of(b, key));
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* --- what the plan does --- */

/* Values that are made up at the first apply change what is sent. */
static bool has_unmade(const struct manifest_app *app)
{
	cleanup_free char *unmade = digest_base64(MANIFEST_UNMADE, strlen(MANIFEST_UNMADE));
	const char *key;
	json_t *value;

	for (size_t i = 0; i < app->count; i++) {
		if (strcmp(app->objects[i]->id.kind, "Secret") != 0)
			continue;
		json_object_foreach (json_object_get(app->objects[i]->body, "data"), key, value)
			if (json_is_string(value) && !strcmp(json_string_value(value), unmade))
				return true;
	}
	return false;
}

static json_t *does(const struct plan *plan)
{
	json_t *array = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (step->action == PLAN_NONE || step->action == PLAN_WAIT)
			continue;
		json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "key", step->key,
						       "action", plan_action_name(step), "hash",
						       text_or_null(step->hash)));
	}
	return array;
}

/* --- what the plan looked at --- */

/* Writes of a status are no change of what was planned for. */
static bool is_status(const json_t *entry)
{
	return !strcmp(text_of(entry, "subresource"), "status");
}

static json_t *without_status(const json_t *managed)
{
	json_t *kept = json_array(), *entry;
	size_t i;

	json_array_foreach (managed, i, entry)
		if (!is_status(entry))
			json_array_append(kept, entry);
	return kept;
}

/* Of what changes whenever anybody writes anything but the status. */
static char *digest_of(const json_t *body)
{
	static const char *const fields[] = {
		"uid",	       "generation", "deletionTimestamp", "labels",
		"annotations", "finalizers", "ownerReferences"};
	const json_t *metadata = json_object_get(body, "metadata");
	json_auto_t *kept = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		json_object_set(kept, fields[i], json_object_get(metadata, fields[i]));
	json_object_set_new(kept, "managedFields",
			    without_status(json_object_get(metadata, "managedFields")));
	return tree_json_hash(kept);
}

static json_t *look(const struct manifest_live *live, const char *key)
{
	const struct manifest_live_object *object = manifest_live_get(live, key);

	if (!object)
		return json_null();
	cleanup_free char *digest = digest_of(object->body);
	return json_pack("{s:o, s:o, s:s}", "uid",
			 text_or_null(tree_path_string(object->body, "metadata.uid")), "version",
			 text_or_null(tree_path_string(object->body, "metadata.resourceVersion")),
			 "digest", digest);
}

/* Who wrote last, the status aside; NULL when nobody says so. Borrowed. */
static const json_t *last_writer(const json_t *body)
{
	const json_t *newest = NULL;
	json_t *entry;
	size_t i;

	json_array_foreach (tree_path_get(body, "metadata.managedFields"), i, entry)
		if (!is_status(entry) &&
		    (!newest || strcmp(text_of(entry, "time"), text_of(newest, "time")) >= 0))
			newest = entry;
	return newest;
}

static json_t *looked(const struct manifest_live *live)
{
	json_t *tree = json_object();
	const char *key;
	const void *there;

	map_foreach (&live->looked, key, there) {
		json_t *seen = look(live, key);
		const struct manifest_live_object *object = manifest_live_get(live, key);
		const json_t *writer = object ? last_writer(object->body) : NULL;
		(void)there;
		if (writer)
			json_object_set_new(seen, "by",
					    json_pack("{s:s, s:s}", "manager",
						      text_of(writer, "manager"), "time",
						      text_of(writer, "time")));
		json_object_set_new(tree, key, seen);
	}
	return tree;
}

/* --- what is remembered --- */

static json_t *entry_to_json(const struct state_entry *entry)
{
	json_t *tree = json_object();

	json_object_set_new(tree, "app", text_or_null(entry->app));
	json_object_set_new(tree, "uid", text_or_null(entry->uid));
	json_object_set_new(tree, "hash", text_or_null(entry->hash));
	json_object_set_new(tree, "owned", text_or_null(entry->owned));
	json_object_set_new(tree, "stage", json_integer(entry->stage));
	json_object_set_new(tree, "approved", json_boolean(entry->approved));
	return tree;
}

static char *digest_of_ledger(const struct map *ledger)
{
	json_auto_t *tree = json_object();
	const char *key;
	const struct state_entry *entry;

	map_foreach (ledger, key, entry)
		json_object_set_new(tree, key, entry_to_json(entry));
	return tree_json_hash(tree);
}

json_t *plan_record(const struct plan *plan, const struct manifest_live *live,
		    const struct map *ledger)
{
	cleanup_free char *remembered = digest_of_ledger(ledger);

	return json_pack("{s:s, s:o, s:b, s:o, s:o, s:o, s:s}", "app", plan->app->name, "files",
			 text_or_null(plan->app->hash), "unmade", has_unmade(plan->app), "plan",
			 plan_to_json(plan), "does", does(plan), "looked", looked(live), "ledger",
			 remembered);
}

/* --- before anything is done --- */

static char *name_of(const char *key)
{
	struct manifest_id id;

	if (!manifest_id_of_key(key, &id))
		return mem_strdup(key);
	char *text = manifest_id_text(&id);
	manifest_id_done(&id);
	return text;
}

/* " by kubectl-edit at 2026-11-22T23:10:00Z"; "" when nobody says so. */
static char *by_whom(const json_t *seen)
{
	const json_t *by = json_object_get(seen, "by");

	return by ? mem_printf(" by %s at %s", text_of(by, "manager"), text_of(by, "time"))
		  : mem_strdup("");
}

static void compare_object(const char *key, const json_t *before, const json_t *now,
			   struct list *moved)
{
	cleanup_free char *name = name_of(key), *by = by_whom(now);

	/* What is no longer looked at does not matter any more. */
	if (!now || (json_is_null(before) && json_is_null(now)))
		return;
	if (json_is_null(before))
		list_printf(moved, "%s: it was created%s", name, by);
	else if (json_is_null(now))
		list_printf(moved, "%s: it was deleted", name);
	else if (!same_text(before, now, "uid"))
		list_printf(moved, "%s: it was deleted and created anew%s", name, by);
	else if (!same_text(before, now, "version") && !same_text(before, now, "digest"))
		list_printf(moved, "%s: it was changed%s", name, by);
}

static const json_t *find_step(const json_t *record, const char *key)
{
	json_t *step;
	size_t i;

	json_array_foreach (json_object_get(record, "does"), i, step)
		if (!strcmp(text_of(step, "key"), key))
			return step;
	return NULL;
}

/* Steps of the one that the other has not, or otherwise. */
static void compare_steps(const json_t *before, const json_t *now, struct list *moved)
{
	json_t *step;
	size_t i;

	json_array_foreach (json_object_get(now, "does"), i, step) {
		const json_t *planned = find_step(before, text_of(step, "key"));
		cleanup_free char *name = name_of(text_of(step, "key"));
		if (!planned)
			list_printf(moved, "%s: the plan is now to %s it", name,
				    text_of(step, "action"));
		else if (!same_text(planned, step, "action"))
			list_printf(moved, "%s: the plan is now to %s it, it was to %s it", name,
				    text_of(step, "action"), text_of(planned, "action"));
		else if (!same_text(planned, step, "hash"))
			list_printf(moved, "%s: something else would be sent", name);
	}
	json_array_foreach (json_object_get(before, "does"), i, step) {
		cleanup_free char *name = name_of(text_of(step, "key"));
		if (!find_step(now, text_of(step, "key")))
			list_printf(moved, "%s: the plan is no longer to %s it", name,
				    text_of(step, "action"));
	}
}

void plan_record_compare(const json_t *before, const json_t *now, struct list *moved)
{
	const json_t *seen = json_object_get(now, "looked");
	size_t first = moved->n;
	const char *key;
	json_t *object;

	if (!same_text(before, now, "files"))
		list_printf(moved, "%s: its files changed", text_of(before, "app"));
	json_object_foreach (json_object_get(before, "looked"), key, object)
		compare_object(key, object, json_object_get(seen, key), moved);
	if (!same_text(before, now, "ledger"))
		list_printf(moved,
			    "%s: what desired remembers of it changed: another apply or approval "
			    "was faster",
			    text_of(before, "app"));
	if (moved->n == first || !same_text(before, now, "files"))
		compare_steps(before, now, moved);
}

/* --- right before the first write --- */

static bool is_ours(const json_t *body)
{
	const json_t *writer = last_writer(body);

	return writer && !strcmp(text_of(writer, "manager"), MANIFEST_MANAGER);
}

/* Somebody else wrote since the record was made. What we write ourselves is the plan's work. */
static bool is_touched(const json_t *record, const char *key, const struct manifest_live *live)
{
	const json_t *before = json_object_get(json_object_get(record, "looked"), key);
	const struct manifest_live_object *object = manifest_live_get(live, key);
	json_auto_t *now = look(live, key);

	if (!before || json_is_null(now))
		return before && !json_is_null(before);
	if (!json_is_null(before) && same_text(before, now, "uid") &&
	    (same_text(before, now, "version") || same_text(before, now, "digest")))
		return false;
	return !is_ours(object->body);
}

/* A namespace that an app before this one made is there by now. */
static bool is_met(const json_t *planned, const struct plan_step *step)
{
	return !strcmp(text_of(planned, "action"), "create") && step->action == PLAN_PATCH;
}

static bool is_agreed(const json_t *record, const struct plan_step *step)
{
	const json_t *planned = find_step(record, step->key);

	if (!planned)
		return false;
	if (strcmp(text_of(planned, "action"), plan_action_name(step)) != 0 &&
	    !is_met(planned, step))
		return false;
	return tree_path_true(record, "unmade") || !step->hash ||
	       !strcmp(text_of(planned, "hash"), step->hash);
}

void plan_record_allows(const json_t *record, const struct plan *plan,
			const struct manifest_live *live, struct list *moved)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (!plan_step_writes(step))
			continue;
		cleanup_free char *name = manifest_id_text(&step->id);
		if (!is_agreed(record, step))
			list_printf(moved, "%s: the plan does not say to %s it so", name,
				    plan_action_name(step));
		else if (is_touched(record, step->key, live))
			list_printf(moved, "%s: somebody else changed it since", name);
	}
}
