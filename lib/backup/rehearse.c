#include "backup/rehearse.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backup/dump.h"
#include "backup/keys.h"
#include "backup/reader.h"
#include "backup/sqlite.h"
#include "backup/verify.h"
#include "base/file.h"
#include "base/mem.h"
#include "tgz/read.h"
#include "tgz/walk.h"

#define OPEN_MAX_FOLDERS 32
#define SPARE		 (64ULL << 20) /* of the scratch place, that stays free */

/* One unit. */
struct rehearsing {
	const struct backup_rehearse_options *options;
	struct backup_rehearse_report *report;
	const struct backup_unit *unit;
	uint64_t plain; /* files that a second look can compare where they lie */
};

static void problem(struct rehearsing *rehearsing, const struct err *err)
{
	cleanup_free char *text = err_text(err);

	list_printf(&rehearsing->report->problems, "%s: %s", rehearsing->unit->name, text);
}

/* --- the scratch place --- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st, (void)kind;
	return place->level ? remove(path) : 0;
}

/* What is in it, not itself. */
static int empty_scratch(const char *path, struct err *err)
{
	if (nftw(path, remove_one, OPEN_MAX_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		return err_errno(err, errno, "cannot empty %s", path);
	return 0;
}

static int check_room(const struct rehearsing *rehearsing, struct err *err)
{
	const char *scratch = rehearsing->options->scratch;
	struct statvfs room;

	if (statvfs(scratch, &room) < 0)
		return err_errno(err, errno, "%s", scratch);
	uint64_t free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
	if (free_bytes >= rehearsing->unit->bytes + SPARE)
		return 0;
	(void)err_set(err, ERR_IO, "%s has %.1f GB free, %s needs %.1f GB", scratch,
		      (double)free_bytes / 1e9, rehearsing->unit->name,
		      (double)rehearsing->unit->bytes / 1e9);
	return err_hint(err, "--scratch DIR names a place with more room");
}

/* --- what came back --- */

static int check_database(struct rehearsing *rehearsing, const struct tgz_entry *entry)
{
	cleanup_err struct err err = ERR_INIT;

	rehearsing->report->databases++;
	int r = backup_sqlite_check(entry->folder, entry->name, &err);
	if (r < 0) {
		(void)err_wrap(&err, "/%s", entry->path);
		problem(rehearsing, &err);
	}
	return 0;
}

static int check_dump(struct rehearsing *rehearsing, const struct tgz_entry *entry)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *what = NULL;
	cleanup_free char *path = mem_printf("%s/%s", rehearsing->options->scratch, entry->path);

	int r = backup_dump_list(path, rehearsing->options->deadline, &what, &err);
	if (r < 0) {
		(void)err_wrap(&err, "/%s", entry->path);
		problem(rehearsing, &err);
	} else {
		list_printf(&rehearsing->report->dumps, "%s: %s: %s", rehearsing->unit->name,
			    entry->name, what);
	}
	return 0;
}

static int check_entry(void *context, struct tgz_entry *entry, struct err *err)
{
	struct rehearsing *rehearsing = context;

	if (cancel_raised(rehearsing->options->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (!S_ISREG(entry->st.st_mode))
		return 0;
	if (!strncmp(entry->path, "_dumps/", 7))
		return check_dump(rehearsing, entry);
	return backup_sqlite_is(entry->folder, entry->name) ? check_database(rehearsing, entry) : 0;
}

static int check_content(struct rehearsing *rehearsing, struct err *err)
{
	const struct tgz_walk_options walk = {
		.root = rehearsing->options->scratch,
		.name = "",
		.include_caches = true,
		.visit = check_entry,
		.context = rehearsing,
	};

	return tgz_walk(&walk, err);
}

/* --- one unit --- */

/* What has attributes is compared with the archive, not with the index. */
static void count_plain(void *context, const struct tgz_index_entry *entry)
{
	struct rehearsing *rehearsing = context;

	rehearsing->plain += entry->type == TGZ_FILE && !entry->extended;
}

static int unpack(struct rehearsing *rehearsing, bool again, struct tgz_read_summary *ret,
		  struct err *err)
{
	const struct backup_rehearse_options *options = rehearsing->options;
	struct backup_reader reader;

	int r = backup_reader_open(&reader, options->store, rehearsing->unit, options->identities,
				   options->deadline, err);
	if (r >= 0)
		r = tgz_read(
			&(struct tgz_read_options){
				.archive = reader.archive,
				.index = reader.index,
				.name = rehearsing->unit->index.key,
				.into = options->scratch,
				.resume = again,
				.done = again ? count_plain : NULL,
				.context = rehearsing,
				.cancel = options->cancel,
			},
			ret, err);
	backup_reader_done(&reader);
	return r;
}

/* Once from the store; once more, when what lies there is hashed and nothing may be missing. */
static int restore_unit(struct rehearsing *rehearsing, struct err *err)
{
	struct tgz_read_summary first = {0}, second = {0};
	int r = unpack(rehearsing, false, &first, err);

	rehearsing->plain = 0;
	if (r >= 0)
		r = unpack(rehearsing, true, &second, err);
	if (r < 0)
		return r;
	if (second.kept < rehearsing->plain)
		return err_set(err, ERR_INVALID,
			       "%llu files on the disk differ from what was written there",
			       (unsigned long long)(rehearsing->plain - second.kept));
	rehearsing->report->files += rehearsing->unit->files;
	rehearsing->report->bytes += first.bytes;
	return check_content(rehearsing, err);
}

/* An error that says something about the set is a problem; one of the way to it is not. */
static int judge(struct rehearsing *rehearsing, int r, struct err *why, struct err *err)
{
	if (r >= 0)
		return 0;
	if (r != -ERR_NOT_FOUND && r != -ERR_INVALID && r != -ERR_EXISTS)
		return err_move(err, why);
	problem(rehearsing, why);
	return 0;
}

/* What only others can read: the stored bytes are compared. */
static int check_sealed(struct rehearsing *rehearsing, struct err *err)
{
	const struct backup_rehearse_options *options = rehearsing->options;
	struct backup_set alone = *options->set;
	struct backup_verify_report report = {0};

	alone.units = (struct backup_unit *)rehearsing->unit;
	alone.count = 1;
	rehearsing->report->sealed++;
	int r = backup_verify(&(struct backup_verify_options){.store = options->store,
							      .set = &alone,
							      .deep = true,
							      .deadline = options->deadline,
							      .cancel = options->cancel},
			      &report, err);
	list_copy(&rehearsing->report->problems, &report.problems);
	backup_verify_report_done(&report);
	return r;
}

static bool is_sealed(const struct rehearsing *rehearsing)
{
	const struct list *recipients = &rehearsing->unit->recipients;
	const struct age_identities *identities = rehearsing->options->identities;

	return recipients->n && !(identities && backup_keys_fit(identities, recipients));
}

static int rehearse_unit(struct rehearsing *rehearsing, struct err *err)
{
	const struct backup_rehearse_options *options = rehearsing->options;
	size_t before = rehearsing->report->problems.n;
	cleanup_err struct err why = ERR_INIT;

	int r = check_room(rehearsing, err);
	if (r >= 0)
		r = judge(rehearsing, restore_unit(rehearsing, &why), &why, err);
	cleanup_err struct err ignored = ERR_INIT;
	int emptied = empty_scratch(options->scratch, r < 0 ? &ignored : err);
	if (r < 0 || emptied < 0)
		return r < 0 ? r : emptied;
	cleanup_free char *text = mem_printf(
		"%s: %s", rehearsing->unit->name,
		rehearsing->report->problems.n > before ? "damaged" : "restored and verified");
	if (options->say)
		options->say(options->context, text);
	return 0;
}

static int rehearse_set(struct rehearsing *rehearsing, struct err *err)
{
	const struct backup_set *set = rehearsing->options->set;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < set->count; i++) {
		rehearsing->unit = &set->units[i];
		if (rehearsing->unit->state == BACKUP_FAILED || !rehearsing->unit->index.key)
			list_printf(&rehearsing->report->problems,
				    "%s: nothing of it is in the set", rehearsing->unit->name);
		else if (is_sealed(rehearsing))
			r = check_sealed(rehearsing, err);
		else
			r = rehearse_unit(rehearsing, err);
	}
	return r;
}

int backup_rehearse(const struct backup_rehearse_options *options,
		    struct backup_rehearse_report *ret, struct err *err)
{
	struct rehearsing rehearsing = {.options = options, .report = ret};
	cleanup_free char *lock = mem_printf("%s.lock", options->scratch);
	cleanup_fd int fd = -1;

	*ret = (struct backup_rehearse_report){0};
	int r = file_make_dir(options->scratch, 0700, err);
	if (r >= 0)
		r = file_lock(lock, &fd, err);
	if (r == -ERR_BUSY)
		return err_set(err, ERR_BUSY, "another rehearsal is under way in %s",
			       options->scratch);
	if (r >= 0)
		r = empty_scratch(options->scratch, err);
	if (r >= 0)
		r = rehearse_set(&rehearsing, err);
	(void)rmdir(options->scratch);
	return r;
}

void backup_rehearse_report_done(struct backup_rehearse_report *report)
{
	list_done(&report->dumps);
	list_done(&report->problems);
	*report = (struct backup_rehearse_report){0};
}
