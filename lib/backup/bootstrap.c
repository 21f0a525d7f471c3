#include "backup/bootstrap.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "backup/known.h"
#include "backup/place.h"
#include "backup/restore.h"
#include "backup/target.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "state/hold.h"
#include "tree/json.h"
#include "tree/path.h"

#define DAY_S	 (24 * 3600)
#define NOTE_MAX (1 << 16)

/* Everything that its functions hand on to each other. */
struct boot {
	const struct backup_bootstrap_options *options;
	struct backup_bootstrap_report *report;
	struct backup_catalog catalog;
	const struct backup_set *set;
	const struct backup_unit *system; /* of the set */
	char *note;			  /* path of STATE/backup/bootstrap.json */
};

static void say(const struct boot *boot, const char *text)
{
	if (boot->options->say)
		boot->options->say(boot->options->context, text);
}

/* --- whose place, and which set --- */

static int must_choose(const struct boot *boot, const struct list *nodes, struct err *err)
{
	cleanup_free char *names = list_join(nodes, ", ");
	const char *store = s3_store_name(boot->options->store);

	if (!nodes->n)
		return err_set(err, ERR_NOT_FOUND, "%s has no backups", store);
	if (boot->options->node)
		(void)err_set(err, ERR_NOT_FOUND, "%s has no backups of %s", store,
			      boot->options->node);
	else
		(void)err_set(err, ERR_NOT_FOUND, "%s has backups of %zu nodes, and none is %s",
			      store, nodes->n, boot->options->host);
	return err_hint(err, "whose place does this machine take? --node with one of: %s", names);
}

static int choose_node(struct boot *boot, struct err *err)
{
	const struct backup_bootstrap_options *options = boot->options;
	cleanup_list struct list nodes = LIST_INIT;
	const char *wanted = options->node ? options->node : options->host;

	int r = s3_store_check(options->store, options->deadline, err);
	if (r >= 0)
		r = backup_catalog_nodes(options->store, options->deadline, &nodes, err);
	if (r < 0)
		return r;
	if (list_has(&nodes, wanted))
		boot->report->node = mem_strdup(wanted);
	else if (!options->node && nodes.n == 1)
		boot->report->node = mem_strdup(nodes.items[0]);
	else
		return must_choose(boot, &nodes, err);
	return 0;
}

/* The set that an interrupted call began with; NULL. Caller frees. */
static char *begun_with(const struct boot *boot)
{
	cleanup_err struct err none = ERR_INIT;
	json_auto_t *note = NULL;

	if (tree_json_read(boot->note, NOTE_MAX, &note, &none) < 0)
		return NULL;
	const char *node = tree_path_string(note, "node");
	return node && !strcmp(node, boot->report->node) ? mem_strdup(tree_path_string(note, "set"))
							 : NULL;
}

static void warn_of_old_node(struct boot *boot)
{
	int64_t age = (int64_t)(boot->options->now - boot->set->began);
	cleanup_free char *span = timespan_text(age * 1000);

	if (age < DAY_S)
		list_printf(&boot->report->warnings,
			    "the last set of %s is only %s old. If that machine still runs, stop "
			    "desired there (systemctl disable --now desired desired-backup.timer "
			    "desired-rehearsal.timer): two machines must not write under one name",
			    boot->report->node, span);
}

static int choose_set(struct boot *boot, struct err *err)
{
	const struct backup_bootstrap_options *options = boot->options;
	cleanup_free char *begun = begun_with(boot);

	int r = backup_catalog_read(options->store, boot->report->node, options->deadline,
				    &boot->catalog, err);
	if (r < 0)
		return r;
	boot->set = backup_catalog_find(&boot->catalog, begun ? begun : "latest", err);
	if (!boot->set)
		return -(int)err->code;
	boot->report->set = mem_strdup(boot->set->id);
	boot->report->taken = boot->set->began;
	boot->system = backup_set_find(boot->set, BACKUP_SYSTEM);
	if (!boot->system || boot->system->state == BACKUP_FAILED)
		return err_set(err, ERR_NOT_FOUND, "set %s has no configuration and no state",
			       boot->set->id);
	warn_of_old_node(boot);
	return 0;
}

/* --- may it? --- */

static int check_paths(const struct boot *boot, struct err *err)
{
	const struct backup_bootstrap_options *options = boot->options;
	const struct list *paths = &boot->system->paths;

	if (list_has(paths, options->dir) && list_has(paths, options->state_dir))
		return 0;
	cleanup_free char *all = list_join(paths, ", ");
	(void)err_set(err, ERR_INVALID, "%s kept its files and its state elsewhere: %s",
		      boot->report->node, all);
	return err_hint(err, "name them with --dir and --state");
}

/* An installed package leaves a desired.yaml with every default shown. */
static bool has_apps(const char *dir)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder)))
		found = entry->d_name[0] != '.' && strcmp(entry->d_name, "desired.yaml") != 0;
	if (folder)
		closedir(folder);
	return found;
}

static int check_machine(const struct boot *boot, struct err *err)
{
	const char *dir = boot->options->dir;

	if (!has_apps(dir))
		return 0;
	(void)err_set(err, ERR_EXISTS, "%s has a configuration already: this machine is not blank",
		      dir);
	return err_hint(err, "move it away first, or bring back what is missing: desired restore");
}

/* --- bringing back --- */

static int restore(struct boot *boot, const char *path, bool replace, struct err *err)
{
	const struct backup_bootstrap_options *options = boot->options;
	struct backup_restore_report report = {0};

	int r = backup_restore(
		&(struct backup_restore_options){
			.store = options->store,
			.identities = options->identities,
			.set = boot->set,
			.path = path,
			.replace = replace,
			.deadline = options->deadline,
			.cancel = options->cancel,
			.say = options->say,
			.context = options->context,
		},
		&report, err);
	for (size_t i = 0; i < report.notes.n; i++)
		list_add(&boot->report->warnings, report.notes.items[i]);
	backup_restore_report_done(&report);
	boot->report->trees += r >= 0;
	return r;
}

/* Behind the state directory's swap: what was in it before is beside it. */
static int note_begun(const struct boot *boot, struct err *err)
{
	const struct backup_bootstrap_report *report = boot->report;
	json_auto_t *note = json_pack("{s:s, s:s}", "node", report->node, "set", report->set);
	cleanup_free char *text = tree_json_dump(note);

	int r = backup_target_keep_node(boot->options->state_dir, report->node, err);
	return r < 0 ? r : file_write(boot->note, text, strlen(text), 0600, err);
}

/* What a backup or a restore of the old node held is over; what a person suspended stays so. */
static int bring_state(struct boot *boot, struct err *err)
{
	const char *state = boot->options->state_dir;

	if (file_exists(boot->note)) {
		say(boot, "the state is back already");
		return 0;
	}
	int r = restore(boot, state, true, err);
	if (r >= 0)
		r = state_hold_keep_only(state, "suspend", err);
	return r < 0 ? r : note_begun(boot, err);
}

/* --- data --- */

/* Also for the gate: this node has it now. */
static int note_data(const struct boot *boot, const char *path, const char *unit, struct err *err)
{
	cleanup_backup_known struct backup_known known = {0};

	backup_known_open(boot->options->state_dir, &known);
	(void)backup_known_note(&known, path, unit, BACKUP_HAD, boot->options->now);
	return backup_known_write(&known, err);
}

static bool was_brought(const struct boot *boot, const char *path)
{
	cleanup_backup_known struct backup_known known = {0};

	backup_known_open(boot->options->state_dir, &known);
	return backup_known_state(&known, path) == BACKUP_HAD;
}

static int bring_path(struct boot *boot, const struct backup_unit *unit, const char *path,
		      struct err *err)
{
	if (backup_unit_claim_at(unit, path)) {
		list_add(&boot->report->claims, path);
		return 0;
	}
	if (!backup_place_is_empty(path)) {
		if (was_brought(boot, path))
			boot->report->trees++;
		else
			list_add(&boot->report->in_way, path);
		return 0;
	}
	int r = restore(boot, path, false, err);
	return r < 0 ? r : note_data(boot, path, unit->name, err);
}

static int bring_data(struct boot *boot, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < boot->set->count; i++) {
		const struct backup_unit *unit = &boot->set->units[i];
		if (!strcmp(unit->name, BACKUP_SYSTEM) || unit->state == BACKUP_FAILED)
			continue;
		for (size_t j = 0; r >= 0 && j < unit->paths.n; j++)
			r = bring_path(boot, unit, unit->paths.items[j], err);
	}
	return r;
}

/* Of the node's own unit what is neither configuration nor state nor k3s': backup.paths. */
static int bring_others(struct boot *boot, struct err *err)
{
	const struct backup_bootstrap_options *options = boot->options;
	const struct list *paths = &boot->system->paths;
	size_t n = strlen(options->k3s);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < paths->n; i++) {
		const char *path = paths->items[i];
		bool is_k3s = !strncmp(path, options->k3s, n) && path[n] == '/';
		if (!strcmp(path, options->dir) || !strcmp(path, options->state_dir))
			continue;
		if (!is_k3s)
			r = bring_path(boot, boot->system, path, err);
		else if (options->datastore && !was_brought(boot, path)) {
			r = restore(boot, path, true, err);
			if (r >= 0)
				r = note_data(boot, path, BACKUP_SYSTEM, err);
		}
	}
	return r;
}

/* --- the whole --- */

static int run(struct boot *boot, struct err *err)
{
	int r = choose_node(boot, err);

	if (r >= 0)
		r = choose_set(boot, err);
	if (r >= 0)
		r = check_paths(boot, err);
	if (r >= 0)
		r = check_machine(boot, err);
	if (r >= 0)
		r = bring_state(boot, err);
	if (r >= 0)
		r = bring_data(boot, err);
	if (r >= 0)
		r = bring_others(boot, err);
	return r < 0 ? r : restore(boot, boot->options->dir, true, err);
}

int backup_bootstrap(const struct backup_bootstrap_options *options,
		     struct backup_bootstrap_report *ret, struct err *err)
{
	struct boot boot = {
		.options = options,
		.report = ret,
		.note = mem_printf("%s/backup/bootstrap.json", options->state_dir),
	};
	cleanup_err struct err ignored = ERR_INIT;

	*ret = (struct backup_bootstrap_report){0};
	int r = run(&boot, err);
	if (r >= 0)
		(void)file_remove(boot.note, &ignored);
	backup_catalog_done(&boot.catalog);
	free(boot.note);
	return r;
}

void backup_bootstrap_report_done(struct backup_bootstrap_report *report)
{
	free(report->node);
	free(report->set);
	list_done(&report->in_way);
	list_done(&report->claims);
	list_done(&report->warnings);
	*report = (struct backup_bootstrap_report){0};
}
