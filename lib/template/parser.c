#include "template/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DEEPEST_BLOCKS 200

struct node *template_parser_node(struct parser *parser, enum node_kind kind,
				  const struct token *at)
{
	struct node *node = arena_new(parser->arena, struct node);

	node->kind = (uint8_t)kind;
	node->begin = at->begin;
	node->end = at->end;
	node->line = at->line;
	node->column = at->column;
	return node;
}

struct node *template_parser_close(struct parser *parser, struct node *node)
{
	node->end = parser->tokens[parser->at - 1].end;
	return node;
}

struct node *template_parser_around(struct parser *parser, enum node_kind kind,
				    const struct node *first)
{
	struct node *node = arena_new(parser->arena, struct node);

	node->kind = (uint8_t)kind;
	node->begin = first->begin;
	node->line = first->line;
	node->column = first->column;
	return template_parser_close(parser, node);
}

void template_parser_list_add(struct parser_list *list, struct node *node)
{
	mem_grow(list->items, &list->cap, list->n + 1);
	list->items[list->n++] = node;
}

struct node **template_parser_list_settle(struct parser *parser, struct parser_list *list)
{
	return template_arena_copy(parser->arena, list->items, list->n * sizeof(*list->items));
}

void template_parser_list_done(struct parser_list *list)
{
	free(list->items);
}

const struct token *template_parser_current(const struct parser *parser)
{
	return &parser->tokens[parser->at];
}

const struct token *template_parser_advance(struct parser *parser)
{
	const struct token *token = template_parser_current(parser);

	if (token->kind != TOKEN_END)
		parser->at++;
	return token;
}

bool template_parser_is(const struct parser *parser, enum token_kind kind)
{
	return template_parser_current(parser)->kind == kind;
}

bool template_parser_token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_NAME && token->length == strlen(word) &&
	       !memcmp(token->text, word, token->length);
}

bool template_parser_is_word(const struct parser *parser, const char *word)
{
	return template_parser_token_is(template_parser_current(parser), word);
}

bool template_parser_skip(struct parser *parser, enum token_kind kind)
{
	if (!template_parser_is(parser, kind))
		return false;
	template_parser_advance(parser);
	return true;
}

bool template_parser_skip_word(struct parser *parser, const char *word)
{
	if (!template_parser_is_word(parser, word))
		return false;
	template_parser_advance(parser);
	return true;
}

void *template_parser_fail(struct parser *parser, const struct token *at, const char *format, ...)
{
	va_list args;
	uint32_t begin = at->begin, end = at->end;

	va_start(args, format);
	err_vset(parser->err, ERR_INVALID, format, args);
	va_end(args);
	if (at->kind == TOKEN_END && parser->at > 0) {
		begin = parser->tokens[parser->at - 1].begin;
		end = parser->tokens[parser->at - 1].end;
	}
	template_point(parser->template, begin, end, parser->err);
	return NULL;
}

const struct token *template_parser_expect(struct parser *parser, enum token_kind kind)
{
	char got[64];
	const struct token *token = template_parser_current(parser);

	if (token->kind == kind)
		return template_parser_advance(parser);
	template_lexer_describe(token, got, sizeof(got));
	if (kind == TOKEN_NAME)
		return template_parser_fail(parser, token, "expected a name, got %s", got);
	return template_parser_fail(parser, token, "expected '%s', got %s",
				    template_lexer_symbol(parser->template, kind), got);
}

struct value *template_parser_name(struct parser *parser, const struct token *token)
{
	struct value *name = arena_new(parser->arena, struct value);

	name->refs = -1;
	name->kind = VALUE_STRING;
	name->string.text = template_arena_text(parser->arena, token->text, token->length);
	name->string.length = token->length;
	name->string.hash = value_hash(name);
	return name;
}

void template_parser_variable(struct parser *parser, const struct token *token, struct node *node)
{
	struct value key = {.refs = -1, .kind = VALUE_STRING};

	key.string.text = token->text;
	key.string.length = token->length;
	struct dict_entry *entry = template_dict_find(&parser->variables, &key);
	if (!entry)
		entry = template_dict_put(&parser->variables, template_parser_name(parser, token),
					  value_none());
	node->name = entry->key;
	node->variable = (size_t)(entry - parser->variables.entries);
}

struct node *template_parser_print(struct parser *parser, struct node *expression)
{
	struct node *node = template_parser_around(parser, NODE_PRINT, expression);

	node->operand = expression;
	parser->template->pieces++;
	return node;
}

static struct node *read_text(struct parser *parser)
{
	const struct token *token = template_parser_advance(parser);
	struct node *node = template_parser_node(parser, NODE_TEXT, token);

	parser->template->pieces++;
	node->text.text = token->text;
	node->text.length = token->length;
	return node;
}

static struct node *read_printed(struct parser *parser)
{
	template_parser_advance(parser);
	struct node *expression = template_expression_tuple(parser, true, NULL);

	if (!expression || !template_parser_expect(parser, TOKEN_PRINT_END))
		return NULL;
	return template_parser_print(parser, expression);
}

static bool is_end(const struct parser *parser, const char *const *ends)
{
	for (; ends && *ends; ends++)
		if (template_parser_token_is(&parser->tokens[parser->at + 1], *ends))
			return true;
	return false;
}

static struct node *read_block(struct parser *parser)
{
	template_parser_advance(parser);
	if (++parser->depth > DEEPEST_BLOCKS)
		return template_parser_fail(parser, template_parser_current(parser),
					    "blocks are nested too deeply");
	struct node *node = template_statement_read(parser);
	parser->depth--;
	return node && template_parser_expect(parser, TOKEN_BLOCK_END) ? node : NULL;
}

/* Text, prints and blocks up to an end tag whose name is in `ends` (it is the current token then)
 * or to the end of the template when ends is NULL. False after an error. */
static bool read_until(struct parser *parser, const char *const *ends, struct node **ret)
{
	struct node **last = ret;

	*ret = NULL;
	while (!template_parser_is(parser, TOKEN_END)) {
		if (template_parser_is(parser, TOKEN_BLOCK_BEGIN) && is_end(parser, ends)) {
			template_parser_advance(parser);
			return true;
		}
		*last = template_parser_is(parser, TOKEN_TEXT)		? read_text(parser)
			: template_parser_is(parser, TOKEN_PRINT_BEGIN) ? read_printed(parser)
									: read_block(parser);
		if (!*last)
			return false;
		while (*last)
			last = &(*last)->next;
	}
	return !ends;
}

bool template_parser_known(struct parser *parser, const struct parser_unknown *mark)
{
	const struct parser_unknown *first = parser->unknown;

	if (first == mark)
		return true;
	while (first->before != mark)
		first = first->before;
	template_parser_fail(parser, first->token, "unknown %s '%s'", first->what, first->name);
	if (first->nearest)
		err_hint(parser->err, "did you mean '%s'?", first->nearest);
	return false;
}

/* An empty body is an empty text, so that NULL can mean failure. */
struct node *template_parser_body(struct parser *parser, const char *const *ends,
				  const struct token *open)
{
	struct parser_open here = {open, parser->open};
	const struct parser_unknown *mark = parser->unknown;
	struct node *body;

	template_parser_skip(parser, TOKEN_COLON);
	if (!template_parser_expect(parser, TOKEN_BLOCK_END))
		return NULL;
	parser->open = &here;
	bool ok = read_until(parser, ends, &body);
	parser->open = here.outer;
	if (!ok && parser->err->code == ERR_NONE)
		return template_parser_fail(
			parser, open, "this '%.*s' is not closed by '%s'", (int)open->length,
			open->text, ends[0] && !strcmp(ends[0], "elif") ? "endif" : ends[0]);
	if (!ok || (!template_parser_token_is(open, "if") && !template_parser_known(parser, mark)))
		return NULL;
	return body ? body : template_parser_node(parser, NODE_TEXT, open);
}

static void settle_variables(struct parser *parser)
{
	size_t n = parser->variables.n;
	struct value **names = template_arena_alloc(parser->arena, n * sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = parser->variables.entries[i].key;
	parser->template->variables = names;
	parser->template->variable_count = n;
	template_dict_clear(&parser->variables);
}

int template_parser_read(struct template *template, const struct token_list *tokens,
			 struct err *err)
{
	struct parser parser = {
		.template = template,
		.arena = &template->arena,
		.tokens = tokens->items,
		.err = err,
	};

	err_done(err);
	bool ok =
		read_until(&parser, NULL, &template->body) && template_parser_known(&parser, NULL);
	settle_variables(&parser);
	return ok ? 0 : -(int)err->code;
}
