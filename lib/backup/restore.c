#include "backup/restore.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/place.h"
#include "backup/reader.h"
#include "base/file.h"
#include "base/mem.h"
#include "tgz/read.h"

/* One tree of a unit: what it is called in the archive, and where it goes. */
struct tree {
	char *name; /* in the archive */
	char *path; /* as it was on the node */
	struct backup_place place;
};

/* Everything that a restore's functions hand on to each other. */
struct restoring {
	const struct backup_restore_options *options;
	struct backup_restore_report *report;
	const struct backup_unit *unit;
	struct tree tree; /* the one at hand */
	bool single;	  /* it is a file */
};

/* --- trees --- */

static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

/* Claims are archived by their name, in the order of unit->claims, behind the plain paths that were
 * found in manifests: the marker names both, the path of a claim ends in NAMESPACE_NAME. */
static char *archive_name(const struct backup_unit *unit, const char *path)
{
	for (size_t i = 0; i < unit->claims.n; i++) {
		cleanup_free char *end = mem_strdup(unit->claims.items[i]);
		char *slash = strchr(end, '/');
		size_t n = strlen(end), m = strlen(path);
		if (slash)
			*slash = '_';
		if (m > n && path[m - n - 1] == '_' && !strcmp(path + m - n, end))
			return mem_printf("_claims/%s", unit->claims.items[i]);
	}
	return mem_strdup(path + 1);
}

static void tree_done(struct tree *tree)
{
	free(tree->name);
	free(tree->path);
	backup_place_done(&tree->place);
	*tree = (struct tree){0};
}

/* What is asked for below this path of a unit; false when it is not in it. */
static bool select_tree(const struct restoring *restoring, const char *path, struct tree *ret)
{
	const char *wanted = restoring->options->path;
	cleanup_free char *name = archive_name(restoring->unit, path);

	if (wanted && !is_within(wanted, path) && !is_within(path, wanted))
		return false;
	const char *rest = wanted && is_within(wanted, path) ? wanted + strlen(path) : "";
	*ret = (struct tree){
		.name = mem_printf("%s%s", name, rest),
		.path = mem_printf("%s%s", path, rest),
	};
	return true;
}

/* --- one tree --- */

static bool choose(void *context, const struct tgz_index_entry *entry)
{
	struct restoring *restoring = context;

	if (!is_within(entry->path, restoring->tree.name))
		return false;
	if (!strcmp(entry->path, restoring->tree.name))
		restoring->single = entry->type != TGZ_DIRECTORY;
	return true;
}

/* The tree itself is unpacked as "tree" in the staging directory. */
static char *rename_entry(void *context, const char *path)
{
	const struct restoring *restoring = context;

	return mem_printf("tree%s", path + strlen(restoring->tree.name));
}

static void on_note(void *context, const struct tgz_note *note)
{
	struct restoring *restoring = context;

	list_printf(&restoring->report->notes, "/%s: %s", note->path, note->text);
}

static int unpack(struct restoring *restoring, struct tgz_read_summary *ret, struct err *err)
{
	const struct backup_restore_options *options = restoring->options;
	const struct backup_unit *unit = restoring->unit;
	struct backup_reader reader;
	int r = backup_reader_open(&reader, options->store, unit, options->identities,
				   options->deadline, err);
	const struct tgz_read_options read = {
		.archive = reader.archive,
		.index = reader.index,
		.name = unit->index.key,
		.into = options->dry_run ? NULL : restoring->tree.place.staging,
		.choose = choose,
		.rename = rename_entry,
		.resume = true,
		.note = on_note,
		.context = restoring,
		.cancel = options->cancel,
	};

	if (r >= 0)
		r = tgz_read(&read, ret, err);
	backup_reader_done(&reader);
	return r;
}

static void say_done(const struct restoring *restoring, const struct tgz_read_summary *summary)
{
	const struct backup_restore_options *options = restoring->options;
	cleanup_free char *text =
		mem_printf("%s: %llu entries, %.1f MB%s", restoring->tree.place.target,
			   (unsigned long long)summary->entries, (double)summary->bytes / 1e6,
			   options->dry_run ? " would be restored" : "");

	if (options->say)
		options->say(options->context, text);
}

static int put_in_place(struct restoring *restoring, struct err *err)
{
	const struct backup_place *place = &restoring->tree.place;
	int r;

	/* The staging directory holds the tree under one name. */
	if (place->mounted && !restoring->single) {
		cleanup_free char *inner = file_join(place->staging, "tree");
		struct backup_place contents = *place;
		contents.staging = inner;
		r = backup_place_swap(&contents, NULL, err);
		if (r >= 0)
			(void)rmdir(place->staging);
	} else {
		r = backup_place_swap(place, "tree", err);
	}
	if (r > 0)
		list_add(&restoring->report->kept_before, place->before);
	return r;
}

static int restore_tree(struct restoring *restoring, struct err *err)
{
	struct backup_restore_report *report = restoring->report;
	struct tgz_read_summary summary = {0};
	int r = restoring->options->dry_run ? 0 : backup_place_prepare(&restoring->tree.place, err);

	restoring->single = false;
	if (r >= 0)
		r = unpack(restoring, &summary, err);
	if (r >= 0 && !summary.entries)
		return err_set(err, ERR_NOT_FOUND, "%s is not in set %s", restoring->tree.path,
			       restoring->options->set->id);
	if (r >= 0 && !restoring->options->dry_run)
		r = put_in_place(restoring, err);
	if (r < 0)
		return r;
	report->trees++;
	report->files += summary.entries;
	report->bytes += summary.bytes;
	report->fetched += summary.fetched;
	say_done(restoring, &summary);
	return 0;
}

/* --- units --- */

static bool is_selected(const struct backup_restore_options *options,
			const struct backup_unit *unit)
{
	size_t n = options->unit ? strlen(options->unit) : 0;

	if (options->unit)
		return !strcmp(unit->name, options->unit) ||
		       (!strncmp(unit->name, options->unit, n) && unit->name[n] == '@');
	return options->system || options->path || strcmp(unit->name, BACKUP_SYSTEM) != 0;
}

/* Calls for every tree that is asked for. Returns how many. */
static int each_tree(struct restoring *restoring, int (*call)(struct restoring *, struct err *),
		     struct err *err)
{
	const struct backup_restore_options *options = restoring->options;
	int r = 0, count = 0;

	for (size_t i = 0; i < options->set->count; i++) {
		restoring->unit = &options->set->units[i];
		if (!is_selected(options, restoring->unit) || !restoring->unit->index.key ||
		    restoring->unit->state == BACKUP_FAILED)
			continue;
		for (size_t j = 0; r >= 0 && j < restoring->unit->paths.n; j++) {
			if (!select_tree(restoring, restoring->unit->paths.items[j],
					 &restoring->tree))
				continue;
			cleanup_free char *target =
				options->into
					? mem_printf("%s%s", options->into, restoring->tree.path)
					: mem_strdup(restoring->tree.path);
			r = backup_place_choose(target, options->set->id, options->replace,
						&restoring->tree.place, err);
			if (r >= 0)
				r = call(restoring, err);
			tree_done(&restoring->tree);
			count++;
		}
	}
	return r < 0 ? r : count;
}

static int nothing(struct restoring *restoring, struct err *err)
{
	(void)restoring;
	(void)err;
	return 0;
}

static int not_there(const struct backup_restore_options *options, struct err *err)
{
	(void)err_set(err, ERR_NOT_FOUND, "set %s has nothing of %s", options->set->id,
		      options->path   ? options->path
		      : options->unit ? options->unit
				      : "any app");
	return err_hint(err, "desired backup show %s lists what it has", options->set->id);
}

int backup_restore(const struct backup_restore_options *options, struct backup_restore_report *ret,
		   struct err *err)
{
	struct restoring restoring = {.options = options, .report = ret};

	*ret = (struct backup_restore_report){0};
	/* All places are looked at before the first byte comes. */
	int r = each_tree(&restoring, nothing, err);
	if (r == 0)
		return not_there(options, err);
	return r < 0 ? r : each_tree(&restoring, restore_tree, err);
}

void backup_restore_report_done(struct backup_restore_report *report)
{
	list_done(&report->kept_before);
	list_done(&report->notes);
	*report = (struct backup_restore_report){0};
}
