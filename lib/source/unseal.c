#include "source/unseal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/password.h"

/* --- opening --- */

static const struct source_vault_passwords *passwords_of(struct source_unseal *unseal)
{
	if (!unseal->passwords_read)
		(void)source_password_read(unseal->settings, &unseal->passwords,
					   &unseal->passwords_err);
	unseal->passwords_read = true;
	return &unseal->passwords;
}

/* What was wrong with the passwords is why a text could not be opened, unless one was tried. */
static int explain(struct source_unseal *unseal, struct err *err)
{
	const struct err *why = &unseal->passwords_err;

	if (err->code == ERR_DENIED && why->code == ERR_NONE)
		return err_hint(err, "check the password; or the text was altered: take it from a "
				     "backup");
	if (why->code == ERR_NONE)
		return -(int)err->code;
	cleanup_free char *message =
		err->code == ERR_NOT_FOUND
			? mem_printf("encrypted by ansible-vault, and %s", why->message)
			: mem_printf("encrypted by ansible-vault, and %s (no other password fits)",
				     why->message);
	cleanup_free char *file = mem_strdup(err->place.file);
	int line = err->place.line;
	(void)err_set(err, ERR_INVALID, "%s", message);
	if (why->hint)
		(void)err_hint(err, "%s", why->hint);
	return err_at(err, file, line, 0);
}

/* Who only checks need not have the password. */
static bool may_guess(const struct source_unseal *unseal, const struct err *err)
{
	enum err_code why = unseal->passwords_err.code;

	return unseal->lint && (why == ERR_NOT_FOUND || why == ERR_DENIED) &&
	       (err->code == ERR_NOT_FOUND || err->code == ERR_DENIED);
}

static void count_sealed(struct source_unseal *unseal, const char *file, int line)
{
	if (unseal->sealed++)
		return;
	(void)err_set(&unseal->sealed_err, ERR_INVALID, "%s", "");
	(void)err_at(&unseal->sealed_err, file, line, 0);
}

/* 0: opened; 1: a placeholder has to stand in. */
static int open_text(struct source_unseal *unseal, const char *text, size_t length,
		     const char *file, int line, struct buf *ret, struct err *err)
{
	int r = source_vault_cache_open(unseal->cache, text, length, file, line,
					passwords_of(unseal), ret, err);

	if (r >= 0)
		return 0;
	if (may_guess(unseal, err)) {
		err_done(err);
		count_sealed(unseal, file, line);
		buf_addstr(ret, SOURCE_UNSEAL_PLACEHOLDER);
		return 1;
	}
	r = err->code == ERR_INVALID ? r : explain(unseal, err);
	err->code = ERR_INVALID;
	return -(int)err->code;
}

int source_unseal_text(struct source_unseal *unseal, const char *file, char **text, size_t *length,
		       struct err *err)
{
	cleanup_buf struct buf plain = BUF_INIT;

	if (!source_vault_is(*text, *length))
		return SOURCE_UNSEAL_PLAIN;
	int r = open_text(unseal, *text, *length, file, 1, &plain, err);
	if (r < 0)
		return r;
	free(*text);
	*length = plain.len;
	*text = buf_steal(&plain);
	return r ? SOURCE_UNSEAL_SEALED : SOURCE_UNSEAL_OPENED;
}

/* --- values --- */

struct visiting {
	struct source_unseal *unseal;
	const char *file;
	bool encrypted;
	struct tree_yaml_documents *documents;
};

static int open_value(const struct visiting *visiting, struct tree_yaml_node *scalar,
		      struct err *err)
{
	cleanup_buf struct buf plain = BUF_INIT;

	int r = open_text(visiting->unseal, scalar->text, scalar->length, visiting->file,
			  scalar->line, &plain, err);
	if (r < 0)
		return r;
	if (plain.len && memchr(plain.data, '\0', plain.len)) {
		(void)err_set(err, ERR_INVALID, "the encrypted value is no text");
		return err_at(err, visiting->file, scalar->line, scalar->column);
	}
	if (r == 0)
		mask_add(visiting->unseal->mask, buf_str(&plain), plain.len);
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
	if (!visiting->encrypted || scalar->secret)
		return 0;
	scalar->secret = true;
	mask_add(visiting->unseal->mask, scalar->text, scalar->length);
	return 0;
}

int source_unseal_values(struct source_unseal *unseal, const char *file, bool encrypted,
			 struct tree_yaml_documents *documents, struct err *err)
{
	struct visiting visiting = {unseal, file, encrypted, documents};

	return tree_yaml_visit(documents, visit, &visiting, err);
}

void source_unseal_done(struct source_unseal *unseal)
{
	source_vault_passwords_done(&unseal->passwords);
	err_done(&unseal->passwords_err);
	err_done(&unseal->sealed_err);
}
