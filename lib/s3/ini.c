#include "s3/ini.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#define FILE_LIMIT ((size_t)1 << 20)

struct reader {
	struct s3_ini *ini;
	int line;
	struct map *section; /* NULL before the first */
	char *key;	     /* whose value may go on; or NULL */
	struct buf value;
	size_t indent; /* of that key */
};

static void free_section(struct map *section)
{
	map_done(section);
	free(section);
}

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Without the white space around it. Caller frees. */
static char *trimmed(const char *text, size_t length)
{
	while (length && isspace((unsigned char)*text))
		text++, length--;
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return mem_strndup(text, length);
}

static int complain(const struct reader *reader, const char *what, struct err *err)
{
	err_set(err, ERR_INVALID, "%s", what);
	return err_at(err, reader->ini->path, reader->line, 0);
}

/* The value is whole now. */
static void close_key(struct reader *reader)
{
	if (!reader->key)
		return;
	while (reader->value.len &&
	       isspace((unsigned char)reader->value.data[reader->value.len - 1]))
		buf_truncate(&reader->value, reader->value.len - 1);
	map_put(reader->section, reader->key, buf_steal(&reader->value));
	free(steal(&reader->key));
}

static int open_section(struct reader *reader, const char *line, struct err *err)
{
	const char *end = strrchr(line, ']');

	close_key(reader);
	if (!end || end == line + 1)
		return complain(reader, "a section has no name between its brackets", err);
	cleanup_free char *name = trimmed(line + 1, (size_t)(end - line - 1));
	if (map_has(&reader->ini->sections, name))
		return complain(reader, "this section was there before", err);
	reader->section = mem_new(struct map);
	*reader->section = MAP_INIT(free_secret);
	map_put(&reader->ini->sections, name, reader->section);
	return 0;
}

static int open_key(struct reader *reader, const char *line, size_t indent, struct err *err)
{
	size_t length = strcspn(line, "=:");

	close_key(reader);
	if (!reader->section)
		return complain(reader, "a setting stands before the first [section]", err);
	if (!line[length])
		return complain(reader, "neither [section] nor key = value", err);
	cleanup_free char *key = trimmed(line, length);
	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!*key)
		return complain(reader, "a value has no key before it", err);
	if (map_has(reader->section, key))
		return complain(reader, "this key was there before, in the same section", err);
	cleanup_free char *value = trimmed(line + length + 1, strlen(line + length + 1));
	buf_addstr(&reader->value, value);
	reader->indent = indent;
	reader->key = steal(&key);
	return 0;
}

static int take_line(struct reader *reader, const char *line, struct err *err)
{
	size_t indent = strspn(line, " \t\r\f\v");
	const char *text = line + indent;

	if (*text == '#' || *text == ';')
		return 0;
	if (!*text) {
		if (reader->key)
			buf_addch(&reader->value, '\n');
		return 0;
	}
	if (reader->key && indent > reader->indent) {
		cleanup_free char *more = trimmed(text, strlen(text));
		buf_printf(&reader->value, "\n%s", more);
		return 0;
	}
	return *text == '[' ? open_section(reader, text, err) : open_key(reader, text, indent, err);
}

static void reader_done(struct reader *reader)
{
	free(reader->key);
	buf_done(&reader->value);
}

static int parse(struct s3_ini *ini, char *text, struct err *err)
{
	__attribute__((cleanup(reader_done))) struct reader reader = {.ini = ini};

	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		reader.line++;
		int r = take_line(&reader, line, err);
		if (r < 0)
			return r;
	}
	close_key(&reader);
	return 0;
}

int s3_ini_read(const char *path, struct s3_ini *ret, struct err *err)
{
	size_t length;
	char *text;

	int r = file_read(path, FILE_LIMIT, &text, &length, err);
	if (r < 0)
		return r;
	struct s3_ini ini = {.path = mem_strdup(path), .sections = MAP_INIT(free_section)};
	char *start = !strncmp(text, "\xef\xbb\xbf", 3) ? text + 3 : text;
	r = parse(&ini, start, err);
	explicit_bzero(text, length);
	free(text);
	if (r < 0)
		s3_ini_done(&ini);
	else
		*ret = ini;
	return r;
}

const char *s3_ini_get(const struct s3_ini *ini, const char *section, const char *key)
{
	const struct map *keys = map_get(&ini->sections, section);

	return keys ? map_get(keys, key) : NULL;
}

void s3_ini_nested(const char *value, struct map *ret)
{
	*ret = MAP_INIT(free_secret);
	for (const char *line = value; line && *line;) {
		size_t length = strcspn(line, "\n"), key_length = strcspn(line, "=");
		if (key_length < length) {
			cleanup_free char *key = trimmed(line, key_length);
			map_put(ret, key, trimmed(line + key_length + 1, length - key_length - 1));
		}
		line += length + (line[length] == '\n');
	}
}

void s3_ini_done(struct s3_ini *ini)
{
	free(ini->path);
	map_done(&ini->sections);
	memset(ini, 0, sizeof(*ini));
}
