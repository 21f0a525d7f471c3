/*
 * template/lexer: source text into tokens, white space rules applied.
 *
 * Text tokens are what will be printed: trim_blocks, lstrip_blocks and the - and + markers were
 * obeyed (rule R9); comments are gone; raw blocks are text. Line statements come as blocks.
 */
#pragma once

#include "template/ast.h"

enum token_kind {
	TOKEN_END,
	TOKEN_TEXT,
	TOKEN_PRINT_BEGIN,
	TOKEN_PRINT_END,
	TOKEN_BLOCK_BEGIN,
	TOKEN_BLOCK_END,
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_ADD,
	TOKEN_SUBTRACT,
	TOKEN_DIVIDE,
	TOKEN_FLOOR_DIVIDE,
	TOKEN_MULTIPLY,
	TOKEN_MODULO,
	TOKEN_POWER,
	TOKEN_TILDE,
	TOKEN_LEFT_BRACKET,
	TOKEN_RIGHT_BRACKET,
	TOKEN_LEFT_PAREN,
	TOKEN_RIGHT_PAREN,
	TOKEN_LEFT_BRACE,
	TOKEN_RIGHT_BRACE,
	TOKEN_EQUAL,
	TOKEN_UNEQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_ASSIGN,
	TOKEN_DOT,
	TOKEN_COLON,
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
};

struct token {
	enum token_kind kind;
	uint32_t begin, end;   /* in the source, quotes included */
	uint32_t line, column; /* of begin */
	const char *text;      /* of text, name, string (unescaped), number */
	size_t length;
};

struct token_list {
	struct token *items;
	size_t n, cap;
};

/* Reads template->source from `skip` on (behind a #jinja2: line). The list is the caller's to
 * free, its texts are the template's. ERR_INVALID with place. */
int template_lexer_read(struct template *template, size_t skip, struct token_list *ret,
			struct err *err);

/* "'}}'", "'endif'", "the end of the template": for messages. Into a buffer of the caller. */
const char *template_lexer_describe(const struct token *token, char *out, size_t room);
/* The operator or delimiter as it is written. */
const char *template_lexer_symbol(const struct template *template, enum token_kind kind);
