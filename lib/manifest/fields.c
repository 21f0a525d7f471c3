#include "manifest/fields.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "tree/json.h"
#include "tree/path.h"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

void manifest_fields_add(json_t *to, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)from, key, value) {
		json_t *there = json_object_get(to, key);
		if (there)
			manifest_fields_add(there, value);
		else
			json_object_set_new(to, key, json_deep_copy(value));
	}
}

/* --- items --- */

/* The fields that name an item: {"name": "web"} of "k:{"name":"web"}". New reference, or NULL. */
static json_t *names_of(const char *key)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_t *names = NULL;

	if (!begins(key, "k:") ||
	    tree_json_parse(key + 2, strlen(key + 2), "fieldsV1", false, &names, &ignored) < 0)
		return NULL;
	return names;
}

static bool names_item(const char *key, const json_t *item)
{
	json_auto_t *names = names_of(key);
	const char *field;
	json_t *value;

	json_object_foreach (names, field, value)
		if (!json_equal(value, json_object_get(item, field)))
			return false;
	return json_object_size(names) > 0;
}

static bool is_value(const char *key, const json_t *item)
{
	cleanup_free char *value = tree_json_dump(item);

	return begins(key, "v:") && !strcmp(key + 2, value);
}

const json_t *manifest_fields_of_item(const json_t *fields, const json_t *item)
{
	const char *key;
	json_t *child;

	json_object_foreach ((json_t *)fields, key, child)
		if (names_item(key, item) || is_value(key, item))
			return child;
	return NULL;
}

/* --- extracting --- */

static json_t *extract(const json_t *value, const json_t *fields);

static json_t *extract_object(const json_t *object, const json_t *fields)
{
	json_t *made = json_object();
	const char *key;
	json_t *child;

	json_object_foreach ((json_t *)fields, key, child) {
		const json_t *value = begins(key, "f:") ? json_object_get(object, key + 2) : NULL;
		if (value)
			json_object_set_new(made, key + 2, extract(value, child));
	}
	return made;
}

/* An item is nothing without the fields that name it. */
static json_t *extract_item(const json_t *item, const json_t *fields, const char *key)
{
	json_auto_t *names = names_of(key);
	json_t *made = extract(item, fields);

	if (json_is_object(made))
		json_object_update_missing(made, names);
	return made;
}

static json_t *extract_list(const json_t *list, const json_t *fields)
{
	json_t *made = json_array(), *item, *child;
	const char *key;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		json_object_foreach ((json_t *)fields, key, child) {
			if (!names_item(key, item) && !is_value(key, item))
				continue;
			json_array_append_new(made, extract_item(item, child, key));
			break;
		}
	}
	return made;
}

static json_t *extract(const json_t *value, const json_t *fields)
{
	if (json_object_size(fields) && json_is_object(value))
		return extract_object(value, fields);
	if (json_object_size(fields) && json_is_array(value))
		return extract_list(value, fields);
	return json_deep_copy(value);
}

json_t *manifest_fields_extract(const json_t *body, const json_t *fields)
{
	static const char *const identity[] = {"apiVersion", "kind", "metadata.name",
					       "metadata.namespace"};
	json_t *made = extract_object(body, fields);

	for (size_t i = 0; i < sizeof(identity) / sizeof(*identity); i++) {
		json_t *value = tree_path_get(body, identity[i]);
		if (value)
			tree_path_set(made, identity[i], json_incref(value));
	}
	return made;
}

/* --- withdrawing --- */

/* Owned by nobody, or by somebody as one value. */
static bool is_whole(const json_t *fields)
{
	return !json_object_size(fields);
}

/* True when the value goes altogether; otherwise what goes of it has been taken out. */
static bool withdraw(json_t *value, const json_t *fields, const json_t *others,
		     const json_t *wanted)
{
	bool container = json_is_object(value) || json_is_array(value);

	if (others && is_whole(others))
		return false;
	if (is_whole(fields) || !container)
		return !wanted && !others;
	manifest_fields_withdraw(value, fields, others, wanted);
	bool empty = !json_object_size(value) && !json_array_size(value);
	return empty && !wanted && !others;
}

static void withdraw_members(json_t *object, const json_t *fields, const json_t *others,
			     const json_t *wanted)
{
	const char *key;
	json_t *child;

	json_object_foreach ((json_t *)fields, key, child) {
		json_t *value = begins(key, "f:") ? json_object_get(object, key + 2) : NULL;
		if (value && withdraw(value, child, json_object_get(others, key),
				      json_object_get(wanted, key + 2)))
			json_object_del(object, key + 2);
	}
}

/* The item of `list` that has the same name, or is the same value. */
static const json_t *partner_of(const json_t *list, const char *key)
{
	json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item)
		if (names_item(key, item) || is_value(key, item))
			return item;
	return NULL;
}

static const char *key_of_item(const json_t *fields, const json_t *item)
{
	const char *key;
	json_t *child;

	json_object_foreach ((json_t *)fields, key, child)
		if (names_item(key, item) || is_value(key, item))
			return key;
	return NULL;
}

static void withdraw_items(json_t *list, const json_t *fields, const json_t *others,
			   const json_t *wanted)
{
	for (size_t i = json_array_size(list); i-- > 0;) {
		json_t *item = json_array_get(list, i);
		const char *key = key_of_item(fields, item);
		if (!key)
			continue;
		const json_t *partner = partner_of(wanted, key);
		const json_t *other = manifest_fields_of_item(others, item);
		/* What names an item is no reason for it to stay. */
		if (!partner && !other)
			json_array_remove(list, i);
		else
			(void)withdraw(item, json_object_get(fields, key), other, partner);
	}
}

void manifest_fields_withdraw(json_t *body, const json_t *fields, const json_t *others,
			      const json_t *wanted)
{
	if (json_is_array(body))
		withdraw_items(body, fields, others, wanted);
	else
		withdraw_members(body, fields, others, wanted);
}
