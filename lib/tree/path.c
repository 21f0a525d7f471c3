#include "tree/path.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A text in quotes, in which \ makes the next character plain; returns what follows it. */
static const char *read_quoted(const char *at, struct buf *out)
{
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		buf_addch(out, *at);
	}
	return *at ? at + 1 : at;
}

static const char *read_until(const char *at, const char *ends, struct buf *out)
{
	size_t length = strcspn(at, ends);

	buf_add(out, at, length);
	return at + length;
}

static const char *read_either(const char *at, const char *ends, struct buf *out)
{
	return *at == '"' ? read_quoted(at, out) : read_until(at, ends, out);
}

/* What stands between the brackets; returns what follows the closing one. */
static const char *read_brackets(const char *at, struct tree_path_step *step)
{
	bool quoted = *at == '"';

	step->kind = TREE_PATH_KEY;
	at = read_either(at, "=]", &step->name);
	if (*at == '=') {
		step->kind = TREE_PATH_FIELD;
		at = read_either(at + 1, "]", &step->value);
	} else if (!quoted && isdigit((unsigned char)*buf_str(&step->name))) {
		step->kind = TREE_PATH_INDEX;
		step->index = strtoul(buf_str(&step->name), NULL, 10);
	}
	return *at == ']' ? at + 1 : at;
}

bool tree_path_next(const char **path, struct tree_path_step *step)
{
	const char *at = *path + (**path == '.');

	if (!*at)
		return false;
	buf_truncate(&step->name, 0);
	buf_truncate(&step->value, 0);
	step->kind = TREE_PATH_KEY;
	*path = *at == '[' ? read_brackets(at + 1, step) : read_until(at, ".[", &step->name);
	return true;
}

void tree_path_step_done(struct tree_path_step *step)
{
	buf_done(&step->name);
	buf_done(&step->value);
}

static bool holds(const json_t *item, const char *field, const char *text)
{
	const json_t *value = json_object_get(item, field);
	char number[24];

	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return !strcmp(number, text);
	}
	return json_is_string(value) && !strcmp(json_string_value(value), text);
}

/* The index that a step means in a list; its size when there is no such item. */
static size_t index_of(const json_t *list, const struct tree_path_step *step)
{
	size_t size = json_array_size(list), i = 0;

	if (step->kind == TREE_PATH_INDEX)
		return step->index < size ? step->index : size;
	while (i < size &&
	       !holds(json_array_get(list, i), buf_str(&step->name), buf_str(&step->value)))
		i++;
	return i;
}

static json_t *step_down(const json_t *tree, const struct tree_path_step *step)
{
	if (step->kind == TREE_PATH_KEY)
		return json_object_get(tree, buf_str(&step->name));
	return json_array_get(tree, index_of(tree, step));
}

json_t *tree_path_get(const json_t *tree, const char *path)
{
	cleanup_path_step struct tree_path_step step = {0};

	while (tree && tree_path_next(&path, &step))
		tree = step_down(tree, &step);
	return (json_t *)tree;
}

const char *tree_path_string(const json_t *tree, const char *path)
{
	return json_string_value(tree_path_get(tree, path));
}

bool tree_path_true(const json_t *tree, const char *path)
{
	return json_is_true(tree_path_get(tree, path));
}

json_int_t tree_path_integer(const json_t *tree, const char *path, json_int_t otherwise)
{
	const json_t *value = tree_path_get(tree, path);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static void put(json_t *tree, const struct tree_path_step *step, json_t *value_stolen)
{
	if (step->kind == TREE_PATH_KEY) {
		json_object_set_new(tree, buf_str(&step->name), value_stolen);
		return;
	}
	size_t index = index_of(tree, step);
	if (index < json_array_size(tree))
		json_array_set_new(tree, index, value_stolen);
	else
		json_array_append_new(tree, value_stolen);
}

/* What a step wants to stand in. */
static json_t *container_for(const struct tree_path_step *step)
{
	return step->kind == TREE_PATH_KEY ? json_object() : json_array();
}

static bool fits(const json_t *tree, const struct tree_path_step *step)
{
	return step->kind == TREE_PATH_KEY ? json_is_object(tree) : json_is_array(tree);
}

/* What stands at `step`, made into something that `next` can enter. */
static json_t *enter(json_t *tree, const struct tree_path_step *step,
		     const struct tree_path_step *next)
{
	json_t *below = step_down(tree, step);

	if (below && fits(below, next))
		return below;
	below = container_for(next);
	if (step->kind == TREE_PATH_FIELD && json_is_object(below))
		json_object_set_new(below, buf_str(&step->name),
				    json_string(buf_str(&step->value)));
	put(tree, step, below);
	return below;
}

void tree_path_set(json_t *tree, const char *path, json_t *value_stolen)
{
	cleanup_path_step struct tree_path_step step = {0}, next = {0};

	if (!tree_path_next(&path, &step)) {
		json_decref(value_stolen);
		return;
	}
	while (tree_path_next(&path, &next)) {
		tree = enter(tree, &step, &next);
		struct tree_path_step done = step;
		step = next;
		next = done;
	}
	put(tree, &step, value_stolen);
}

static bool take_away(json_t *tree, const struct tree_path_step *step)
{
	if (step->kind == TREE_PATH_KEY)
		return !json_object_del(tree, buf_str(&step->name));
	return !json_array_remove(tree, index_of(tree, step));
}

bool tree_path_remove(json_t *tree, const char *path)
{
	cleanup_path_step struct tree_path_step step = {0}, next = {0};

	if (!tree_path_next(&path, &step))
		return false;
	while (tree && tree_path_next(&path, &next)) {
		tree = step_down(tree, &step);
		struct tree_path_step done = step;
		step = next;
		next = done;
	}
	return tree && take_away(tree, &step);
}

static void add_quoted(struct buf *path, const char *text)
{
	buf_addch(path, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addch(path, '\\');
		buf_addch(path, *text);
	}
	buf_addch(path, '"');
}

void tree_path_add_key(struct buf *path, const char *key)
{
	if (*key && !strpbrk(key, ".[]\"\\ =")) {
		if (path->len)
			buf_addch(path, '.');
		buf_addstr(path, key);
		return;
	}
	buf_addch(path, '[');
	add_quoted(path, key);
	buf_addch(path, ']');
}

void tree_path_add_index(struct buf *path, size_t index)
{
	buf_printf(path, "[%zu]", index);
}

void tree_path_add_field(struct buf *path, const char *field, const char *value)
{
	buf_printf(path, "[%s=", field);
	if (strpbrk(value, "]\"\\") || !*value)
		add_quoted(path, value);
	else
		buf_addstr(path, value);
	buf_addch(path, ']');
}
