#include "backup_fetch.h"

#include <stdio.h>

#include "backup/restore.h"
#include "terminal.h"

static void say(void *context, const char *text)
{
	(void)context;
	printf("%s\n", text);
}

static int fetch(struct store *store, const char *id, const char *path, struct err *err)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	struct backup_restore_report report = {0};
	int r = backup_catalog_read(store->store, store->node, &store->deadline, &catalog, err);

	if (r < 0)
		return r;
	const struct backup_set *set = backup_catalog_find(&catalog, id, err);
	if (!set)
		return -(int)err->code;
	r = backup_restore(
		&(struct backup_restore_options){
			.store = store->store,
			.identities = &store->identities,
			.client = store->client,
			.machine = store->node,
			.set = set,
			.path = path,
			.deadline = &store->deadline,
			.cancel = store->cancel,
			.say = say,
		},
		&report, err);
	for (size_t i = 0; i < report.notes.n; i++)
		printf("note: %s\n", report.notes.items[i]);
	backup_restore_report_done(&report);
	return r;
}

enum command_exit backup_fetch(struct store *store, const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;

	if (options->arguments.n != 3 || *options->arguments.items[2] != '/') {
		(void)err_set(&err, ERR_INVALID, "desired backup fetch needs a set and a path");
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	int r = fetch(store, options->arguments.items[1], options->arguments.items[2], &err);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}
