/* What the ledger remembers of an app: written, read, copied. */
#include <stdlib.h>

#include "base/mem.h"
#include "state/entry.h"
#include "state/file.h"

/* --- pins --- */

void state_pin_copy(struct state_pin *to, const struct state_pin *from)
{
	*to = (struct state_pin){
		.revision = from->revision,
		.hash = mem_strdup(from->hash),
		.verb = mem_strdup(from->verb),
		.who = mem_strdup(from->who),
		.when = mem_strdup(from->when),
		.why = mem_strdup(from->why),
	};
}

void state_pin_done(struct state_pin *pin)
{
	free(pin->hash);
	free(pin->verb);
	free(pin->who);
	free(pin->when);
	free(pin->why);
	*pin = (struct state_pin){0};
}

static json_t *pin_to_json(const struct state_pin *pin)
{
	json_t *tree = json_object();

	json_object_set_new(tree, "revision", json_integer(pin->revision));
	state_file_set_text(tree, "hash", pin->hash);
	state_file_set_text(tree, "verb", pin->verb);
	state_file_set_text(tree, "who", pin->who);
	state_file_set_text(tree, "when", pin->when);
	state_file_set_text(tree, "why", pin->why);
	return tree;
}

static void pin_from_json(const json_t *tree, struct state_pin *ret)
{
	*ret = (struct state_pin){
		.revision = (int)json_integer_value(json_object_get(tree, "revision")),
		.hash = state_file_get_text(tree, "hash"),
		.verb = state_file_get_text(tree, "verb"),
		.who = state_file_get_text(tree, "who"),
		.when = state_file_get_text(tree, "when"),
		.why = state_file_get_text(tree, "why"),
	};
}

/* --- deletes that wait --- */

void state_pending_copy(struct state_pending *to, const struct state_pending *from)
{
	*to = (struct state_pending){.id = mem_strdup(from->id), .why = mem_strdup(from->why)};
	list_copy(&to->keys, &from->keys);
	to->insist = from->insist;
}

void state_pending_done(struct state_pending *pending)
{
	free(pending->id);
	free(pending->why);
	list_done(&pending->keys);
	*pending = (struct state_pending){0};
}

static json_t *pending_to_json(const struct state_pending *pending)
{
	json_t *tree = json_object(), *keys = json_array();

	state_file_set_text(tree, "id", pending->id);
	state_file_set_text(tree, "why", pending->why);
	for (size_t i = 0; i < pending->keys.n; i++)
		json_array_append_new(keys, json_string(pending->keys.items[i]));
	json_object_set_new(tree, "keys", keys);
	if (pending->insist)
		json_object_set_new(tree, "insist", json_true());
	return tree;
}

static void pending_from_json(const json_t *tree, struct state_pending *ret)
{
	json_t *key;
	size_t i;

	*ret = (struct state_pending){
		.id = state_file_get_text(tree, "id"),
		.why = state_file_get_text(tree, "why"),
		.insist = json_is_true(json_object_get(tree, "insist")),
	};
	json_array_foreach (json_object_get(tree, "keys"), i, key)
		if (json_is_string(key))
			list_add(&ret->keys, json_string_value(key));
}

/* --- apps --- */

json_t *state_app_to_json(const struct state_app *app)
{
	json_t *tree = json_object();

	json_object_set_new(tree, "revision", json_integer(app->revision));
	state_file_set_text(tree, "health", app->health);
	state_file_set_text(tree, "note", app->note);
	state_file_set_text(tree, "since", app->since);
	state_file_set_text(tree, "hash", app->hash);
	state_file_set_text(tree, "refused", app->refused);
	state_file_set_text(tree, "refusedWhy", app->refused_why);
	if (app->pin.revision)
		json_object_set_new(tree, "pin", pin_to_json(&app->pin));
	if (app->pending.why)
		json_object_set_new(tree, "pending", pending_to_json(&app->pending));
	return tree;
}

struct state_app *state_app_from_json(const char *name, const json_t *tree)
{
	struct state_app *app = mem_new(struct state_app);

	app->name = mem_strdup(name);
	app->revision = (int)json_integer_value(json_object_get(tree, "revision"));
	app->health = state_file_get_text(tree, "health");
	app->note = state_file_get_text(tree, "note");
	app->since = state_file_get_text(tree, "since");
	app->hash = state_file_get_text(tree, "hash");
	app->refused = state_file_get_text(tree, "refused");
	app->refused_why = state_file_get_text(tree, "refusedWhy");
	pin_from_json(json_object_get(tree, "pin"), &app->pin);
	pending_from_json(json_object_get(tree, "pending"), &app->pending);
	return app;
}

struct state_app *state_app_copy(const struct state_app *app)
{
	struct state_app *copy = mem_new(struct state_app);

	copy->name = mem_strdup(app->name);
	copy->revision = app->revision;
	copy->health = mem_strdup(app->health);
	copy->note = mem_strdup(app->note);
	copy->since = mem_strdup(app->since);
	copy->hash = mem_strdup(app->hash);
	copy->refused = mem_strdup(app->refused);
	copy->refused_why = mem_strdup(app->refused_why);
	state_pin_copy(&copy->pin, &app->pin);
	state_pending_copy(&copy->pending, &app->pending);
	return copy;
}

void state_app_free(struct state_app *app)
{
	if (!app)
		return;
	free(app->name);
	free(app->health);
	free(app->note);
	free(app->since);
	free(app->hash);
	free(app->refused);
	free(app->refused_why);
	state_pin_done(&app->pin);
	state_pending_done(&app->pending);
	free(app);
}
