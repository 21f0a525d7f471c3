#include "source/password.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define CREDENTIAL "vault-password"
#define STORE	   "/etc/credstore" /* where systemd finds it for the service */
#define LIMIT	   4096

/* systemd made it for this service alone; a user of its own reads it by an access list, which shows
 * as the mode of the group. */
static int check_credential(const char *path, const struct stat *st, struct err *err)
{
	if (!(st->st_mode & 07))
		return 0;
	return err_set(err, ERR_INVALID, "%s: others may read the vault password (mode %04o)", path,
		       (unsigned int)st->st_mode & 07777);
}

static int check_own(const char *path, const struct stat *st, struct err *err)
{
	unsigned int mode = (unsigned int)st->st_mode & 07777;

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		(void)err_set(err, ERR_INVALID, "%s: the vault password belongs to user %u", path,
			      (unsigned int)st->st_uid);
		return err_hint(err, "chown root: %s", path);
	}
	if (mode & 077) {
		(void)err_set(err, ERR_INVALID,
			      "%s: others may read the vault password (mode %04o)", path, mode);
		return err_hint(err, "chmod 600 %s", path);
	}
	if (!(mode & 0111))
		return 0;
	(void)err_set(err, ERR_INVALID, "%s: a vault password is not asked of a program", path);
	return err_hint(err, "write the password into a file; if it is one, chmod 600 %s", path);
}

static void trim(const char **text, size_t *length)
{
	while (*length && isspace((unsigned char)**text)) {
		++*text;
		--*length;
	}
	while (*length && isspace((unsigned char)(*text)[*length - 1]))
		--*length;
}

static int take(const char *path, const char *label, const char *text, size_t length,
		struct source_vault_passwords *ret, struct err *err)
{
	trim(&text, &length);
	if (!length)
		return err_set(err, ERR_INVALID, "%s: the vault password is empty", path);
	cleanup_free char *password = mem_strndup(text, length);
	source_vault_passwords_add(ret, label, password, length);
	OPENSSL_cleanse(password, length);
	return 0;
}

static int read_one(const char *path, const char *label,
		    int (*check)(const char *path, const struct stat *st, struct err *err),
		    struct source_vault_passwords *ret, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_free char *text = NULL;
	struct stat st;
	size_t length;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	int r = S_ISREG(st.st_mode) ? check(path, &st, err)
				    : err_set(err, ERR_INVALID, "%s is not a file", path);
	if (r >= 0)
		r = file_read_fd(fd, path, LIMIT, &text, &length, err);
	if (r < 0)
		return r;
	r = take(path, label, text, length, ret, err);
	OPENSSL_cleanse(text, length);
	return r;
}

/* Keeps the first thing that was wrong. */
static void note(struct err *first, struct err *err)
{
	if (first->code == ERR_NONE)
		(void)err_move(first, err);
	err_done(err);
}

static void read_credentials(const char *folder,
			     int (*check)(const char *path, const struct stat *st, struct err *err),
			     struct source_vault_passwords *ret, struct err *first)
{
	size_t n = strlen(CREDENTIAL);
	cleanup_err struct err ignored = ERR_INIT;
	cleanup_list struct list names = LIST_INIT;

	(void)file_names(folder, &names, &ignored);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.items[i];
		struct err err = ERR_INIT;
		if (strncmp(name, CREDENTIAL, n) != 0 || (name[n] && name[n] != '.'))
			continue;
		cleanup_free char *path = file_join(folder, name);
		if (read_one(path, name[n] ? name + n + 1 : SOURCE_VAULT_DEFAULT, check, ret,
			     &err) < 0)
			note(first, &err);
	}
}

static int nothing_named(struct err *err)
{
	(void)err_set(err, ERR_NOT_FOUND, "there is no password");
	return err_hint(err, "put it into " STORE "/" CREDENTIAL " (mode 600), or name its file in "
			     "desired.yaml: vault: {passwordFile: FILE}");
}

int source_password_read(const struct source_settings *settings, struct source_vault_passwords *ret,
			 struct err *err)
{
	struct err first = ERR_INIT;
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t named = settings ? settings->vault_files.n : 0;

	*ret = (struct source_vault_passwords){0};
	if (folder)
		read_credentials(folder, check_credential, ret, &first);
	else
		read_credentials(STORE, check_own, ret, &first);
	for (size_t i = 0; i < named; i++) {
		struct err one = ERR_INIT;
		if (read_one(settings->vault_files.items[i], settings->vault_labels.items[i],
			     check_own, ret, &one) < 0)
			note(&first, &one);
	}
	if (first.code != ERR_NONE)
		return err_move(err, &first);
	return ret->n ? 0 : nothing_named(err);
}
