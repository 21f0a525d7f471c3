#include "template/options.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "template/text.h"

#define HEADER "#jinja2:"

const struct options template_options_default = {
	.block_begin = "{%",
	.block_end = "%}",
	.print_begin = "{{",
	.print_end = "}}",
	.comment_begin = "{#",
	.comment_end = "#}",
	.newline = "\n",
	.trim_blocks = true,
};

enum kind {
	DELIMITER,
	PREFIX,
	NEWLINE,
	BOOLEAN
};

static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
} settings[] = {
	{"block_start_string", DELIMITER, offsetof(struct options, block_begin)},
	{"block_end_string", DELIMITER, offsetof(struct options, block_end)},
	{"variable_start_string", DELIMITER, offsetof(struct options, print_begin)},
	{"variable_end_string", DELIMITER, offsetof(struct options, print_end)},
	{"comment_start_string", DELIMITER, offsetof(struct options, comment_begin)},
	{"comment_end_string", DELIMITER, offsetof(struct options, comment_end)},
	{"line_statement_prefix", PREFIX, offsetof(struct options, line_statement)},
	{"line_comment_prefix", PREFIX, offsetof(struct options, line_comment)},
	{"newline_sequence", NEWLINE, offsetof(struct options, newline)},
	{"trim_blocks", BOOLEAN, offsetof(struct options, trim_blocks)},
	{"lstrip_blocks", BOOLEAN, offsetof(struct options, lstrip_blocks)},
	{"keep_trailing_newline", BOOLEAN, offsetof(struct options, keep_trailing_newline)},
};

#define COUNT (sizeof(settings) / sizeof(*settings))

bool template_options_present(const char *text, size_t length)
{
	return length >= strlen(HEADER) && !memcmp(text, HEADER, strlen(HEADER));
}

static bool contains(const char *text, size_t length, const char *needle)
{
	return template_text_find(text, length, needle, strlen(needle), 0) != SIZE_MAX;
}

bool template_options_markup(const struct options *options, const char *text, size_t length)
{
	if (options == &template_options_default) {
		const char *end = text + length;
		for (const char *at = text;
		     end - at > 1 && (at = memchr(at, '{', (size_t)(end - at) - 1)); at++)
			if (at[1] == '{' || at[1] == '%' || at[1] == '#')
				return true;
		return false;
	}
	return contains(text, length, options->block_begin) ||
	       contains(text, length, options->print_begin) ||
	       contains(text, length, options->comment_begin);
}

static void trim(const char **text, size_t *length)
{
	size_t begin = 0, end = *length;

	template_text_strip(*text, &begin, &end, TEXT_BOTH, NULL, 0);
	*text += begin;
	*length = end - begin;
}

/* A quoted Python string of few characters; only the escapes that a newline needs. */
static bool read_string(const char *text, size_t length, char *out, size_t room)
{
	if (length < 2 || (*text != '\'' && *text != '"') || text[length - 1] != *text)
		return false;
	for (size_t i = 1; i < length - 1; i++) {
		char c = text[i];
		if (c == '\\' && i + 2 < length) {
			i++;
			c = text[i] == 'n'   ? '\n'
			    : text[i] == 'r' ? '\r'
			    : text[i] == 't' ? '\t'
					     : text[i];
		}
		if (room-- <= 1)
			return false;
		*out++ = c;
	}
	*out = '\0';
	return true;
}

static bool equals(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

static int assign(const struct setting *setting, const char *value, size_t length,
		  struct options *options, struct err *err)
{
	char *field = (char *)options + setting->offset;

	if (setting->kind == BOOLEAN) {
		bool yes = equals(value, length, "True");
		if (!yes && !equals(value, length, "False"))
			return err_set(err, ERR_INVALID, "%s must be True or False, not %.*s",
				       setting->name, (int)length, value);
		*(bool *)field = yes;
		return 0;
	}
	if (setting->kind == PREFIX && equals(value, length, "None")) {
		*field = '\0';
		return 0;
	}
	size_t room = setting->kind == NEWLINE ? sizeof(options->newline) : OPTIONS_DELIMITER;
	if (!read_string(value, length, field, room) || (!*field && setting->kind != PREFIX))
		return err_set(err, ERR_INVALID, "%s must be a short quoted string, not %.*s",
			       setting->name, (int)length, value);
	if (setting->kind == NEWLINE && strcmp(field, "\n") && strcmp(field, "\r\n") &&
	    strcmp(field, "\r"))
		return err_set(err, ERR_INVALID,
			       "newline_sequence must be '\\n', '\\r\\n' or '\\r', not %.*s",
			       (int)length, value);
	return 0;
}

static int unknown(const char *key, size_t length, struct err *err)
{
	const char *names[COUNT];
	cleanup_free char *written = mem_strndup(key, length);

	for (size_t i = 0; i < COUNT; i++)
		names[i] = settings[i].name;
	err_set(err, ERR_INVALID, "unknown key '%s' in the " HEADER " line", written);
	const char *nearest = name_nearest(written, names, COUNT);
	return nearest ? err_hint(err, "did you mean '%s'?", nearest) : -ERR_INVALID;
}

/* One "key: value". */
static int read_pair(const char *pair, size_t length, struct options *options, struct err *err)
{
	const char *colon = memchr(pair, ':', length), *key = pair;

	if (!colon)
		return err_set(err, ERR_INVALID, "the " HEADER " line needs key: value, not '%.*s'",
			       (int)length, pair);
	size_t key_length = (size_t)(colon - pair), value_length = length - key_length - 1;
	const char *value = colon + 1;
	trim(&key, &key_length);
	trim(&value, &value_length);
	for (size_t i = 0; i < COUNT; i++)
		if (equals(key, key_length, settings[i].name))
			return assign(&settings[i], value, value_length, options, err);
	return unknown(key, key_length, err);
}

/* Jinja would take it for white space, an editor for the end of the line. */
static int refuse_carriage_return(const char *text, const char *newline, int *ret_column,
				  struct err *err)
{
	const char *found = memchr(text, '\r', (size_t)(newline - text));

	if (!found || found + 1 == newline)
		return 0;
	*ret_column = (int)template_text_count(text, (size_t)(found - text)) + 1;
	return err_set(err, ERR_INVALID, "a carriage return stands in the " HEADER " line");
}

static int check_delimiters(const struct options *options, struct err *err)
{
	if (!strcmp(options->block_begin, options->print_begin) ||
	    !strcmp(options->print_begin, options->comment_begin) ||
	    !strcmp(options->comment_begin, options->block_begin))
		return err_set(err, ERR_INVALID,
			       "block, variable and comment must begin differently");
	return 0;
}

int template_options_read(const char *text, size_t length, struct options *options,
			  size_t *ret_skip, int *ret_column, struct err *err)
{
	const char *newline = memchr(text, '\n', length);

	*ret_column = 1;
	if (!newline)
		return err_set(err, ERR_INVALID, "the " HEADER " line does not end");
	int r = refuse_carriage_return(text, newline, ret_column, err);
	if (r < 0)
		return r;
	const char *at = text + strlen(HEADER), *end = newline;
	for (;;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;
		*ret_column = (int)template_text_count(text, (size_t)(at - text)) + 1;
		r = read_pair(at, (size_t)(stop - at), options, err);
		if (r < 0)
			return r;
		if (!comma)
			break;
		at = comma + 1;
	}
	*ret_skip = (size_t)(newline - text) + 1;
	return check_delimiters(options, err);
}
