#include <string.h>

#include "base/mem.h"
#include "template/call.h"
#include "template/date.h"
#include "template/digits.h"
#include "template/eval.h"
#include "template/format.h"
#include "template/markup.h"
#include "template/number.h"

static const char *const symbols[] = {
	[NUMBER_ADD] = "+",	      [NUMBER_SUBTRACT] = "-", [NUMBER_MULTIPLY] = "*",
	[NUMBER_DIVIDE] = "/",	      [NUMBER_MODULO] = "%",   [NUMBER_POWER] = "**",
	[NUMBER_FLOOR_DIVIDE] = "//",
};

static struct value *unsupported(struct eval *eval, const struct node *node, int op,
				 const struct value *a, const struct value *b)
{
	return template_eval_fail(eval, node, "cannot calculate %s %s %s", value_type(a),
				  symbols[op], value_type(b));
}

/* True when `times` copies of `size` stay within the limit; raised otherwise. */
static bool fits(struct eval *eval, const struct node *node, size_t size, int64_t times)
{
	size_t total;

	if (times <= 0 ||
	    (!__builtin_mul_overflow(size, (size_t)times, &total) && total <= eval->limits.output))
		return true;
	template_eval_fail_limit(eval, node, "output", "the result would be larger than %zu bytes",
				 eval->limits.output);
	return false;
}

static struct value *repeat_string(const struct value *string, int64_t times)
{
	struct buf text = BUF_INIT;

	for (int64_t i = 0; i < times && string->string.length; i++)
		buf_add(&text, string->string.text, string->string.length);
	return value_take_buf(&text);
}

static void append(struct value *list, const struct value *from)
{
	for (size_t i = 0; i < from->list.n; i++)
		value_list_add(list, value_keep(from->list.items[i]));
}

static struct value *repeat(struct eval *eval, const struct node *node, struct value *sequence,
			    struct value *number)
{
	int64_t times;

	if (!value_as_int(number, &times))
		return unsupported(eval, node, NUMBER_MULTIPLY, sequence, number);
	if (sequence->kind == VALUE_STRING)
		return fits(eval, node, sequence->string.length, times)
			       ? template_markup_keep(sequence, repeat_string(sequence, times))
			       : NULL;
	if (!fits(eval, node, sequence->list.n * sizeof(void *), times))
		return NULL;
	struct value *list = value_list();
	list->kind = sequence->kind;
	list->plain = true;
	for (int64_t i = 0; i < times; i++)
		append(list, sequence);
	return list;
}

static struct value *add_sequences(struct value *a, struct value *b)
{
	if (a->kind == VALUE_STRING) {
		struct buf text = BUF_INIT;
		buf_reserve(&text, a->string.length + b->string.length);
		buf_add(&text, a->string.text, a->string.length);
		buf_add(&text, b->string.text, b->string.length);
		return value_take_buf(&text);
	}
	struct value *list = value_list_room(a->list.n + b->list.n);
	list->kind = a->kind;
	list->plain = true;
	append(list, a);
	append(list, b);
	return list;
}

/* What is added to a string that counts as HTML is escaped. */
static struct value *add_markup(struct eval *eval, const struct node *node, struct value *a,
				struct value *b)
{
	cleanup_value struct value *left = template_markup_escape(a),
				   *right = template_markup_escape(b);

	return fits(eval, node, left->string.length + right->string.length, 1)
		       ? template_markup_mark(add_sequences(left, right))
		       : NULL;
}

static bool is_sequence(const struct value *value)
{
	return value->kind == VALUE_STRING || value_is_list(value);
}

static struct value *calculate(struct eval *eval, const struct node *node, int op, struct value *a,
			       struct value *b)
{
	const char *problem = NULL;
	int64_t sum;

	if (op == NUMBER_ADD && a->kind == VALUE_INT && b->kind == VALUE_INT &&
	    !__builtin_add_overflow(a->integer, b->integer, &sum))
		return value_int(sum);
	if (value_is_number(a) && value_is_number(b)) {
		struct value *result = template_number_calculate(op, a, b, &problem);
		if (!result)
			return template_eval_fail(eval, node, "%s", problem);
		template_digits_note(eval, result);
		return result;
	}
	if (op == NUMBER_ADD && a->kind == VALUE_STRING && b->kind == VALUE_STRING &&
	    (a->escaped || b->escaped))
		return add_markup(eval, node, a, b);
	if (op == NUMBER_ADD && is_sequence(a) && a->kind == b->kind)
		return a->kind != VALUE_STRING ||
				       fits(eval, node, a->string.length + b->string.length, 1)
			       ? add_sequences(a, b)
			       : NULL;
	if (op == NUMBER_MULTIPLY && is_sequence(a) && value_is_number(b))
		return repeat(eval, node, a, b);
	if (op == NUMBER_MULTIPLY && is_sequence(b) && value_is_number(a))
		return repeat(eval, node, b, a);
	if (op == NUMBER_MODULO && a->kind == VALUE_STRING)
		return template_format_percent(eval, node, a, b);
	struct value *moved = template_date_calculate(eval, node, op, a, b);
	if (moved || eval->raised)
		return moved;
	return unsupported(eval, node, op, a, b);
}

struct value *template_eval_add(struct eval *eval, const struct node *node, struct value *a,
				struct value *b)
{
	return calculate(eval, node, NUMBER_ADD, a, b);
}

struct value *template_eval_calculate(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *a = template_eval_expression(eval, node->binary.left);
	cleanup_value struct value *b =
		a ? template_eval_expression(eval, node->binary.right) : NULL;

	if (!b)
		return NULL;
	if (a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED)
		return template_eval_trip(eval, a->kind == VALUE_UNDEFINED ? a : b);
	return calculate(eval, node, node->binary.op, a, b);
}

struct value *template_eval_negate(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *operand = template_eval_expression(eval, node->operand);
	int64_t integer;

	if (!operand)
		return NULL;
	if (operand->kind == VALUE_UNDEFINED)
		return template_eval_trip(eval, operand);
	if (!value_is_number(operand))
		return template_eval_fail(eval, node, "a %s has no sign", value_type(operand));
	if (node->kind == NODE_NEGATIVE)
		return template_number_negative(operand);
	return value_as_int(operand, &integer) ? value_int(integer) : steal(&operand);
}

static bool ordered(enum compare_operator op, int order)
{
	switch (op) {
	case COMPARE_LESS:
		return order < 0;
	case COMPARE_LESS_EQUAL:
		return order <= 0;
	case COMPARE_GREATER:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int contains(struct eval *eval, const struct node *node, struct value *container,
		    struct value *item, bool *ret)
{
	bool valid;

	if (container->kind == VALUE_OBJECT && container->object.class->sequence)
		container = container->object.class->sequence(container);
	*ret = value_contains(container, item, &valid);
	if (valid)
		return 0;
	if (container->kind == VALUE_STRING || container->kind == VALUE_DICT)
		template_eval_fail(
			eval, node, "'in' a %s needs %s, not a %s", value_type(container),
			container->kind == VALUE_DICT ? "something that can be a key" : "a string",
			value_type(item));
	else
		template_eval_fail(eval, node, "nothing can be 'in' a %s", value_type(container));
	return -1;
}

static bool is_missing(const struct value *value)
{
	return value->kind == VALUE_UNDEFINED && !value->trouble->lenient;
}

static int equal(struct eval *eval, struct value *a, struct value *b, bool *ret, int depth);

static int equal_lists(struct eval *eval, struct value *a, struct value *b, bool *ret, int depth)
{
	*ret = a->list.n == b->list.n;
	for (size_t i = 0; *ret && i < a->list.n; i++)
		if (equal(eval, template_eval_list_at(eval, a, i),
			  template_eval_list_at(eval, b, i), ret, depth + 1) < 0)
			return -1;
	return 0;
}

static int equal_dicts(struct eval *eval, struct value *a, struct value *b, bool *ret, int depth)
{
	*ret = a->dict.n == b->dict.n;
	for (size_t i = 0; *ret && i < a->dict.n; i++) {
		const struct value *key = a->dict.entries[i].key;
		*ret = template_dict_find(&b->dict, key) != NULL;
		if (*ret && equal(eval, template_eval_dict_at(eval, a, i),
				  template_eval_dict_get(eval, b, key), ret, depth + 1) < 0)
			return -1;
	}
	return 0;
}

/* As in Ansible items are rendered one by one, until two of them differ. */
static int equal(struct eval *eval, struct value *a, struct value *b, bool *ret, int depth)
{
	if (!a || !b)
		return -1;
	bool plain =
		!a->lazy && !b->lazy && a->kind != VALUE_UNDEFINED && b->kind != VALUE_UNDEFINED;
	if (!plain && depth <= VALUE_DEEPEST && value_is_list(a) && a->kind == b->kind)
		return equal_lists(eval, a, b, ret, depth);
	if (!plain && depth <= VALUE_DEEPEST && a->kind == VALUE_DICT && b->kind == VALUE_DICT)
		return equal_dicts(eval, a, b, ret, depth);
	struct value *bad = is_missing(a) ? a : is_missing(b) ? b : NULL;
	if (bad) {
		template_eval_trip(eval, bad);
		return -1;
	}
	*ret = value_equal(a, b);
	return 0;
}

/* Whether a list that may hold what is not rendered yet has the item. */
static int list_has_item(struct eval *eval, struct value *list, struct value *item, bool *ret)
{
	*ret = false;
	for (size_t i = 0; !*ret && i < list->list.n; i++)
		if (equal(eval, template_eval_list_at(eval, list, i), item, ret, 1) < 0)
			return -1;
	return 0;
}

/* Comparisons that need not look at all there is. Positive when it was none of them. */
static int compare_lazily(struct eval *eval, enum compare_operator op, struct value *left,
			  struct value *right, bool *ret)
{
	bool member = op == COMPARE_IN || op == COMPARE_NOT_IN;
	int r = 1;

	if ((!left->lazy && !right->lazy) || left->kind == VALUE_UNDEFINED ||
	    right->kind == VALUE_UNDEFINED)
		return 1;
	if (op == COMPARE_EQUAL || op == COMPARE_UNEQUAL)
		r = equal(eval, left, right, ret, 0);
	else if (member && value_is_list(right))
		r = list_has_item(eval, right, left, ret);
	if (r == 0)
		*ret = *ret == (op == COMPARE_EQUAL || op == COMPARE_IN);
	return r;
}

int template_eval_compare_values(struct eval *eval, const struct node *node,
				 enum compare_operator op, struct value *left, struct value *right,
				 bool *ret)
{
	static const char *const names[] = {"==", "!=", "<", "<=", ">", ">=", "in", "not in"};
	int order;

	bool keys = (op == COMPARE_IN || op == COMPARE_NOT_IN) && right->kind == VALUE_DICT;
	int r = compare_lazily(eval, op, left, right, ret);
	if (r <= 0)
		return r;
	if (template_eval_settled(eval, left) < 0 ||
	    (!keys && template_eval_settled(eval, right) < 0))
		return -1;
	switch (op) {
	case COMPARE_EQUAL:
	case COMPARE_UNEQUAL:
		*ret = value_equal(left, right) == (op == COMPARE_EQUAL);
		return 0;
	case COMPARE_IN:
	case COMPARE_NOT_IN:
		if (contains(eval, node, right, left, ret) < 0)
			return -1;
		*ret = *ret == (op == COMPARE_IN);
		return 0;
	default:
		break;
	}
	if (!value_order(left, right, &order)) {
		template_eval_fail(eval, node, "cannot compare %s %s %s", value_type(left),
				   names[op], value_type(right));
		return -1;
	}
	bool no_number = order == NUMBER_UNORDERED && value_is_number(left);
	*ret = !no_number && ordered(op, order);
	return 0;
}

struct value *template_eval_compare(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *left = template_eval_expression(eval, node->compare.first);
	bool yes = true;

	if (!left)
		return NULL;
	for (size_t i = 0; i < node->compare.count && yes; i++) {
		struct value *right = template_eval_expression(eval, node->compare.operands[i]);
		if (!right)
			return NULL;
		int r = template_eval_compare_values(eval, node, node->compare.ops[i], left, right,
						     &yes);
		value_unref(left);
		left = right;
		if (r < 0)
			return NULL;
	}
	return value_bool(yes);
}

struct value *template_eval_concat(struct eval *eval, const struct node *node)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < node->list.count; i++) {
		cleanup_value struct value *part =
			template_eval_expression(eval, node->list.items[i]);
		bool lenient = part && part->kind == VALUE_UNDEFINED && part->trouble->lenient;
		if (!part || (!lenient && template_eval_settled(eval, part) < 0) ||
		    !fits(eval, node, text.len + 1, 1) || !template_digits_fit(eval, node, part)) {
			buf_done(&text);
			return NULL;
		}
		value_str(part, &text);
	}
	return value_take_buf(&text);
}
