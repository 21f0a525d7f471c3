/* `desired backup`: run, list, show, verify, forget. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/verify.h"
#include "backup_fetch.h"
#include "backup_print.h"
#include "backup_record.h"
#include "backup_rehearse.h"
#include "base/timespan.h"
#include "base/mem.h"
#include "base/name.h"
#include "store.h"
#include "terminal.h"
#include "verbs.h"

static enum command_exit exit_of_state(enum backup_state state)
{
	return state == BACKUP_OK	 ? COMMAND_FINE
	       : state == BACKUP_WARNING ? COMMAND_WARNINGS
					 : COMMAND_FAILED;
}

static const char *argument(const struct options *options, size_t index, const char *otherwise)
{
	return options->arguments.n > index ? options->arguments.items[index] : otherwise;
}

/* --- run --- */

static void tell_report(const struct options *options, const struct backup_report *report,
			bool dry_run)
{
	const struct backup_set *set = report->set;
	cleanup_free char *sent = backup_size_text(report->bytes_sent);
	cleanup_free char *took = timespan_text((int64_t)(set->ended - set->began) * 1000);

	for (size_t i = 0; i < report->orphans.n; i++)
		fprintf(stderr, "%s\n", report->orphans.items[i]);
	for (size_t i = 0; i < set->notes.n; i++)
		fprintf(stderr, "note: %s\n", set->notes.items[i]);
	for (size_t i = 0; i < set->unprotected.n; i++)
		fprintf(stderr, "unprotected: %s\n", set->unprotected.items[i]);
	if (report->retention)
		fprintf(stderr, "%s\n", report->retention);
	if (options->json) {
		json_auto_t *tree = backup_set_to_json(set);
		terminal_print_json(tree);
	} else if (dry_run) {
		printf("a backup would have %zu units, %zu of them unchanged. Nothing was done.\n",
		       set->count, report->unchanged);
	} else {
		printf("backup %s %s: %zu units, %zu sent (%s), %zu unchanged, %s; %zu old set%s "
		       "deleted\n",
		       set->id, backup_state_name(backup_set_state(set)), set->count, report->sent,
		       sent, report->unchanged, took, report->deleted,
		       report->deleted == 1 ? "" : "s");
	}
}

static enum command_exit run(struct store *store, const struct options *options)
{
	struct backup_options wanted = store_backup_options(store);
	cleanup_err struct err err = ERR_INIT;
	struct backup_report report = {0};

	wanted.dry_run = options_given(options, "dry-run");
	wanted.full = options_given(options, "full");
	wanted.effort = options_given(options, "small") ? TGZ_SMALL : TGZ_FAST;
	time_t began = time(NULL);
	int r = store_recipients(store, &err);
	if (r >= 0)
		r = backup_run(&wanted, &report, &err);
	if (!wanted.dry_run && r != -ERR_BUSY)
		backup_record_write(options->state, began, r < 0 ? NULL : &report, &err);
	enum command_exit code = r < 0 ? terminal_fail(&err) : COMMAND_FINE;
	if (r >= 0) {
		tell_report(options, &report, wanted.dry_run);
		code = exit_of_state(backup_set_state(report.set));
		if (code == COMMAND_FINE && report.set->unprotected.n)
			code = COMMAND_WARNINGS;
	}
	backup_report_done(&report);
	return code;
}

/* --- list and show --- */

static void print(const struct options *options, json_t *tree_stolen, const struct buf *text)
{
	json_auto_t *tree = tree_stolen;

	if (options->json)
		terminal_print_json(tree);
	else
		terminal_print(buf_str(text));
}

static enum command_exit list(struct store *store, const struct options *options)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf out = BUF_INIT;

	if (backup_catalog_read(store->store, store->node, &store->deadline, &catalog, &err) < 0)
		return terminal_fail(&err);
	backup_print_list(&catalog, s3_store_name(store->store), store->node, &out);
	print(options, backup_list_to_json(&catalog), &out);
	return catalog.damaged.n ? COMMAND_WARNINGS : COMMAND_FINE;
}

static enum command_exit show(struct store *store, const struct options *options)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf out = BUF_INIT;

	if (backup_catalog_read(store->store, store->node, &store->deadline, &catalog, &err) < 0)
		return terminal_fail(&err);
	const struct backup_set *set =
		backup_catalog_find(&catalog, argument(options, 1, "latest"), &err);
	if (!set)
		return terminal_fail(&err);
	backup_print_set(set, &out);
	print(options, backup_set_to_json(set), &out);
	return COMMAND_FINE;
}

/* --- verify --- */

static int percent_of(const struct options *options, int *ret, struct err *err)
{
	const char *text = options_value(options, "sample");
	char *end;

	*ret = 0;
	if (!text)
		return 0;
	long percent = strtol(text, &end, 10);
	if (end == text || (*end && strcmp(end, "%") != 0) || percent < 0 || percent > 100)
		return err_set(err, ERR_INVALID, "--sample takes a percentage: 5 or 5%%");
	*ret = (int)percent;
	return 0;
}

static enum command_exit tell_verified(const struct store *store, const struct backup_set *set,
				       const struct backup_verify_report *report)
{
	cleanup_free char *bytes = backup_size_text(report->bytes);

	for (size_t i = 0; i < report->problems.n; i++)
		printf("%s\n", report->problems.items[i]);
	printf("set %s: %zu problem%s; %llu files (%s) read and hashed\n", set->id,
	       report->problems.n, report->problems.n == 1 ? "" : "s",
	       (unsigned long long)report->files, bytes);
	if (report->sealed)
		printf("%zu unit%s encrypted for others than us: what is stored was compared, "
		       "not the files in it (--identity FILE)\n",
		       report->sealed, report->sealed == 1 ? " is" : "s are");
	backup_record_verified(store->options->state, set->id, &report->problems);
	return report->problems.n ? COMMAND_FAILED : COMMAND_FINE;
}

/* A store that did not answer leaves open whether the set is good: no silence about that. */
static void record_unverified(const struct options *options, const struct err *err)
{
	cleanup_list struct list problems = LIST_INIT;
	cleanup_free char *text = err_text(err);

	if (err->code != ERR_UNREACHABLE && err->code != ERR_TIMEOUT && err->code != ERR_DENIED)
		return;
	list_printf(&problems, "it could not be looked at: %s", text);
	backup_record_verified(options->state, argument(options, 1, "latest"), &problems);
}

static enum command_exit verify(struct store *store, const struct options *options)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	cleanup_err struct err err = ERR_INIT;
	struct backup_verify_report report = {0};
	struct backup_verify_options wanted = {
		.store = store->store,
		.identities = &store->identities,
		.deep = options_given(options, "deep"),
		.deadline = &store->deadline,
		.cancel = store->cancel,
	};

	int r = percent_of(options, &wanted.sample, &err);
	if (r >= 0)
		r = backup_catalog_read(store->store, store->node, &store->deadline, &catalog,
					&err);
	if (r >= 0) {
		wanted.set = backup_catalog_find(&catalog, argument(options, 1, "latest"), &err);
		r = wanted.set ? backup_verify(&wanted, &report, &err) : -ERR_NOT_FOUND;
	}
	if (r < 0)
		record_unverified(options, &err);
	enum command_exit code =
		r < 0 ? terminal_fail(&err) : tell_verified(store, wanted.set, &report);
	backup_verify_report_done(&report);
	return code;
}

/* --- forget --- */

static enum command_exit forget(struct store *store, const struct options *options)
{
	struct backup_options wanted = store_backup_options(store);
	cleanup_list struct list deleted = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	wanted.dry_run = options_given(options, "dry-run");
	int r = backup_forget(&wanted, &deleted, &err);
	for (size_t i = 0; i < deleted.n; i++)
		printf("%s %s\n", wanted.dry_run ? "would delete" : "deleted", deleted.items[i]);
	if (r < 0)
		return terminal_fail(&err);
	if (!deleted.n)
		printf("every set is kept\n");
	return wanted.dry_run && deleted.n ? COMMAND_PENDING : COMMAND_FINE;
}

/* --- the verb --- */

static const struct {
	const char *name;
	enum command_exit (*run)(struct store *store, const struct options *options);
} parts[] = {
	{"run", run},
	{"list", list},
	{"show", show},
	{"verify", verify},
	{"forget", forget},
	{"fetch", backup_fetch},
	{"rehearse", backup_rehearse_run},
};

static enum command_exit unknown(const char *name)
{
	static const char *const names[] = {"run", "list", "show", "verify", "forget", "rehearse"};
	const char *nearest = name_nearest(name, names, 6);
	cleanup_err struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INVALID, "desired backup %s: there is no such thing", name);
	(void)err_hint(&err,
		       nearest ? "did you mean '%s'?"
			       : "it takes run, list, show, verify, "
				 "rehearse or forget",
		       nearest);
	terminal_error(&err);
	return COMMAND_USAGE;
}

static enum command_exit backup(const struct options *options)
{
	const char *name = argument(options, 0, "run");
	cleanup_store struct store store = STORE_INIT;
	cleanup_err struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (strcmp(parts[i].name, name) != 0)
			continue;
		if (store_open(options, options_value(options, "target"),
			       options_value(options, "node"), &store, &err) < 0)
			return terminal_fail(&err);
		return parts[i].run(&store, options);
	}
	return unknown(name);
}

static const struct option_spec backup_options_table[] = {
	{"dry-run", NULL, "run, forget: say what would be done"},
	{"full", NULL, "run: send what did not change too"},
	{"small", NULL, "run: smaller archives for more work"},
	{"deep", NULL, "verify: fetch everything and hash every file"},
	{"sample", "PERCENT", "verify: hash so many of the files"},
	{"scratch", "DIR", "rehearse: where there is room; below the state directory otherwise"},
	{"target", "URL", "another store than desired.yaml names"},
	{"node", "NAME", "another node's backups"},
	{"identity", "FILE", "verify, rehearse: the secret key for what is encrypted"},
	{NULL, NULL, NULL},
};

const struct command verb_backup = {
	.name = "backup",
	.run = backup,
	.arguments = "[run|list|show|verify|rehearse|forget] [SET]",
	.summary = "Save the apps' data, and look after what was saved",
	.text = "run     data of every app (or --app), the configuration and the state directory "
		"go\n"
		"        to the target of desired.yaml, as archives that `tar xzf` opens\n"
		"list    the sets that there are\n"
		"show    what is in a set\n"
		"verify  whether a set could be restored from\n"
		"rehearse  restore it to a scratch directory, hash every file there, check every\n"
		"        SQLite database, list the dumps, delete it all; the weekly timer does it\n"
		"forget  delete the sets that `keep` does not keep; a run does it too\n"
		"\n"
		"SET is an id, the beginning of one, or latest. It needs no daemon and no API "
		"server.\n"
		"Exit codes: 0 fine; 1 failed, or a unit did; 2 forget --dry-run would delete;\n"
		"3 done with warnings: files changed while they were read, or a path is "
		"unprotected;\n"
		"4 another run is under way.\n",
	.options = backup_options_table,
	.min = 0,
	.max = 3,
};
