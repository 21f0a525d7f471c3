#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "template/parser.h"

static bool expect_word(struct parser *parser, const char *word)
{
	char got[64];

	if (template_parser_skip_word(parser, word))
		return true;
	template_parser_fail(
		parser, template_parser_current(parser), "expected '%s', got %s", word,
		template_lexer_describe(template_parser_current(parser), got, sizeof(got)));
	return false;
}

static struct value *expect_name(struct parser *parser)
{
	const struct token *token = template_parser_expect(parser, TOKEN_NAME);

	return token ? template_parser_name(parser, token) : NULL;
}

static struct node *read_for(struct parser *parser, const struct token *token)
{
	static const char *const ends[] = {"endfor", "else", NULL}, *const last[] = {"endfor",
										     NULL};
	struct node *node = template_parser_node(parser, NODE_FOR, token);

	node->loop.target = template_expression_target(parser, "in", false);
	if (!node->loop.target || !expect_word(parser, "in"))
		return NULL;
	node->loop.sequence = template_expression_tuple(parser, false, "recursive");
	if (!node->loop.sequence)
		return NULL;
	if (template_parser_skip_word(parser, "if")) {
		const struct parser_unknown *mark = parser->unknown;
		node->loop.condition = template_expression_read(parser);
		if (!node->loop.condition || !template_parser_known(parser, mark))
			return NULL;
	}
	node->loop.recursive = template_parser_skip_word(parser, "recursive");
	unsigned before = parser->seen;
	parser->seen &= ~(unsigned)SEEN_LOOP;
	node->loop.body = template_parser_body(parser, ends, token);
	node->loop.extended = node->loop.recursive || parser->seen & SEEN_LOOP;
	parser->seen |= before;
	if (!node->loop.body)
		return NULL;
	if (!template_parser_token_is(template_parser_advance(parser), "else"))
		return node;
	node->loop.otherwise = template_parser_body(parser, last, token);
	template_parser_advance(parser);
	return node->loop.otherwise ? node : NULL;
}

static struct node *read_if(struct parser *parser, const struct token *token)
{
	static const char *const ends[] = {"elif", "else", "endif", NULL};
	static const char *const last[] = {"endif", NULL};
	struct node *node = template_parser_node(parser, NODE_IF, token);
	struct parser_unknown *mark = parser->unknown;
	struct node *branch = node;

	for (;;) {
		branch->branch.condition = template_expression_tuple(parser, false, NULL);
		if (!branch->branch.condition)
			return NULL;
		branch->branch.body = template_parser_body(parser, ends, token);
		if (!branch->branch.body)
			return NULL;
		const struct token *end = template_parser_advance(parser);
		parser->unknown = mark;
		if (template_parser_token_is(end, "endif"))
			return node;
		if (template_parser_token_is(end, "else"))
			break;
		branch->branch.otherwise = template_parser_node(parser, NODE_IF, end);
		branch = branch->branch.otherwise;
	}
	branch->branch.otherwise = template_parser_body(parser, last, token);
	template_parser_advance(parser);
	parser->unknown = mark;
	return branch->branch.otherwise ? node : NULL;
}

static struct node *read_set(struct parser *parser, const struct token *token)
{
	static const char *const ends[] = {"endset", NULL};
	struct node *node = template_parser_node(parser, NODE_SET, token);
	const struct parser_unknown *mark = parser->unknown;

	node->set.target = template_expression_target(parser, NULL, true);
	if (!node->set.target)
		return NULL;
	if (template_parser_skip(parser, TOKEN_ASSIGN)) {
		node->set.value = template_expression_tuple(parser, true, NULL);
		return node->set.value ? node : NULL;
	}
	node->kind = NODE_SET_BLOCK;
	if (template_parser_is(parser, TOKEN_PIPE)) {
		node->set.filter = template_argument_filters(parser, NULL, false);
		if (!node->set.filter || !template_parser_known(parser, mark))
			return NULL;
	}
	node->set.value = template_parser_body(parser, ends, token);
	template_parser_advance(parser);
	return node->set.value ? node : NULL;
}

static struct node *read_with(struct parser *parser, const struct token *token)
{
	static const char *const ends[] = {"endwith", NULL};
	cleanup_parser_list struct parser_list targets = {0}, values = {0};
	struct node *node = template_parser_node(parser, NODE_WITH, token);
	const struct parser_unknown *mark = parser->unknown;

	while (!template_parser_is(parser, TOKEN_BLOCK_END) &&
	       !template_parser_is(parser, TOKEN_COLON)) {
		if (targets.n && !template_parser_expect(parser, TOKEN_COMMA))
			return NULL;
		struct node *target = template_expression_target(parser, NULL, false);
		if (!target || !template_parser_expect(parser, TOKEN_ASSIGN))
			return NULL;
		struct node *value = template_expression_read(parser);
		if (!value || !template_parser_known(parser, mark))
			return NULL;
		template_parser_list_add(&targets, target);
		template_parser_list_add(&values, value);
	}
	node->with.targets = template_parser_list_settle(parser, &targets);
	node->with.values = template_parser_list_settle(parser, &values);
	node->with.count = targets.n;
	node->with.body = template_parser_body(parser, ends, token);
	template_parser_advance(parser);
	return node->with.body ? node : NULL;
}

/* Ansible escapes nothing whatever autoescape says: the block is a frame and no more. */
static struct node *read_autoescape(struct parser *parser, const struct token *token)
{
	static const char *const ends[] = {"endautoescape", NULL};
	struct node *node = template_parser_node(parser, NODE_WITH, token);

	if (!template_expression_read(parser))
		return NULL;
	node->with.body = template_parser_body(parser, ends, token);
	template_parser_advance(parser);
	return node->with.body ? node : NULL;
}

static bool read_parameters(struct parser *parser, struct macro *macro)
{
	struct macro_parameter parameters[64];
	size_t n = 0;

	if (!template_parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	while (!template_parser_is(parser, TOKEN_RIGHT_PAREN)) {
		if (n && !template_parser_expect(parser, TOKEN_COMMA))
			return false;
		if (n == 64)
			return template_parser_fail(parser, template_parser_current(parser),
						    "too many parameters");
		parameters[n] = (struct macro_parameter){.name = expect_name(parser)};
		if (!parameters[n].name)
			return false;
		if (template_parser_skip(parser, TOKEN_ASSIGN)) {
			parameters[n].otherwise = template_expression_read(parser);
			if (!parameters[n].otherwise)
				return false;
		} else if (n && parameters[n - 1].otherwise) {
			return template_parser_fail(
				parser, &parser->tokens[parser->at - 1],
				"a parameter without default follows one that has a default");
		}
		n++;
	}
	template_parser_advance(parser);
	macro->parameters = template_arena_copy(parser->arena, parameters, n * sizeof(*parameters));
	macro->count = n;
	return true;
}

/* The body, and whether it speaks of caller, varargs and kwargs. */
static bool read_macro_body(struct parser *parser, struct macro *macro, const char *end,
			    const struct token *open)
{
	const char *const ends[] = {end, NULL};
	unsigned before = parser->seen;

	parser->seen = 0;
	macro->body = template_parser_body(parser, ends, open);
	macro->wants_caller = parser->seen & SEEN_CALLER;
	macro->wants_varargs = parser->seen & SEEN_VARARGS;
	macro->wants_kwargs = parser->seen & SEEN_KWARGS;
	parser->seen |= before;
	template_parser_advance(parser);
	return macro->body;
}

static struct node *read_macro(struct parser *parser, const struct token *token)
{
	struct node *node = template_parser_node(parser, NODE_MACRO, token);
	const struct parser_unknown *mark = parser->unknown;

	node->macro.name = expect_name(parser);
	if (!node->macro.name || !read_parameters(parser, &node->macro) ||
	    !template_parser_known(parser, mark))
		return NULL;
	return read_macro_body(parser, &node->macro, "endmacro", token) ? node : NULL;
}

static struct node *read_call_block(struct parser *parser, const struct token *token)
{
	struct node *node = template_parser_node(parser, NODE_CALL_BLOCK, token);

	if (template_parser_is(parser, TOKEN_LEFT_PAREN) &&
	    !read_parameters(parser, &node->caller.macro))
		return NULL;
	const struct token *call = template_parser_current(parser);
	node->caller.call = template_expression_read(parser);
	if (!node->caller.call)
		return NULL;
	if (node->caller.call->kind != NODE_CALL)
		return template_parser_fail(parser, call, "expected a call of a macro");
	return read_macro_body(parser, &node->caller.macro, "endcall", token) ? node : NULL;
}

static struct node *read_filter_block(struct parser *parser, const struct token *token)
{
	static const char *const ends[] = {"endfilter", NULL};
	struct node *node = template_parser_node(parser, NODE_FILTER_BLOCK, token);
	const struct parser_unknown *mark = parser->unknown;

	node->filter_block.filter = template_argument_filters(parser, NULL, true);
	if (!node->filter_block.filter || !template_parser_known(parser, mark))
		return NULL;
	node->filter_block.body = template_parser_body(parser, ends, token);
	template_parser_advance(parser);
	return node->filter_block.body ? node : NULL;
}

/* "with context" and "without context". False when neither follows. */
static bool read_context(struct parser *parser, struct node *node)
{
	bool with = template_parser_is_word(parser, "with");

	if ((!with && !template_parser_is_word(parser, "without")) ||
	    !template_parser_token_is(&parser->tokens[parser->at + 1], "context"))
		return false;
	template_parser_advance(parser);
	template_parser_advance(parser);
	node->import.with_context = with;
	return true;
}

static struct node *read_include(struct parser *parser, const struct token *token)
{
	struct node *node = template_parser_node(parser, NODE_INCLUDE, token);

	node->import.with_context = true;
	node->import.name = template_expression_read(parser);
	if (!node->import.name)
		return NULL;
	if (template_parser_is_word(parser, "ignore") &&
	    template_parser_token_is(&parser->tokens[parser->at + 1], "missing")) {
		template_parser_advance(parser);
		template_parser_advance(parser);
		node->import.ignore_missing = true;
	}
	read_context(parser, node);
	parser->seen |= SEEN_LOOP; /* the included template may speak of it */
	return template_parser_close(parser, node);
}

static struct node *read_import(struct parser *parser, const struct token *token)
{
	struct node *node = template_parser_node(parser, NODE_IMPORT, token);

	node->import.name = template_expression_read(parser);
	if (!node->import.name || !expect_word(parser, "as"))
		return NULL;
	node->import.target = expect_name(parser);
	if (!node->import.target)
		return NULL;
	read_context(parser, node);
	return template_parser_close(parser, node);
}

static bool read_import_name(struct parser *parser, struct import_name *name)
{
	const struct token *token = template_parser_current(parser);

	name->name = name->alias = expect_name(parser);
	if (!name->name)
		return false;
	if (*name->name->string.text == '_')
		return template_parser_fail(
			parser, token, "names that begin with an underscore cannot be imported");
	if (template_parser_skip_word(parser, "as"))
		name->alias = expect_name(parser);
	return name->alias;
}

static struct node *read_from(struct parser *parser, const struct token *token)
{
	struct import_name names[64];
	struct node *node = template_parser_node(parser, NODE_FROM_IMPORT, token);

	node->import.name = template_expression_read(parser);
	if (!node->import.name || !expect_word(parser, "import"))
		return NULL;
	while (!read_context(parser, node)) {
		if (node->import.count == 64)
			return template_parser_fail(parser, template_parser_current(parser),
						    "too many names");
		if (!read_import_name(parser, &names[node->import.count]))
			return NULL;
		node->import.count++;
		if (read_context(parser, node) || !template_parser_is(parser, TOKEN_COMMA))
			break;
		template_parser_advance(parser);
	}
	node->import.names =
		template_arena_copy(parser->arena, names, node->import.count * sizeof(*names));
	return template_parser_close(parser, node);
}

/* "{% print a, b %}" */
static struct node *read_print(struct parser *parser, const struct token *token)
{
	struct node *first = NULL, **last = &first;

	do {
		struct node *expression = template_expression_read(parser);
		if (!expression)
			return NULL;
		*last = template_parser_print(parser, expression);
		last = &(*last)->next;
	} while (template_parser_skip(parser, TOKEN_COMMA));
	(void)token;
	return first;
}

static const struct statement {
	const char *name;
	struct node *(*read)(struct parser *parser, const struct token *token);
} statements[] = {
	{"for", read_for},
	{"if", read_if},
	{"set", read_set},
	{"with", read_with},
	{"autoescape", read_autoescape},
	{"macro", read_macro},
	{"call", read_call_block},
	{"filter", read_filter_block},
	{"include", read_include},
	{"import", read_import},
	{"from", read_from},
	{"print", read_print},
};

#define STATEMENTS (sizeof(statements) / sizeof(*statements))

static const struct {
	const char *name, *why;
} refused[] = {
	{"extends", "template inheritance"},
	{"block", "template inheritance"},

	{"trans", "translation"},
	{"do", "an extension that Ansible leaves off"},
	{"break", "an extension that Ansible leaves off"},
	{"continue", "an extension that Ansible leaves off"},
	{"debug", "an extension that Ansible leaves off"},
};

static const char *open_name(const struct parser *parser, char *out, size_t room)
{
	snprintf(out, room, "'%.*s' of line %u", (int)parser->open->token->length,
		 parser->open->token->text, parser->open->token->line);
	return out;
}

/* An end or else that nothing waits for. */
static struct node *misplaced(struct parser *parser, const struct token *token)
{
	char open[96];

	if (parser->open)
		return template_parser_fail(
			parser, token, "'%.*s' does not belong here: the %s is still open",
			(int)token->length, token->text, open_name(parser, open, sizeof(open)));
	return template_parser_fail(parser, token, "'%.*s' without a block that it could end",
				    (int)token->length, token->text);
}

static struct node *unknown_statement(struct parser *parser, const struct token *token)
{
	const char *names[STATEMENTS + 1];
	cleanup_free char *written = mem_strndup(token->text, token->length);

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (!strcmp(written, refused[i].name))
			return template_parser_fail(parser, token, "'%s' is not supported (%s)",
						    written, refused[i].why);
	if (!strncmp(written, "end", 3) || !strcmp(written, "else") || !strcmp(written, "elif"))
		return misplaced(parser, token);
	for (size_t i = 0; i < STATEMENTS; i++)
		names[i] = statements[i].name;
	names[STATEMENTS] = "raw";
	template_parser_fail(parser, token, "unknown tag '%s'", written);
	const char *nearest = name_nearest(written, names, STATEMENTS + 1);
	if (nearest)
		err_hint(parser->err, "did you mean '%s'?", nearest);
	return NULL;
}

struct node *template_statement_read(struct parser *parser)
{
	const struct token *token = template_parser_current(parser);

	if (token->kind != TOKEN_NAME)
		return template_parser_fail(parser, token, "expected the name of a tag");
	for (size_t i = 0; i < STATEMENTS; i++)
		if (template_parser_token_is(token, statements[i].name)) {
			template_parser_advance(parser);
			return statements[i].read(parser, token);
		}
	return unknown_statement(parser, token);
}
