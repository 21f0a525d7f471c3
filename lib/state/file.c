#include "state/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "tree/json.h"

/* More than a million entries; what is larger is not ours. */
#define LIMIT ((size_t)512 << 20)

/* Keeps what cannot be read for whoever wants to look at it. */
static int move_aside(const char *path, struct err *err)
{
	cleanup_free char *aside = mem_printf("%s.damaged-%lld", path, (long long)time(NULL));

	if (rename(path, aside) < 0)
		return err_errno(err, errno, "%s is damaged and cannot be moved aside", path);
	(void)err_wrap(err, "%s was damaged and is now %s", path, aside);
	return 1;
}

static int check_schema(const json_t *tree, const char *path, struct err *err)
{
	const json_t *schema = json_object_get(tree, "schema");

	if (json_is_integer(schema) && json_integer_value(schema) == STATE_SCHEMA)
		return 0;
	return err_set(err, ERR_INVALID, "%s has no schema that this version knows",
		       file_base(path));
}

int state_file_read(const char *path, json_t **ret, struct err *err)
{
	json_auto_t *tree = NULL;
	int r = tree_json_read(path, LIMIT, &tree, err);

	*ret = NULL;
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	if (r >= 0)
		r = check_schema(tree, path, err);
	if (r == -ERR_INVALID)
		return move_aside(path, err);
	if (r < 0)
		return r;
	*ret = steal(&tree);
	return 0;
}

int state_file_write(const char *path, const json_t *tree, struct err *err)
{
	cleanup_free char *text = tree_json_dump(tree);

	return file_write(path, text, strlen(text), 0600, err);
}

void state_file_set_text(json_t *tree, const char *key, const char *text)
{
	if (text)
		json_object_set_new(tree, key, json_string(text));
}

char *state_file_get_text(const json_t *tree, const char *key)
{
	return mem_strdup(json_string_value(json_object_get(tree, key)));
}
