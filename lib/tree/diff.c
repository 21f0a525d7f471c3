#include "tree/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/json.h"
#include "tree/match.h"
#include "tree/pairing.h"
#include "tree/path.h"
#include "tree/show.h"

struct walk {
	struct tree_diff *diff; /* NULL: only whether there is a difference */
	bool found;
	bool wanted;	/* only what `to` has, as the server may write it */
	bool objects;	/* both trees are objects of the API */
	bool own_lists; /* the kind is not built in: nobody shares its lists */
	size_t secret;	/* 1 + where the path of the Secret that we are in ends; 0: in none */
	struct buf path, place;
	const char *key, *parent; /* the innermost key, and the one above it */
};

static void compare(struct walk *walk, const json_t *from, const json_t *to);

static enum tree_show_secrecy secrecy_of(const struct walk *walk)
{
	if (!walk->secret)
		return TREE_SHOW_OPEN;
	const char *below = buf_str(&walk->path) + walk->secret - 1;
	return tree_show_secrecy_of(below + (*below == '.'));
}

static char *show_to(const json_t *from, const json_t *to, enum tree_show_secrecy secrecy)
{
	char *text = tree_show_value(to, from, secrecy);

	if (!text || !from || secrecy == TREE_SHOW_OPEN)
		return text;
	cleanup_free char *length = text;
	return mem_printf("%s, changed", length);
}

static void add(struct walk *walk, char *from_stolen, char *to_stolen)
{
	struct tree_diff *diff = walk->diff;

	mem_grow(diff->items, &diff->cap, diff->n + 1);
	diff->items[diff->n++] = (struct tree_difference){
		.path = mem_strdup(buf_str(&walk->path)),
		.place = mem_strdup(buf_str(&walk->place)),
		.from = from_stolen,
		.to = to_stolen,
	};
}

static void report(struct walk *walk, const json_t *from, const json_t *to)
{
	enum tree_show_secrecy secrecy = secrecy_of(walk);

	walk->found = true;
	if (walk->diff)
		add(walk, tree_show_value(from, to, secrecy), show_to(from, to, secrecy));
}

/* What a step down changes in the walk, to be put back. */
struct level {
	size_t path, place;
	const char *key, *parent;
};

static struct level enter(const struct walk *walk)
{
	return (struct level){walk->path.len, walk->place.len, walk->key, walk->parent};
}

static void leave(struct walk *walk, struct level level)
{
	buf_truncate(&walk->path, level.path);
	buf_truncate(&walk->place, level.place);
	walk->key = level.key;
	walk->parent = level.parent;
}

static void compare_at_key(struct walk *walk, const char *key, const json_t *from, const json_t *to)
{
	struct level level = enter(walk);

	walk->parent = walk->key;
	walk->key = key;
	tree_path_add_key(&walk->path, key);
	tree_path_add_key(&walk->place, key);
	compare(walk, from, to);
	leave(walk, level);
}

static void compare_at_index(struct walk *walk, size_t index, const json_t *from, const json_t *to)
{
	struct level level = enter(walk);

	tree_path_add_index(&walk->path, index);
	tree_path_add_index(&walk->place, index);
	compare(walk, from, to);
	leave(walk, level);
}

static void compare_at_name(struct walk *walk, const char *field, const char *name,
			    const json_t *from, const json_t *to)
{
	struct level level = enter(walk);

	buf_printf(&walk->path, "[%s]", name);
	tree_path_add_field(&walk->place, field, name);
	compare(walk, from, to);
	leave(walk, level);
}

/* What the server writes into every object by itself. */
static bool is_servers_own(const struct walk *walk, const char *key)
{
	static const char *const own[] = {"managedFields", "resourceVersion",	"generation",
					  "uid",	   "creationTimestamp", "selfLink"};
	const char *path = buf_str(&walk->path);

	if (!walk->objects)
		return false;
	if (!*path)
		return !strcmp(key, "status");
	for (size_t i = 0; !strcmp(path, "metadata") && i < sizeof(own) / sizeof(*own); i++)
		if (!strcmp(own[i], key))
			return true;
	return false;
}

static void compare_objects(struct walk *walk, const json_t *from, const json_t *to)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)to, key, value) {
		if (!is_servers_own(walk, key))
			compare_at_key(walk, key, json_object_get(from, key), value);
	}
	if (walk->wanted)
		return;
	json_object_foreach ((json_t *)from, key, value) {
		if (!is_servers_own(walk, key) && !json_object_get(to, key))
			compare_at_key(walk, key, value, NULL);
	}
}

/* Items without a name: what both lists begin and end with is set aside, the rest goes by place. */
static void compare_in_order(struct walk *walk, const json_t *from, const json_t *to)
{
	size_t a = json_array_size(from), b = json_array_size(to), head = 0, tail = 0;

	while (a != b && head < a && head < b &&
	       tree_match_equal(json_array_get(from, head), json_array_get(to, head)))
		head++;
	while (a != b && tail < a - head && tail < b - head &&
	       tree_match_equal(json_array_get(from, a - 1 - tail),
				json_array_get(to, b - 1 - tail)))
		tail++;
	for (size_t i = head; i < a - tail || i < b - tail; i++)
		compare_at_index(walk, i, i < a - tail ? json_array_get(from, i) : NULL,
				 i < b - tail ? json_array_get(to, i) : NULL);
}

static bool is_shared(const struct walk *walk)
{
	return walk->wanted && !walk->own_lists && tree_pairing_is_shared(walk->key);
}

/* "a, b": the names that both lists have, in the order of the first. */
static char *order_of(const json_t *index, const json_t *other)
{
	struct buf names = BUF_INIT;
	const char *name;
	json_t *at;

	json_object_foreach ((json_t *)index, name, at) {
		if (json_object_get(other, name))
			buf_printf(&names, "%s%s", names.len ? ", " : "order ", name);
	}
	return buf_steal(&names);
}

static void compare_order(struct walk *walk, const json_t *from_index, const json_t *to_index)
{
	cleanup_free char *from = order_of(from_index, to_index);
	cleanup_free char *to = order_of(to_index, from_index);

	if (!strcmp(from, to))
		return;
	walk->found = true;
	if (walk->diff)
		add(walk, steal(&from), steal(&to));
}

static void compare_by_name(struct walk *walk, const char *field, const json_t *from,
			    const json_t *to)
{
	json_auto_t *from_index = tree_pairing_index(from, field);
	json_auto_t *to_index = tree_pairing_index(to, field);
	const char *name;
	json_t *at;

	json_object_foreach (to_index, name, at) {
		const json_t *before = json_object_get(from_index, name);
		compare_at_name(walk, field, name,
				before ? json_array_get(from, (size_t)json_integer_value(before))
				       : NULL,
				json_array_get(to, (size_t)json_integer_value(at)));
	}
	if (is_shared(walk))
		return;
	json_object_foreach (from_index, name, at) {
		if (!json_object_get(to_index, name))
			compare_at_name(walk, field, name,
					json_array_get(from, (size_t)json_integer_value(at)), NULL);
	}
	compare_order(walk, from_index, to_index);
}

static bool has_item(const json_t *list, const json_t *wanted)
{
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		if (tree_match_equal(item, wanted))
			return true;
	}
	return false;
}

/* A shared list without names is a set: finalizers. */
static void compare_set(struct walk *walk, const json_t *from, const json_t *to)
{
	size_t i;
	json_t *item;

	json_array_foreach (to, i, item) {
		if (!has_item(from, item))
			compare_at_index(walk, i, NULL, item);
	}
}

static bool is_set(const struct walk *walk, const json_t *to)
{
	return is_shared(walk) && json_is_string(json_array_get(to, 0));
}

static void compare_lists(struct walk *walk, const json_t *from, const json_t *to)
{
	const char *field = tree_pairing_field(from, to);

	if (field)
		compare_by_name(walk, field, from, to);
	else if (is_set(walk, to))
		compare_set(walk, from, to);
	else
		compare_in_order(walk, from, to);
}

static bool is_container(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

/* A tree that came or went is one difference, except where that would show a Secret. */
static bool must_descend(const struct walk *walk, const json_t *value)
{
	return (walk->secret && json_is_object(value)) ||
	       (is_container(value) && tree_show_has_secret(value));
}

static bool is_empty(const json_t *value)
{
	return json_is_object(value) ? !json_object_size(value) : !json_array_size(value);
}

static void descend(struct walk *walk, const json_t *from, const json_t *to)
{
	size_t secret = walk->secret;

	if (tree_show_is_secret(from) || tree_show_is_secret(to))
		walk->secret = walk->path.len + 1;
	if (json_is_array(from) || json_is_array(to))
		compare_lists(walk, from, to);
	else
		compare_objects(walk, from, to);
	walk->secret = secret;
}

static void compare_unlike(struct walk *walk, const json_t *from, const json_t *to)
{
	bool open_from = must_descend(walk, from) && !is_empty(from);
	bool open_to = must_descend(walk, to) && !is_empty(to);

	if (!open_from && !open_to) {
		report(walk, from, to);
		return;
	}
	if (open_from)
		descend(walk, from, NULL);
	else if (from)
		report(walk, from, NULL);
	if (open_to)
		descend(walk, NULL, to);
	else if (to)
		report(walk, NULL, to);
}

static void compare(struct walk *walk, const json_t *from, const json_t *to)
{
	if (walk->found && !walk->diff)
		return;
	if (walk->wanted && !from && tree_match_absent(to, walk->key))
		return;
	if (from && to && is_container(from) && json_typeof(from) == json_typeof(to))
		descend(walk, from, to);
	else if (!from || !to || is_container(from) || is_container(to))
		compare_unlike(walk, from, to);
	else if (walk->wanted ? !tree_match_means(from, to, walk->parent, walk->key)
			      : !tree_match_equal(from, to))
		report(walk, from, to);
}

static bool is_api_object(const json_t *tree)
{
	return json_is_string(json_object_get(tree, "apiVersion")) &&
	       json_is_string(json_object_get(tree, "kind"));
}

/* Groups of the built-in API have no dot, or end in .k8s.io. */
static bool is_built_in(const json_t *tree)
{
	const char *version = json_string_value(json_object_get(tree, "apiVersion"));
	const char *slash = version ? strchr(version, '/') : NULL;

	if (!slash)
		return true;
	cleanup_free char *group = mem_strndup(version, (size_t)(slash - version));
	size_t length = strlen(group);
	return !strchr(group, '.') || (length > 7 && !strcmp(group + length - 7, ".k8s.io"));
}

static bool run(const json_t *from, const json_t *to, bool wanted, struct tree_diff *diff)
{
	struct walk walk = {.diff = diff,
			    .wanted = wanted,
			    .objects = is_api_object(from) && is_api_object(to),
			    .own_lists = !is_built_in(to)};

	if (from || to)
		compare(&walk, from, to);
	buf_done(&walk.path);
	buf_done(&walk.place);
	return walk.found;
}

void tree_diff(const json_t *from, const json_t *to, struct tree_diff *ret)
{
	*ret = (struct tree_diff){0};
	(void)run(from, to, false, ret);
}

void tree_diff_wanted(const json_t *live, const json_t *wanted, struct tree_diff *ret)
{
	*ret = (struct tree_diff){0};
	(void)run(live, wanted, true, ret);
}

bool tree_covers(const json_t *live, const json_t *wanted)
{
	return !run(live, wanted, true, NULL);
}

void tree_diff_done(struct tree_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++) {
		free(diff->items[i].path);
		free(diff->items[i].place);
		free(diff->items[i].from);
		free(diff->items[i].to);
	}
	free(diff->items);
	*diff = (struct tree_diff){0};
}
