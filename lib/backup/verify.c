#include "backup/verify.h"

#include <stdlib.h>
#include <string.h>

#include "backup/restore.h"
#include "base/mem.h"
#include "tgz/read.h"

struct verifying {
	const struct backup_verify_options *options;
	struct backup_verify_report *report;
	const struct backup_unit *unit;
	unsigned int seed;
};

/* An error that says something about the object is a problem; one of the way to it is not. */
static int judge(struct verifying *verifying, const struct backup_object *object, int r,
		 struct err *why, struct err *err)
{
	if (r >= 0)
		return 0;
	if (r != -ERR_NOT_FOUND && r != -ERR_INVALID)
		return err_move(err, why);
	list_printf(&verifying->report->problems, "%s: %s: %s", verifying->unit->name, object->key,
		    why->message);
	return 0;
}

static int check_size(struct verifying *verifying, const struct backup_object *object,
		      struct err *err)
{
	cleanup_s3_object struct s3_object found = {0};
	cleanup_err struct err why = ERR_INIT;

	int r = s3_store_head(verifying->options->store, object->key, &found,
			      verifying->options->deadline, &why);
	if (r >= 0 && found.size != object->size)
		r = err_set(&why, ERR_INVALID, "it has %llu bytes instead of %llu",
			    (unsigned long long)found.size, (unsigned long long)object->size);
	return judge(verifying, object, r, &why, err);
}

static bool choose(void *context, const struct tgz_index_entry *entry)
{
	const struct verifying *verifying = context;
	unsigned int hash = verifying->seed;

	if (verifying->options->deep)
		return true;
	/* The same answer both times that an entry is asked about. */
	for (const char *c = entry->path; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619U;
	return hash % 100 < (unsigned int)verifying->options->sample;
}

static int check_content(struct verifying *verifying, struct err *err)
{
	const struct backup_verify_options *options = verifying->options;
	const struct backup_unit *unit = verifying->unit;
	struct backup_reader reader;
	struct tgz_read_summary summary = {0};
	cleanup_err struct err why = ERR_INIT;
	backup_reader_open(&reader, options->store, unit, options->deadline);
	const struct tgz_read_options read = {
		.archive = backup_archive_source(&reader.archive_bytes),
		.index = backup_archive_source(&reader.index_bytes),
		.name = unit->index.key,
		.choose = choose,
		.context = verifying,
		.cancel = options->cancel,
	};

	int r = tgz_read(&read, &summary, &why);
	backup_reader_done(&reader);
	verifying->report->files += summary.entries;
	verifying->report->bytes += summary.bytes;
	return judge(verifying, &unit->volumes[0], r, &why, err);
}

static int verify_unit(struct verifying *verifying, struct err *err)
{
	const struct backup_unit *unit = verifying->unit;
	size_t before = verifying->report->problems.n;

	if (unit->state == BACKUP_FAILED || !unit->volume_count) {
		list_printf(&verifying->report->problems, "%s: it failed: %s", unit->name,
			    unit->error ? unit->error : "no reason is known");
		return 0;
	}
	int r = check_size(verifying, &unit->index, err);
	for (size_t i = 0; r >= 0 && i < unit->volume_count; i++)
		r = check_size(verifying, &unit->volumes[i], err);
	bool whole = verifying->report->problems.n == before;
	if (r >= 0 && whole && (verifying->options->deep || verifying->options->sample > 0))
		r = check_content(verifying, err);
	return r;
}

int backup_verify(const struct backup_verify_options *options, struct backup_verify_report *ret,
		  struct err *err)
{
	struct verifying verifying = {
		.options = options,
		.report = ret,
		.seed = (unsigned int)time(NULL) ^ 2166136261U,
	};
	int r = 0;

	*ret = (struct backup_verify_report){0};
	for (size_t i = 0; r >= 0 && i < options->set->count; i++) {
		verifying.unit = &options->set->units[i];
		r = verify_unit(&verifying, err);
	}
	return r;
}

void backup_verify_report_done(struct backup_verify_report *report)
{
	list_done(&report->problems);
	*report = (struct backup_verify_report){0};
}
