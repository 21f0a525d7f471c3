#include "source/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/lint.h"

struct claim {
	const struct manifest_app *app;
	const struct manifest_object *object;
};

static void claim_free(struct claim *claim)
{
	free(claim);
}

static bool same_object(const struct claim *one, const struct claim *other)
{
	return one->app != other->app && !strcmp(one->app->app, other->app->app) &&
	       !strcmp(one->object->hash, other->object->hash);
}

static void report(struct source_pass *pass, const struct claim *one, const struct claim *other)
{
	cleanup_free char *text = manifest_id_text(&one->object->id);
	bool instances = one->app != other->app && !strcmp(one->app->app, other->app->app);
	const char *hint = instances ? "put the name of the instance into metadata.name"
				     : "keep it in one place";

	if (instances)
		manifest_lint_error(
			&(struct manifest_lint){one->object, one->app->name, &pass->set->findings},
			"metadata", hint, "%s is not the same in %s and %s", text, one->app->name,
			other->app->name);
	else
		manifest_lint_error(
			&(struct manifest_lint){one->object, one->app->name, &pass->set->findings},
			"metadata", hint, "%s is also in %s:%d (app %s)", text, other->object->file,
			other->object->line, other->app->name);
}

/* True when the object is to be dropped, because an earlier instance has the same. */
static bool claim_object(struct source_pass *pass, struct map *claims,
			 const struct manifest_app *app, const struct manifest_object *object)
{
	const struct claim *first = map_get(claims, object->key);
	struct claim now = {app, object};

	if (!first) {
		map_put(claims, object->key, mem_dup(&now, sizeof(now)));
		return false;
	}
	if (same_object(first, &now))
		return true;
	report(pass, first, &now);
	report(pass, &now, first);
	return false;
}

void source_claim_objects(struct source_pass *pass)
{
	struct map claims = MAP_INIT(claim_free);

	for (size_t i = 0; i < pass->set->count; i++) {
		struct manifest_app *app = pass->set->apps[i];
		for (size_t j = 0; j < app->count && !app->broken; j++)
			if (claim_object(pass, &claims, app, app->objects[j]))
				manifest_object_free(manifest_app_take(app, j--));
	}
	map_done(&claims);
}
