#include "tgz/plain.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK	   512
#define BINARY	   "hdrcharset=BINARY\n"
#define NAME_SIZE  100
#define LINK_AT	   157
#define PREFIX_AT  345
#define PREFIX_MAX 155
#define SIZE_AT	   124
#define SUM_AT	   148
#define TYPE_AT	   156

static size_t round_up(size_t length)
{
	return (length + BLOCK - 1) / BLOCK * BLOCK;
}

static size_t size_of(const char *block)
{
	char text[13] = "";

	memcpy(text, block + SIZE_AT, 12);
	return (size_t)strtoull(text, NULL, 8);
}

/* --- the ustar header --- */

/* A directory's name ends in a slash there. */
static bool same_name(const char *have, const char *want)
{
	size_t n = strlen(want);

	return !strncmp(have, want, n) && (!have[n] || !strcmp(have + n, "/"));
}

static bool has_path(const char *ustar, const char *path)
{
	cleanup_free char *name = mem_strndup(ustar, NAME_SIZE);
	cleanup_free char *prefix = mem_strndup(ustar + PREFIX_AT, PREFIX_MAX);
	cleanup_free char *whole = mem_printf("%s%s%s", prefix, *prefix ? "/" : "", name);

	return same_name(whole, path);
}

static bool has_link(const char *ustar, const char *link)
{
	cleanup_free char *have = mem_strndup(ustar + LINK_AT, NAME_SIZE);

	return link && !strcmp(have, link);
}

/* --- records: "LENGTH KEY=VALUE\n" --- */

static bool is_key(const char *record, const char *key)
{
	const char *space = strchr(record, ' ');
	size_t n = strlen(key);

	return space && !strncmp(space + 1, key, n) && space[1 + n] == '=';
}

/* False where a name is only in a record. */
static bool keep_others(const char *records, size_t length, const char *ustar, const char *path,
			const char *link, struct buf *ret)
{
	for (size_t at = 0; at < length;) {
		size_t n = (size_t)strtoul(records + at, NULL, 10);
		const char *record = records + at;
		if (!n || at + n > length || is_key(record, "GNU.sparse.name") ||
		    (is_key(record, "path") && !has_path(ustar, path)) ||
		    (is_key(record, "linkpath") && !has_link(ustar, link)))
			return false;
		if (!is_key(record, "path") && !is_key(record, "linkpath") &&
		    !is_key(record, "hdrcharset"))
			buf_add(ret, record, n);
		at += n;
	}
	return true;
}

/* --- the whole --- */

static void write_octal(char *field, int width, size_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*zo", width, value);
	memcpy(field, text, (size_t)width);
}

static void set_size(char *block, size_t size)
{
	size_t sum = 0;

	write_octal(block + SIZE_AT, 11, size);
	memset(block + SUM_AT, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	write_octal(block + SUM_AT, 6, sum);
	block[SUM_AT + 6] = '\0';
}

void tgz_plain(struct buf *header, const char *path, const char *link)
{
	cleanup_buf struct buf records = BUF_INIT;
	struct buf out = BUF_INIT;

	if (header->len < 3 * BLOCK || header->data[TYPE_AT] != 'x')
		return;
	size_t length = size_of(header->data), ustar_at = BLOCK + round_up(length);
	if (ustar_at + BLOCK > header->len ||
	    !memmem(header->data + BLOCK, length, BINARY, strlen(BINARY)) ||
	    !keep_others(header->data + BLOCK, length, header->data + ustar_at, path, link,
			 &records))
		return;
	if (records.len) {
		buf_add(&out, header->data, BLOCK);
		set_size(out.data, records.len);
		buf_add(&out, records.data, records.len);
		buf_fill(&out, '\0', round_up(records.len) - records.len);
	}
	buf_add(&out, header->data + ustar_at, header->len - ustar_at);
	buf_done(header);
	*header = out;
}
