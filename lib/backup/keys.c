#include "backup/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tree/path.h"

#define STORE	   "/etc/credstore" /* where systemd finds credentials for its services */
#define CREDENTIAL "backup-identity"

/* ---- Who may read. */

static int unsaid(struct err *err)
{
	(void)err_set(err, ERR_INVALID,
		      "desired.yaml does not say who may read the backups, and they hold the "
		      "configuration, the state directory and the tokens of this node");
	return err_hint(err, "backup: {encrypt: [age1...]} with the public key that age-keygen "
			     "prints (keep the secret one elsewhere), or backup: {encrypt: none}");
}

static int add_recipient(const json_t *text, struct age_recipients *ret, struct err *err)
{
	if (!json_is_string(text))
		return err_set(err, ERR_INVALID,
			       "backup.encrypt: each recipient is a text, age1...");
	int r = age_recipients_add(ret, json_string_value(text), err);
	return r < 0 ? err_wrap(err, "backup.encrypt") : 0;
}

int backup_keys_recipients(const json_t *settings, struct age_recipients *ret, struct err *err)
{
	const json_t *encrypt = json_object_get(settings, "encrypt"), *item;
	const char *word = json_string_value(encrypt);
	int r = 0;
	size_t i;

	if (!encrypt || json_is_null(encrypt))
		return unsaid(err);
	if (word)
		return strcmp(word, "none") ? add_recipient(encrypt, ret, err) : 0;
	json_array_foreach (encrypt, i, item)
		if (r >= 0)
			r = add_recipient(item, ret, err);
	return r < 0 || ret->n ? r : unsaid(err);
}

void backup_keys_names(const struct age_recipients *recipients, struct list *ret)
{
	for (size_t i = 0; recipients && i < recipients->n; i++)
		list_take(ret, age_recipient_text(recipients->keys[i]));
	list_sort(ret);
}

/* ---- Who reads. */

int backup_keys_identities(const json_t *settings, const char *path, struct age_identities *ret,
			   struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	cleanup_free char *credential = file_join(folder ? folder : STORE, CREDENTIAL);

	if (!path && file_exists(credential))
		path = credential;
	if (!path)
		path = tree_path_string(settings, "identity");
	if (!path)
		return 0;
	int r = age_identities_read(ret, path, err);
	return r < 0 ? err_wrap(err, "the identity for encrypted backups") : 0;
}

bool backup_keys_fit(const struct age_identities *identities, const struct list *recipients)
{
	for (size_t i = 0; identities && i < identities->n; i++) {
		cleanup_free char *name = age_recipient_text(identities->items[i].recipient);
		if (list_has(recipients, name))
			return true;
	}
	return false;
}
