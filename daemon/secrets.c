#include "secrets.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/file.h"
#include "base/mem.h"
#include "tree/json.h"

#define FILE_LIMIT   (4 << 20)
#define LENGTH_MAX   1024
#define LENGTH_USUAL 32

struct secrets {
	char *path;
	json_t *values; /* "app/secret/key" -> text */
	bool make, changed;
};

static int read_values(const char *path, json_t **ret, struct err *err)
{
	int r = tree_json_read(path, FILE_LIMIT, ret, err);

	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		*ret = json_object();
		return 0;
	}
	if (r < 0 || json_is_object(*ret))
		return r;
	json_decref(*ret);
	(void)err_set(err, ERR_INVALID, "%s is damaged", path);
	return err_hint(err, "restore it from a backup; without it new passwords would be made");
}

int secrets_open(const char *state_dir, bool make, struct secrets **ret, struct err *err)
{
	cleanup_free char *path = file_join(state_dir, "secrets.json");
	json_t *values;
	int r = read_values(path, &values, err);

	if (r < 0)
		return r;
	struct secrets *secrets = mem_new(struct secrets);
	secrets->path = steal(&path);
	secrets->values = values;
	secrets->make = make;
	*ret = secrets;
	return 0;
}

/* Letters and digits only: such a password needs no quoting anywhere. */
static char *make_value(int length)
{
	static const char letters[] =
		"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789abcdefgh";
	size_t n = length > 0 && length <= LENGTH_MAX ? (size_t)length : LENGTH_USUAL;
	char *value = mem_zalloc(n + 1);

	if (getrandom(value, n, 0) != (ssize_t)n)
		abort(); /* a password that can be guessed is worse than none */
	for (size_t i = 0; i < n; i++)
		value[i] = letters[(unsigned char)value[i] % 64];
	return value;
}

char *secrets_value(void *context, const char *app, const char *secret, const char *key, int length)
{
	struct secrets *secrets = context;
	cleanup_free char *name = mem_printf("%s/%s/%s", app, secret, key);
	const char *kept = json_string_value(json_object_get(secrets->values, name));

	if (kept)
		return mem_strdup(kept);
	if (!secrets->make)
		return mem_strdup("(made at the first apply)");
	char *value = make_value(length);
	json_object_set_new(secrets->values, name, json_string(value));
	secrets->changed = true;
	return value;
}

int secrets_keep(struct secrets *secrets, struct err *err)
{
	if (!secrets->changed)
		return 0;
	cleanup_free char *text = tree_json_pretty(secrets->values);
	int r = file_write(secrets->path, text, strlen(text), 0600, err);
	if (r >= 0)
		secrets->changed = false;
	return r;
}

void secrets_free(struct secrets *secrets)
{
	if (!secrets)
		return;
	json_decref(secrets->values);
	free(secrets->path);
	free(secrets);
}
