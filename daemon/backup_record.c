#include "backup_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup_print.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "tree/json.h"
#include "tree/path.h"

#define RECORD_MAX (1 << 20)

static char *record_path(const char *state_dir)
{
	return mem_printf("%s/backup/last.json", state_dir);
}

json_t *backup_record_read(const char *state_dir)
{
	cleanup_free char *path = record_path(state_dir);
	cleanup_err struct err ignored = ERR_INIT;
	json_t *record = NULL;

	return tree_json_read(path, RECORD_MAX, &record, &ignored) < 0 ? NULL : record;
}

static void write_record(const char *state_dir, const json_t *record)
{
	cleanup_free char *path = record_path(state_dir), *text = tree_json_dump(record);
	cleanup_free char *folder = mem_printf("%s/backup", state_dir);
	cleanup_err struct err err = ERR_INIT;

	if (file_make_dir(folder, 0700, &err) < 0 ||
	    file_write(path, text, strlen(text), 0600, &err) < 0)
		fprintf(stderr, "desired: %s\n", err.message);
}

static json_t *texts(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static void put_time(json_t *record, const char *key, time_t when)
{
	cleanup_free char *text = timespan_rfc3339(when);

	json_object_set_new(record, key, json_string(text));
}

/* What the next record keeps of the one before. */
static void keep(json_t *record, const json_t *before, const char *key)
{
	json_t *value = json_object_get(before, key);

	if (value)
		json_object_set(record, key, value);
}

static const char *first_error(const struct backup_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->units[i].state == BACKUP_FAILED)
			return set->units[i].error;
	return NULL;
}

static void fill(json_t *record, const struct backup_report *report)
{
	const struct backup_set *set = report->set;
	const char *error = first_error(set);

	json_object_update_new(record,
			       json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "set", set->id, "state",
					 backup_state_name(backup_set_state(set)), "units",
					 (json_int_t)set->count, "sent", (json_int_t)report->sent,
					 "unchanged", (json_int_t)report->unchanged, "bytes",
					 (json_int_t)report->bytes_sent));
	json_object_set_new(record, "unprotected", texts(&set->unprotected));
	if (error)
		json_object_set_new(record, "error", json_string(error));
	if (backup_set_state(set) != BACKUP_FAILED)
		put_time(record, "lastGood", set->began);
}

void backup_record_write(const char *state_dir, time_t began, const struct backup_report *report,
			 const struct err *err)
{
	json_auto_t *before = backup_record_read(state_dir), *record = json_object();

	put_time(record, "began", began);
	put_time(record, "ended", time(NULL));
	keep(record, before, "lastGood");
	keep(record, before, "verified");
	if (report) {
		fill(record, report);
	} else {
		cleanup_free char *text = err_text(err);
		json_object_set_new(record, "state", json_string("failed"));
		json_object_set_new(record, "error", json_string(text));
		keep(record, before, "unprotected");
	}
	write_record(state_dir, record);
}

void backup_record_verified(const char *state_dir, const char *set, const struct list *problems)
{
	json_auto_t *record = backup_record_read(state_dir);
	json_t *verified = json_pack("{s:s, s:o}", "set", set, "problems", texts(problems));

	if (!record)
		record = json_object();
	put_time(verified, "when", time(NULL));
	json_object_set_new(record, "verified", verified);
	write_record(state_dir, record);
}

static time_t time_at(const json_t *record, const char *key)
{
	const char *text = tree_path_string(record, key);

	return text ? timespan_parse_rfc3339(text) : (time_t)-1;
}

int64_t backup_record_age(const json_t *record, time_t now)
{
	time_t good = time_at(record, "lastGood");

	return good == (time_t)-1 ? -1 : (int64_t)(now - good);
}

char *backup_record_text(const json_t *record)
{
	const char *set = tree_path_string(record, "set"),
		   *state = tree_path_string(record, "state");
	const char *error = tree_path_string(record, "error");
	time_t began = time_at(record, "began"), ended = time_at(record, "ended");
	cleanup_free char *took = timespan_text((int64_t)(ended - began) * 1000);
	cleanup_free char *sent = backup_size_text((uint64_t)tree_path_integer(record, "bytes", 0));

	if (!set)
		return mem_printf("backup failed after %s: %s", took,
				  error ? error : "it ended early");
	return mem_printf("backup %s %s: %lld units, %lld sent (%s), %lld unchanged, %s%s%s", set,
			  state ? state : "", (long long)tree_path_integer(record, "units", 0),
			  (long long)tree_path_integer(record, "sent", 0), sent,
			  (long long)tree_path_integer(record, "unchanged", 0), took,
			  error ? ": " : "", error ? error : "");
}
