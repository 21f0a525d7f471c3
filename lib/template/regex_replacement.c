#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/regex.h"
#include "template/text.h"

struct reader {
	const struct regex *regex;
	const char *text;
	size_t length, at;
	struct buf literal; /* what came since the last group */
	struct regex_replacement *to;
	struct err *err;
};

static void end_part(struct reader *reader, int group)
{
	struct regex_replacement *to = reader->to;

	mem_grow(to->parts, &to->cap, to->n + 1);
	size_t length = reader->literal.len;
	to->parts[to->n++] = (struct regex_part){buf_steal(&reader->literal), length, group};
}

static int put_group(struct reader *reader, int group)
{
	if (group < 0 || (size_t)group > template_regex_groups(reader->regex))
		return err_set(reader->err, ERR_INVALID,
			       "the replacement speaks of a group that is not there");
	end_part(reader, group);
	return 0;
}

/* \g<name> or \g<1>; at is behind the g. */
static int read_named(struct reader *reader)
{
	const char *open = reader->text + reader->at;
	const char *close =
		reader->at < reader->length ? memchr(open, '>', reader->length - reader->at) : NULL;

	if (!close || *open != '<' || close == open + 1)
		return err_set(reader->err, ERR_INVALID, "\\g in a replacement needs <name>");
	cleanup_free char *name = mem_strndup(open + 1, (size_t)(close - open) - 1);
	reader->at = (size_t)(close - reader->text) + 1;
	bool number = name[strspn(name, "0123456789")] == '\0';
	return put_group(reader,
			 number ? atoi(name) : template_regex_group_number(reader->regex, name));
}

static bool is_octal(const struct reader *reader, size_t at)
{
	return at < reader->length && reader->text[at] >= '0' && reader->text[at] <= '7';
}

/* \0, \07 and \101 are characters; \1 and \12 are groups. `at` is on the first digit. */
static int read_digits(struct reader *reader)
{
	size_t begin = reader->at, n = 1;
	int value = 0;

	if (reader->text[begin] == '0')
		n += is_octal(reader, begin + 1) ? 1 + is_octal(reader, begin + 2) : 0;
	else if (is_octal(reader, begin) && is_octal(reader, begin + 1) &&
		 is_octal(reader, begin + 2))
		n = 3;
	bool octal = reader->text[begin] == '0' || n == 3;
	if (!octal && begin + 1 < reader->length && isdigit((unsigned char)reader->text[begin + 1]))
		n = 2;
	for (size_t i = 0; i < n; i++)
		value = value * (octal ? 8 : 10) + (reader->text[begin + i] - '0');
	reader->at += n;
	if (!octal)
		return put_group(reader, value);
	if (value > 0377)
		return err_set(reader->err, ERR_INVALID,
			       "an octal number in a replacement is above 0o377");
	template_text_put(&reader->literal, (uint32_t)value);
	return 0;
}

/* at is behind the backslash. */
static int read_escape(struct reader *reader)
{
	static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";

	if (reader->at >= reader->length)
		return err_set(reader->err, ERR_INVALID, "a replacement ends with a backslash");
	char c = reader->text[reader->at];
	const char *known = c ? strchr(letters, c) : NULL;
	if (isdigit((unsigned char)c))
		return read_digits(reader);
	reader->at++;
	if (c == 'g')
		return read_named(reader);
	if (isalpha((unsigned char)c) && !known)
		return err_set(reader->err, ERR_INVALID, "bad escape \\%c in a replacement", c);
	if (!known)
		buf_addch(&reader->literal, '\\');
	buf_addch(&reader->literal, known ? meanings[known - letters] : c);
	return 0;
}

int template_regex_parse(const struct regex *regex, const char *replacement, size_t length,
			 struct regex_replacement *ret, struct err *err)
{
	struct reader reader = {
		.regex = regex, .text = replacement, .length = length, .to = ret, .err = err};
	int r = 0;

	*ret = (struct regex_replacement){0};
	while (r == 0 && reader.at < length) {
		char c = replacement[reader.at++];
		if (c == '\\')
			r = read_escape(&reader);
		else
			buf_addch(&reader.literal, c);
	}
	end_part(&reader, -1);
	if (r < 0)
		template_regex_replacement_done(ret);
	return r;
}

void template_regex_replacement_done(struct regex_replacement *replacement)
{
	for (size_t i = 0; i < replacement->n; i++)
		free(replacement->parts[i].text);
	free(replacement->parts);
	*replacement = (struct regex_replacement){0};
}

void template_regex_expand(const struct regex *regex, const char *text,
			   const struct regex_replacement *replacement, struct buf *out)
{
	size_t begin, end;

	for (size_t i = 0; i < replacement->n; i++) {
		const struct regex_part *part = &replacement->parts[i];
		buf_add(out, part->text, part->length);
		if (part->group >= 0 &&
		    template_regex_group(regex, (size_t)part->group, &begin, &end))
			buf_add(out, text + begin, end - begin);
	}
}
