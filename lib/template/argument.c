#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/call.h"
#include "template/filter.h"
#include "template/parser.h"
#include "template/test.h"

/* One argument into where it belongs. False after an error. */
static bool read_argument(struct parser *parser, struct arguments *arguments,
			  struct parser_list *items, struct parser_list *values,
			  struct parser_list *names)
{
	const struct token *token = template_parser_current(parser);
	static const char *const disorder = "arguments must come as: a, b, name=c, *list, **dict";

	if (token->kind == TOKEN_MULTIPLY || token->kind == TOKEN_POWER) {
		struct node **spread = token->kind == TOKEN_MULTIPLY ? &arguments->spread
								     : &arguments->spread_named;
		if (arguments->spread_named || *spread)
			return template_parser_fail(parser, token, "%s", disorder);
		template_parser_advance(parser);
		return (*spread = template_expression_read(parser));
	}
	bool named =
		token->kind == TOKEN_NAME && parser->tokens[parser->at + 1].kind == TOKEN_ASSIGN;
	if (arguments->spread_named || (!named && (arguments->spread || values->n)))
		return template_parser_fail(parser, token, "%s", disorder);
	if (named) {
		template_parser_advance(parser);
		template_parser_advance(parser);
		template_parser_list_add(names, (struct node *)template_parser_name(parser, token));
	}
	struct node *value = template_expression_read(parser);
	if (value)
		template_parser_list_add(named ? values : items, value);
	return value;
}

static bool read_arguments(struct parser *parser, struct arguments *arguments)
{
	cleanup_parser_list struct parser_list items = {0}, values = {0}, names = {0};
	bool any = false;

	template_parser_advance(parser);
	while (!template_parser_is(parser, TOKEN_RIGHT_PAREN)) {
		if (any && !template_parser_expect(parser, TOKEN_COMMA))
			return false;
		if (any && template_parser_is(parser, TOKEN_RIGHT_PAREN))
			break;
		if (!read_argument(parser, arguments, &items, &values, &names))
			return false;
		any = true;
	}
	template_parser_advance(parser);
	arguments->items = template_parser_list_settle(parser, &items);
	arguments->count = items.n;
	arguments->values = template_parser_list_settle(parser, &values);
	arguments->names = (struct value **)template_parser_list_settle(parser, &names);
	arguments->named = values.n;
	return true;
}

struct node *template_argument_call(struct parser *parser, struct node *function)
{
	struct node *node = template_parser_around(parser, NODE_CALL, function);

	node->call.function = function;
	return read_arguments(parser, &node->call.arguments) ? template_parser_close(parser, node)
							     : NULL;
}

/* "ansible.builtin.b64encode": the name without its collection; the token is the last part. */
static char *read_dotted(struct parser *parser, const struct token **ret_token)
{
	struct buf name = BUF_INIT;

	do {
		*ret_token = template_parser_expect(parser, TOKEN_NAME);
		if (!*ret_token) {
			buf_done(&name);
			return NULL;
		}
		if (name.len)
			buf_addch(&name, '.');
		buf_add(&name, (*ret_token)->text, (*ret_token)->length);
	} while (template_parser_skip(parser, TOKEN_DOT));
	char *full = buf_steal(&name);
	static const char *const builtin[] = {"ansible.builtin.", "ansible.legacy."};
	for (size_t i = 0; i < 2; i++)
		if (!strncmp(full, builtin[i], strlen(builtin[i])))
			memmove(full, full + strlen(builtin[i]),
				strlen(full) - strlen(builtin[i]) + 1);
	return full;
}

static struct value *fail_unknown(struct call *call, const char *what, const char *nearest)
{
	cleanup_err struct err err = ERR_INIT;

	err_set(&err, ERR_INVALID, "unknown %s '%s'", what, call->name);
	if (nearest)
		err_hint(&err, "did you mean '%s'?", nearest);
	return template_eval_fail_err(call->eval, call->node, &err);
}

static struct value *call_unknown_filter(struct call *call, struct value **a)
{
	(void)a;
	return fail_unknown(call, "filter", template_filter_nearest(call->name));
}

static struct value *call_unknown_test(struct call *call, struct value **a)
{
	(void)a;
	return fail_unknown(call, "test", template_test_nearest(call->name));
}

/* Stands for what nobody knows; fails when it is called, if the template gets that far. */
static const struct builtin *unknown(struct parser *parser, const struct token *token, bool test,
				     const char *name)
{
	struct builtin *builtin = arena_new(parser->arena, struct builtin);
	struct parser_unknown *unknown = arena_new(parser->arena, struct parser_unknown);

	*unknown = (struct parser_unknown){
		.token = token,
		.what = test ? "test" : "filter",
		.name = template_arena_text(parser->arena, name, strlen(name)),
		.nearest = test ? template_test_nearest(name) : template_filter_nearest(name),
		.before = parser->unknown,
	};
	*builtin = (struct builtin){
		.name = unknown->name,
		.run = test ? call_unknown_test : call_unknown_filter,
		.parameters = "",
		.flags = CALL_UNDEFINED | CALL_LAZY | CALL_REST | CALL_RAISES,
	};
	parser->unknown = unknown;
	return builtin;
}

static struct node *read_filter(struct parser *parser, struct node *value)
{
	const struct token *token;
	cleanup_free char *name = read_dotted(parser, &token);

	if (!name)
		return NULL;
	const struct builtin *filter = template_filter_find(name);
	if (!filter)
		filter = unknown(parser, token, false, name);
	struct node *node = template_parser_node(parser, NODE_FILTER, token);
	node->call.function = value;
	node->call.builtin = filter;
	if (template_parser_is(parser, TOKEN_LEFT_PAREN) &&
	    !read_arguments(parser, &node->call.arguments))
		return NULL;
	return template_parser_close(parser, node);
}

struct node *template_argument_filters(struct parser *parser, struct node *value, bool first)
{
	while (first || template_parser_skip(parser, TOKEN_PIPE)) {
		value = read_filter(parser, value);
		if (!value)
			return NULL;
		first = false;
	}
	return value;
}

/* "is divisibleby 3": one argument needs no parentheses. */
static bool has_bare_argument(const struct parser *parser)
{
	switch (template_parser_current(parser)->kind) {
	case TOKEN_NAME:
		return !template_parser_is_word(parser, "else") &&
		       !template_parser_is_word(parser, "or") &&
		       !template_parser_is_word(parser, "and");
	case TOKEN_STRING:
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
	case TOKEN_LEFT_BRACKET:
	case TOKEN_LEFT_BRACE:
		return true;
	default:
		return false;
	}
}

static bool read_test_arguments(struct parser *parser, struct arguments *arguments)
{
	if (template_parser_is(parser, TOKEN_LEFT_PAREN))
		return read_arguments(parser, arguments);
	if (!has_bare_argument(parser))
		return true;
	if (template_parser_is_word(parser, "is")) {
		template_parser_fail(parser, template_parser_current(parser),
				     "tests cannot be chained with 'is'");
		return false;
	}
	struct node *argument = template_operand_read(parser);
	argument = argument ? template_operand_postfix(parser, argument) : NULL;
	if (!argument)
		return false;
	arguments->items = template_arena_copy(parser->arena, &argument, sizeof(argument));
	arguments->count = 1;
	return true;
}

static struct node *read_test(struct parser *parser, struct node *value)
{
	template_parser_advance(parser);
	bool negated = template_parser_skip_word(parser, "not");
	const struct token *token;
	cleanup_free char *name = read_dotted(parser, &token);

	if (!name)
		return NULL;
	const struct builtin *test = template_test_find(name);
	if (!test)
		test = unknown(parser, token, true, name);
	struct node *node = template_parser_node(parser, NODE_TEST, token);
	node->call.function = value;
	node->call.builtin = test;
	if (!read_test_arguments(parser, &node->call.arguments))
		return NULL;
	template_parser_close(parser, node);
	if (!negated)
		return node;
	struct node *not_node = template_parser_around(parser, NODE_NOT, node);
	not_node->operand = node;
	return template_parser_close(parser, not_node);
}

struct node *template_argument_filters_and_tests(struct parser *parser, struct node *node)
{
	while (node) {
		if (template_parser_skip(parser, TOKEN_PIPE))
			node = read_filter(parser, node);
		else if (template_parser_is_word(parser, "is"))
			node = read_test(parser, node);
		else if (template_parser_is(parser, TOKEN_LEFT_PAREN))
			node = template_argument_call(parser, node);
		else
			break;
	}
	return node;
}
