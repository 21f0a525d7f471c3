#include <string.h>

#include "base/mem.h"
#include "template/call.h"
#include "template/eval.h"
#include "template/global.h"
#include "template/method.h"

int template_eval_truth(struct eval *eval, struct value *value, bool *ret)
{
	if (value->kind == VALUE_UNDEFINED && !value->trouble->lenient) {
		template_eval_trip(eval, value);
		return -1;
	}
	*ret = value_true(value);
	return 0;
}

int template_eval_condition(struct eval *eval, const struct node *node, bool *ret)
{
	struct value *value = template_eval_expression(eval, node);

	if (!value)
		return -1;
	int r = template_eval_truth(eval, value, ret);
	value_unref(value);
	return r;
}

static struct value *list(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *list = node->kind == NODE_TUPLE
						   ? value_tuple(node->list.count)
						   : value_list_room(node->list.count);

	for (size_t i = 0; i < node->list.count; i++) {
		struct value *item = template_eval_expression(eval, node->list.items[i]);
		if (!item)
			return NULL;
		value_list_add(list, item);
	}
	list->plain = true;
	return steal(&list);
}

static struct value *dict(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *dict = value_dict();

	for (size_t i = 0; i < node->dict.count; i++) {
		cleanup_value struct value *key =
			template_eval_expression(eval, node->dict.keys[i]);
		if (!key)
			return NULL;
		if (key->kind == VALUE_UNDEFINED)
			return template_eval_trip(eval, key);
		if (!value_hashable(key))
			return template_eval_fail(eval, node->dict.keys[i], "a %s cannot be a key",
						  value_type(key));
		struct value *item = template_eval_expression(eval, node->dict.values[i]);
		if (!item)
			return NULL;
		value_note(dict, item);
		template_dict_put(&dict->dict, steal(&key), item);
	}
	dict->plain = true;
	return steal(&dict);
}

static struct value *attribute_of(struct eval *eval, const struct node *node, struct value *object)
{
	if (object->kind == VALUE_DICT && !node->attribute.dict_method) {
		struct value *item = template_eval_dict_get(eval, object, node->attribute.name);
		if (item || eval->raised)
			return item ? value_keep(item) : NULL;
	}
	return template_eval_attribute(eval, node, object, node->attribute.name);
}

static struct value *attribute(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *object = template_eval_expression(eval, node->attribute.object);

	return object ? attribute_of(eval, node, object) : NULL;
}

/* start, stop or step of a slice; none when it is left out. */
static struct value *bound(struct eval *eval, const struct node *node)
{
	return node ? template_eval_expression(eval, node) : value_none();
}

static struct value *item(struct eval *eval, const struct node *node)
{
	const struct node *key_node = node->item.key;
	cleanup_value struct value *object = template_eval_expression(eval, node->item.object);

	if (!object)
		return NULL;
	if (key_node->kind == NODE_SLICE) {
		cleanup_value struct value *start = bound(eval, key_node->slice.start);
		cleanup_value struct value *stop = start ? bound(eval, key_node->slice.stop) : NULL;
		cleanup_value struct value *step = stop ? bound(eval, key_node->slice.step) : NULL;
		return step ? template_eval_slice(eval, node, object, start, stop, step) : NULL;
	}
	cleanup_value struct value *key = template_eval_expression(eval, key_node);
	return key ? template_eval_item(eval, node, object, key) : NULL;
}

static struct value *call_value(struct eval *eval, const struct node *node, struct value *function)
{
	cleanup_call struct call call = {0};

	if (template_call_gather(eval, node, &node->call.arguments, NULL, &call) < 0)
		return NULL;
	return template_call_value(&call, function);
}

/* a.b(): when b is a method of a string, list or dict it need not become a value first. */
static struct value *call_attribute(struct eval *eval, const struct node *node)
{
	cleanup_call struct call call = {0};
	const struct node *function = node->call.function;
	cleanup_value struct value *object =
		template_eval_expression(eval, function->attribute.object);

	if (!object)
		return NULL;
	const struct builtin *method =
		template_method_builtin(object, function->attribute.name->string.text);
	if (!method) {
		cleanup_value struct value *value = attribute_of(eval, function, object);
		return value ? call_value(eval, node, value) : NULL;
	}
	if (template_call_gather(eval, node, &node->call.arguments, value_keep(object), &call) < 0)
		return NULL;
	return template_call_method(&call, method);
}

static struct value *call(struct eval *eval, const struct node *node)
{
	if (node->call.function->kind == NODE_ATTRIBUTE)
		return call_attribute(eval, node);
	cleanup_value struct value *function = template_eval_expression(eval, node->call.function);
	return function ? call_value(eval, node, function) : NULL;
}

/* Filters and tests. In a filter block the value is what the block printed: set by the caller
 * through node->call.function being NULL and the frame's hidden name. */
static struct value *filter(struct eval *eval, const struct node *node)
{
	cleanup_call struct call call = {0};
	struct value *value = node->call.function
				      ? template_eval_expression(eval, node->call.function)
				      : value_keep(template_frame_get(eval->frame, global_block()));

	if (!value || template_call_gather(eval, node, &node->call.arguments, value, &call) < 0)
		return NULL;
	return template_call_run(&call, node->call.builtin);
}

static struct value *logic(struct eval *eval, const struct node *node)
{
	struct value *left = template_eval_expression(eval, node->binary.left);
	bool yes;

	if (!left)
		return NULL;
	if (template_eval_truth(eval, left, &yes) < 0) {
		value_unref(left);
		return NULL;
	}
	if (yes == (node->kind == NODE_OR))
		return left;
	value_unref(left);
	return template_eval_expression(eval, node->binary.right);
}

static struct value *conditional(struct eval *eval, const struct node *node)
{
	bool yes;

	if (template_eval_condition(eval, node->branch.condition, &yes) < 0)
		return NULL;
	if (yes)
		return template_eval_expression(eval, node->branch.body);
	if (node->branch.otherwise)
		return template_eval_expression(eval, node->branch.otherwise);
	struct value *nothing = template_eval_undefined(
		eval, node, "this inline if came out false and has no else to give a value");
	nothing->trouble->lenient = true;
	return nothing;
}

struct value *template_eval_expression(struct eval *eval, const struct node *node)
{
	bool yes;

	if (!template_eval_step(eval, node, 1))
		return NULL;
	switch ((enum node_kind)node->kind) {
	case NODE_CONSTANT:
		return node->constant;
	case NODE_NAME:
		return template_eval_name(eval, node);
	case NODE_LIST:
	case NODE_TUPLE:
		return list(eval, node);
	case NODE_DICT:
		return dict(eval, node);
	case NODE_ATTRIBUTE:
		return attribute(eval, node);
	case NODE_ITEM:
		return item(eval, node);
	case NODE_CALL:
		return call(eval, node);
	case NODE_FILTER:
	case NODE_TEST:
		return filter(eval, node);
	case NODE_NOT:
		return template_eval_condition(eval, node->operand, &yes) < 0 ? NULL
									      : value_bool(!yes);
	case NODE_NEGATIVE:
	case NODE_POSITIVE:
		return template_eval_negate(eval, node);
	case NODE_CALCULATE:
		return template_eval_calculate(eval, node);
	case NODE_AND:
	case NODE_OR:
		return logic(eval, node);
	case NODE_COMPARE:
		return template_eval_compare(eval, node);
	case NODE_CONCAT:
		return template_eval_concat(eval, node);
	case NODE_CONDITIONAL:
		return conditional(eval, node);
	default:
		return template_eval_fail(eval, node, "this is no expression");
	}
}

static int unpack(struct eval *eval, const struct node *target, struct value *value)
{
	cleanup_value struct value *items = template_eval_items(eval, target, value);
	size_t want = target->list.count;

	if (!items)
		return -1;
	if (items->list.n != want) {
		template_eval_fail(eval, target, "%s values to unpack: expected %zu, got %zu",
				   items->list.n < want ? "not enough" : "too many", want,
				   items->list.n);
		return -1;
	}
	for (size_t i = 0; i < want; i++) {
		struct value *item = template_eval_list_at(eval, items, i);
		if (!item ||
		    template_eval_assign(eval, target->list.items[i], value_keep(item)) < 0)
			return -1;
	}
	return 0;
}

int template_eval_assign(struct eval *eval, const struct node *target, struct value *value)
{
	if (target->kind == NODE_NAME) {
		template_frame_set(eval->frame, target->name, value);
		return 0;
	}
	cleanup_value struct value *held = value;
	if (target->kind == NODE_TUPLE)
		return unpack(eval, target, held);
	cleanup_value struct value *object = template_eval_name(eval, target->attribute.object);
	if (!object)
		return -1;
	if (object->kind == VALUE_UNDEFINED) {
		template_eval_trip(eval, object);
		return -1;
	}
	const char *problem = template_global_namespace_set(object, target->attribute.name, held);
	if (problem)
		template_eval_fail(eval, target, "%s", problem);
	return problem ? -1 : 0;
}
