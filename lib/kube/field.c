#include "kube/field.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/path.h"

/* --- reading a path along the body --- */

/* The longest key of the object with which the text goes on: keys may hold dots, and the server
 * does not quote them. */
static const char *longest_key(json_t *object, const char *text)
{
	const char *key, *best = NULL;
	json_t *value;
	size_t length = 0;

	json_object_foreach (object, key, value) {
		size_t n = strlen(key);
		if (n < length || strncmp(text, key, n) || (text[n] && !strchr(".[", text[n])))
			continue;
		best = key;
		length = n;
	}
	return best;
}

static bool same_value(const json_t *value, const char *written, size_t length)
{
	if (length >= 2 && written[0] == '"' && written[length - 1] == '"')
		return json_string_length(value) == length - 2 &&
		       !strncmp(json_string_value(value), written + 1, length - 2);
	if (json_is_string(value))
		return json_string_length(value) == length &&
		       !strncmp(json_string_value(value), written, length);
	char *end;
	return json_is_integer(value) && strtoll(written, &end, 10) == json_integer_value(value) &&
	       end == written + length;
}

/* Whether a list item has all of `name="a",port=80`. */
static bool item_matches(const json_t *item, const char *pairs, const char *end)
{
	while (pairs < end) {
		const char *comma = memchr(pairs, ',', (size_t)(end - pairs));
		const char *stop = comma ? comma : end;
		const char *equals = memchr(pairs, '=', (size_t)(stop - pairs));
		if (!equals)
			return false;
		cleanup_free char *key = mem_strndup(pairs, (size_t)(equals - pairs));
		if (!same_value(json_object_get(item, key), equals + 1,
				(size_t)(stop - equals - 1)))
			return false;
		pairs = comma ? comma + 1 : end;
	}
	return true;
}

/* What [...] means in a list; -1: no such item. A bare ="x" is an item of a set. */
static long find_item(const json_t *list, const char *inside, const char *end)
{
	char *stop;
	long index = strtol(inside, &stop, 10);
	json_t *item;
	size_t i;

	if (stop == end && stop != inside)
		return index;
	json_array_foreach (list, i, item) {
		if (*inside == '=' ? same_value(item, inside + 1, (size_t)(end - inside - 1))
				   : item_matches(item, inside, end))
			return (long)i;
	}
	return -1;
}

/* One [...]; returns what follows it, or NULL when it leads nowhere. */
static const char *step_bracket(const char *text, const json_t **at, struct buf *path)
{
	const char *inside = text + 1, *end = strchr(text, ']');

	if (!end)
		return NULL;
	cleanup_free char *key = mem_strndup(inside, (size_t)(end - inside));
	if (json_is_array(*at)) {
		long index = find_item(*at, inside, end);
		if (index < 0)
			return NULL;
		tree_path_add_index(path, (size_t)index);
		*at = json_array_get(*at, (size_t)index);
	} else if (!json_is_object(*at) && strchr(key, '=')) {
		return NULL; /* a list item of a list that we do not have */
	} else if (isdigit((unsigned char)*inside)) {
		tree_path_add_index(path, (size_t)strtoul(inside, NULL, 10));
		*at = NULL;
	} else {
		tree_path_add_key(path, key);
		*at = json_object_get(*at, key);
	}
	return end + 1;
}

static const char *step_key(const char *text, const json_t **at, struct buf *path)
{
	const char *known = longest_key((json_t *)*at, text);
	size_t length = known ? strlen(known) : strcspn(text, ".[");
	cleanup_free char *key = mem_strndup(text, length);

	tree_path_add_key(path, key);
	*at = json_object_get(*at, key);
	return text + length;
}

char *kube_field_path(const char *written, const json_t *body)
{
	struct buf path = BUF_INIT;
	const json_t *at = body;

	while (written && *written) {
		if (*written == '.')
			written++;
		else if (*written == '[')
			written = step_bracket(written, &at, &path);
		else
			written = step_key(written, &at, &path);
	}
	return buf_steal(&path);
}

/* --- finding it in a message --- */

static char *quoted_after(const char *message, const char *mark)
{
	const char *start = strstr(message, mark);

	if (!start)
		return NULL;
	start += strlen(mark);
	const char *end = strchr(start, '"');
	return end ? mem_strndup(start, (size_t)(end - start)) : NULL;
}

/* The word before `mark` when it looks like a path: "...: .spec.a: field not declared". */
static char *word_before(const char *message, const char *mark)
{
	const char *end = strstr(message, mark);
	const char *start = end;

	if (!end)
		return NULL;
	while (start > message && !strchr(" \t\n", start[-1]))
		start--;
	return *start == '.' ? mem_strndup(start, (size_t)(end - start)) : NULL;
}

char *kube_field_of_message(const char *message)
{
	char *field = quoted_after(message, "unknown field \"");

	if (!field)
		field = quoted_after(message, "duplicate field \"");
	if (!field)
		field = word_before(message, ": field not declared in schema");
	if (!field)
		field = word_before(message, ": expected ");
	if (!field)
		field = word_before(message, ": duplicate entries for key");
	return field;
}
