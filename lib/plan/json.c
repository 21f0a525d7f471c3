/* A plan as JSON: the same words as on paper, and the graph. */
#include "plan/print.h"

static void set_text(json_t *tree, const char *key, const char *text)
{
	if (text)
		json_object_set_new(tree, key, json_string(text));
}

static json_t *diff_to_json(const struct plan_step *step)
{
	json_t *array = json_array();

	for (size_t i = 0; i < step->diff.n; i++) {
		const struct tree_difference *difference = &step->diff.items[i];
		json_t *item = json_object();
		set_text(item, "path", difference->path);
		set_text(item, "from", difference->from);
		set_text(item, "to", difference->to);
		if (step->object) {
			const char *file = NULL;
			int line = 0, column = 0;
			manifest_object_place(step->object, difference->place, &file, &line,
					      &column);
			set_text(item, "file", file);
			json_object_set_new(item, "line", json_integer(line));
		}
		json_array_append_new(array, item);
	}
	return array;
}

static json_t *edges_to_json(const struct plan_step *step)
{
	json_t *array = json_array();

	for (size_t i = 0; i < step->after_count; i++)
		json_array_append_new(array, json_integer((json_int_t)step->after[i]));
	return array;
}

static json_t *step_to_json(const struct plan_step *step)
{
	json_t *tree = json_object();

	set_text(tree, "action", plan_action_name(step));
	set_text(tree, "key", step->key);
	set_text(tree, "kind", step->id.kind);
	set_text(tree, "namespace", *step->id.ns ? step->id.ns : NULL);
	set_text(tree, "name", step->id.name);
	set_text(tree, "why", step->why);
	set_text(tree, "proof", step->proof);
	set_text(tree, "caution", step->caution);
	set_text(tree, "file", step->object ? step->object->file : NULL);
	if (step->drift)
		json_object_set_new(tree, "drift", json_true());
	set_text(tree, "changedBy", step->culprit);
	if (step->downtime_ms)
		json_object_set_new(tree, "downtimeMs", json_integer(step->downtime_ms));
	if (step->diff.n)
		json_object_set_new(tree, "diff", diff_to_json(step));
	if (step->after_count)
		json_object_set_new(tree, "after", edges_to_json(step));
	return tree;
}

json_t *plan_to_json(const struct plan *plan)
{
	json_t *tree = json_object(), *steps = json_array();

	json_object_set_new(tree, "schema", json_integer(1));
	set_text(tree, "app", plan->app->name);
	json_object_set_new(tree, "gone", json_boolean(plan_app_gone(plan)));
	set_text(tree, "approval", plan->approval);
	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(steps, step_to_json(&plan->steps[i]));
	json_object_set_new(tree, "steps", steps);
	return tree;
}
