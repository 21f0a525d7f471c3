#include "manifest/generate.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/list.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "tree/json.h"
#include "tree/path.h"

#define DIGEST_LENGTH 16
#define KEY_LONGEST   253

json_t *manifest_generate(const char *kind, const char *name, const char *ns)
{
	json_t *body = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", kind,
				 "metadata", "name", name);

	if (ns)
		tree_path_set(body, "metadata.namespace", json_string(ns));
	if (!strcmp(kind, "Secret"))
		json_object_set_new(body, "type", json_string("Opaque"));
	json_object_set_new(body, "data", json_object());
	return body;
}

static int check_key(const json_t *body, const char *key, struct err *err)
{
	const char *name = tree_path_string(body, "metadata.name");
	size_t length = strlen(key);

	if (!length || length > KEY_LONGEST || !strcmp(key, ".") || !strcmp(key, "..") ||
	    strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") !=
		    length)
		return err_set(err, ERR_INVALID,
			       "'%s' cannot be a key of %s: letters, digits, '-', '_' and '.' only",
			       key, name);
	if (json_object_get(json_object_get(body, "data"), key) ||
	    json_object_get(json_object_get(body, "binaryData"), key))
		return err_set(err, ERR_INVALID, "key '%s' of %s comes twice", key, name);
	return 0;
}

static void add_binary(json_t *body, const char *field, const char *key, const char *bytes,
		       size_t length)
{
	cleanup_free char *encoded = digest_base64(bytes, length);
	json_t *data = json_object_get(body, field);

	if (!data) {
		data = json_object();
		json_object_set_new(body, field, data);
	}
	json_object_set_new(data, key, json_string(encoded));
}

int manifest_generate_file(json_t *body, const char *key, const char *bytes, size_t length,
			   struct err *err)
{
	const char *kind = tree_path_string(body, "kind");

	int r = check_key(body, key, err);
	if (r < 0)
		return r;
	if (!strcmp(kind, "Secret")) {
		add_binary(body, "data", key, bytes, length);
		return 0;
	}
	json_t *text = memchr(bytes, '\0', length) ? NULL : json_stringn(bytes, length);
	if (text)
		json_object_set_new(json_object_get(body, "data"), key, text);
	else
		add_binary(body, "binaryData", key, bytes, length);
	return 0;
}

static int add_env_line(json_t *body, const char *line, size_t length, struct err *err)
{
	const char *equals = memchr(line, '=', length);

	if (!equals) {
		(void)err_set(err, ERR_INVALID, "'%.*s' is not KEY=VALUE", (int)length, line);
		return err_hint(err, "comments begin with '#'");
	}
	cleanup_free char *key = mem_strndup(line, (size_t)(equals - line));
	return manifest_generate_file(body, key, equals + 1, length - (size_t)(equals + 1 - line),
				      err);
}

int manifest_generate_env(json_t *body, const char *file, const char *text, struct err *err)
{
	int number = 0;

	for (const char *line = text; *line; number++) {
		size_t length = strcspn(line, "\n"), skip = strspn(line, " \t");
		const char *next = line + length + (line[length] == '\n');
		if (length && line[length - 1] == '\r')
			length--;
		line += skip < length ? skip : length;
		length -= skip < length ? skip : length;
		if (length && *line != '#') {
			int r = add_env_line(body, line, length, err);
			if (r < 0)
				return err_at(err, file, number + 1, (int)skip + 1);
		}
		line = next;
	}
	return 0;
}

char *manifest_generate_digest(const json_t *body)
{
	static const char *const fields[] = {"data", "binaryData", "stringData"};
	json_auto_t *read = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *value = json_object_get(body, fields[i]);
		if (value)
			json_object_set(read, fields[i], value);
	}
	char *digest = tree_json_hash(read);
	digest[DIGEST_LENGTH] = '\0';
	return digest;
}

struct use {
	const struct map *digests;
	struct list found;
};

static void note_use(void *context, const struct manifest_reference *reference)
{
	struct use *use = context;
	cleanup_free char *key = mem_printf("%s/%s", reference->kind, reference->name);
	const char *digest = map_get(use->digests, key);

	if (digest) {
		cleanup_free char *line = mem_printf("%s %s", key, digest);
		list_add_new(&use->found, line);
	}
}

bool manifest_generate_stamp(json_t *body, const struct map *digests)
{
	struct use use = {.digests = digests};
	const char *wish = json_string_value(
		json_object_get(tree_path_get(body, "metadata.annotations"), MANIFEST_ROLL_WISH));
	json_t *template = manifest_pod_template(body, NULL);

	if (!template || template == body || (wish && !strcmp(wish, "false")))
		return false;
	manifest_pod_references(body, note_use, &use);
	if (!use.found.n)
		return false;
	list_sort(&use.found);
	cleanup_free char *all = list_join(&use.found, "\n");
	cleanup_free char *digest = digest_sha256_hex(all, strlen(all));
	digest[DIGEST_LENGTH] = '\0';
	tree_path_set(template, "metadata.annotations[\"" MANIFEST_ROLL_ANNOTATION "\"]",
		      json_string(digest));
	list_done(&use.found);
	return true;
}
