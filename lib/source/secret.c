#include "source/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int source_secret_open_file(struct source_pass *pass, struct source_file *file, struct err *err)
{
	int r = file->secret ? SOURCE_UNSEAL_PLAIN
			     : source_unseal_text(&pass->unseal, file->path, &file->text,
						  &file->length, err);

	if (r < 0)
		return r;
	file->secret |= r != SOURCE_UNSEAL_PLAIN;
	file->sealed |= r == SOURCE_UNSEAL_SEALED;
	return 0;
}

/* --- telling the mask --- */

static bool is_key(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_./ \"'", text[i]))
			return false;
	return length;
}

static bool is_key_of_object(const char *key, size_t length)
{
	static const char *const names[] = {"apiVersion", "kind", "name", "namespace"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == length && !memcmp(key, names[i], length))
			return true;
	return false;
}

static void trim(const char **text, size_t *length, const char *what)
{
	while (*length && strchr(what, **text)) {
		++*text;
		--*length;
	}
	while (*length && strchr(what, (*text)[*length - 1]))
		--*length;
}

/* "KEY=value", "key: value", "- value". */
static void note_line(struct source_pass *pass, const char *line, size_t length, bool of_object)
{
	size_t key = 0;

	trim(&line, &length, " \t\r-");
	while (key < length && line[key] != '=' && line[key] != ':')
		key++;
	if (key == length || !is_key(line, key) || (of_object && is_key_of_object(line, key)))
		return;
	const char *value = line + key + 1;
	size_t rest = length - key - 1;
	trim(&value, &rest, " \t\"',");
	if (rest >= MASK_SHORTEST && !template_has_markup(value, rest))
		mask_add(pass->options->mask, value, rest);
}

static void note_lines(struct source_pass *pass, const char *text, size_t length, bool of_object)
{
	const char *at = text, *end = at + length;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		note_line(pass, at, (size_t)(stop - at), of_object);
		at = stop + 1;
	}
}

static int note_scalar(void *context, struct tree_yaml_node *scalar, struct err *err)
{
	struct source_pass *pass = context;

	(void)err;
	mask_add(pass->options->mask, scalar->text, scalar->length);
	return 0;
}

void source_secret_note_file(struct source_pass *pass, const struct source_file *file,
			     const char *text, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;

	if (!pass->options->mask || !file->secret || file->sealed)
		return;
	mask_add(pass->options->mask, text, length);
	note_lines(pass, text, length, false);
	if (tree_yaml_parse(text, length, file->path, &documents, &err) < 0)
		return;
	(void)tree_yaml_visit(&documents, note_scalar, pass, &err);
	tree_yaml_done(&documents);
}

void source_secret_note_template(struct source_pass *pass, const struct source_file *file)
{
	if (pass->options->mask && file->secret && !file->sealed)
		note_lines(pass, file->text, file->length, true);
}

/* What names an object, and how others find it, is no secret. */
static bool names_object(const char *key)
{
	return is_key_of_object(key, strlen(key)) || !strcmp(key, "labels") ||
	       !strcmp(key, "selector");
}

void source_secret_note_object(struct source_pass *pass, const json_t *body)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(body))
		mask_add(pass->options->mask, json_string_value(body), json_string_length(body));
	json_object_foreach ((json_t *)body, key, value) {
		if (!names_object(key))
			source_secret_note_object(pass, value);
	}
	json_array_foreach (body, i, value) {
		source_secret_note_object(pass, value);
	}
}

/* --- errors --- */

void source_secret_strip(const struct source_pass *pass, struct err *err)
{
	const struct source_file *file =
		err->place.file ? source_tree_find(pass->tree, err->place.file) : NULL;

	if (!file || !file->secret)
		return;
	free(steal(&err->excerpt));
	free(steal(&err->trail));
}

void source_secret_report(struct source_pass *pass)
{
	struct source_unseal *unseal = &pass->unseal;
	struct err *err = &unseal->sealed_err;

	if (!unseal->sealed)
		return;
	free(err->message);
	err->message = mem_printf(
		"%zu text%s encrypted by ansible-vault cannot be opened here, and "
		"placeholder%s stand%s in: %s",
		unseal->sealed, unseal->sealed == 1 ? "" : "s", unseal->sealed == 1 ? "" : "s",
		unseal->sealed == 1 ? "s" : "", unseal->passwords_err.message);
	if (unseal->passwords_err.hint)
		(void)err_hint(err, "%s", unseal->passwords_err.hint);
	diag_add(&pass->set->findings, DIAG_WARNING, NULL, err);
}
