#include "template/lexer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/lexer_tag.h"
#include "template/literal.h"
#include "template/text.h"

static int fail(struct lexer *lexer, size_t begin, size_t end, const char *message)
{
	err_set(lexer->err, ERR_INVALID, "%s", message);
	return template_point(lexer->template, (uint32_t)begin, (uint32_t)end, lexer->err);
}

static struct token *add(struct lexer *lexer, enum token_kind kind, size_t begin, size_t end)
{
	for (; lexer->seen < begin; lexer->seen++) {
		unsigned char c = (unsigned char)lexer->source[lexer->seen];
		if (c == '\n') {
			lexer->line++;
			lexer->column = 1;
		} else if ((c & 0xC0) != 0x80) {
			lexer->column++;
		}
	}
	mem_grow(lexer->tokens->items, &lexer->tokens->cap, lexer->tokens->n + 1);
	struct token *token = &lexer->tokens->items[lexer->tokens->n++];
	*token = (struct token){
		.kind = kind,
		.begin = (uint32_t)begin,
		.end = (uint32_t)end,
		.line = lexer->line,
		.column = lexer->column,
		.text = lexer->source + begin,
		.length = end - begin,
	};
	return token;
}

/* lstrip_blocks: the end of the text before a tag without the blanks that indent the tag. */
static size_t without_indent(const struct lexer *lexer, size_t begin, size_t end)
{
	size_t line = end;

	while (line > begin && lexer->source[line - 1] != '\n')
		line--;
	if (line == begin && !lexer->line_start)
		return end;
	size_t first = line, last = end;
	template_text_strip(lexer->source, &first, &last, TEXT_BOTH, NULL, 0);
	return first == last ? line : end;
}

/* The text before a tag, with the white space rules of the tag's marker. */
static void add_text(struct lexer *lexer, size_t begin, size_t end, char marker, bool strippable)
{
	if (marker == '-')
		template_text_strip(lexer->source, &begin, &end, TEXT_RIGHT, NULL, 0);
	else if (marker != '+' && lexer->options->lstrip_blocks && strippable)
		end = without_indent(lexer, begin, end);
	if (end <= begin)
		return;
	struct token *token = add(lexer, TOKEN_TEXT, begin, end);
	if (strcmp(lexer->options->newline, "\n") && memchr(token->text, '\n', token->length)) {
		struct buf text = BUF_INIT;
		template_text_replace(token->text, token->length, "\n", 1, lexer->options->newline,
				      strlen(lexer->options->newline), -1, &text);
		token->text =
			template_arena_text(&lexer->template->arena, buf_str(&text), text.len);
		token->length = text.len;
		buf_done(&text);
	}
}

static void move_to(struct lexer *lexer, size_t at)
{
	lexer->line_start = at > 0 && lexer->source[at - 1] == '\n';
	lexer->at = at;
}

static int skip_comment(struct lexer *lexer, size_t begin, size_t at)
{
	size_t end;

	for (; at < lexer->length; at++)
		if (template_lexer_ends_with(lexer, at, lexer->options->comment_end, true,
					     lexer->options->trim_blocks, &end)) {
			move_to(lexer, end);
			return 0;
		}
	return fail(lexer, begin, begin + strlen(lexer->options->comment_begin),
		    "this comment is not closed");
}

static int read_raw(struct lexer *lexer, size_t begin, size_t body)
{
	char marker;
	size_t end;

	lexer->line_start = body > 0 && lexer->source[body - 1] == '\n';
	for (size_t at = body; at < lexer->length; at++)
		if (template_lexer_is_endraw(lexer, at, &marker, &end)) {
			lexer->at = at;
			add_text(lexer, body, at, marker, true);
			move_to(lexer, end);
			return 0;
		}
	return fail(lexer, begin, body, "this raw block is not closed by endraw");
}

static const struct symbol {
	const char *text;
	enum token_kind kind;
} symbols[] = {
	{"//", TOKEN_FLOOR_DIVIDE}, {"**", TOKEN_POWER},	 {"==", TOKEN_EQUAL},
	{"!=", TOKEN_UNEQUAL},	    {">=", TOKEN_GREATER_EQUAL}, {"<=", TOKEN_LESS_EQUAL},
	{"+", TOKEN_ADD},	    {"-", TOKEN_SUBTRACT},	 {"/", TOKEN_DIVIDE},
	{"*", TOKEN_MULTIPLY},	    {"%", TOKEN_MODULO},	 {"~", TOKEN_TILDE},
	{"[", TOKEN_LEFT_BRACKET},  {"]", TOKEN_RIGHT_BRACKET},	 {"(", TOKEN_LEFT_PAREN},
	{")", TOKEN_RIGHT_PAREN},   {"{", TOKEN_LEFT_BRACE},	 {"}", TOKEN_RIGHT_BRACE},
	{">", TOKEN_GREATER},	    {"<", TOKEN_LESS},		 {"=", TOKEN_ASSIGN},
	{".", TOKEN_DOT},	    {":", TOKEN_COLON},		 {"|", TOKEN_PIPE},
	{",", TOKEN_COMMA},	    {";", TOKEN_SEMICOLON},
};

#define SYMBOLS (sizeof(symbols) / sizeof(*symbols))

/* Inside brackets the end of the tag is not looked for. */
static int balance(struct lexer *lexer, char c)
{
	static const char open[] = "([{", close[] = ")]}";
	char message[64];
	const char *p = strchr(open, c);

	if (p && lexer->depth == DEEPEST_BRACKETS)
		return fail(lexer, lexer->at, lexer->at + 1, "too many open brackets");
	if (p) {
		lexer->brackets[lexer->depth++] = close[p - open];
		return 0;
	}
	if (!strchr(close, c))
		return 0;
	if (lexer->depth && lexer->brackets[lexer->depth - 1] == c) {
		lexer->depth--;
		return 0;
	}
	if (lexer->depth)
		snprintf(message, sizeof(message), "unexpected '%c', expected '%c'", c,
			 lexer->brackets[lexer->depth - 1]);
	else
		snprintf(message, sizeof(message), "unexpected '%c'", c);
	return fail(lexer, lexer->at, lexer->at + 1, message);
}

static int read_operator(struct lexer *lexer)
{
	for (size_t i = 0; i < SYMBOLS; i++)
		if (template_lexer_starts(lexer, lexer->at, symbols[i].text)) {
			size_t n = strlen(symbols[i].text);
			int r = n == 1 ? balance(lexer, *symbols[i].text) : 0;
			if (r < 0)
				return r;
			add(lexer, symbols[i].kind, lexer->at, lexer->at + n);
			lexer->at += n;
			return 0;
		}
	size_t next = lexer->at;
	template_text_next(lexer->source, lexer->length, &next);
	char message[48];
	snprintf(message, sizeof(message), "unexpected character '%.*s'", (int)(next - lexer->at),
		 lexer->source + lexer->at);
	return fail(lexer, lexer->at, next, message);
}

static int read_string(struct lexer *lexer)
{
	char quote = lexer->source[lexer->at];
	size_t at = lexer->at + 1;

	for (; at < lexer->length && lexer->source[at] != quote; at++)
		if (lexer->source[at] == '\\')
			at++;
	if (at >= lexer->length)
		return fail(lexer, lexer->at, lexer->at + 1, "this string is not closed");
	struct token *token = add(lexer, TOKEN_STRING, lexer->at, at + 1);
	struct buf text = BUF_INIT;
	bool raw = lexer->options->raw_strings;
	const char *problem =
		template_literal_unescape(token->text + 1, token->length - 2, raw, &text);
	token->text = template_arena_text(&lexer->template->arena, buf_str(&text), text.len);
	token->length = text.len;
	buf_done(&text);
	if (problem)
		return fail(lexer, lexer->at, at + 1, problem);
	lexer->at = at + 1;
	return 0;
}

static bool is_name(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

static int read_word(struct lexer *lexer)
{
	bool after_dot = lexer->at > 0 && lexer->source[lexer->at - 1] == '.', is_float = false;
	size_t n = template_literal_number(lexer->source + lexer->at, lexer->length - lexer->at,
					   !after_dot, &is_float);
	enum token_kind kind = is_float ? TOKEN_FLOAT : TOKEN_INTEGER;

	if (!n) {
		kind = TOKEN_NAME;
		while (lexer->at + n < lexer->length &&
		       is_name((unsigned char)lexer->source[lexer->at + n]))
			n++;
	}
	add(lexer, kind, lexer->at, lexer->at + n);
	lexer->at += n;
	return 0;
}

/* A line statement ends with its line, and takes the empty lines behind it along. */
static bool line_ends(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	size_t behind = template_lexer_skip_space(lexer, at), end = behind;

	if (behind < lexer->length) {
		while (end > at && lexer->source[end - 1] != '\n')
			end--;
		if (end == at)
			return false;
	}
	*ret_end = end;
	return true;
}

static bool tag_ends(const struct lexer *lexer, enum lexer_tag tag, size_t *ret_end)
{
	if (lexer->depth)
		return false;
	if (tag == TAG_LINE)
		return line_ends(lexer, lexer->at, ret_end);
	if (tag == TAG_BLOCK)
		return template_lexer_ends_with(lexer, lexer->at, lexer->options->block_end, true,
						lexer->options->trim_blocks, ret_end);
	return template_lexer_ends_with(lexer, lexer->at, lexer->options->print_end, false, false,
					ret_end);
}

static int read_token(struct lexer *lexer)
{
	unsigned char c = (unsigned char)lexer->source[lexer->at];

	if (c == '\'' || c == '"')
		return read_string(lexer);
	return is_name(c) ? read_word(lexer) : read_operator(lexer);
}

/* Everything from behind the beginning of a print or block to behind its end. */
static int read_tag(struct lexer *lexer, enum lexer_tag tag, size_t begin, size_t inside)
{
	size_t end;
	enum token_kind last = tag == TAG_PRINT ? TOKEN_PRINT_END : TOKEN_BLOCK_END;

	add(lexer, tag == TAG_PRINT ? TOKEN_PRINT_BEGIN : TOKEN_BLOCK_BEGIN, begin, inside);
	lexer->depth = 0;
	lexer->at = inside;
	for (;;) {
		if (tag_ends(lexer, tag, &end)) {
			add(lexer, last, lexer->at, end);
			move_to(lexer, end);
			return 0;
		}
		lexer->at = template_lexer_skip_space(lexer, lexer->at);
		if (lexer->at >= lexer->length)
			return fail(lexer, begin, inside,
				    tag == TAG_PRINT ? "this print is not closed"
						     : "this block is not closed");
		if (tag_ends(lexer, tag, &end))
			continue;
		int r = read_token(lexer);
		if (r < 0)
			return r;
	}
}

static int read_next(struct lexer *lexer, enum lexer_tag tag, size_t begin, size_t end)
{
	char marker = '\0';

	if (tag == TAG_RAW)
		marker = template_lexer_marker(lexer, begin + strlen(lexer->options->block_begin));
	else if (tag != TAG_LINE_COMMENT)
		marker = template_lexer_marker(lexer, end);
	size_t text = lexer->at;
	lexer->at = begin;
	add_text(lexer, text, begin, marker, tag != TAG_PRINT);
	if (tag == TAG_RAW)
		return read_raw(lexer, begin, end);
	end += marker != '\0';
	if (tag == TAG_COMMENT)
		return skip_comment(lexer, begin, end);
	if (tag != TAG_LINE_COMMENT)
		return read_tag(lexer, tag, begin, end);
	while (end < lexer->length && lexer->source[end] != '\n')
		end++;
	move_to(lexer, end);
	return 0;
}

int template_lexer_read(struct template *template, size_t skip, struct token_list *ret,
			struct err *err)
{
	struct lexer lexer = {
		.template = template,
		.options = &template->options,
		.source = template->source,
		.length = template->length,
		.at = skip,
		.line = (uint32_t) template->first_line,
		.column = (uint32_t) template->first_column,
		.line_start = true,
		.tokens = ret,
		.err = err,
	};

	while (lexer.at < lexer.length) {
		size_t begin, end;
		enum lexer_tag tag = template_lexer_next_tag(&lexer, lexer.at, &begin, &end);
		if (tag == TAG_NONE) {
			size_t text = lexer.at;
			lexer.at = lexer.length;
			add_text(&lexer, text, lexer.length, '+', false);
			break;
		}
		int r = read_next(&lexer, tag, begin, end);
		if (r < 0)
			return r;
	}
	add(&lexer, TOKEN_END, lexer.length, lexer.length);
	return 0;
}

const char *template_lexer_symbol(const struct template *template, enum token_kind kind)
{
	switch (kind) {
	case TOKEN_PRINT_BEGIN:
		return template->options.print_begin;
	case TOKEN_PRINT_END:
		return template->options.print_end;
	case TOKEN_BLOCK_BEGIN:
		return template->options.block_begin;
	case TOKEN_BLOCK_END:
		return template->options.block_end;
	default:
		break;
	}
	for (size_t i = 0; i < SYMBOLS; i++)
		if (symbols[i].kind == kind)
			return symbols[i].text;
	return kind == TOKEN_NAME ? "a name" : "";
}

const char *template_lexer_describe(const struct token *token, char *out, size_t room)
{
	if (token->kind == TOKEN_END)
		snprintf(out, room, "the end of the template");
	else if (token->kind == TOKEN_TEXT)
		snprintf(out, room, "text");
	else if (token->kind == TOKEN_STRING)
		snprintf(out, room, "string '%.*s'", (int)(token->length < 40 ? token->length : 40),
			 token->text);
	else
		snprintf(out, room, "'%.*s'", (int)(token->length < 40 ? token->length : 40),
			 token->text);
	return out;
}
