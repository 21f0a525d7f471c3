#include "source/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/password.h"
#include "source/vault_cache.h"

/* --- opening --- */

static const struct source_vault_passwords *passwords_of(struct source_pass *pass)
{
	if (!pass->passwords_read)
		(void)source_password_read(pass->options->settings, &pass->passwords,
					   &pass->passwords_err);
	pass->passwords_read = true;
	return &pass->passwords;
}

/* What was wrong with the passwords is why a text could not be opened, unless one was tried. */
static int explain(struct source_pass *pass, struct err *err)
{
	const struct err *why = &pass->passwords_err;

	if (err->code == ERR_DENIED && why->code == ERR_NONE)
		return err_hint(err, "check the password; or the text was altered: take it from a "
				     "backup");
	if (why->code == ERR_NONE)
		return -(int)err->code;
	cleanup_free char *message =
		err->code == ERR_NOT_FOUND
			? mem_printf("encrypted by ansible-vault, and %s", why->message)
			: mem_printf("%s; %s", err->message, why->message);
	cleanup_free char *file = mem_strdup(err->place.file);
	int line = err->place.line;
	(void)err_set(err, ERR_INVALID, "%s", message);
	if (why->hint)
		(void)err_hint(err, "%s", why->hint);
	return err_at(err, file, line, 0);
}

/* Who only checks need not have the password. */
static bool may_guess(const struct source_pass *pass, const struct err *err)
{
	enum err_code why = pass->passwords_err.code;

	return pass->options->lint && (why == ERR_NOT_FOUND || why == ERR_DENIED) &&
	       (err->code == ERR_NOT_FOUND || err->code == ERR_DENIED);
}

static void count_sealed(struct source_pass *pass, const char *file, int line)
{
	if (pass->sealed++)
		return;
	(void)err_set(&pass->sealed_err, ERR_INVALID, "%s", "");
	(void)err_at(&pass->sealed_err, file, line, 0);
}

/* 0: opened; 1: a placeholder has to stand in. */
static int open_text(struct source_pass *pass, const char *text, size_t length, const char *file,
		     int line, struct buf *ret, struct err *err)
{
	int r = source_vault_cache_open(pass->options->vault, text, length, file, line,
					passwords_of(pass), ret, err);

	if (r >= 0)
		return 0;
	if (may_guess(pass, err)) {
		err_done(err);
		count_sealed(pass, file, line);
		buf_addstr(ret, SOURCE_SECRET_PLACEHOLDER);
		return 1;
	}
	r = err->code == ERR_INVALID ? r : explain(pass, err);
	err->code = ERR_INVALID;
	return -(int)err->code;
}

int source_secret_open_file(struct source_pass *pass, struct source_file *file, struct err *err)
{
	cleanup_buf struct buf plain = BUF_INIT;

	if (file->secret || !source_vault_is(file->text, file->length))
		return 0;
	int r = open_text(pass, file->text, file->length, file->path, 1, &plain, err);
	if (r < 0)
		return r;
	free(file->text);
	file->length = plain.len;
	file->text = buf_steal(&plain);
	file->secret = true;
	file->sealed = r > 0;
	return 0;
}

/* --- values --- */

struct visiting {
	struct source_pass *pass;
	const struct source_file *file;
	struct tree_yaml_documents *documents;
};

static int open_value(const struct visiting *visiting, struct tree_yaml_node *scalar,
		      struct err *err)
{
	cleanup_buf struct buf plain = BUF_INIT;

	int r = open_text(visiting->pass, scalar->text, scalar->length, visiting->file->path,
			  scalar->line, &plain, err);
	if (r < 0)
		return r;
	if (plain.len && memchr(plain.data, '\0', plain.len)) {
		(void)err_set(err, ERR_INVALID, "the encrypted value is no text");
		return err_at(err, visiting->file->path, scalar->line, scalar->column);
	}
	if (r == 0)
		mask_add(visiting->pass->options->mask, buf_str(&plain), plain.len);
	scalar->text = tree_yaml_keep(visiting->documents, buf_str(&plain), plain.len);
	scalar->length = plain.len;
	scalar->tag = "!unsafe"; /* as Ansible has it: a text, whatever stands in it */
	scalar->secret = true;
	return 0;
}

static int visit(void *context, struct tree_yaml_node *scalar, struct err *err)
{
	const struct visiting *visiting = context;

	if (scalar->tag && !strcmp(scalar->tag, SOURCE_VAULT_TAG) && !scalar->secret)
		return open_value(visiting, scalar, err);
	if (!visiting->file->secret || scalar->secret)
		return 0;
	scalar->secret = true;
	mask_add(visiting->pass->options->mask, scalar->text, scalar->length);
	return 0;
}

int source_secret_open_values(struct source_pass *pass, const struct source_file *file,
			      struct tree_yaml_documents *documents, struct err *err)
{
	struct visiting visiting = {pass, file, documents};

	return tree_yaml_visit(documents, visit, &visiting, err);
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
	struct err *err = &pass->sealed_err;

	if (!pass->sealed)
		return;
	free(err->message);
	err->message =
		mem_printf("%zu text%s encrypted by ansible-vault cannot be opened here, and "
			   "placeholder%s stand%s in: %s",
			   pass->sealed, pass->sealed == 1 ? "" : "s", pass->sealed == 1 ? "" : "s",
			   pass->sealed == 1 ? "s" : "", pass->passwords_err.message);
	if (pass->passwords_err.hint)
		(void)err_hint(err, "%s", pass->passwords_err.hint);
	diag_add(&pass->set->findings, DIAG_WARNING, NULL, err);
}
