/*
 * carry: a tree into a store and back, for tests that let other programs judge, and for the bench.
 *
 *	carry put URL KEY DIR NAME [PATTERN...]    archives DIR as NAME, without the patterns
 *	carry get URL KEY INTO [PATH]              unpacks all, or what is below PATH; INTO "-":
 *						   verifies
 *
 * Settings and credentials come from the environment and the AWS files; CARRY_RECIPIENTS (age1...
 * age1...) and CARRY_IDENTITY (a file) encrypt and decrypt. Prints one JSON line: sizes, times,
 * memory; notes go to standard error. Exit 3: notes, 1: failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "backup/archive.h"
#include "backup/keys.h"
#include "backup/reader.h"
#include "base/mem.h"
#include "tgz/read.h"

struct carry {
	struct s3_store *store;
	const char *key, *path;
	struct deadline deadline;
	int notes;
};

static void take_note(void *context, const struct tgz_note *note)
{
	struct carry *carry = context;

	carry->notes++;
	fprintf(stderr, "%s %s: %s\n", tgz_note_name(note->kind), note->path, note->text);
}

static void print_cost(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("\"cpu\": %.3f, \"peak_kib\": %ld}\n",
	       (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
		       (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6,
	       usage.ru_maxrss);
}

/* ---- put */

static int add_size(void *context, struct tgz_entry *entry, struct err *err)
{
	(void)err;
	if (S_ISREG(entry->st.st_mode))
		*(uint64_t *)context += (uint64_t)entry->st.st_blocks * 512;
	*(uint64_t *)context += 1024;
	return 0;
}

static int read_recipients(struct age_recipients *ret, struct err *err)
{
	const char *text = getenv("CARRY_RECIPIENTS");
	cleanup_list struct list names = LIST_INIT;
	int r = 0;

	if (text)
		list_split(&names, text, " ");
	for (size_t i = 0; r >= 0 && i < names.n; i++)
		r = age_recipients_add(ret, names.items[i], err);
	return r;
}

static int put(struct carry *carry, char **arguments, struct err *err)
{
	cleanup_age_recipients struct age_recipients recipients = {0};
	cleanup_backup_archive struct backup_archive archive = {0};
	struct backup_archive_options options = {
		.key = carry->key,
		.recipients = &recipients,
		.note = take_note,
		.context = carry,
	};
	struct tgz_walk_options walk = {.root = arguments[0], .name = arguments[1]};
	struct backup_archive_writer *writer;

	if (getenv("CARRY_SMALL"))
		options.effort = TGZ_SMALL;
	for (char **pattern = arguments + 2; *pattern; pattern++)
		list_add(&walk.exclude, *pattern);
	walk.visit = add_size;
	walk.context = &options.size_bound;
	int r = read_recipients(&recipients, err);
	if (r >= 0)
		r = tgz_walk(&walk, err);
	walk.visit = NULL;
	if (r >= 0)
		r = backup_archive_begin(carry->store, &options, &carry->deadline, &writer, err);
	if (r < 0)
		return r;
	r = tgz_writer_add_tree(backup_archive_tgz(writer), &walk, err);
	if (r >= 0)
		r = backup_archive_finish(writer, &archive, err);
	backup_archive_end(writer);
	list_done(&walk.exclude);
	if (r < 0)
		return r;
	const struct tgz_summary *summary = &archive.summary;
	printf("{\"files\": %lu, \"bytes\": %lu, \"archive\": %lu, \"index\": %lu, \"volumes\": "
	       "%zu, "
	       "\"errors\": %lu, ",
	       summary->files, summary->bytes, summary->archive_size, summary->index_size,
	       archive.volume_count, summary->errors);
	return summary->errors ? -ERR_IO : 0;
}

/* ---- get */

static bool is_below(void *context, const struct tgz_index_entry *entry)
{
	const struct carry *carry = context;
	size_t length = strlen(carry->path);

	return !strncmp(entry->path, carry->path, length) &&
	       (!entry->path[length] || entry->path[length] == '/');
}

static void keep(struct backup_object *to, const struct s3_object *from)
{
	*to = (struct backup_object){mem_strdup(from->key), from->size};
}

/* The volumes and the index below the key. */
static int find(struct carry *carry, const char *end, struct backup_unit *unit, struct err *err)
{
	cleanup_s3_listing struct s3_listing listing = {0};
	cleanup_s3_object struct s3_object index = {0};
	cleanup_free char *prefix = mem_printf("%s.tgz%s", carry->key, end);
	cleanup_free char *index_key = mem_printf("%s.idx.gz%s", carry->key, end);

	int r = s3_store_list(carry->store, prefix, false, &listing, &carry->deadline, err);
	if (r >= 0)
		r = s3_store_head(carry->store, index_key, &index, &carry->deadline, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < listing.n; i++)
		keep(backup_unit_add_volume(unit), &listing.objects[i]);
	keep(&unit->index, &index);
	return 0;
}

/* What a marker would say: who may read it is whoever we are. */
static int open_reader(struct carry *carry, struct backup_unit *unit, struct backup_reader *ret,
		       struct err *err)
{
	cleanup_age_identities struct age_identities identities = {0};
	const char *file = getenv("CARRY_IDENTITY");

	int r = file ? age_identities_read(&identities, file, err) : 0;
	for (size_t i = 0; r >= 0 && i < identities.n; i++)
		list_take(&unit->recipients, age_recipient_text(identities.items[i].recipient));
	if (r >= 0)
		r = find(carry, file ? ".age" : "", unit, err);
	return r < 0 ? r
		     : backup_reader_open(ret, carry->store, unit, &identities, &carry->deadline,
					  err);
}

static int get(struct carry *carry, char **arguments, struct err *err)
{
	struct backup_unit unit = {.name = mem_strdup(carry->key)};
	struct backup_reader reader = {0};
	struct tgz_read_summary summary;

	int r = open_reader(carry, &unit, &reader, err);
	carry->path = arguments[1];
	const struct tgz_read_options options = {
		.archive = reader.archive,
		.index = reader.index,
		.name = carry->key,
		.into = strcmp(arguments[0], "-") ? arguments[0] : NULL,
		.choose = carry->path ? is_below : NULL,
		.resume = getenv("CARRY_RESUME") != NULL,
		.note = take_note,
		.context = carry,
	};
	if (r >= 0)
		r = tgz_read(&options, &summary, err);
	backup_reader_done(&reader);
	backup_unit_done(&unit);
	if (r < 0)
		return r;
	printf("{\"entries\": %lu, \"bytes\": %lu, \"kept\": %lu, \"received\": %lu, ",
	       summary.entries, summary.bytes, summary.kept,
	       s3_store_traffic(carry->store).bytes_received);
	return 0;
}

static int usage(void)
{
	fputs("usage: carry put URL KEY DIR NAME [PATTERN...] | carry get URL KEY INTO [PATH]\n",
	      stderr);
	return 64;
}

int main(int count, char **arguments)
{
	cleanup_err struct err err = ERR_INIT;
	struct http *http = http_new();
	struct carry carry = {.deadline = deadline_in(&clock_real, NULL, 3600000)};
	const char *limit = getenv("CARRY_BANDWIDTH"), *parts = getenv("CARRY_MAX_PARTS");

	if (count < 5)
		return usage();
	const struct s3_store_options options = {.url = arguments[2],
						 .http = http,
						 .bandwidth = limit ? strtoull(limit, NULL, 10) : 0,
						 .max_parts = parts ? atoi(parts) : 0};
	carry.key = arguments[3];
	int r = s3_store_open(&options, &carry.store, &err);
	if (r >= 0 && !strcmp(arguments[1], "put") && count >= 6)
		r = put(&carry, arguments + 4, &err);
	else if (r >= 0 && !strcmp(arguments[1], "get"))
		r = get(&carry, arguments + 4, &err);
	else if (r >= 0)
		return usage();
	s3_store_close(carry.store);
	http_free(http);
	if (r < 0) {
		cleanup_free char *text = err_text(&err);
		fprintf(stderr, "carry: %s: %s\n", err_code_name(err.code), text);
		return 1;
	}
	print_cost();
	return carry.notes ? 3 : 0;
}
