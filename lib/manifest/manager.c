#include "manifest/manager.h"

#include <string.h>

#include "base/mem.h"
#include "manifest/fields.h"
#include "manifest/object.h"
#include "tree/json.h"
#include "tree/path.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool manifest_manager_is_human(const char *name)
{
	/* "before-first-apply" stands for whatever kubectl did before managedFields were kept. */
	static const char *const names[] = {
		"before-first-apply", "OpenAPI-Generator", "ansible", "python-requests",
		"dashboard",	      "node-fetch",	   "Mozilla", "curl",
	};

	if (begins(name, "kubectl") || begins(name, "k9s") || begins(name, "lens") ||
	    begins(name, "freelens"))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* --- fields --- */

static const json_t *item_at(const json_t *list, const struct tree_path_step *step)
{
	json_t *item;
	size_t i;

	if (step->kind == TREE_PATH_INDEX)
		return json_array_get(list, step->index);
	json_array_foreach (list, i, item) {
		const json_t *value = json_object_get(item, buf_str(&step->name));
		cleanup_free char *text = json_is_string(value)
						  ? mem_strdup(json_string_value(value))
						  : tree_json_dump(value);
		if (!strcmp(text, buf_str(&step->value)))
			return item;
	}
	return NULL;
}

bool manifest_manager_owns(const json_t *fields, const json_t *body, const char *place)
{
	cleanup_path_step struct tree_path_step step = {0};

	for (bool below = false; tree_path_next(&place, &step); below = true) {
		const json_t *child;
		if (step.kind == TREE_PATH_KEY) {
			cleanup_free char *key = mem_printf("f:%s", buf_str(&step.name));
			child = json_object_get(fields, key);
			body = json_object_get(body, buf_str(&step.name));
		} else {
			body = item_at(body, &step);
			child = body ? manifest_fields_of_item(fields, body) : NULL;
		}
		/* Whoever owns a whole list or map as one value has no entries below it. */
		if (!child)
			return below && !json_object_size(fields);
		fields = child;
	}
	return true;
}

/* --- managers --- */

static bool is_ours(const json_t *entry)
{
	return !strcmp(text_of(entry, "manager"), MANIFEST_MANAGER);
}

static struct manifest_manager manager_of(const json_t *entry)
{
	return (struct manifest_manager){
		.name = text_of(entry, "manager"),
		.subresource = text_of(entry, "subresource"),
		.time = text_of(entry, "time"),
	};
}

static bool is_later(const json_t *entry, const json_t *than)
{
	return !than || strcmp(text_of(entry, "time"), text_of(than, "time")) >= 0;
}

bool manifest_manager_of(const json_t *body, const char *place, struct manifest_manager *ret)
{
	const json_t *owner = NULL, *latest = NULL;
	json_t *entry;
	size_t i;

	json_array_foreach (tree_path_get(body, "metadata.managedFields"), i, entry) {
		if (is_ours(entry) || !strcmp(text_of(entry, "subresource"), "status"))
			continue;
		if (is_later(entry, latest))
			latest = entry;
		if (manifest_manager_owns(json_object_get(entry, "fieldsV1"), body, place) &&
		    is_later(entry, owner))
			owner = entry;
	}
	if (!owner && !latest)
		return false;
	*ret = manager_of(owner ? owner : latest);
	ret->owns = owner;
	return true;
}

/* --- controllers --- */

static bool owned_by_controller(const json_t *live, const char *place, const char *subresource)
{
	json_t *entry;
	size_t i;

	json_array_foreach (tree_path_get(live, "metadata.managedFields"), i, entry) {
		if (!is_ours(entry) && !manifest_manager_is_human(text_of(entry, "manager")) &&
		    !strcmp(text_of(entry, "subresource"), subresource) &&
		    manifest_manager_owns(json_object_get(entry, "fieldsV1"), live, place))
			return true;
	}
	return false;
}

static void yield_if(const json_t *live, const json_t *wanted, const char *place,
		     const char *subresource, struct list *ret)
{
	if (tree_path_get(wanted, place) && tree_path_get(live, "metadata.managedFields") &&
	    owned_by_controller(live, place, subresource))
		list_add(ret, place);
}

static void yield_items(const json_t *live, const json_t *wanted, const char *items,
			const char *below, struct list *ret)
{
	json_t *item;
	size_t i;

	json_array_foreach (tree_path_get(wanted, items), i, item) {
		struct buf place = BUF_INIT;
		buf_addstr(&place, items);
		tree_path_add_field(&place, "name", text_of(item, "name"));
		buf_addstr(&place, below);
		yield_if(live, wanted, buf_str(&place), "", ret);
		buf_done(&place);
	}
}

static bool any_entry(const json_t *live, bool (*is)(const json_t *entry))
{
	json_t *entry;
	size_t i;

	json_array_foreach (tree_path_get(live, "metadata.managedFields"), i, entry)
		if (is(entry))
			return true;
	return false;
}

static bool is_vertical_scaler(const json_t *entry)
{
	return begins(text_of(entry, "manager"), "vpa-");
}

void manifest_manager_yields(const json_t *live, const json_t *wanted, struct list *ret_places)
{
	yield_if(live, wanted, "spec.replicas", "scale", ret_places);
	yield_items(live, wanted, "webhooks", ".clientConfig.caBundle", ret_places);
	yield_if(live, wanted, "spec.conversion.webhook.clientConfig.caBundle", "", ret_places);
	yield_if(live, wanted, "spec.caBundle", "", ret_places);
	if (any_entry(live, is_vertical_scaler))
		yield_items(live, wanted, "spec.template.spec.containers", ".resources",
			    ret_places);
}
