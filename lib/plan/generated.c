/* Values that were made up once must not be made up twice. */
#include "base/list.h"
#include "base/mem.h"
#include "manifest/generate.h"
#include "plan/internal.h"
#include "tree/path.h"

static const char *value_of(const json_t *body, const char *key)
{
	return json_string_value(json_object_get(json_object_get(body, "data"), key));
}

/* The first generated key for which the object holds something else; NULL: none. */
static const char *lost_key(const struct list *keys, const json_t *wanted, const json_t *live)
{
	for (size_t i = 0; i < keys->n; i++) {
		const char *there = value_of(live, keys->items[i]);
		if (there && !plan_same(there, value_of(wanted, keys->items[i])))
			return keys->items[i];
	}
	return NULL;
}

bool plan_guards_generated(struct plan_run *run, struct plan_step *step,
			   const struct manifest_live_object *live)
{
	const char *names = tree_path_string(plan_wanted(step),
					     "metadata.annotations[\"" MANIFEST_GENERATED "\"]");
	cleanup_list struct list keys = LIST_INIT;

	if (!names || run->input->force)
		return false;
	if (!live->full) {
		plan_ask_full(run, step);
		return true;
	}
	list_split(&keys, names, ",");
	const char *key = lost_key(&keys, plan_wanted(step), live->body);
	if (!key)
		return false;
	plan_refuse(step,
		    mem_printf("it holds another generated %s than the state directory, which "
			       "was lost or changed; put secrets.json back there, or write "
			       "the new value with: desired apply --force --app %s",
			       key, run->input->app->name));
	return true;
}
