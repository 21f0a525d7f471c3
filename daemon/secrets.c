#include "secrets.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "manifest/generate.h"
#include "tree/json.h"

#define FILE_LIMIT   (4 << 20)
#define LENGTH_MAX   1024
#define LENGTH_USUAL 32

struct secrets {
	char *path;
	struct secrets_options options;
	json_t *values; /* "namespace/secret/key" -> {value, app, unseen}; unseen: nobody could say
			 * whether the cluster has another one */
	bool changed;
	struct list taken;
};

static int damaged(const char *path, struct err *err)
{
	if (err->code == ERR_NONE)
		(void)err_set(err, ERR_INVALID, "%s is damaged", path);
	return err_hint(err, "restore it from a backup; without it new passwords would be made");
}

static int read_values(const char *path, json_t **ret, struct err *err)
{
	int r = tree_json_read(path, FILE_LIMIT, ret, err);

	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		*ret = json_object();
		return 0;
	}
	if (r == -ERR_INVALID)
		return damaged(path, err);
	if (r < 0 || json_is_object(*ret))
		return r;
	json_decref(*ret);
	return damaged(path, err);
}

/* Earlier versions kept "app/secret/key" -> text. */
static const char *text_of(const json_t *entry)
{
	return json_string_value(json_is_object(entry) ? json_object_get(entry, "value") : entry);
}

static void tell_mask(const struct secrets *secrets)
{
	const char *name;
	json_t *entry;

	json_object_foreach (secrets->values, name, entry) {
		const char *text = text_of(entry);
		if (text)
			mask_add(secrets->options.mask, text, strlen(text));
	}
}

int secrets_open(const struct secrets_options *options, struct secrets **ret, struct err *err)
{
	cleanup_free char *path = file_join(options->state_dir, "secrets.json");
	json_t *values;
	int r = read_values(path, &values, err);

	if (r < 0)
		return r;
	struct secrets *secrets = mem_new(struct secrets);
	secrets->path = steal(&path);
	secrets->values = values;
	secrets->options = *options;
	tell_mask(secrets);
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

/* --- finding --- */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end);
}

/* The value that the same app has for this Secret in another namespace; NULL: none, or several. */
static const char *of_other_namespace(const struct secrets *secrets,
				      const struct source_generated *wanted)
{
	cleanup_free char *end = mem_printf("/%s/%s", wanted->secret, wanted->key);
	const char *name, *found = NULL;
	json_t *entry;

	json_object_foreach (secrets->values, name, entry) {
		const char *app = json_string_value(json_object_get(entry, "app"));
		if (!app || strcmp(app, wanted->app) != 0 || !ends_with(name, end))
			continue;
		if (found)
			return NULL;
		found = text_of(entry);
	}
	return found;
}

static const char *find(const struct secrets *secrets, const struct source_generated *wanted,
			const char *name)
{
	cleanup_free char *old = mem_printf("%s/%s/%s", wanted->app, wanted->secret, wanted->key);
	const json_t *earlier = json_object_get(secrets->values, old);
	const char *text = text_of(json_object_get(secrets->values, name));

	if (!text && json_is_string(earlier))
		text = json_string_value(earlier);
	return text ? text : of_other_namespace(secrets, wanted);
}

/* Notes under which name, and for whom. */
static void put(struct secrets *secrets, const char *name, const char *app, const char *value,
		bool unseen)
{
	const json_t *entry = json_object_get(secrets->values, name);
	const char *before = json_string_value(json_object_get(entry, "app"));
	bool was_unseen = json_object_get(entry, "unseen");

	if (before && !strcmp(before, app) && !strcmp(text_of(entry), value) &&
	    unseen == was_unseen)
		return;
	json_t *now = json_pack("{s:s, s:s}", "value", value, "app", app);
	if (unseen)
		json_object_set_new(now, "unseen", json_true());
	json_object_set_new(secrets->values, name, now);
	secrets->changed = true;
}

/* What the cluster has for it; NULL when it has nothing, or nobody answers. Caller frees. */
static char *ask(struct secrets *secrets, const struct source_generated *wanted, bool *ret_answered)
{
	const struct secrets_options *options = &secrets->options;
	cleanup_err struct err err = ERR_INIT;
	char *value;
	size_t length;

	*ret_answered = false;
	if (!options->ask)
		return NULL;
	json_auto_t *data =
		options->ask(options->context, wanted->ns, wanted->secret, ret_answered);
	const char *text = json_string_value(json_object_get(data, wanted->key));
	if (!text || digest_base64_decode(text, strlen(text), &value, &length, &err) < 0)
		return NULL;
	return value;
}

/* One that is kept and that the cluster could say no more about is the cluster's. */
static char *settle(struct secrets *secrets, const struct source_generated *wanted,
		    const char *kept, bool *ret_unseen)
{
	bool answered;
	char *there = ask(secrets, wanted, &answered);

	*ret_unseen = !answered;
	if (!there)
		return kept ? mem_strdup(kept) : NULL;
	if (!kept || strcmp(kept, there) != 0)
		list_printf(&secrets->taken,
			    "Secret %s/%s: its generated %s was not in the state directory (was it "
			    "lost?) and was taken from the cluster",
			    wanted->ns, wanted->secret, wanted->key);
	return there;
}

char *secrets_value(void *context, const struct source_generated *wanted)
{
	struct secrets *secrets = context;
	cleanup_free char *name = mem_printf("%s/%s/%s", wanted->ns, wanted->secret, wanted->key);
	cleanup_free char *kept = mem_strdup(find(secrets, wanted, name));
	bool unseen = json_object_get(json_object_get(secrets->values, name), "unseen");
	char *value = kept && !unseen ? steal(&kept) : settle(secrets, wanted, kept, &unseen);

	if (!value && !secrets->options.make)
		return mem_strdup(MANIFEST_UNMADE);
	if (!value)
		value = make_value(wanted->length);
	mask_add(secrets->options.mask, value, strlen(value));
	put(secrets, name, wanted->app, value, unseen);
	return value;
}

const struct list *secrets_taken(const struct secrets *secrets)
{
	return &secrets->taken;
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
	list_done(&secrets->taken);
	free(secrets->path);
	free(secrets);
}
