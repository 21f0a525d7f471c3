#include "source/form.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "base/timespan.h"
#include "tree/json.h"
#include "tree/path.h"

static void fail_at(struct source_form *form, const struct tree_yaml_node *node, const char *hint,
		    struct err *err)
{
	if (hint)
		(void)err_hint(err, "%s", hint);
	(void)err_at(err, form->file, node ? node->line : 0, node ? node->column : 0);
	diag_add(form->findings, DIAG_ERROR, form->app, err);
	form->failed = true;
}

void source_form_fail(struct source_form *form, const char *path, const char *hint,
		      const char *format, ...)
{
	struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	(void)err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	fail_at(form, form->node ? tree_yaml_at(form->node, path) : NULL, hint, &err);
}

void source_form_warn(struct source_form *form, const char *path, const char *hint,
		      const char *format, ...)
{
	const struct tree_yaml_node *node = form->node ? tree_yaml_at(form->node, path) : NULL;
	struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	(void)err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	if (hint)
		(void)err_hint(&err, "%s", hint);
	(void)err_at(&err, form->file, node ? node->line : 0, node ? node->column : 0);
	diag_add(form->findings, DIAG_WARNING, form->app, &err);
}

void source_form_idle(struct source_form *form, const char *key)
{
	const json_t *value = tree_path_get(form->tree, key);

	if (!value || json_is_null(value) || (json_is_array(value) && !json_array_size(value)))
		return;
	source_form_warn(form, key,
			 "it is read and checked; take it out, or leave it for a later version",
			 "%s has no effect in desired %s", key, DESIRED_VERSION);
}

static bool known_key(const char *key, const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(known[i], key))
			return true;
	return false;
}

static void fail_unknown(struct source_form *form, const struct tree_yaml_node *key,
			 const char *const *known, size_t count)
{
	struct err err = ERR_INIT;
	const char *nearest = name_nearest(key->text, known, count);
	cleanup_list struct list all = LIST_INIT;

	for (size_t i = 0; i < count; i++)
		list_add(&all, known[i]);
	cleanup_free char *names = list_join(&all, ", ");
	cleanup_free char *hint = nearest ? mem_printf("did you mean '%s'?", nearest)
					  : mem_printf("known are: %s", names);
	(void)err_set(&err, ERR_INVALID, "unknown key '%s'", key->text);
	err.caret_width = (int)key->length;
	fail_at(form, key, hint, &err);
}

void source_form_keys(struct source_form *form, const char *path, const char *const *known,
		      size_t count)
{
	const json_t *tree = *path ? tree_path_get(form->tree, path) : form->tree;
	const struct tree_yaml_node *node =
		form->node && *path ? tree_yaml_at(form->node, path) : form->node;

	if (!tree || json_is_null(tree))
		return;
	if (!json_is_object(tree)) {
		source_form_fail(form, path, NULL, "%s%sa mapping is expected", path,
				 *path ? ": " : "");
		return;
	}
	if (!node || node->kind != TREE_YAML_MAPPING)
		return;
	for (size_t i = 0; i < node->count; i++)
		if (!known_key(node->items[2 * i]->text, known, count))
			fail_unknown(form, node->items[2 * i], known, count);
}

/* What stands there, or NULL; null counts as nothing. */
static const json_t *value_at(const struct source_form *form, const char *path)
{
	const json_t *value = tree_path_get(form->tree, path);

	return json_is_null(value) ? NULL : value;
}

char *source_form_text(struct source_form *form, const char *path)
{
	const json_t *value = value_at(form, path);

	if (!value)
		return NULL;
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	if (json_is_number(value))
		return tree_json_dump(value);
	source_form_fail(form, path, NULL, "%s must be a text", path);
	return NULL;
}

/* Templates give "True" where YAML would give true. */
static bool flag_of(const json_t *value, bool *ret)
{
	static const char *const words[] = {"false", "no", "true", "yes"};
	const char *text = json_string_value(value);

	*ret = json_is_true(value);
	if (json_is_boolean(value))
		return true;
	for (int i = 0; text && i < 4; i++)
		if (!strcasecmp(text, words[i])) {
			*ret = i >= 2;
			return true;
		}
	return false;
}

bool source_form_flag(struct source_form *form, const char *path, bool otherwise)
{
	const json_t *value = value_at(form, path);
	bool flag;

	if (!value)
		return otherwise;
	if (flag_of(value, &flag))
		return flag;
	source_form_fail(form, path, NULL, "%s must be true or false", path);
	return otherwise;
}

int source_form_number(struct source_form *form, const char *path, int otherwise)
{
	const json_t *value = value_at(form, path);

	if (!value)
		return otherwise;
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) <= INT_MAX)
		return (int)json_integer_value(value);
	source_form_fail(form, path, NULL, "%s must be a whole number", path);
	return otherwise;
}

int64_t source_form_size(struct source_form *form, const char *path, int64_t otherwise)
{
	static const char units[] = "KMGT";
	cleanup_free char *text = source_form_text(form, path);
	char *end = NULL;

	if (!text)
		return otherwise;
	double number = strtod(text, &end);
	while (end > text && *end == ' ')
		end++;
	const char *unit = *end ? strchr(units, *end) : NULL;
	for (const char *u = unit; u && u >= units; u--)
		number *= 1024;
	if (unit)
		end += strncmp(end + 1, "iB", 2) ? 1 : 3;
	if (end > text && !*end && number >= 0 && number < 1e15)
		return (int64_t)number;
	source_form_fail(form, path, "write 64KiB, 8MiB or 1GiB", "%s must be a size, not '%s'",
			 path, text);
	return otherwise;
}

int64_t source_form_duration(struct source_form *form, const char *path, int64_t otherwise)
{
	struct err err = ERR_INIT;
	int64_t milliseconds;
	cleanup_free char *text = source_form_text(form, path);

	if (!text)
		return otherwise;
	if (timespan_parse(text, &milliseconds, &err) >= 0)
		return milliseconds;
	(void)err_wrap(&err, "%s", path);
	fail_at(form, form->node ? tree_yaml_at(form->node, path) : NULL, "write 90s, 5min or 1h",
		&err);
	return otherwise;
}

int source_form_choice(struct source_form *form, const char *path, const char *const *words,
		       size_t count, int otherwise)
{
	cleanup_free char *text = source_form_text(form, path);
	cleanup_list struct list all = LIST_INIT;

	for (size_t i = 0; text && i < count; i++) {
		if (!strcmp(words[i], text))
			return (int)i;
		list_add(&all, words[i]);
	}
	if (!text)
		return otherwise;
	const char *nearest = name_nearest(text, words, count);
	cleanup_free char *names = list_join(&all, ", ");
	cleanup_free char *hint = nearest ? mem_printf("did you mean '%s'?", nearest)
					  : mem_printf("one of: %s", names);
	source_form_fail(form, path, hint, "%s cannot be '%s'", path, text);
	return otherwise;
}

void source_form_list(struct source_form *form, const char *path, struct list *ret)
{
	const json_t *value = value_at(form, path);
	size_t i;
	json_t *item;

	if (!value)
		return;
	if (json_is_string(value)) {
		list_add(ret, json_string_value(value));
		return;
	}
	if (!json_is_array(value))
		source_form_fail(form, path, NULL, "%s must be a list", path);
	json_array_foreach ((json_t *)value, i, item) {
		cleanup_free char *at = mem_printf("%s[%zu]", path, i);
		cleanup_free char *text = source_form_text(form, at);
		if (text)
			list_add(ret, text);
	}
}
