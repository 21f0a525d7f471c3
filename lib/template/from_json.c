#include "template/from_json.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "template/dict.h"
#include "template/number.h"
#include "template/text.h"

#define DEEPEST 200

struct reader {
	const char *text;
	size_t length, at;
	int depth;
	struct err *err;
};

static struct value *read(struct reader *reader);

static void *fail(struct reader *reader, const char *what)
{
	int line = 1;
	size_t begin = 0;

	for (size_t i = 0; i < reader->at && i < reader->length; i++)
		if (reader->text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	err_set(reader->err, ERR_INVALID, "this is no JSON: %s at line %d column %zu", what, line,
		template_text_count(reader->text + begin, reader->at - begin) + 1);
	return NULL;
}

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->length &&
	       template_text_one_of(reader->text[reader->at], " \t\n\r"))
		reader->at++;
}

static bool skip(struct reader *reader, char c)
{
	skip_space(reader);
	if (reader->at >= reader->length || reader->text[reader->at] != c)
		return false;
	reader->at++;
	return true;
}

static bool read_hex(struct reader *reader, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++, reader->at++) {
		if (reader->at >= reader->length ||
		    !isxdigit((unsigned char)reader->text[reader->at]))
			return fail(reader, "a bad \\u escape");
		int c = tolower((unsigned char)reader->text[reader->at]);
		*ret = *ret << 4 | (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return true;
}

/* \uD83D\uDE00 is one character. */
static bool read_unicode(struct reader *reader, struct buf *out)
{
	uint32_t c, low;

	if (!read_hex(reader, &c))
		return false;
	if (c >= 0xD800 && c < 0xDC00 && reader->at + 1 < reader->length &&
	    reader->text[reader->at] == '\\' && reader->text[reader->at + 1] == 'u') {
		size_t before = reader->at;
		reader->at += 2;
		if (!read_hex(reader, &low))
			return false;
		if (low >= 0xDC00 && low < 0xE000)
			c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		else
			reader->at = before;
	}
	template_text_put(out, c);
	return true;
}

static bool read_escape(struct reader *reader, struct buf *out)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char c = reader->at < reader->length ? reader->text[reader->at++] : '\0';
	const char *known = c ? strchr(letters, c) : NULL;

	if (c == 'u')
		return read_unicode(reader, out);
	if (!known)
		return fail(reader, "a bad escape");
	buf_addch(out, meanings[known - letters]);
	return true;
}

/* Behind the opening quote. */
static struct value *read_string(struct reader *reader)
{
	struct buf out = BUF_INIT;
	bool ok = true;

	while (ok && reader->at < reader->length && reader->text[reader->at] != '"') {
		unsigned char c = (unsigned char)reader->text[reader->at];
		if (c < 0x20) {
			ok = fail(reader, "a control character in a string");
		} else if (c == '\\') {
			reader->at++;
			ok = read_escape(reader, &out);
		} else {
			buf_addch(&out, (char)c);
			reader->at++;
		}
	}
	if (ok && reader->at >= reader->length)
		ok = fail(reader, "a string that does not end");
	reader->at++;
	if (ok)
		return value_take_buf(&out);
	buf_done(&out);
	return NULL;
}

static size_t digits(const struct reader *reader, size_t at)
{
	size_t n = 0;

	while (at + n < reader->length && isdigit((unsigned char)reader->text[at + n]))
		n++;
	return n;
}

static struct value *read_number(struct reader *reader)
{
	size_t begin = reader->at, at = begin + (reader->text[begin] == '-'),
	       n = digits(reader, at);
	bool real = false;

	if (!n)
		return fail(reader, "something unexpected");
	at += reader->text[at] == '0' ? 1 : n;
	if (at < reader->length && reader->text[at] == '.' && (n = digits(reader, at + 1))) {
		real = true;
		at += 1 + n;
	}
	if (at < reader->length && (reader->text[at] | 0x20) == 'e') {
		size_t sign =
			at + 1 < reader->length && template_text_one_of(reader->text[at + 1], "+-")
				? 2
				: 1;
		n = digits(reader, at + sign);
		real = real || n;
		at += n ? sign + n : 0;
	}
	reader->at = at;
	struct value *number =
		real ? template_number_parse_float(reader->text + begin, at - begin)
		     : template_number_parse_int(reader->text + begin, at - begin, 10);
	return number ? number : fail(reader, "a number of too many digits");
}

static struct value *read_list(struct reader *reader)
{
	cleanup_value struct value *list = value_list();

	if (skip(reader, ']'))
		return steal(&list);
	do {
		struct value *item = read(reader);
		if (!item)
			return NULL;
		value_list_add(list, item);
	} while (skip(reader, ','));
	return skip(reader, ']') ? steal(&list) : fail(reader, "no , or ]");
}

static struct value *read_dict(struct reader *reader)
{
	cleanup_value struct value *dict = value_dict();

	if (skip(reader, '}'))
		return steal(&dict);
	do {
		if (!skip(reader, '"'))
			return fail(reader, "no key in quotes");
		cleanup_value struct value *key = read_string(reader);
		if (!key)
			return NULL;
		if (!skip(reader, ':'))
			return fail(reader, "no :");
		struct value *item = read(reader);
		if (!item)
			return NULL;
		template_dict_put(&dict->dict, steal(&key), item);
	} while (skip(reader, ','));
	return skip(reader, '}') ? steal(&dict) : fail(reader, "no , or }");
}

static struct value *read_word(struct reader *reader)
{
	static const struct {
		const char *word;
		int what;
	} words[] = {{"null", 0}, {"true", 1},	   {"false", 2},
		     {"NaN", 3},  {"Infinity", 4}, {"-Infinity", 5}};

	for (size_t i = 0; i < 6; i++) {
		size_t n = strlen(words[i].word);
		if (reader->length - reader->at < n ||
		    memcmp(reader->text + reader->at, words[i].word, n))
			continue;
		reader->at += n;
		switch (words[i].what) {
		case 0:
			return value_none();
		case 1:
		case 2:
			return value_bool(words[i].what == 1);
		case 3:
			return value_float(NAN);
		default:
			return value_float(words[i].what == 4 ? INFINITY : -INFINITY);
		}
	}
	return read_number(reader);
}

static struct value *read(struct reader *reader)
{
	struct value *value;

	if (++reader->depth > DEEPEST)
		return fail(reader, "it is nested too deeply");
	if (skip(reader, '{'))
		value = read_dict(reader);
	else if (skip(reader, '['))
		value = read_list(reader);
	else if (skip(reader, '"'))
		value = read_string(reader);
	else if (reader->at < reader->length)
		value = read_word(reader);
	else
		value = fail(reader, "it ends too early");
	reader->depth--;
	return value;
}

int template_from_json(const char *text, size_t length, struct value **ret, struct err *err)
{
	struct reader reader = {.text = text, .length = length, .err = err};
	cleanup_value struct value *value = read(&reader);

	if (!value)
		return -(int)err->code;
	skip_space(&reader);
	if (reader.at < length) {
		fail(&reader, "more than one value");
		return -ERR_INVALID;
	}
	*ret = steal(&value);
	return 0;
}
