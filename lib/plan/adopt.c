/*
 * What an adoption leaves of an object. Whoever made it by kubectl's old way owns every default of
 * the server as well: these go with the rest, and come back with the same value. So the server is
 * asked what it would make of the object if it were new, and what is the same is no news.
 */
#include <string.h>

#include "manifest/adopt.h"
#include "plan/internal.h"
#include "tree/pairing.h"

static void fill(json_t *to, const json_t *from);

static void fill_items(json_t *to, const json_t *from)
{
	const char *field = tree_pairing_field(to, from);
	json_t *item, *other;
	size_t i, j;

	if (!field)
		return;
	json_array_foreach (to, i, item)
		json_array_foreach ((json_t *)from, j, other)
			if (json_equal(json_object_get(item, field), json_object_get(other, field)))
				fill(item, other);
}

/* Adds what `to` lacks. */
static void fill(json_t *to, const json_t *from)
{
	const char *key;
	json_t *value;

	if (json_is_array(to) && json_is_array(from)) {
		fill_items(to, from);
		return;
	}
	json_object_foreach ((json_t *)from, key, value) {
		json_t *there = json_object_get(to, key);
		if (there)
			fill(there, value);
		else
			json_object_set_new(to, key, json_deep_copy(value));
	}
}

static void fill_defaults(json_t *body, const json_t *created)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)created, key, value) {
		json_t *there = json_object_get(body, key);
		if (!strcmp(key, "metadata") || !strcmp(key, "status"))
			continue;
		if (there)
			fill(there, value);
		else
			json_object_set_new(body, key, json_deep_copy(value));
	}
}

json_t *plan_adopted(struct plan_run *run, const struct plan_step *step, const json_t *live,
		     const json_t *body)
{
	json_t *left = manifest_adopt_remains(body, plan_wanted(step), step->release);

	if (json_equal(left, body) || plan_kind_has_fixed_name(&step->id))
		return left;
	const struct plan_answer *answer = plan_know_create(run, step, plan_throw_away(step, live));
	if (!answer) {
		json_decref(left);
		return NULL;
	}
	if (!answer->code)
		fill_defaults(left, answer->tree);
	return left;
}
