#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/literal.h"
#include "template/method.h"
#include "template/parser.h"

static struct node *constant(struct parser *parser, const struct token *token, struct value value)
{
	struct node *node = template_parser_node(parser, NODE_CONSTANT, token);

	value.refs = -1;
	node->constant = template_arena_copy(parser->arena, &value, sizeof(value));
	return node;
}

static struct node *string_constant(struct parser *parser, const struct token *token,
				    const char *text, size_t length)
{
	struct value value = {.kind = VALUE_STRING};

	value.string.text = text;
	value.string.length = length;
	value.string.hash = value_hash(&value);
	value.markup = template_has_markup(text, length);
	return constant(parser, token, value);
}

/* Strings that stand side by side are one. */
static struct node *read_strings(struct parser *parser)
{
	const struct token *first = template_parser_advance(parser);

	if (!template_parser_is(parser, TOKEN_STRING))
		return string_constant(parser, first, first->text, first->length);
	struct buf text = BUF_INIT;
	buf_add(&text, first->text, first->length);
	while (template_parser_is(parser, TOKEN_STRING)) {
		const struct token *more = template_parser_advance(parser);
		buf_add(&text, more->text, more->length);
	}
	char *joined = template_arena_text(parser->arena, buf_str(&text), text.len);
	struct node *node = string_constant(parser, first, joined, text.len);
	buf_done(&text);
	return template_parser_close(parser, node);
}

static struct node *read_number(struct parser *parser)
{
	const struct token *token = template_parser_advance(parser);
	cleanup_value struct value *number =
		token->kind == TOKEN_FLOAT ? template_literal_float(token->text, token->length)
					   : template_literal_integer(token->text, token->length);

	if (!number)
		return template_parser_fail(parser, token, "this number is too long");
	if (number->kind == VALUE_BIG) {
		struct big_constant *big = arena_new(parser->arena, struct big_constant);
		big->number = steal(&number->big);
		big->next = parser->template->bigs;
		parser->template->bigs = big;
		return constant(parser, token,
				(struct value){.kind = VALUE_BIG, .big = big->number});
	}
	return constant(parser, token, *number);
}

static struct node *read_list(struct parser *parser)
{
	cleanup_parser_list struct parser_list items = {0};
	struct node *node =
		template_parser_node(parser, NODE_LIST, template_parser_advance(parser));

	while (!template_parser_is(parser, TOKEN_RIGHT_BRACKET)) {
		if (items.n && !template_parser_expect(parser, TOKEN_COMMA))
			return NULL;
		if (template_parser_is(parser, TOKEN_RIGHT_BRACKET))
			break;
		struct node *item = template_expression_read(parser);
		if (!item)
			return NULL;
		template_parser_list_add(&items, item);
	}
	template_parser_advance(parser);
	node->list.items = template_parser_list_settle(parser, &items);
	node->list.count = items.n;
	return template_parser_close(parser, node);
}

static struct node *read_dict(struct parser *parser)
{
	cleanup_parser_list struct parser_list keys = {0}, values = {0};
	struct node *node =
		template_parser_node(parser, NODE_DICT, template_parser_advance(parser));

	while (!template_parser_is(parser, TOKEN_RIGHT_BRACE)) {
		if (keys.n && !template_parser_expect(parser, TOKEN_COMMA))
			return NULL;
		if (template_parser_is(parser, TOKEN_RIGHT_BRACE))
			break;
		struct node *key = template_expression_read(parser);
		if (!key || !template_parser_expect(parser, TOKEN_COLON))
			return NULL;
		struct node *value = template_expression_read(parser);
		if (!value)
			return NULL;
		template_parser_list_add(&keys, key);
		template_parser_list_add(&values, value);
	}
	template_parser_advance(parser);
	node->dict.keys = template_parser_list_settle(parser, &keys);
	node->dict.values = template_parser_list_settle(parser, &values);
	node->dict.count = keys.n;
	return template_parser_close(parser, node);
}

static void note_seen(struct parser *parser, const struct token *name)
{
	static const struct {
		const char *name;
		unsigned seen;
	} special[] = {{"caller", SEEN_CALLER},
		       {"varargs", SEEN_VARARGS},
		       {"kwargs", SEEN_KWARGS},
		       {"loop", SEEN_LOOP}};

	for (size_t i = 0; i < 4; i++)
		if (name->length == strlen(special[i].name) &&
		    !memcmp(name->text, special[i].name, name->length))
			parser->seen |= special[i].seen;
}

static struct node *read_name(struct parser *parser)
{
	const struct token *token = template_parser_current(parser);
	static const struct {
		const char *word;
		struct value value;
	} words[] = {
		{"true", {.kind = VALUE_BOOL, .boolean = true}},
		{"True", {.kind = VALUE_BOOL, .boolean = true}},
		{"false", {.kind = VALUE_BOOL}},
		{"False", {.kind = VALUE_BOOL}},
		{"none", {.kind = VALUE_NONE}},
		{"None", {.kind = VALUE_NONE}},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (template_parser_skip_word(parser, words[i].word))
			return constant(parser, token, words[i].value);
	template_parser_advance(parser);
	note_seen(parser, token);
	struct node *node = template_parser_node(parser, NODE_NAME, token);
	template_parser_variable(parser, token, node);
	return node;
}

static struct node *tuple_of(struct parser *parser, struct parser_list *items,
			     const struct token *first)
{
	struct node *node = template_parser_node(parser, NODE_TUPLE, first);

	node->list.items = template_parser_list_settle(parser, items);
	node->list.count = items->n;
	return parser->at && parser->tokens[parser->at - 1].end > node->end
		       ? template_parser_close(parser, node)
		       : node;
}

static bool tuple_ends(const struct parser *parser, const char *end)
{
	return template_parser_is(parser, TOKEN_PRINT_END) ||
	       template_parser_is(parser, TOKEN_BLOCK_END) ||
	       template_parser_is(parser, TOKEN_RIGHT_PAREN) ||
	       (end && template_parser_is_word(parser, end));
}

/* One thing, or several with commas between them. */
struct node *template_operand_tuple(struct parser *parser, parser_reader read, const char *end,
				    bool may_be_empty)
{
	cleanup_parser_list struct parser_list items = {0};
	const struct token *first = template_parser_current(parser);
	bool tuple = false;

	for (;;) {
		if (tuple_ends(parser, end))
			break;
		struct node *item = read(parser);
		if (!item)
			return NULL;
		template_parser_list_add(&items, item);
		if (!template_parser_skip(parser, TOKEN_COMMA))
			break;
		tuple = true;
	}
	if (tuple || (!items.n && may_be_empty))
		return tuple_of(parser, &items, first);
	if (items.n)
		return items.items[0];
	char got[64];
	return template_parser_fail(
		parser, template_parser_current(parser), "expected an expression, got %s",
		template_lexer_describe(template_parser_current(parser), got, sizeof(got)));
}

static struct node *read_parentheses(struct parser *parser)
{
	const struct token *open = template_parser_advance(parser);
	struct node *node = template_operand_tuple(parser, template_expression_read, NULL, true);

	if (!node || !template_parser_expect(parser, TOKEN_RIGHT_PAREN))
		return NULL;
	if (node->kind == NODE_TUPLE) {
		node->begin = open->begin;
		node->line = open->line;
		node->column = open->column;
		template_parser_close(parser, node);
	}
	return node;
}

struct node *template_operand_read(struct parser *parser)
{
	char got[64];

	switch (template_parser_current(parser)->kind) {
	case TOKEN_NAME:
		return read_name(parser);
	case TOKEN_STRING:
		return read_strings(parser);
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		return read_number(parser);
	case TOKEN_LEFT_PAREN:
		return read_parentheses(parser);
	case TOKEN_LEFT_BRACKET:
		return read_list(parser);
	case TOKEN_LEFT_BRACE:
		return read_dict(parser);
	default:
		return template_parser_fail(
			parser, template_parser_current(parser), "unexpected %s",
			template_lexer_describe(template_parser_current(parser), got, sizeof(got)));
	}
}

/* What stands between brackets: an expression, or start:stop:step. */
static struct node *read_subscript(struct parser *parser)
{
	const struct token *first = template_parser_current(parser);
	struct node *parts[3] = {NULL}, *slice;
	int part = 0;

	if (!template_parser_is(parser, TOKEN_COLON)) {
		parts[0] = template_expression_read(parser);
		if (!parts[0] || !template_parser_is(parser, TOKEN_COLON))
			return parts[0];
	}
	while (part < 2 && template_parser_skip(parser, TOKEN_COLON)) {
		part++;
		if (template_parser_is(parser, TOKEN_COLON) ||
		    template_parser_is(parser, TOKEN_RIGHT_BRACKET) ||
		    template_parser_is(parser, TOKEN_COMMA))
			continue;
		parts[part] = template_expression_read(parser);
		if (!parts[part])
			return NULL;
	}
	slice = template_parser_node(parser, NODE_SLICE, first);
	slice->slice.start = parts[0];
	slice->slice.stop = parts[1];
	slice->slice.step = parts[2];
	return template_parser_close(parser, slice);
}

static struct node *read_item(struct parser *parser, struct node *object)
{
	cleanup_parser_list struct parser_list keys = {0};
	const struct token *first = template_parser_advance(parser);
	struct node *node = template_parser_around(parser, NODE_ITEM, object);

	while (!template_parser_is(parser, TOKEN_RIGHT_BRACKET)) {
		if (keys.n && !template_parser_expect(parser, TOKEN_COMMA))
			return NULL;
		struct node *key = read_subscript(parser);
		if (!key)
			return NULL;
		template_parser_list_add(&keys, key);
	}
	template_parser_advance(parser);
	node->item.object = object;
	node->item.key = keys.n == 1 ? keys.items[0] : tuple_of(parser, &keys, first);
	return template_parser_close(parser, node);
}

struct node *template_operand_attribute(struct parser *parser, struct node *object)
{
	template_parser_advance(parser);
	const struct token *name = template_parser_current(parser);

	if (name->kind == TOKEN_INTEGER) {
		struct node *node = template_parser_around(parser, NODE_ITEM, object);
		node->item.object = object;
		node->item.key = read_number(parser);
		return node->item.key ? template_parser_close(parser, node) : NULL;
	}
	if (name->kind != TOKEN_NAME)
		return template_parser_fail(parser, name,
					    "expected a name or a number behind the point");
	template_parser_advance(parser);
	struct node *node = template_parser_around(parser, NODE_ATTRIBUTE, object);
	node->attribute.object = object;
	node->attribute.name = template_parser_name(parser, name);
	node->attribute.dict_method = template_method_of_dict(node->attribute.name->string.text);
	if (template_method_mutates(node->attribute.name->string.text))
		parser->template->mutates = true;
	return template_parser_close(parser, node);
}

struct node *template_operand_postfix(struct parser *parser, struct node *node)
{
	while (node) {
		if (template_parser_is(parser, TOKEN_DOT))
			node = template_operand_attribute(parser, node);
		else if (template_parser_is(parser, TOKEN_LEFT_BRACKET))
			node = read_item(parser, node);
		else if (template_parser_is(parser, TOKEN_LEFT_PAREN))
			node = template_argument_call(parser, node);
		else
			break;
	}
	return node;
}
