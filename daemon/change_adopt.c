/* adopt: what Helm, a k3s Addon or the like claims, and our files describe, becomes ours. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "change.h"
#include "manifest/adopt.h"
#include "tree/path.h"

#define LOOK_MS 60000

/* --- which objects --- */

static bool same_word(const char *a, const char *b)
{
	return !strcasecmp(a, b);
}

/* "Deployment/traefik/traefik", "clusterrole/traefik", or a key. */
static bool is_meant(const struct manifest_object *object, const char *text)
{
	cleanup_list struct list parts = LIST_INIT;
	const struct manifest_id *id = &object->id;

	if (!strcmp(object->key, text))
		return true;
	list_split(&parts, text, "/");
	if (parts.n < 2 || parts.n > 3 || !same_word(parts.items[0], id->kind) ||
	    strcmp(parts.items[parts.n - 1], id->name) != 0)
		return false;
	return parts.n == 2 ? true : !strcmp(parts.items[1], id->ns);
}

static const struct manifest_object *find_object(const struct manifest_set *set, const char *text,
						 const struct manifest_app **ret_app)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++)
			if (is_meant(set->apps[i]->objects[j], text)) {
				*ret_app = set->apps[i];
				return set->apps[i]->objects[j];
			}
	return NULL;
}

/* The app, and the key when one object is meant. */
static int find_meant(const struct change *change, struct manifest_app **ret_app, char **ret_key,
		      struct err *err)
{
	const char *what = tree_path_string(change->body, "app");
	const struct manifest_app *app = NULL;
	cleanup_free char *name = NULL;

	if (what && strchr(what, '/')) {
		const struct manifest_object *object = find_object(change->loaded->set, what, &app);
		if (!object) {
			(void)err_set(err, ERR_NOT_FOUND, "no app wants '%s'", what);
			return err_hint(err, "only what the files describe can be adopted; objects "
					     "are written Kind/namespace/name");
		}
		*ret_app = (struct manifest_app *)app;
		*ret_key = mem_strdup(object->key);
		return 0;
	}
	int r = change_app(change, what, &name, err);
	if (r < 0)
		return r;
	*ret_app = manifest_set_find(change->loaded->set, name);
	if (*ret_app && !(*ret_app)->broken)
		return 0;
	return err_set(err, ERR_INVALID, "%s: %s", name,
		       *ret_app ? "its files are broken" : "it has no files");
}

/* --- who claims them --- */

struct look {
	const struct change *change;
	const struct deadline *deadline;
	struct list lines, notes;
	size_t claimed;
	bool forbidden;
};

/* k3s writes every file of its folder again and again: only a .skip beside it makes it stop. */
static void judge_addon_file(struct look *look, const char *file)
{
	cleanup_free char *skip = mem_printf("%s.skip", file);

	if (!file_exists(file) || file_exists(skip)) {
		cleanup_free char *note =
			mem_printf("k3s ignores %s as long as %s.skip is there or the file is not",
				   file, file);
		list_add_new(&look->notes, note);
		return;
	}
	cleanup_free char *note =
		mem_printf("k3s would take it back from its file %s: first touch %s.skip, or put "
			   "'disable: [%.*s]' into /etc/rancher/k3s/config.yaml",
			   file, file, (int)strcspn(file_base(file), "."), file_base(file));
	list_add_new(&look->notes, note);
	look->forbidden = true;
}

static void judge_addon(struct look *look, const json_t *live)
{
	const json_t *annotations = tree_path_get(live, "metadata.annotations");
	const char *name = json_string_value(
		json_object_get(annotations, "objectset.rio.cattle.io/owner-name"));
	const char *ns = json_string_value(
		json_object_get(annotations, "objectset.rio.cattle.io/owner-namespace"));
	const struct manifest_id id = {
		.group = (char *)"k3s.cattle.io",
		.version = (char *)"v1",
		.kind = (char *)"Addon",
		.ns = (char *)(ns ? ns : "kube-system"),
		.name = (char *)name,
	};
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *addon = NULL;

	if (!name)
		return;
	if (kube_client_get(look->change->link->client, &id, look->deadline, &addon, &ignored) < 0)
		return;
	const char *file = tree_path_string(addon, "spec.source");
	if (file)
		judge_addon_file(look, file);
}

static void judge(struct look *look, const struct manifest_object *object, const json_t *live)
{
	cleanup_free char *owner = manifest_live_owner(live);
	cleanup_free char *text = manifest_id_text(&object->id);
	cleanup_free char *note = owner ? manifest_adopt_note(live) : NULL;

	if (!owner)
		return;
	look->claimed++;
	list_printf(&look->lines, "%s: taken over from %s", text, owner);
	if (note)
		list_add_new(&look->notes, note);
	judge_addon(look, live);
}

static int look_at(struct look *look, const struct manifest_app *app, const char *key,
		   struct err *err)
{
	cleanup_free const struct manifest_id **ids =
		mem_alloc((app->count + 1) * sizeof(const struct manifest_id *));
	struct manifest_live live;
	size_t count = 0;

	for (size_t i = 0; i < app->count; i++)
		if (!key || !strcmp(key, app->objects[i]->key))
			ids[count++] = &app->objects[i]->id;
	manifest_live_init(&live);
	int r = kube_client_get_all(look->change->link->client, ids, count, look->deadline, &live,
				    err);
	for (size_t i = 0; r >= 0 && i < app->count; i++) {
		const struct manifest_live_object *found =
			manifest_live_get(&live, app->objects[i]->key);
		if (found)
			judge(look, app->objects[i], found->body);
	}
	manifest_live_done(&live);
	return r;
}

static json_t *answer_of(struct look *look, const struct manifest_app *app)
{
	bool goes = look->claimed && !look->forbidden;

	if (look->forbidden)
		list_done(&look->lines);
	for (size_t i = 0; i < look->notes.n; i++)
		list_printf(&look->lines, "Note: %s", look->notes.items[i]);
	if (!look->claimed)
		list_printf(&look->lines, "%s: nobody else claims anything of it", app->name);
	if (look->forbidden)
		list_add(&look->lines, "Nothing was changed.");
	return json_pack("{s:i, s:o, s:b, s:b}", "schema", 1, "messages",
			 change_lines(&look->lines), "done", !goes, "failed", look->forbidden);
}

int change_adopt(const struct change *change, struct pass_request *ret_request, json_t **ret_answer,
		 struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, LOOK_MS);
	struct look look = {.change = change, .deadline = &deadline};
	struct manifest_app *app = NULL;
	cleanup_free char *key = NULL;

	if (!change->link)
		return err_set(err, ERR_UNREACHABLE, "the API server was not met yet");
	int r = find_meant(change, &app, &key, err);
	if (r >= 0)
		r = look_at(&look, app, key, err);
	if (r >= 0) {
		*ret_answer = answer_of(&look, app);
		ret_request->app = mem_strdup(app->name);
		ret_request->adopt = true;
		ret_request->adopt_key = steal(&key);
	}
	list_done(&look.lines);
	list_done(&look.notes);
	return r < 0 ? r : 0;
}
