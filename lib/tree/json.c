#include "tree/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "tree/number.h"

/* What jansson says ends with a piece of the text, which may be a secret: that is left out. */
static int fail(const json_error_t *error, const char *name, int column, struct err *err)
{
	const char *near = strstr(error->text, " near '");
	int length = near ? (int)(near - error->text) : (int)strlen(error->text);

	(void)err_set(err, ERR_INVALID, "not valid JSON: %.*s", length, error->text);
	return err_at(err, name, error->line > 0 ? error->line : 0, column > 0 ? column : 0);
}

static json_t *parse(const char *text, size_t length, bool strict, json_error_t *error)
{
	/* Users may not write NUL; a server may have stored one. */
	size_t flags = JSON_DECODE_ANY | (strict ? JSON_REJECT_DUPLICATES : JSON_ALLOW_NUL);

	return json_loadb(text, length, flags, error);
}

static const char *end_of_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : end;
}

static const char *end_of_number(const char *at, const char *end, bool *ret_integer)
{
	*ret_integer = true;
	for (at++; at < end && (isdigit((unsigned char)*at) || strchr("+-.eE", *at)); at++)
		*ret_integer = *ret_integer && isdigit((unsigned char)*at);
	return at;
}

static bool beyond_int64(const char *number, size_t length)
{
	cleanup_free char *text = mem_strndup(number, length);
	int64_t value;

	return length > 18 && !tree_number_signed(text, 10, &value);
}

/* Writes "e0" behind every integer beyond int64, which makes it a real. */
static char *make_real(const char *text, size_t length, size_t *ret_length)
{
	struct buf out = BUF_INIT;
	const char *end = text + length;

	for (const char *at = text, *next; at < end; at = next) {
		bool integer = false;
		if (*at == '"')
			next = end_of_string(at, end);
		else if (*at == '-' || isdigit((unsigned char)*at))
			next = end_of_number(at, end, &integer);
		else
			next = at + 1;
		buf_add(&out, at, (size_t)(next - at));
		if (integer && beyond_int64(at, (size_t)(next - at)))
			buf_addstr(&out, "e0");
	}
	*ret_length = out.len;
	return buf_steal(&out);
}

int tree_json_parse(const char *text, size_t length, const char *name, bool strict, json_t **ret,
		    struct err *err)
{
	json_error_t error;

	*ret = parse(text, length, strict, &error);
	if (*ret)
		return 0;
	if (json_error_code(&error) != json_error_numeric_overflow)
		return fail(&error, name, error.column, err);

	size_t longer;
	cleanup_free char *reals = make_real(text, length, &longer);
	*ret = parse(reals, longer, strict, &error);
	return *ret ? 0 : fail(&error, name, 0, err); /* columns moved */
}

int tree_json_read(const char *path, size_t limit, json_t **ret, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t length;

	int r = file_read(path, limit, &text, &length, err);
	if (r < 0)
		return r;
	return tree_json_parse(text, length, path, false, ret, err);
}
