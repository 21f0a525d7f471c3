#include "template/lexer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/literal.h"
#include "template/text.h"

#define DEEPEST_BRACKETS 200

struct lexer {
	struct template *template;
	const struct options *options;
	const char *source;
	size_t length, at;
	size_t seen; /* up to here lines were counted */
	uint32_t line, column;
	bool line_start; /* what was read last ended a line */
	char brackets[DEEPEST_BRACKETS];
	size_t depth;
	struct token_list *tokens;
	struct err *err;
};

/* What begins at a place of the text between tags. */
enum tag {
	TAG_NONE,
	TAG_PRINT,
	TAG_BLOCK,
	TAG_COMMENT,
	TAG_RAW,
	TAG_LINE,
	TAG_LINE_COMMENT
};

static int fail(struct lexer *lexer, size_t begin, size_t end, const char *message)
{
	err_set(lexer->err, ERR_INVALID, "%s", message);
	return template_point(lexer->template, (uint32_t)begin, (uint32_t)end, lexer->err);
}

static bool starts(const struct lexer *lexer, size_t at, const char *what)
{
	size_t n = strlen(what);

	return n && lexer->length - at >= n && !memcmp(lexer->source + at, what, n);
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

static size_t skip_space(const struct lexer *lexer, size_t at)
{
	size_t end = lexer->length;

	text_strip(lexer->source, &at, &end, TEXT_LEFT, NULL, 0);
	return at;
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
	text_strip(lexer->source, &first, &last, TEXT_BOTH, NULL, 0);
	return first == last ? line : end;
}

/* The text before a tag, with the white space rules of the tag's marker. */
static void add_text(struct lexer *lexer, size_t begin, size_t end, char marker, bool strippable)
{
	if (marker == '-')
		text_strip(lexer->source, &begin, &end, TEXT_RIGHT, NULL, 0);
	else if (marker != '+' && lexer->options->lstrip_blocks && strippable)
		end = without_indent(lexer, begin, end);
	if (end <= begin)
		return;
	struct token *token = add(lexer, TOKEN_TEXT, begin, end);
	if (strcmp(lexer->options->newline, "\n") && memchr(token->text, '\n', token->length)) {
		struct buf text = BUF_INIT;
		text_replace(token->text, token->length, "\n", 1, lexer->options->newline,
			     strlen(lexer->options->newline), -1, &text);
		token->text = arena_text(&lexer->template->arena, buf_str(&text), text.len);
		token->length = text.len;
		buf_done(&text);
	}
}

static bool at_line_begin(const struct lexer *lexer, size_t at)
{
	return at == 0 || lexer->source[at - 1] == '\n';
}

/* Whether a line statement begins here, at the beginning of a line; *ret_end is behind it. */
static bool is_line_statement(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	if (!*lexer->options->line_statement || !at_line_begin(lexer, at))
		return false;
	while (at < lexer->length && strchr(" \t\v", lexer->source[at]))
		at++;
	if (!starts(lexer, at, lexer->options->line_statement))
		return false;
	*ret_end = at + strlen(lexer->options->line_statement);
	return true;
}

/* A line comment takes the blanks before it along. */
static bool is_line_comment(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	if (!*lexer->options->line_comment)
		return false;
	if (!at_line_begin(lexer, at) && isspace((unsigned char)lexer->source[at - 1]))
		return false;
	while (at < lexer->length && isblank((unsigned char)lexer->source[at]))
		at++;
	if (!starts(lexer, at, lexer->options->line_comment))
		return false;
	*ret_end = at + strlen(lexer->options->line_comment);
	return true;
}

static char marker_at(const struct lexer *lexer, size_t at)
{
	char c = at < lexer->length ? lexer->source[at] : '\0';

	return c == '-' || c == '+' ? c : '\0';
}

/* "{%- raw -%}": *ret_end is behind the tag. */
static bool is_raw(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	size_t n = strlen(lexer->options->block_end);

	if (!starts(lexer, at, lexer->options->block_begin))
		return false;
	at += strlen(lexer->options->block_begin);
	at = skip_space(lexer, at + (marker_at(lexer, at) != 0));
	if (!starts(lexer, at, "raw"))
		return false;
	at = skip_space(lexer, at + 3);
	if (at < lexer->length && lexer->source[at] == '-' &&
	    starts(lexer, at + 1, lexer->options->block_end)) {
		*ret_end = skip_space(lexer, at + 1 + n);
		return true;
	}
	*ret_end = at + n;
	return starts(lexer, at, lexer->options->block_end);
}

/* Of delimiters that begin alike the longest counts, as in "{%" and "{%=". */
static enum tag find_delimiter(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	const struct {
		const char *text;
		enum tag tag;
	} tags[] = {
		{lexer->options->print_begin, TAG_PRINT},
		{lexer->options->comment_begin, TAG_COMMENT},
		{lexer->options->block_begin, TAG_BLOCK},
	};
	enum tag found = TAG_NONE;
	size_t longest = 0;

	for (size_t i = 0; i < 3; i++)
		if (strlen(tags[i].text) > longest && starts(lexer, at, tags[i].text)) {
			longest = strlen(tags[i].text);
			found = tags[i].tag;
		}
	*ret_end = at + longest;
	return found;
}

static enum tag tag_at(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	if (is_raw(lexer, at, ret_end))
		return TAG_RAW;
	enum tag tag = find_delimiter(lexer, at, ret_end);
	if (tag != TAG_NONE)
		return tag;
	if (is_line_statement(lexer, at, ret_end))
		return TAG_LINE;
	return is_line_comment(lexer, at, ret_end) ? TAG_LINE_COMMENT : TAG_NONE;
}

/* The next tag at or behind `at`; *ret_begin is where it begins. */
static enum tag next_tag(const struct lexer *lexer, size_t at, size_t *ret_begin, size_t *ret_end)
{
	bool lines = *lexer->options->line_statement || *lexer->options->line_comment;
	char p = *lexer->options->print_begin, b = *lexer->options->block_begin,
	     c = *lexer->options->comment_begin;

	for (; at < lexer->length; at++) {
		char here = lexer->source[at];
		if (!lines && p == b && b == c) {
			const char *found = memchr(lexer->source + at, p, lexer->length - at);
			if (!found)
				break;
			at = (size_t)(found - lexer->source);
		} else if (!lines && here != p && here != b && here != c) {
			continue;
		}
		enum tag tag = tag_at(lexer, at, ret_end);
		if (tag != TAG_NONE) {
			*ret_begin = at;
			return tag;
		}
	}
	return TAG_NONE;
}

/* Behind the end of a block or comment: "-%}" eats white space, "%}" one newline. */
static bool ends_with(const struct lexer *lexer, size_t at, const char *end, bool plus,
		      bool trim_newline, size_t *ret_end)
{
	char marker = marker_at(lexer, at);

	if (marker == '-' && starts(lexer, at + 1, end)) {
		*ret_end = skip_space(lexer, at + 1 + strlen(end));
		return true;
	}
	if (marker == '+' && plus && starts(lexer, at + 1, end)) {
		*ret_end = at + 1 + strlen(end);
		return true;
	}
	if (!starts(lexer, at, end))
		return false;
	*ret_end = at + strlen(end);
	if (trim_newline && *ret_end < lexer->length && lexer->source[*ret_end] == '\n')
		(*ret_end)++;
	return true;
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
		if (ends_with(lexer, at, lexer->options->comment_end, true,
			      lexer->options->trim_blocks, &end)) {
			move_to(lexer, end);
			return 0;
		}
	return fail(lexer, begin, begin + strlen(lexer->options->comment_begin),
		    "this comment is not closed");
}

/* Behind "{% endraw %}" when it begins at `at`. */
static bool is_endraw(const struct lexer *lexer, size_t at, char *ret_marker, size_t *ret_end)
{
	if (!starts(lexer, at, lexer->options->block_begin))
		return false;
	at += strlen(lexer->options->block_begin);
	*ret_marker = marker_at(lexer, at);
	at = skip_space(lexer, at + (*ret_marker != 0));
	if (!starts(lexer, at, "endraw"))
		return false;
	return ends_with(lexer, skip_space(lexer, at + 6), lexer->options->block_end, true,
			 lexer->options->trim_blocks, ret_end);
}

static int read_raw(struct lexer *lexer, size_t begin, size_t body)
{
	char marker;
	size_t end;

	lexer->line_start = body > 0 && lexer->source[body - 1] == '\n';
	for (size_t at = body; at < lexer->length; at++)
		if (is_endraw(lexer, at, &marker, &end)) {
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
		if (starts(lexer, lexer->at, symbols[i].text)) {
			size_t n = strlen(symbols[i].text);
			int r = n == 1 ? balance(lexer, *symbols[i].text) : 0;
			if (r < 0)
				return r;
			add(lexer, symbols[i].kind, lexer->at, lexer->at + n);
			lexer->at += n;
			return 0;
		}
	size_t next = lexer->at;
	text_next(lexer->source, lexer->length, &next);
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
	const char *problem = literal_unescape(token->text + 1, token->length - 2, raw, &text);
	token->text = arena_text(&lexer->template->arena, buf_str(&text), text.len);
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
	size_t n = literal_number(lexer->source + lexer->at, lexer->length - lexer->at, !after_dot,
				  &is_float);
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
	size_t behind = skip_space(lexer, at), end = behind;

	if (behind < lexer->length) {
		while (end > at && lexer->source[end - 1] != '\n')
			end--;
		if (end == at)
			return false;
	}
	*ret_end = end;
	return true;
}

static bool tag_ends(const struct lexer *lexer, enum tag tag, size_t *ret_end)
{
	if (lexer->depth)
		return false;
	if (tag == TAG_LINE)
		return line_ends(lexer, lexer->at, ret_end);
	if (tag == TAG_BLOCK)
		return ends_with(lexer, lexer->at, lexer->options->block_end, true,
				 lexer->options->trim_blocks, ret_end);
	return ends_with(lexer, lexer->at, lexer->options->print_end, false, false, ret_end);
}

static int read_token(struct lexer *lexer)
{
	unsigned char c = (unsigned char)lexer->source[lexer->at];

	if (c == '\'' || c == '"')
		return read_string(lexer);
	return is_name(c) ? read_word(lexer) : read_operator(lexer);
}

/* Everything from behind the beginning of a print or block to behind its end. */
static int read_tag(struct lexer *lexer, enum tag tag, size_t begin, size_t inside)
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
		lexer->at = skip_space(lexer, lexer->at);
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

static int read_next(struct lexer *lexer, enum tag tag, size_t begin, size_t end)
{
	char marker = '\0';

	if (tag == TAG_RAW)
		marker = marker_at(lexer, begin + strlen(lexer->options->block_begin));
	else if (tag != TAG_LINE_COMMENT)
		marker = marker_at(lexer, end);
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

int lexer_read(struct template *template, size_t skip, struct token_list *ret, struct err *err)
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
		enum tag tag = next_tag(&lexer, lexer.at, &begin, &end);
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

const char *lexer_symbol(const struct template *template, enum token_kind kind)
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

const char *lexer_describe(const struct token *token, char *out, size_t room)
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
