/*
 * template/parser: tokens into the tree of ast.h.
 *
 * parser.c has the frame, statement.c the statements, expression.c and operand.c the expressions,
 * argument.c calls, filters and tests. A function that returns NULL has
 * filled err. Names of filters and tests are looked up here, so that a typing mistake is found
 * when the template is compiled; but, as Jinja has it, one that stands in a branch of an if fails
 * only when that branch is taken (a role may use filters that its other branch needs to exist).
 */
#pragma once

#include "template/dict.h"
#include "template/lexer.h"

/* Names that make a macro or a loop carry more: found while its body is read. */
enum parser_seen {
	SEEN_CALLER = 1,
	SEEN_VARARGS = 2,
	SEEN_KWARGS = 4,
	SEEN_LOOP = 8,
};

struct parser_open;

/* A filter or test that nobody knows, and no branch has forgiven yet. */
struct parser_unknown {
	const struct token *token;
	const char *what, *name, *nearest;
	struct parser_unknown *before;
};

struct parser {
	struct template *template;
	struct arena *arena;
	const struct token *tokens;
	size_t at;
	int depth;
	struct dict variables;		/* their names; the values say nothing */
	unsigned seen;			/* enum parser_seen */
	const struct parser_open *open; /* the blocks that are not closed yet, innermost first */
	struct parser_unknown *unknown; /* the last one */
	struct err *err;
};

struct parser_open {
	const struct token *token; /* "for" */
	const struct parser_open *outer;
};

/* The whole template into template->body. */
int template_parser_read(struct template *template, const struct token_list *tokens,
			 struct err *err);

/* For parser.c and expression.c. */
struct node *template_parser_node(struct parser *parser, enum node_kind kind,
				  const struct token *at);
const struct token *template_parser_current(const struct parser *parser);
const struct token *template_parser_advance(struct parser *parser); /* returns the token passed */
bool template_parser_is(const struct parser *parser, enum token_kind kind);
bool template_parser_is_word(const struct parser *parser, const char *word);
bool template_parser_skip(struct parser *parser, enum token_kind kind);
bool template_parser_skip_word(struct parser *parser, const char *word);
/* The token, or NULL with err: "expected ')', got ...". */
const struct token *template_parser_expect(struct parser *parser, enum token_kind kind);
/* Sets err at a token; always NULL. */
void *template_parser_fail(struct parser *parser, const struct token *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct value *template_parser_name(struct parser *parser, const struct token *token);
/* Names the node after a variable. */
void template_parser_variable(struct parser *parser, const struct token *token, struct node *node);
/* False, with err, when an unknown filter or test was read since `mark` was parser->unknown. */
bool template_parser_known(struct parser *parser, const struct parser_unknown *mark);

typedef struct node *(*parser_reader)(struct parser *parser);

/* Nodes are gathered on the heap and move to the arena when their number is known. */
struct parser_list {
	struct node **items;
	size_t n, cap;
};

#define cleanup_parser_list __attribute__((cleanup(template_parser_list_done)))

void template_parser_list_add(struct parser_list *list, struct node *node);
struct node **template_parser_list_settle(struct parser *parser, struct parser_list *list);
void template_parser_list_done(struct parser_list *list);

/* Lets a node end with the token that was read last; returns it. */
struct node *template_parser_close(struct parser *parser, struct node *node);
/* A node that begins where another one does. */
struct node *template_parser_around(struct parser *parser, enum node_kind kind,
				    const struct node *first);

bool template_parser_token_is(const struct token *token, const char *word);
/* A node that prints an expression. */
struct node *template_parser_print(struct parser *parser, struct node *expression);
/* Everything up to a tag whose word is in `ends`, which is the current token then. NULL: err. */
struct node *template_parser_body(struct parser *parser, const char *const *ends,
				  const struct token *open);
/* A block, behind its beginning. */
struct node *template_statement_read(struct parser *parser);

/* "a, b" gives a tuple. Ends before `end` (a word) when it is not NULL. */
struct node *template_expression_tuple(struct parser *parser, bool conditional, const char *end);
struct node *template_expression_read(struct parser *parser);
/* A name, a tuple of names or (where `member`) namespace.name. */
struct node *template_expression_target(struct parser *parser, const char *end, bool member);

/* A literal, a name, or something in brackets. */
struct node *template_operand_read(struct parser *parser);
/* What follows it: .name, [key], (arguments). */
struct node *template_operand_postfix(struct parser *parser, struct node *node);
struct node *template_operand_attribute(struct parser *parser, struct node *object);
struct node *template_argument_call(struct parser *parser, struct node *function);
/* ... and |filter, is test. */
struct node *template_argument_filters_and_tests(struct parser *parser, struct node *node);
/* The filters after "filter" or "set x": the innermost one has no function when value is NULL. */
struct node *template_argument_filters(struct parser *parser, struct node *value, bool first);
/* One thing, or a tuple of what `read` reads. */
struct node *template_operand_tuple(struct parser *parser, parser_reader read, const char *end,
				    bool may_be_empty);
