#include "site.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "masking.h"
#include "state/saved.h"

#define LEDGER_LIMIT (256u << 20)

/* A damaged ledger was moved aside: the process goes on, and whoever runs it must know. */
static int open_ledger(const char *dir, struct site *site, struct err *err)
{
	int r = state_ledger_open(dir, &site->ledger, err);

	if (r <= 0)
		return r;
	fprintf(stderr, "desired: %s\n", err->message);
	err_done(err);
	return 0;
}

static void add_spare(struct site *site, const char *path)
{
	cleanup_free char *real = realpath(path, NULL);

	list_add(&site->spare, real ? real : path);
}

static void start(const struct options *options, struct site *site)
{
	*site = SITE_INIT;
	site->options = options;
	site->http = http_new();
	add_spare(site, options->dir);
	add_spare(site, options->state);
	add_spare(site, options->runtime);
}

/* --- with the lock --- */

static int busy(const char *path, struct err *err)
{
	cleanup_free char *holder = NULL;
	cleanup_err struct err unread = ERR_INIT;

	if (file_read(path, 4096, &holder, NULL, &unread) < 0 || !*holder)
		holder = mem_strdup("another process");
	holder[strcspn(holder, "\n")] = '\0';
	(void)err_set(err, ERR_BUSY, "the state directory is in use by %s", holder);
	return err_hint(err, "wait until it is done, or use another --state");
}

static int take_lock(const char *state_dir, const char *purpose, struct site *site, struct err *err)
{
	cleanup_free char *path = file_join(state_dir, "lock");
	cleanup_free char *text = mem_printf("%s (process %d)\n", purpose, getpid());

	int r = file_make_dir(state_dir, 0700, err);
	if (r >= 0)
		r = file_lock(path, &site->lock, err);
	if (r == -ERR_BUSY)
		return busy(path, err);
	if (r == -ERR_DENIED)
		return err_hint(err, "run it as root, or as the owner of the state directory");
	if (r < 0)
		return r;
	if (ftruncate(site->lock, 0) < 0 || pwrite(site->lock, text, strlen(text), 0) < 0)
		return err_set(err, ERR_IO, "cannot write %s", path);
	return 0;
}

int site_open(const struct options *options, const char *purpose, struct site *ret, struct err *err)
{
	start(options, ret);
	int r = take_lock(options->state, purpose, ret, err);
	masking_recall(options->masking, options->state);
	if (r >= 0)
		r = open_ledger(options->state, ret, err);
	if (r >= 0)
		state_saved_sweep(options->state, ret->ledger);
	return r;
}

/* --- only looking --- */

static int copy_ledger(const char *state_dir, const char *to, struct err *err)
{
	cleanup_free char *from_path = file_join(state_dir, "ledger.json");
	cleanup_free char *to_path = file_join(to, "ledger.json");
	cleanup_free char *text = NULL;
	size_t length;

	int r = file_read(from_path, LEDGER_LIMIT, &text, &length, err);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	if (r == -ERR_DENIED)
		return err_hint(err, "run it as root, or as the owner of the state directory");
	return r < 0 ? r : file_write(to_path, text, length, 0600, err);
}

int site_look(const struct options *options, struct site *ret, struct err *err)
{
	const char *folder = getenv("TMPDIR");

	start(options, ret);
	masking_recall(options->masking, options->state);
	ret->temporary = mem_printf("%s/desired.XXXXXX", folder && *folder ? folder : "/tmp");
	if (!mkdtemp(ret->temporary))
		return err_set(err, ERR_IO, "cannot create %s", ret->temporary);
	int r = copy_ledger(options->state, ret->temporary, err);
	return r < 0 ? r : open_ledger(ret->temporary, ret, err);
}

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	(void)rmdir(path);
}

void site_close(struct site *site)
{
	state_ledger_free(site->ledger);
	if (site->http)
		http_free(site->http);
	if (site->lock >= 0)
		(void)ftruncate(site->lock, 0);
	file_close(&site->lock);
	if (site->temporary)
		remove_folder(site->temporary);
	free(site->temporary);
	list_done(&site->spare);
	*site = SITE_INIT;
}

char *site_person(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *entry = getpwuid(geteuid());

	if (sudo && *sudo)
		return mem_strdup(sudo);
	return entry ? mem_strdup(entry->pw_name) : mem_printf("uid %u", geteuid());
}
