#include "backup/restore.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/halt.h"
#include "backup/live.h"
#include "backup/path.h"
#include "backup/pick.h"
#include "backup/reader.h"
#include "backup/volume.h"
#include "base/mem.h"
#include "host/use.h"
#include "base/point.h"
#include "tgz/read.h"
#include "tree/path.h"

/* Everything that a restore's functions hand on to each other. */
struct restoring {
	const struct backup_restore_options *options;
	struct backup_restore_report *report;
	const struct backup_picked *picked; /* the one at hand */
	bool reached;			    /* the API server: what it said is of now */
};

/* --- one tree --- */

static bool choose(void *context, const struct tgz_index_entry *entry)
{
	const struct restoring *restoring = context;

	return backup_path_within(entry->path, restoring->picked->name);
}

/* The tree itself is unpacked under one name in the staging directory. */
static char *rename_entry(void *context, const char *path)
{
	const struct restoring *restoring = context;

	return mem_printf(BACKUP_PLACE_TREE "%s", path + strlen(restoring->picked->name));
}

static void on_note(void *context, const struct tgz_note *note)
{
	struct restoring *restoring = context;

	list_printf(&restoring->report->notes, "/%s: %s", note->path, note->text);
}

static int unpack(struct restoring *restoring, struct tgz_read_summary *ret, struct err *err)
{
	const struct backup_restore_options *options = restoring->options;
	const struct backup_unit *unit = restoring->picked->unit;
	struct backup_reader reader;
	int r = backup_reader_open(&reader, options->store, unit, options->identities,
				   options->deadline, err);
	const struct tgz_read_options read = {
		.archive = reader.archive,
		.index = reader.index,
		.name = unit->index.key,
		.into = options->dry_run ? NULL : restoring->picked->place.staging,
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
		mem_printf("%s: %llu entries, %.1f MB%s", restoring->picked->place.target,
			   (unsigned long long)summary->entries, (double)summary->bytes / 1e6,
			   options->dry_run ? " would be restored" : "");

	if (options->say)
		options->say(options->context, text);
}

/* To the staging directory, verified; the apps run on meanwhile. */
static int fetch(struct restoring *restoring, struct err *err)
{
	const struct backup_restore_options *options = restoring->options;
	struct backup_restore_report *report = restoring->report;
	struct tgz_read_summary summary = {0};
	int r = options->dry_run ? 0 : backup_place_prepare(&restoring->picked->place, err);

	point_reached("restore-begun");
	if (r >= 0)
		r = unpack(restoring, &summary, err);
	point_reached("restore-unpacked");
	if (r >= 0 && !summary.entries)
		return err_set(err, ERR_NOT_FOUND, "%s is not in set %s", restoring->picked->path,
			       options->set->id);
	if (r < 0)
		return r;
	report->trees++;
	report->files += summary.entries;
	report->bytes += summary.bytes;
	report->fetched += summary.fetched;
	say_done(restoring, &summary);
	return 0;
}

/* --- the trees of one unit --- */

static int make_volumes(struct restoring *restoring, const struct backup_picked *items,
			size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!items[i].volume)
			continue;
		int r = backup_volume_make(restoring->options->client, items[i].volume,
					   restoring->options->deadline, err);
		if (r < 0)
			return err_wrap(err, "claim %s", items[i].claim);
		list_printf(&restoring->report->notes,
			    "claim %s is %s now: PersistentVolume %s waits for it", items[i].claim,
			    items[i].place.target,
			    tree_path_string(items[i].volume, "metadata.name"));
	}
	return 0;
}

/* Containers live on while the API server is away; a swap beneath them would change nothing. */
static int refuse_use(const struct restoring *restoring, const struct backup_picked *items,
		      size_t count, struct err *err)
{
	for (size_t i = 0; i < count && !restoring->reached; i++) {
		cleanup_free char *who = host_use_find(items[i].place.target);
		if (!who)
			continue;
		(void)err_set(err, ERR_BUSY,
			      "%s is in use by %s, and no API server answers that could stop it",
			      items[i].place.target, who);
		return err_hint(err, "start k3s, or end its containers: k3s-killall.sh");
	}
	return 0;
}

static int swap_bare(struct restoring *restoring, const struct backup_picked *items, size_t count,
		     struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = backup_place_swap(&items[i].place, err);
		if (r < 0)
			return r;
		if (r > 0)
			list_add(&restoring->report->kept_before, items[i].place.before);
	}
	return 0;
}

static int begin_halt(const struct restoring *restoring, const struct backup_picked *items,
		      size_t count, struct backup_halt **ret, struct err *err)
{
	const struct backup_restore_options *options = restoring->options;
	cleanup_free char *owner = mem_printf("restore %s", options->set->id);
	struct backup_halt_options halt = {
		.client = restoring->reached ? options->client : NULL,
		.state_dir = options->state_dir,
		.app = items->unit->name,
		.owner = owner,
		.deadline = options->deadline,
		.sink = options->sink,
	};

	for (size_t i = 0; i < count; i++) {
		list_add(&halt.paths, items[i].place.target);
		if (items[i].claim)
			list_add(&halt.claims, items[i].claim);
	}
	int r = backup_halt_begin(&halt, ret, err);
	list_done(&halt.paths);
	list_done(&halt.claims);
	return r;
}

/* The data is in place even where the app does not come back by itself: that is a note. */
static void end_halt(struct restoring *restoring, struct backup_halt *halt)
{
	cleanup_err struct err err = ERR_INIT;

	if (backup_halt_end(halt, &err) < 0)
		list_take(&restoring->report->notes, err_text(&err));
}

static int swap_halted(struct restoring *restoring, const struct backup_picked *items, size_t count,
		       struct err *err)
{
	cleanup_free struct backup_place *places = mem_zalloc(count * sizeof(*places));
	cleanup_free bool *had = mem_zalloc(count * sizeof(*had));
	struct backup_halt *halt;

	int r = begin_halt(restoring, items, count, &halt, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		places[i] = items[i].place; /* borrowed */
	r = backup_halt_swap(halt, places, count, had, err);
	end_halt(restoring, halt);
	for (size_t i = 0; i < count; i++)
		if (had[i])
			list_add(&restoring->report->kept_before, places[i].before);
	return r;
}

/* Below another directory nobody uses it; the node's own things are no app's, and the note of a
 * stop would move with them. */
static bool is_bare(const struct backup_restore_options *options, const struct backup_unit *unit)
{
	return options->into || !options->state_dir || !strcmp(unit->name, BACKUP_SYSTEM);
}

static int put_in_place(struct restoring *restoring, const struct backup_picked *items,
			size_t count, struct err *err)
{
	bool bare = is_bare(restoring->options, items->unit);
	int r = bare ? 0 : refuse_use(restoring, items, count, err);

	if (r >= 0)
		r = make_volumes(restoring, items, count, err);
	if (r < 0)
		return r;
	return bare ? swap_bare(restoring, items, count, err)
		    : swap_halted(restoring, items, count, err);
}

static int restore_unit(struct restoring *restoring, const struct backup_picked *items,
			size_t count, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		restoring->picked = &items[i];
		r = fetch(restoring, err);
	}
	return r < 0 || restoring->options->dry_run ? r
						    : put_in_place(restoring, items, count, err);
}

/* --- the whole --- */

/* What an earlier restore or backup left half done comes first. */
static int finish_others(const struct restoring *restoring, struct err *err)
{
	const struct backup_restore_options *options = restoring->options;

	if (!options->state_dir || options->dry_run)
		return 0;
	return backup_halt_finish(restoring->reached ? options->client : NULL, options->state_dir,
				  options->deadline, options->sink, err);
}

/* NULL when nobody can be asked: then old places are as good as any. */
static json_t *ask_live(struct restoring *restoring)
{
	const struct backup_restore_options *options = restoring->options;
	cleanup_err struct err err = ERR_INIT;
	json_t *live = NULL;

	if (!options->client || options->into)
		return NULL;
	if (backup_live_ask(options->client, options->machine ? options->machine : "", NULL,
			    options->deadline, &live, &err) >= 0) {
		restoring->reached = true;
		return live;
	}
	list_printf(&restoring->report->notes, "no live pods and volumes are known: %s",
		    err.message);
	return NULL;
}

int backup_restore(const struct backup_restore_options *options, struct backup_restore_report *ret,
		   struct err *err)
{
	struct restoring restoring = {.options = options, .report = ret};
	cleanup_backup_picks struct backup_picks picks = {0};

	*ret = (struct backup_restore_report){0};
	json_auto_t *live = ask_live(&restoring);
	int r = finish_others(&restoring, err);
	/* All places are looked at before the first byte comes. */
	if (r >= 0)
		r = backup_pick(options, live, &picks, err);
	for (size_t i = 0, n; r >= 0 && i < picks.count; i += n) {
		for (n = 1; i + n < picks.count && picks.items[i + n].unit == picks.items[i].unit;)
			n++;
		r = restore_unit(&restoring, &picks.items[i], n, err);
	}
	return r < 0 ? r : 0;
}

void backup_restore_report_done(struct backup_restore_report *report)
{
	list_done(&report->kept_before);
	list_done(&report->notes);
	*report = (struct backup_restore_report){0};
}
