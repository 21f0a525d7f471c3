#include "tgz/line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of the UTF-8 character that begins here; 0 when none does. */
static size_t utf8_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80			    ? 1
			: text[0] >= 0xc2 && text[0] < 0xe0 ? 2
			: text[0] >= 0xe0 && text[0] < 0xf0 ? 3
			: text[0] >= 0xf0 && text[0] < 0xf5 ? 4
							    : 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

void tgz_line_add_text(struct buf *line, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	buf_addch(line, '\t');
	while (*at) {
		size_t length = utf8_length(at);
		if (*at == '\t')
			buf_addstr(line, "\\t");
		else if (*at == '\n')
			buf_addstr(line, "\\n");
		else if (*at == '\\')
			buf_addstr(line, "\\\\");
		else if (length && *at >= ' ' && *at != 0x7f)
			buf_add(line, at, length);
		else
			buf_printf(line, "\\x%02x", *at);
		at += length && *at >= ' ' ? length : 1;
	}
}

void tgz_line_add_number(struct buf *line, uint64_t number)
{
	buf_printf(line, "\t%llu", (unsigned long long)number);
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static char unescape(const char **at)
{
	const char *p = *at + 1;
	char c = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;

	if (*p == 'x' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
		c = (char)(hex(p[1]) << 4 | hex(p[2]));
		p += 2;
	}
	*at = p;
	return c;
}

int tgz_line_split(char *line, char **ret_fields, int max)
{
	char *out = line;
	int count = 1;

	ret_fields[0] = line;
	for (const char *at = line; *at; at++) {
		if (*at == '\t' && count < max) {
			*out++ = '\0';
			ret_fields[count++] = out;
		} else if (*at == '\\' && at[1]) {
			*out++ = unescape(&at);
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
	return count;
}

bool tgz_line_number(const char *field, int base, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)*field))
		return false;
	errno = 0;
	*ret = strtoull(field, &end, base);
	return !*end && !errno;
}

int tgz_line_compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	int one = *a == '/' ? 1 : *a ? (unsigned char)*a + 1 : 0;
	int other = *b == '/' ? 1 : *b ? (unsigned char)*b + 1 : 0;
	return one - other;
}

bool tgz_line_is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (!strcmp(above, "."))
		return true;
	return !strncmp(path, above, length) && (!path[length] || path[length] == '/');
}
