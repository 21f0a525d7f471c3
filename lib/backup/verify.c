#include "backup/verify.h"

#include <stdlib.h>
#include <string.h>

#include "backup/keys.h"
#include "backup/reader.h"
#include "base/mem.h"
#include "tgz/hash.h"
#include "tgz/read.h"

#define PIECE ((size_t)4 << 20) /* of what is hashed as it is stored */

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

	int r = backup_reader_open(&reader, options->store, unit, options->identities,
				   options->deadline, &why);
	const struct tgz_read_options read = {
		.archive = reader.archive,
		.index = reader.index,
		.name = unit->index.key,
		.choose = choose,
		.context = verifying,
		.cancel = options->cancel,
	};
	if (r >= 0)
		r = tgz_read(&read, &summary, &why);
	backup_reader_done(&reader);
	verifying->report->files += summary.entries;
	verifying->report->bytes += summary.bytes;
	return judge(verifying, &unit->volumes[0], r, &why, err);
}

/* --- what we cannot read --- */

static int hash_stored(const struct verifying *verifying, const struct backup_stored *stored,
		       char ret_sha256[65], struct err *err)
{
	cleanup_free char *bytes = mem_alloc(PIECE);
	struct tgz_hash *hash = tgz_hash_new();
	uint64_t size = backup_stored_size(stored);
	int r = 0;

	for (uint64_t at = 0; r >= 0 && at < size; at += PIECE) {
		size_t length = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if (cancel_raised(verifying->options->cancel))
			r = err_set(err, ERR_CANCELED, "canceled");
		else
			r = backup_stored_read((void *)stored, at, length, bytes, err);
		if (r >= 0)
			tgz_hash_add(hash, bytes, length);
	}
	tgz_hash_hex(hash, ret_sha256);
	tgz_hash_free(hash);
	return r;
}

static int check_stored(struct verifying *verifying, const struct backup_object *objects,
			size_t count, const char *expected, struct err *err)
{
	cleanup_free struct s3_object *list = mem_zalloc((count + 1) * sizeof(*list));
	cleanup_err struct err why = ERR_INIT;
	char sha256[65];

	for (size_t i = 0; i < count; i++)
		list[i] = (struct s3_object){.key = objects[i].key, .size = objects[i].size};
	const struct backup_stored stored = {verifying->options->store, list, count,
					     verifying->options->deadline};
	int r = hash_stored(verifying, &stored, sha256, &why);
	if (r >= 0 && (!expected || strcmp(sha256, expected) != 0))
		r = err_set(&why, ERR_INVALID, "it is damaged: its SHA-256 is not that of the set");
	return judge(verifying, objects, r, &why, err);
}

static int check_sealed(struct verifying *verifying, struct err *err)
{
	const struct backup_unit *unit = verifying->unit;

	verifying->report->sealed++;
	if (!verifying->options->deep)
		return 0;
	int r = check_stored(verifying, &unit->index, 1, unit->index_sha256, err);
	return r < 0 ? r
		     : check_stored(verifying, unit->volumes, unit->volume_count, unit->sha256,
				    err);
}

static bool is_sealed(const struct verifying *verifying)
{
	const struct list *recipients = &verifying->unit->recipients;

	return recipients->n && !backup_keys_fit(verifying->options->identities, recipients);
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
		r = is_sealed(verifying) ? check_sealed(verifying, err)
					 : check_content(verifying, err);
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
