#include "source/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "manifest/api.h"
#include "manifest/generate.h"
#include "manifest/hook.h"
#include "manifest/ignore.h"
#include "manifest/lint.h"
#include "manifest/pod.h"
#include "manifest/scope.h"
#include "source/claim.h"
#include "tree/json.h"
#include "tree/path.h"

/* "group/Kind" -> "Namespaced" or "Cluster" of the CRDs in the set. */
static void collect_kinds(const struct manifest_set *set, struct map *kinds)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			const char *group = tree_path_string(object->body, "spec.group");
			const char *kind = tree_path_string(object->body, "spec.names.kind");
			const char *scope = tree_path_string(object->body, "spec.scope");
			if (strcmp(object->id.kind, "CustomResourceDefinition") != 0 || !group ||
			    !kind || !scope)
				continue;
			cleanup_free char *key = mem_printf("%s/%s", group, kind);
			map_put(kinds, key, (void *)scope);
		}
}

static void find_scope(const struct source_pass *pass, const struct map *kinds,
		       struct manifest_object *object)
{
	const struct manifest_id *id = &object->id;
	const struct manifest_kind *known = manifest_kind_find(id->group, id->kind);
	cleanup_free char *key = mem_printf("%s/%s", *id->group ? id->group : "core", id->kind);
	const char *declared = map_get(kinds, key);
	const json_t *served = json_object_get(pass->options->kinds, key);

	object->namespaced = true;
	if (known)
		object->namespaced = known->namespaced;
	else if (declared)
		object->namespaced = strcmp(declared, "Cluster") != 0;
	else if (served)
		object->namespaced = tree_path_true(served, "namespaced");
	else if (!manifest_kind_add_on(id->group, id->kind, &object->namespaced))
		object->scope_guessed = true;
}

/* A CRD in the files may bring the version with it. */
static void check_version(struct source_pass *pass, const struct map *kinds,
			  const struct manifest_app *app, const struct manifest_object *object)
{
	const struct manifest_served served = {pass->options->kinds, pass->options->kube_release};
	const struct manifest_id *id = &object->id;
	cleanup_free char *key = mem_printf("%s/%s", *id->group ? id->group : "core", id->kind);
	cleanup_free char *versions =
		manifest_api_other_versions(&served, id->group, id->version, id->kind);

	if (!versions || map_has(kinds, key))
		return;
	manifest_lint_warning(&(struct manifest_lint){object, app->name, &pass->set->findings},
			      "apiVersion", NULL, "the server has no %s %s; it has %s", key,
			      id->version, versions);
}

static void warn(struct source_pass *pass, const struct manifest_app *app,
		 const struct manifest_object *object, const char *hint, const char *message)
{
	manifest_lint_warning(&(struct manifest_lint){object, app->name, &pass->set->findings},
			      "metadata", hint, "%s", message);
}

static void set_namespace(struct source_pass *pass, const struct manifest_app *app,
			  struct manifest_object *object)
{
	struct manifest_id *id = &object->id;
	json_t *metadata = json_object_get(object->body, "metadata");

	if (object->scope_guessed) {
		cleanup_free char *message = mem_printf(
			"nothing here says whether %s of %s lives in a namespace; taken as if it "
			"does",
			id->kind, id->group);
		warn(pass, app, object, "put its CRD into the files, or ask a server first",
		     message);
	}
	if (!object->namespaced && *id->ns) {
		cleanup_free char *message =
			mem_printf("%s lives in no namespace; '%s' is left out", id->kind, id->ns);
		warn(pass, app, object, "delete metadata.namespace", message);
		json_object_del(metadata, "namespace");
	}
	const char *ns = *id->ns ? id->ns : app->options.ns ? app->options.ns : "default";
	char *settled = mem_strdup(object->namespaced ? ns : "");
	free(id->ns);
	id->ns = settled;
	if (object->namespaced)
		json_object_set_new(metadata, "namespace", json_string(settled));
}

static bool wants_roll(const struct manifest_object *object)
{
	const char *wish =
		tree_path_string(object->body, "metadata.annotations[\"" MANIFEST_ROLL_WISH "\"]");

	return (!wish || strcmp(wish, "false") != 0) &&
	       (!strcmp(object->id.kind, "ConfigMap") || !strcmp(object->id.kind, "Secret"));
}

static void digests_free(struct map *digests)
{
	map_done(digests);
	free(digests);
}

/* What pods read: namespace -> struct map of "ConfigMap/name" -> digest. */
static void collect_digests(const struct manifest_app *app, struct map *ret)
{
	for (size_t i = 0; i < app->count; i++) {
		const struct manifest_object *object = app->objects[i];
		if (!wants_roll(object))
			continue;
		struct map *digests = map_get(ret, object->id.ns);
		if (!digests) {
			digests = mem_new(struct map);
			*digests = MAP_INIT(free);
			map_put(ret, object->id.ns, digests);
		}
		cleanup_free char *key = mem_printf("%s/%s", object->id.kind, object->id.name);
		map_put(digests, key, manifest_generate_digest(object->body));
	}
}

/* What its pods read is part of every workload. */
static void stamp_workloads(struct manifest_app *app)
{
	struct map spaces = MAP_INIT(digests_free);

	collect_digests(app, &spaces);
	for (size_t i = 0; i < app->count; i++) {
		const struct map *digests = map_get(&spaces, app->objects[i]->id.ns);
		if (digests && manifest_pod_template(app->objects[i]->body, NULL))
			(void)manifest_generate_stamp(app->objects[i]->body, digests);
	}
	map_done(&spaces);
}

/* metadata.KEY as a mapping, also where the file says null. */
static json_t *mapping_in(json_t *metadata, const char *key)
{
	json_t *mapping = json_object_get(metadata, key);

	if (json_is_object(mapping))
		return mapping;
	mapping = json_object();
	json_object_set_new(metadata, key, mapping);
	return mapping;
}

/* The hash does not know the source: a renamed file changes no object. */
static void finish(const struct manifest_app *app, struct manifest_object *object)
{
	json_t *metadata = json_object_get(object->body, "metadata");
	cleanup_free char *source = mem_printf("%s %s", app->name, object->file);

	json_object_set_new(mapping_in(metadata, "labels"), MANIFEST_LABEL,
			    json_string(manifest_set_id()));
	if (object->redeploy == MANIFEST_REDEPLOY_AUTO)
		object->redeploy = app->options.redeploy;
	object->key = manifest_id_key(&object->id);
	object->hash = tree_json_hash(object->body);
	json_object_set_new(mapping_in(metadata, "annotations"), MANIFEST_SOURCE_ANNOTATION,
			    json_string(source));
}

static void link_app(struct source_pass *pass, struct manifest_app *app, const struct map *kinds)
{
	for (size_t i = 0; i < app->count; i++) {
		find_scope(pass, kinds, app->objects[i]);
		if (pass->options->lint)
			check_version(pass, kinds, app, app->objects[i]);
		set_namespace(pass, app, app->objects[i]);
		manifest_ignore_wishes(app->objects[i]->body, app->options.ignore);
		manifest_ignore_injected(app->objects[i]->body);
	}
	manifest_ignore_scaled(app);
	stamp_workloads(app);
	/* Hooks last: they bear a stamp of all the others. */
	for (size_t i = 0; i < app->count; i++)
		if (!manifest_hook_of(app->objects[i]->body))
			finish(app, app->objects[i]);
	manifest_hook_stamp(app);
	for (size_t i = 0; i < app->count; i++) {
		if (manifest_hook_of(app->objects[i]->body))
			finish(app, app->objects[i]);
		manifest_lint_object(app->objects[i], app->name, &pass->set->findings);
	}
}

static bool is_app(const struct manifest_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->apps[i]->name, name) || !strcmp(set->apps[i]->app, name))
			return true;
	return list_has(&set->broken_folders, name);
}

static void check_dependencies(struct source_pass *pass, const struct manifest_app *app)
{
	for (size_t i = 0; i < app->options.depends_on.n; i++) {
		const char *wanted = app->options.depends_on.items[i];
		cleanup_list struct list names = LIST_INIT;
		struct err err = ERR_INIT;
		if (is_app(pass->set, wanted))
			continue;
		for (size_t j = 0; j < pass->set->count; j++)
			list_add_new(&names, pass->set->apps[j]->app);
		const char *nearest =
			name_nearest(wanted, (const char *const *)names.items, names.n);
		(void)err_set(&err, ERR_INVALID, "dependsOn: there is no app '%s'", wanted);
		if (nearest)
			(void)err_hint(&err, "did you mean '%s'?", nearest);
		cleanup_free char *file = mem_printf("%s/app.yaml", app->app);
		(void)err_at(&err, file, 0, 0);
		source_pass_warn(pass, app, &err);
	}
}

static void break_apps(struct manifest_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->apps[i]->broken |= diag_has_error(&set->findings, set->apps[i]->name);
}

void source_link(struct source_pass *pass)
{
	struct manifest_set *set = pass->set;
	struct map kinds = MAP_INIT(NULL);

	collect_kinds(set, &kinds);
	for (size_t i = 0; i < set->count; i++) {
		link_app(pass, set->apps[i], &kinds);
		check_dependencies(pass, set->apps[i]);
	}
	map_done(&kinds);
	break_apps(set);
	source_claim_objects(pass);
	break_apps(set);
	manifest_lint_set(set, &set->findings);
	break_apps(set);
	for (size_t i = 0; i < set->count; i++) {
		if (set->apps[i]->broken)
			manifest_app_clear(set->apps[i]);
		manifest_app_seal(set->apps[i]);
	}
	manifest_set_sort(set);
}
