#include "tree/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/json.h"

#define LENGTH_MAX 200 /* characters */

bool tree_show_is_secret(const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));

	return kind && !strcmp(kind, "Secret");
}

bool tree_show_has_secret(const json_t *tree)
{
	const char *key;
	json_t *value;
	size_t i;

	if (tree_show_is_secret(tree))
		return true;
	json_object_foreach ((json_t *)tree, key, value) {
		if (tree_show_has_secret(value))
			return true;
	}
	json_array_foreach (tree, i, value) {
		if (tree_show_has_secret(value))
			return true;
	}
	return false;
}

static bool starts_with(const char *path, const char *field)
{
	size_t length = strlen(field);

	return !strncmp(path, field, length) && (!path[length] || strchr(".[", path[length]));
}

enum tree_show_secrecy tree_show_secrecy_of(const char *path)
{
	if (starts_with(path, "data"))
		return TREE_SHOW_BASE64;
	/* kubectl's annotation holds the whole Secret once more */
	if (starts_with(path, "stringData") || strstr(path, "last-applied-configuration"))
		return TREE_SHOW_TEXT;
	return TREE_SHOW_OPEN;
}

static size_t base64_size(const char *text, size_t length)
{
	while (length && (text[length - 1] == '=' || text[length - 1] == '\n'))
		length--;
	return length * 3 / 4;
}

static char *length_only(const json_t *value, enum tree_show_secrecy secrecy)
{
	if (!json_is_string(value))
		return mem_strdup("not shown");
	size_t length = json_string_length(value);
	if (secrecy == TREE_SHOW_BASE64)
		length = base64_size(json_string_value(value), length);
	return mem_printf("%zu bytes", length);
}

/* Cuts at LENGTH_MAX characters. */
static char *cut(char *text_stolen)
{
	size_t characters = 0;

	for (char *at = text_stolen; *at; at++) {
		if ((*at & 0xc0) == 0x80 || characters++ < LENGTH_MAX)
			continue;
		*at = '\0';
		char *text = mem_printf("%s...", text_stolen);
		free(text_stolen);
		return text;
	}
	return text_stolen;
}

/* A text as JSON writes it, without the quotes. */
static char *escaped(const char *text, size_t length)
{
	json_auto_t *string = json_stringn(text, length);
	char *json = tree_json_dump(string);

	length = strlen(json);
	memmove(json, json + 1, length - 2);
	json[length - 2] = '\0';
	return json;
}

/* Where the first line begins in which two texts differ, and its number. */
static size_t first_difference(const char *text, const char *other, size_t *ret_line)
{
	size_t start = 0;

	*ret_line = 1;
	for (size_t i = 0; text[i] && text[i] == other[i]; i++) {
		if (text[i] != '\n')
			continue;
		++*ret_line;
		start = i + 1;
	}
	return start;
}

static char *numbered(size_t number, const char *line)
{
	cleanup_free char *shown = escaped(line, strcspn(line, "\n"));

	return mem_printf("line %zu: %s", number, shown);
}

static char *differing_line(const char *text, const char *other)
{
	size_t number, start = first_difference(text, other, &number);
	const char *line = text + start, *end = line + strcspn(line, "\n");

	if (!*line)
		return mem_printf("ends before line %zu", number);
	if (strncmp(line, other + start, (size_t)(end - line)) || other[end - text] == *end ||
	    !strchr("\n", other[end - text]))
		return numbered(number, line);
	if (!*end) /* the line is the same, but only the other one goes on */
		return mem_printf("ends in line %zu", number);
	return end[1] ? numbered(number + 1, end + 1) : mem_printf("ends after line %zu", number);
}

static char *show_string(const json_t *value, const json_t *beside)
{
	const char *text = json_string_value(value), *other = json_string_value(beside);

	if (other && (strchr(text, '\n') || strchr(other, '\n')))
		return differing_line(text, other);
	return *text ? escaped(text, json_string_length(value)) : mem_strdup("\"\"");
}

char *tree_show_value(const json_t *value, const json_t *beside, enum tree_show_secrecy secrecy)
{
	if (!value)
		return NULL;
	if (secrecy != TREE_SHOW_OPEN)
		return length_only(value, secrecy);
	return cut(json_is_string(value) ? show_string(value, beside) : tree_json_dump(value));
}
