#include <string.h>

#include "template/number.h"
#include "template/parser.h"

#define DEEPEST 150

static struct node *read_unary(struct parser *parser, bool filters)
{
	struct node *node;
	const struct token *token = template_parser_current(parser);

	if (token->kind == TOKEN_SUBTRACT || token->kind == TOKEN_ADD) {
		if (++parser->depth > DEEPEST)
			return template_parser_fail(parser, token,
						    "this expression is nested too deeply");
		template_parser_advance(parser);
		struct node *operand = read_unary(parser, false);
		parser->depth--;
		if (!operand)
			return NULL;
		node = template_parser_node(
			parser, token->kind == TOKEN_ADD ? NODE_POSITIVE : NODE_NEGATIVE, token);
		node->operand = operand;
		template_parser_close(parser, node);
	} else {
		node = template_operand_read(parser);
	}
	node = node ? template_operand_postfix(parser, node) : NULL;
	return node && filters ? template_argument_filters_and_tests(parser, node) : node;
}

/* The operators that take two numbers, by how strongly they bind. */
static const struct binary {
	enum token_kind token;
	enum number_operator op;
	int level;
} binaries[] = {
	{TOKEN_ADD, NUMBER_ADD, 0},	      {TOKEN_SUBTRACT, NUMBER_SUBTRACT, 0},
	{TOKEN_MULTIPLY, NUMBER_MULTIPLY, 1}, {TOKEN_DIVIDE, NUMBER_DIVIDE, 1},
	{TOKEN_MODULO, NUMBER_MODULO, 1},     {TOKEN_FLOOR_DIVIDE, NUMBER_FLOOR_DIVIDE, 1},
	{TOKEN_POWER, NUMBER_POWER, 2},
};

static const struct binary *binary_at(const struct parser *parser, int level)
{
	for (size_t i = 0; i < sizeof(binaries) / sizeof(*binaries); i++)
		if (binaries[i].level == level && template_parser_is(parser, binaries[i].token))
			return &binaries[i];
	return NULL;
}

static struct node *read_concat(struct parser *parser);

/* Level 0: + and -; between it and level 1 stands ~; level 2: **, from left to right as Jinja
 * has it. */
static struct node *read_binary(struct parser *parser, int level)
{
	const struct binary *binary;
	struct node *left = level == 0	 ? read_concat(parser)
			    : level == 1 ? read_binary(parser, 2)
					 : read_unary(parser, true);

	while (left && (binary = binary_at(parser, level))) {
		template_parser_advance(parser);
		struct node *right = level == 0	  ? read_concat(parser)
				     : level == 1 ? read_binary(parser, 2)
						  : read_unary(parser, true);
		if (!right)
			return NULL;
		struct node *node = template_parser_around(parser, NODE_CALCULATE, left);
		node->binary.left = left;
		node->binary.right = right;
		node->binary.op = binary->op;
		left = template_parser_close(parser, node);
	}
	return left;
}

static struct node *read_concat(struct parser *parser)
{
	cleanup_parser_list struct parser_list parts = {0};
	struct node *first = read_binary(parser, 1);

	if (!first || !template_parser_is(parser, TOKEN_TILDE))
		return first;
	template_parser_list_add(&parts, first);
	while (template_parser_skip(parser, TOKEN_TILDE)) {
		struct node *part = read_binary(parser, 1);
		if (!part)
			return NULL;
		template_parser_list_add(&parts, part);
	}
	struct node *node = template_parser_around(parser, NODE_CONCAT, first);
	node->list.items = template_parser_list_settle(parser, &parts);
	node->list.count = parts.n;
	return template_parser_close(parser, node);
}

/* Passes a comparison operator; false when there is none. */
static bool skip_comparison(struct parser *parser, enum compare_operator *ret)
{
	static const struct {
		enum token_kind token;
		enum compare_operator op;
	} comparisons[] = {
		{TOKEN_EQUAL, COMPARE_EQUAL},	  {TOKEN_UNEQUAL, COMPARE_UNEQUAL},
		{TOKEN_LESS, COMPARE_LESS},	  {TOKEN_LESS_EQUAL, COMPARE_LESS_EQUAL},
		{TOKEN_GREATER, COMPARE_GREATER}, {TOKEN_GREATER_EQUAL, COMPARE_GREATER_EQUAL},
	};

	for (size_t i = 0; i < sizeof(comparisons) / sizeof(*comparisons); i++)
		if (template_parser_skip(parser, comparisons[i].token)) {
			*ret = comparisons[i].op;
			return true;
		}
	*ret = COMPARE_IN;
	if (template_parser_skip_word(parser, "in"))
		return true;
	const struct token *next = &parser->tokens[parser->at];
	if (!template_parser_is_word(parser, "not") || next[1].kind != TOKEN_NAME ||
	    next[1].length != 2 || memcmp(next[1].text, "in", 2))
		return false;
	template_parser_advance(parser);
	template_parser_advance(parser);
	*ret = COMPARE_NOT_IN;
	return true;
}

static struct node *read_comparison(struct parser *parser)
{
	cleanup_parser_list struct parser_list operands = {0};
	enum compare_operator ops[64], op;
	struct node *first = read_binary(parser, 0);

	while (first && skip_comparison(parser, &op)) {
		struct node *operand = read_binary(parser, 0);
		if (!operand)
			return NULL;
		if (operands.n == 64)
			return template_parser_fail(parser, template_parser_current(parser),
						    "too many comparisons");
		ops[operands.n] = op;
		template_parser_list_add(&operands, operand);
	}
	if (!operands.n)
		return first;
	struct node *node = template_parser_around(parser, NODE_COMPARE, first);
	node->compare.first = first;
	node->compare.operands = template_parser_list_settle(parser, &operands);
	node->compare.ops = template_arena_copy(parser->arena, ops, operands.n * sizeof(*ops));
	node->compare.count = operands.n;
	return template_parser_close(parser, node);
}

static struct node *read_not(struct parser *parser)
{
	const struct token *token = template_parser_current(parser);

	if (!template_parser_skip_word(parser, "not"))
		return read_comparison(parser);
	if (++parser->depth > DEEPEST)
		return template_parser_fail(parser, token, "this expression is nested too deeply");
	struct node *operand = read_not(parser);
	parser->depth--;
	if (!operand)
		return NULL;
	struct node *node = template_parser_node(parser, NODE_NOT, token);
	node->operand = operand;
	return template_parser_close(parser, node);
}

/* Operands with one word between them, from left to right. */
static struct node *read_words(struct parser *parser, parser_reader read, const char *word,
			       enum node_kind kind)
{
	struct node *left = read(parser);

	while (left && template_parser_skip_word(parser, word)) {
		struct node *right = read(parser);
		if (!right)
			return NULL;
		struct node *node = template_parser_around(parser, kind, left);
		node->binary.left = left;
		node->binary.right = right;
		left = template_parser_close(parser, node);
	}
	return left;
}

static struct node *read_and(struct parser *parser)
{
	return read_words(parser, read_not, "and", NODE_AND);
}

static struct node *read_or(struct parser *parser)
{
	return read_words(parser, read_and, "or", NODE_OR);
}

static struct node *read_conditional(struct parser *parser)
{
	struct parser_unknown *mark = parser->unknown;
	struct node *value = read_or(parser);

	while (value && template_parser_skip_word(parser, "if")) {
		struct node *node = template_parser_around(parser, NODE_CONDITIONAL, value);
		node->branch.body = value;
		node->branch.condition = read_or(parser);
		if (!node->branch.condition)
			return NULL;
		if (template_parser_skip_word(parser, "else")) {
			node->branch.otherwise = template_expression_read(parser);
			if (!node->branch.otherwise)
				return NULL;
		}
		value = template_parser_close(parser, node);
		parser->unknown = mark;
	}
	return value;
}

struct node *template_expression_read(struct parser *parser)
{
	if (++parser->depth > DEEPEST)
		return template_parser_fail(parser, template_parser_current(parser),
					    "this expression is nested too deeply");
	struct node *node = read_conditional(parser);
	parser->depth--;
	return node;
}

struct node *template_expression_tuple(struct parser *parser, bool conditional, const char *end)
{
	return template_operand_tuple(parser, conditional ? template_expression_read : read_or, end,
				      false);
}

static bool is_assignable(const struct node *node)
{
	if (node->kind != NODE_TUPLE)
		return node->kind == NODE_NAME || node->kind == NODE_MEMBER;
	for (size_t i = 0; i < node->list.count; i++)
		if (!is_assignable(node->list.items[i]))
			return false;
	return true;
}

/* namespace.name behind "set". */
static struct node *read_member(struct parser *parser)
{
	struct node *object = template_operand_read(parser);

	if (!object || object->kind != NODE_NAME || !template_parser_is(parser, TOKEN_DOT))
		return object;
	struct node *node = template_operand_attribute(parser, object);
	if (node && node->kind == NODE_ATTRIBUTE)
		node->kind = NODE_MEMBER;
	return node;
}

struct node *template_expression_target(struct parser *parser, const char *end, bool member)
{
	const struct token *token = template_parser_current(parser);
	struct node *target = template_operand_tuple(
		parser, member ? read_member : template_operand_read, end, false);

	if (target && !is_assignable(target))
		return template_parser_fail(parser, token, "cannot assign to this");
	return target;
}
