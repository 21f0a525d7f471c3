/* `desired restore`: data from a backup back to the disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/path.h"
#include "backup/reader.h"
#include "backup/restore.h"
#include "backup_print.h"
#include "base/mem.h"
#include "store.h"
#include "terminal.h"
#include "verbs.h"

static void say(void *context, const char *text)
{
	(void)context;
	printf("%s\n", text);
	(void)fflush(stdout);
}

/* The newest set that is not failed; for one app, the newest that has it. */
static const struct backup_set *choose_set(const char *id, const char *app,
					   const struct backup_catalog *catalog, struct err *err)
{
	const struct backup_set *set = !id && app ? backup_catalog_newest(catalog, app) : NULL;

	return set ? set : backup_catalog_find(catalog, id ? id : "latest", err);
}

static int other_nodes(const struct store *store, struct err *err)
{
	cleanup_list struct list nodes = LIST_INIT;
	cleanup_err struct err ignored = ERR_INIT;

	if (backup_catalog_nodes(store->store, &store->deadline, &nodes, &ignored) < 0 || !nodes.n)
		return -(int)err->code;
	cleanup_free char *all = list_join(&nodes, ", ");
	return err_hint(err, "node %s has none; there are backups of: %s (--node)", store->node,
			all);
}

static void tell(const struct backup_restore_report *report, const struct backup_set *set,
		 bool dry_run)
{
	cleanup_free char *bytes = backup_size_text(report->bytes);

	for (size_t i = 0; i < report->notes.n; i++)
		fprintf(stderr, "note: %s\n", report->notes.items[i]);
	for (size_t i = 0; i < report->kept_before.n; i++)
		printf("what was there is now %s\n", report->kept_before.items[i]);
	printf("%zu path%s, %llu entries (%s) of set %s %s\n", report->trees,
	       report->trees == 1 ? "" : "s", (unsigned long long)report->files, bytes, set->id,
	       dry_run ? "would be restored" : "restored and verified");
}

static int restore_set(struct store *store, const char *id, struct backup_restore_options *wanted,
		       struct backup_restore_report *report, struct err *err)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};

	int r = backup_catalog_read(store->store, store->node, &store->deadline, &catalog, err);
	if (r < 0)
		return r;
	wanted->set = choose_set(id, wanted->unit, &catalog, err);
	if (!wanted->set)
		return catalog.count ? -(int)err->code : other_nodes(store, err);
	r = backup_restore(wanted, report, err);
	if (r >= 0)
		tell(report, wanted->set, wanted->dry_run);
	return r;
}

/* Names of apps have no slash. Caller frees. */
static char *absolute(const char *what)
{
	cleanup_free char *here = *what == '/' ? NULL : realpath(".", NULL);
	cleanup_free char *path = here ? mem_printf("%s/%s", here, what) : mem_strdup(what);

	return backup_path_clean(path);
}

static struct backup_restore_options options_of(const struct store *store)
{
	return (struct backup_restore_options){
		.store = store->store,
		.identities = &store->identities,
		.client = store->client,
		.state_dir = store->options->state,
		.machine = store->node,
		.sink = terminal_sink(),
		.deadline = &store->deadline,
		.cancel = store->cancel,
		.say = say,
	};
}

/* --- for a rollback --- */

/* The set, and that it has the app, and that we can read it. */
static int look_at_set(struct store *store, const char *app, const char *id, struct err *err)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	struct backup_reader reader = {0};

	int r = backup_catalog_read(store->store, store->node, &store->deadline, &catalog, err);
	if (r < 0)
		return r;
	const struct backup_set *set = backup_catalog_find(&catalog, id, err);
	if (!set)
		return -(int)err->code;
	const struct backup_unit *unit = backup_set_find(set, app);
	if (!unit || unit->state == BACKUP_FAILED)
		return err_set(err, ERR_NOT_FOUND, "set %s has nothing of %s", set->id, app);
	r = backup_reader_open(&reader, store->store, unit, &store->identities, &store->deadline,
			       err);
	backup_reader_done(&reader);
	return r;
}

enum command_exit restore_look(const struct options *options, const char *app, const char *set)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_err struct err err = ERR_INIT;

	int r = store_open(options, NULL, NULL, &store, &err);
	if (r >= 0)
		r = look_at_set(&store, app, set, &err);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

enum command_exit restore_replace(const struct options *options, const char *app, const char *set)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_err struct err err = ERR_INIT;
	struct backup_restore_report report = {0};

	int r = store_open(options, NULL, NULL, &store, &err);
	struct backup_restore_options wanted = options_of(&store);
	wanted.unit = app;
	wanted.replace = true;
	if (r >= 0)
		r = restore_set(&store, set, &wanted, &report, &err);
	backup_restore_report_done(&report);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

/* --- the verb --- */

static enum command_exit restore(const struct options *options)
{
	const char *what = options->arguments.n ? options->arguments.items[0] : NULL;
	cleanup_free char *path = what && strchr(what, '/') ? absolute(what) : NULL;
	cleanup_store struct store store = STORE_INIT;
	cleanup_err struct err err = ERR_INIT;
	struct backup_restore_report report = {0};

	int r = store_open(options, options_value(options, "target"),
			   options_value(options, "node"), &store, &err);
	struct backup_restore_options wanted = options_of(&store);
	wanted.unit = options->app ? options->app : path ? NULL : what;
	wanted.system = options_given(options, "system");
	wanted.path = path;
	wanted.into = options_value(options, "into");
	wanted.replace = options_given(options, "replace");
	wanted.dry_run = options_given(options, "dry-run");
	if (r >= 0)
		r = restore_set(&store, options_value(options, "set"), &wanted, &report, &err);
	backup_restore_report_done(&report);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

static const struct option_spec restore_options[] = {
	{"set", "SET", "an id or the beginning of one; the newest good set otherwise"},
	{"into", "DIR", "below this directory instead of at the old places"},
	{"replace", NULL, "swap what is there, which is kept as PATH.before-SET"},
	{"system", NULL, "the configuration and the state directory too"},
	{"dry-run", NULL, "fetch and verify, and write nothing"},
	{"target", "URL", "another store than desired.yaml names"},
	{"node", "NAME", "another node's backups"},
	{"identity", "FILE", "the secret key for what is encrypted, as age-keygen writes it"},
	{NULL, NULL, NULL},
};

const struct command verb_restore = {
	.name = "restore",
	.run = restore,
	.arguments = "[APP | PATH]",
	.summary = "Bring data back from a backup",
	.text = "Without an argument the data of all apps comes back; with APP that of one; with\n"
		"PATH (as it was on the node, or as it is now) one file or directory.\n"
		"\n"
		"It is unpacked beside its place and every file is compared with its SHA-256; "
		"then\n"
		"the pods that use it are stopped, it is swapped, and they start again. What "
		"stands\n"
		"there is never written over: without --replace only what is missing or an empty\n"
		"directory is filled. A claim without a volume gets one, to which it binds.\n"
		"Interrupted, the same command goes on.\n"
		"Exit codes: 0 restored; 1 not; 4 another process is at the same app.\n",
	.options = restore_options,
	.min = 0,
	.max = 1,
};
