#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "tree/json.h"
#include "tree/number.h"

struct writer {
	struct buf out;
	bool sorted;
	bool pretty;
	size_t depth;
};

static void write_value(struct writer *writer, const json_t *value);

static void write_escape(struct buf *out, unsigned char c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* character, its letter */

	for (size_t i = 0; i + 1 < sizeof(shorts); i += 2) {
		if ((unsigned char)shorts[i] != c)
			continue;
		buf_addch(out, '\\');
		buf_addch(out, shorts[i + 1]);
		return;
	}
	buf_printf(out, "\\u%04x", c);
}

static void write_string(struct buf *out, const char *text, size_t length)
{
	size_t start = 0;

	buf_addch(out, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		buf_add(out, text + start, i - start);
		write_escape(out, c);
		start = i + 1;
	}
	buf_add(out, text + start, length - start);
	buf_addch(out, '"');
}

static void write_break(struct writer *writer)
{
	if (!writer->pretty)
		return;
	buf_addch(&writer->out, '\n');
	buf_fill(&writer->out, ' ', writer->depth * 2);
}

static void write_array(struct writer *writer, const json_t *list)
{
	size_t i;
	json_t *item;

	buf_addch(&writer->out, '[');
	writer->depth++;
	json_array_foreach (list, i, item) {
		if (i)
			buf_addch(&writer->out, ',');
		write_break(writer);
		write_value(writer, item);
	}
	writer->depth--;
	if (json_array_size(list))
		write_break(writer);
	buf_addch(&writer->out, ']');
}

static void write_pair(struct writer *writer, const char *key, const json_t *value, bool first)
{
	if (!first)
		buf_addch(&writer->out, ',');
	write_break(writer);
	write_string(&writer->out, key, strlen(key));
	buf_addstr(&writer->out, writer->pretty ? ": " : ":");
	write_value(writer, value);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_sorted_pairs(struct writer *writer, const json_t *object)
{
	size_t n = 0;
	const char *key;
	json_t *value;
	cleanup_free const char **keys = mem_alloc(json_object_size(object) * sizeof(char *));

	json_object_foreach ((json_t *)object, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(char *), by_bytes);
	for (size_t i = 0; i < n; i++)
		write_pair(writer, keys[i], json_object_get(object, keys[i]), i == 0);
}

static void write_pairs(struct writer *writer, const json_t *object)
{
	bool first = true;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		write_pair(writer, key, value, first);
		first = false;
	}
}

static void write_object(struct writer *writer, const json_t *object)
{
	buf_addch(&writer->out, '{');
	writer->depth++;
	if (writer->sorted)
		write_sorted_pairs(writer, object);
	else
		write_pairs(writer, object);
	writer->depth--;
	if (json_object_size(object))
		write_break(writer);
	buf_addch(&writer->out, '}');
}

/* -0 reads back as the integer 0: the form that is hashed knows one zero. */
static void write_real(struct writer *writer, double value)
{
	cleanup_free char *text = tree_number_text(writer->sorted && value == 0 ? 0 : value);

	buf_addstr(&writer->out, text);
}

static void write_value(struct writer *writer, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(writer, value);
		return;
	case JSON_ARRAY:
		write_array(writer, value);
		return;
	case JSON_STRING:
		write_string(&writer->out, json_string_value(value), json_string_length(value));
		return;
	case JSON_INTEGER:
		buf_printf(&writer->out, "%lld", (long long)json_integer_value(value));
		return;
	case JSON_REAL:
		write_real(writer, json_real_value(value));
		return;
	case JSON_TRUE:
		buf_addstr(&writer->out, "true");
		return;
	case JSON_FALSE:
		buf_addstr(&writer->out, "false");
		return;
	default:
		buf_addstr(&writer->out, "null");
	}
}

char *tree_json_dump(const json_t *tree)
{
	struct writer writer = {0};

	write_value(&writer, tree);
	return buf_steal(&writer.out);
}

char *tree_json_canonical(const json_t *tree)
{
	struct writer writer = {.sorted = true};

	write_value(&writer, tree);
	return buf_steal(&writer.out);
}

char *tree_json_pretty(const json_t *tree)
{
	struct writer writer = {.pretty = true};

	write_value(&writer, tree);
	buf_addch(&writer.out, '\n');
	return buf_steal(&writer.out);
}

char *tree_json_hash(const json_t *tree)
{
	cleanup_free char *text = tree_json_canonical(tree);

	return digest_sha256_hex(text, strlen(text));
}

char *tree_json_number(double value)
{
	return tree_number_text(value);
}
