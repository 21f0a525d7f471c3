#include "manifest/selector.h"

#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "tree/path.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static const json_t *labels_of(const json_t *workload)
{
	const json_t *selector = tree_path_get(workload, "spec.selector");

	if (!strcmp(text_of(workload, "kind"), "ReplicationController"))
		return selector;
	return json_object_get(selector, "matchLabels");
}

static json_t *expressions_of(const json_t *workload)
{
	return tree_path_get(workload, "spec.selector.matchExpressions");
}

/* --- as text --- */

static void add_expression(struct list *terms, const json_t *expression)
{
	const char *key = text_of(expression, "key"), *operator= text_of(expression, "operator");
	cleanup_list struct list values = LIST_INIT;
	json_t *value;
	size_t i;

	json_array_foreach (json_object_get(expression, "values"), i, value)
		if (json_is_string(value))
			list_add(&values, json_string_value(value));
	cleanup_free char *joined = list_join(&values, ",");
	if (!strcmp(operator, "In"))
		list_printf(terms, "%s in (%s)", key, joined);
	else if (!strcmp(operator, "NotIn"))
		list_printf(terms, "%s notin (%s)", key, joined);
	else if (!strcmp(operator, "Exists"))
		list_add(terms, key);
	else if (!strcmp(operator, "DoesNotExist"))
		list_printf(terms, "!%s", key);
}

char *manifest_selector_text(const json_t *workload)
{
	cleanup_list struct list terms = LIST_INIT;
	json_t *value;
	const char *key;
	size_t i;

	json_object_foreach ((json_t *)labels_of(workload), key, value)
		if (json_is_string(value))
			list_printf(&terms, "%s=%s", key, json_string_value(value));
	json_array_foreach (expressions_of(workload), i, value)
		add_expression(&terms, value);
	return terms.n ? list_join(&terms, ",") : NULL;
}

/* --- against labels --- */

static bool is_among(const json_t *values, const char *label)
{
	json_t *value;
	size_t i;

	json_array_foreach ((json_t *)values, i, value)
		if (json_is_string(value) && !strcmp(json_string_value(value), label))
			return true;
	return false;
}

static bool is_met(const json_t *expression, const json_t *labels)
{
	const char *operator= text_of(expression, "operator");
	const json_t *values = json_object_get(expression, "values");
	const char *label = json_string_value(json_object_get(labels, text_of(expression, "key")));

	if (!strcmp(operator, "In"))
		return label && is_among(values, label);
	if (!strcmp(operator, "NotIn"))
		return !label || !is_among(values, label);
	if (!strcmp(operator, "Exists"))
		return label;
	return !strcmp(operator, "DoesNotExist") && !label;
}

bool manifest_selector_matches(const json_t *workload, const json_t *labels)
{
	size_t terms = 0, i;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)labels_of(workload), key, value) {
		terms++;
		if (!json_equal(value, json_object_get(labels, key)))
			return false;
	}
	json_array_foreach (expressions_of(workload), i, value) {
		terms++;
		if (!is_met(value, labels))
			return false;
	}
	return terms > 0;
}
