#include <string.h>

#include "act.h"
#include "backup/catalog.h"
#include "backup/target.h"
#include "backup_print.h"
#include "base/mem.h"
#include "source/settings.h"
#include "verbs.h"

#define STORE_MS 20000 /* a store that is away must not keep anybody from a purge */
#define SHOWN	 3

/* --- the sets that have the app's data: they stay --- */

/* "ghost" means its instances too. */
static bool is_of_app(const char *unit, const char *app)
{
	size_t n = strlen(app);

	return !strncmp(unit, app, n) && (!unit[n] || unit[n] == '@');
}

/* Bytes of the app in a set, as the store has them; 0: the set does not have it. */
static uint64_t bytes_in_set(const struct backup_set *set, const char *app)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->units[i].state != BACKUP_FAILED && is_of_app(set->units[i].name, app))
			bytes += backup_unit_stored(&set->units[i]);
	return bytes;
}

/* Newest first, as [{set, bytes}]. */
static json_t *sets_of_app(const struct backup_catalog *catalog, const char *app)
{
	json_t *sets = json_array();

	for (size_t i = catalog->count; i > 0; i--) {
		const struct backup_set *set = catalog->sets[i - 1];
		uint64_t bytes = bytes_in_set(set, app);
		if (bytes)
			json_array_append_new(sets, json_pack("{s:s, s:I}", "set", set->id, "bytes",
							      (json_int_t)bytes));
	}
	return sets;
}

static void say_sets(const json_t *sets, struct list *lines)
{
	size_t total = json_array_size(sets), i;
	json_t *set;

	json_array_foreach (sets, i, set) {
		cleanup_free char *size = backup_size_text(
			(uint64_t)json_integer_value(json_object_get(set, "bytes")));
		if (i == SHOWN)
			break;
		list_printf(lines, "backup  %s %s stays",
			    json_string_value(json_object_get(set, "set")), size);
	}
	if (total > SHOWN)
		list_printf(lines, "        and %zu older sets; see desired backup list",
			    total - SHOWN);
	if (!total)
		list_add(lines, "backup  no set has it: what is purged is lost");
}

static int read_sets(const struct options *options, const struct source_settings *settings,
		     struct http *http, struct backup_catalog *ret, struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, STORE_MS);
	cleanup_free char *node = backup_target_node(settings->backup, options->state, NULL);
	struct s3_store *store = NULL;

	int r = backup_target_open(settings->backup, NULL, options->config, http, &store, err);
	if (r >= 0)
		r = backup_catalog_read(store, node, &deadline, ret, err);
	s3_store_close(store);
	return r;
}

static int read_catalog(const struct options *options, struct backup_catalog *ret, struct err *err)
{
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	struct source_settings settings;

	int r = source_settings_read(options->config, &settings, &findings, err);
	if (r < 0)
		return r;
	struct http *http = http_new();
	r = read_sets(options, &settings, http, ret, err);
	http_free(http);
	source_settings_done(&settings);
	return r;
}

/* For act.beside. New reference. */
static json_t *look_for_backups(const struct options *options, const char *app)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	cleanup_list struct list lines = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *sets = NULL;

	if (read_catalog(options, &catalog, &err) < 0) {
		list_printf(&lines, "backup  not known: %s", err.message);
	} else {
		sets = sets_of_app(&catalog, app);
		say_sets(sets, &lines);
	}
	return json_pack("{s:o, s:O?}", "messages", change_lines(&lines), "backups", sets);
}

/* --- the verb --- */

static enum command_exit purge(const struct options *options)
{
	const char *app = options->arguments.items[0];
	json_auto_t *body =
		json_pack("{s:s, s:b}", "app", app, "yes", options_given(options, "yes"));
	json_auto_t *backups = look_for_backups(options, app);

	return act_run(&(struct act){.options = options,
				     .path = "/v1/purge",
				     .body = body,
				     .prepare = change_find("purge"),
				     .beside = backups});
}

static const struct option_spec purge_options[] = {
	{"yes", NULL, "delete what is listed, for good"},
	{NULL, NULL, NULL},
};

const struct command verb_purge = {
	.name = "purge",
	.run = purge,
	.arguments = "APP[@INSTANCE]",
	.summary = "Delete for good what an app left behind",
	.text = "What holds data stays when it leaves the files: claims, volumes, namespaces, "
		"CRDs,\n"
		"keepKinds, 'prune: never'. 'purge' lists these, and the host directories under\n"
		"'directories:' of an app that is gone; with --yes it deletes them. There is no "
		"undo,\n"
		"but the backup sets that have the app are listed too, and stay: see desired "
		"restore.\n\n"
		"A namespace or CRD that holds anything else is not deleted. A directory stays "
		"when\n"
		"another app, a pod or a volume uses it, when a symbolic link leads to it, when it "
		"is\n"
		"or holds a mount point, or when it belongs to the system.\n\n"
		"Exit codes: 0 done or nothing is kept, 1 something failed or is in the way, 3 "
		"listed,\n"
		"nothing was changed.",
	.options = purge_options,
	.min = 1,
	.max = 1,
};
