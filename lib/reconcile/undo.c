#include "reconcile/undo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/point.h"
#include "base/timespan.h"
#include "manifest/fields.h"
#include "manifest/normalise.h"
#include "reconcile/standing.h"
#include "state/pruned.h"
#include "state/revision.h"
#include "tree/json.h"
#include "tree/path.h"

/* One app of the batch. */
struct undoing {
	const struct reconcile_undo *undo;
	const char *app, *batch;
	struct reconcile_standing standing;
	struct manifest_app *made; /* what it is pinned to in the end */
	size_t back;
	struct list *lines;
};

/* --- objects as they were --- */

static const json_t *our_fields(const json_t *body)
{
	json_t *entry;
	size_t i;

	json_array_foreach (tree_path_get(body, "metadata.managedFields"), i, entry) {
		const char *manager = json_string_value(json_object_get(entry, "manager"));
		if (manager && !strcmp(manager, MANIFEST_MANAGER) &&
		    !json_object_get(entry, "subresource"))
			return json_object_get(entry, "fieldsV1");
	}
	return NULL;
}

/* What we had sent: only what is ours of what was there. Where the server kept no account of that,
 * everything that a manifest may say. */
static json_t *body_of(const struct state_pruned *object)
{
	const json_t *fields = our_fields(object->body);
	cleanup_list struct list warnings = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	if (fields)
		return manifest_fields_extract(object->body, fields);
	json_t *body = json_deep_copy(object->body);
	(void)manifest_normalise(body, &(struct manifest_served){0}, &warnings, &err);
	return body;
}

/* As a loaded one: the hash knows the label, and not where the object came from. */
static char *hash_of(const json_t *body)
{
	json_auto_t *copy = json_deep_copy(body);
	json_t *annotations = tree_path_get(copy, "metadata.annotations");

	json_object_del(annotations, MANIFEST_SOURCE_ANNOTATION);
	if (annotations && !json_object_size(annotations))
		(void)tree_path_remove(copy, "metadata.annotations");
	return tree_json_hash(copy);
}

static struct manifest_object *object_of(const struct state_pruned *pruned)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	const struct state_entry *entry = pruned->entry;

	manifest_id_copy(&object->id, &entry->id);
	object->key = mem_strdup(entry->key);
	object->namespaced = *entry->id.ns;
	object->body = body_of(pruned);
	object->hash = hash_of(object->body);
	object->file = mem_strdup(entry->source ? entry->source : "");
	object->prune = entry->prune;
	return object;
}

/* --- one app --- */

static const char *owner_of(const struct manifest_set *set, const char *key, const char *but)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->apps[i]->name, but) != 0 && manifest_app_find(set->apps[i], key))
			return set->apps[i]->name;
	return NULL;
}

static void bring_back(struct undoing *undoing, const struct state_pruned *pruned)
{
	const struct state_entry *entry = pruned->entry;
	const char *owner = owner_of(undoing->undo->set, entry->key, undoing->app);
	cleanup_free char *text = manifest_id_text(&entry->id);
	struct list *lines = undoing->lines;

	if (manifest_app_find(undoing->made, entry->key)) {
		list_printf(lines, "%s: %s is in the files again", undoing->app, text);
	} else if (owner) {
		list_printf(lines, "%s: %s belongs to %s by now", undoing->app, text, owner);
	} else if (pruned->heir) {
		list_printf(lines,
			    "%s: %s gave its place on the node to %s and stays away; desired "
			    "rollback %s brings back the version that had it",
			    undoing->app, text, pruned->heir, undoing->app);
	} else {
		manifest_app_add(undoing->made, object_of(pruned));
		list_printf(lines, "%s: %s comes back", undoing->app, text);
		undoing->back++;
	}
}

/* A copy of what the app is now; when it is nothing, only the options that it had last. */
static int copy_standing(struct undoing *undoing, struct err *err)
{
	const struct reconcile_undo *undo = undoing->undo;
	struct manifest_app *last = NULL;
	int number = 0;
	int r = 0;

	if (undoing->standing.app) {
		last = manifest_app_ref(undoing->standing.app);
	} else {
		r = state_revision_find_healthy(undo->state_dir, undoing->app, NULL, &number, err);
		if (r >= 0 && number)
			r = state_revision_load(undo->state_dir, undoing->app, number, &last, err);
	}
	if (r < 0)
		return r;
	if (!last) {
		cleanup_free char *folder = mem_strndup(undoing->app, strcspn(undoing->app, "@"));
		const char *at = strchr(undoing->app, '@');
		undoing->made = manifest_app_new(folder, at ? at + 1 : NULL);
		return 0;
	}
	json_auto_t *tree = manifest_app_to_json(last);
	manifest_app_unref(last);
	r = manifest_app_from_json(tree, &undoing->made, err);
	if (r >= 0 && !undoing->standing.app)
		manifest_app_clear(undoing->made);
	return r;
}

static int pin(struct undoing *undoing, struct err *err)
{
	const struct reconcile_undo *undo = undoing->undo;
	cleanup_free char *by = mem_printf("undo by %s", undo->who);
	cleanup_free char *when = timespan_rfc3339(time(NULL));
	int number;

	manifest_app_seal(undoing->made);
	int r = state_revision_save(undo->state_dir, undoing->made, by, NULL, undo->revisions,
				    &number, err);
	if (r < 0)
		return r;
	point_reached("undo-saved");
	r = state_ledger_pin(undo->ledger, undoing->app,
			     &(struct state_pin){
				     .revision = number,
				     .hash = undoing->standing.files_hash,
				     .verb = (char *)"undo",
				     .who = (char *)undo->who,
				     .when = when,
			     },
			     err);
	point_reached("undo-pinned");
	if (r >= 0)
		event_emit(undo->sink,
			   (struct event){
				   .kind = EVENT_UNDONE, .app = undoing->app, .revision = number},
			   "%s: %zu object%s that left the files come%s back, as %s wants it. "
			   "Pinned until its files change, or until: desired resume %s",
			   undoing->app, undoing->back, undoing->back == 1 ? "" : "s",
			   undoing->back == 1 ? "s" : "", undo->who, undoing->app);
	return r < 0 ? r : 0;
}

static int bring_all_back(struct undoing *undoing, struct err *err)
{
	struct state_pruned *objects;
	size_t count;
	int r = state_pruned_load(undoing->undo->state_dir, undoing->batch, undoing->app, &objects,
				  &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		bring_back(undoing, &objects[i]);
	state_pruned_free(objects, count);
	return undoing->back ? pin(undoing, err) : 0;
}

/* 1 when anything comes back. */
static int undo_app(const struct reconcile_undo *undo, const char *batch, const char *app,
		    struct list *lines, struct err *err)
{
	struct undoing undoing = {.undo = undo, .app = app, .batch = batch, .lines = lines};
	int r = reconcile_standing(undo->ledger, undo->state_dir, undo->set, app, &undoing.standing,
				   err);

	if (r >= 0)
		r = copy_standing(&undoing, err);
	if (r >= 0)
		r = bring_all_back(&undoing, err);
	reconcile_standing_done(&undoing.standing);
	manifest_app_unref(undoing.made);
	if (r >= 0)
		r = state_pruned_forget(undo->state_dir, batch, app, err);
	return r < 0 ? r : undoing.back > 0;
}

/* --- the batch --- */

static int find_batch(const struct reconcile_undo *undo, char **ret, struct err *err)
{
	cleanup_list struct list batches = LIST_INIT;
	int r = state_pruned_expire(undo->state_dir, time(NULL), err);

	if (r >= 0)
		r = state_pruned_list(undo->state_dir, &batches, err);
	if (r < 0)
		return r;
	if (!batches.n)
		return err_set(err, ERR_NOT_FOUND, "nothing was pruned within %d days",
			       STATE_PRUNED_DAYS);
	if (undo->batch && !list_has(&batches, undo->batch)) {
		cleanup_free char *names = list_join(&batches, ", ");
		(void)err_set(err, ERR_NOT_FOUND, "nothing is kept of a prune '%s'", undo->batch);
		return err_hint(err, "there are: %s", names);
	}
	*ret = mem_strdup(undo->batch ? undo->batch : batches.items[batches.n - 1]);
	return 0;
}

int reconcile_undo(const struct reconcile_undo *undo, struct list *ret_apps, struct list *ret_lines,
		   struct err *err)
{
	cleanup_list struct list apps = LIST_INIT;
	cleanup_free char *batch = NULL;

	int r = find_batch(undo, &batch, err);
	if (r >= 0)
		r = state_pruned_apps(undo->state_dir, batch, &apps, err);
	for (size_t i = 0; r >= 0 && i < apps.n; i++) {
		r = undo_app(undo, batch, apps.items[i], ret_lines, err);
		if (r > 0)
			list_add(ret_apps, apps.items[i]);
	}
	return r < 0 ? r : 0;
}
