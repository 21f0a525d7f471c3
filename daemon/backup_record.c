#include "backup_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/place.h"
#include "backup_print.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "tree/json.h"
#include "tree/path.h"

#define RECORD_MAX (1 << 20)

static char *record_path(const char *state_dir, const char *name)
{
	return mem_printf("%s/backup/%s.json", state_dir, name);
}

static json_t *read_record(const char *state_dir, const char *name)
{
	cleanup_free char *path = record_path(state_dir, name);
	cleanup_err struct err none = ERR_INIT;
	json_t *record = NULL;

	return tree_json_read(path, RECORD_MAX, &record, &none) < 0 ? NULL : record;
}

json_t *backup_record_read(const char *state_dir)
{
	static const char *const parts[] = {"verified", "rehearsed"};
	json_t *record = read_record(state_dir, "last");

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		json_t *part = read_record(state_dir, parts[i]);
		if (part && !record)
			record = json_object();
		if (part)
			json_object_set_new(record, parts[i], part);
	}
	return record;
}

static void write_record(const char *state_dir, const char *name, const json_t *record)
{
	cleanup_free char *path = record_path(state_dir, name), *text = tree_json_dump(record);
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

/* What was there: should it be missing one day, it is not new (lib/backup/known.h). */
static json_t *data_of(const struct backup_set *set)
{
	json_t *data = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct backup_unit *unit = &set->units[i];
		for (size_t j = 0; strcmp(unit->name, BACKUP_SYSTEM) && j < unit->paths.n; j++)
			if (!backup_place_is_empty(unit->paths.items[j]))
				json_array_append_new(data, json_string(unit->paths.items[j]));
		for (size_t j = 0; j < unit->claims.n; j++)
			json_array_append_new(data, json_string(unit->claims.items[j]));
	}
	return data;
}

/* When a unit was in a set last, failed or not today. */
static const char *good_before(const json_t *before, const char *unit)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(before, "detail"), i, item)
		if (!strcmp(json_string_value(json_object_get(item, "unit")), unit))
			return tree_path_string(item, "lastGood");
	return NULL;
}

static json_t *detail_of(const struct backup_set *set, const json_t *before)
{
	cleanup_free char *now = timespan_rfc3339(set->began);
	json_t *detail = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct backup_unit *unit = &set->units[i];
		bool good = unit->state != BACKUP_FAILED;
		json_array_append_new(detail,
				      json_pack("{s:s, s:s, s:I, s:I, s:s*}", "unit", unit->name,
						"state", backup_state_name(unit->state), "files",
						(json_int_t)unit->files, "bytes",
						(json_int_t)unit->bytes, "lastGood",
						good ? now : good_before(before, unit->name)));
	}
	return detail;
}

static void fill(json_t *record, const struct backup_report *report, const json_t *before)
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
	json_object_set_new(record, "data", data_of(set));
	json_object_set_new(record, "detail", detail_of(set, before));
	if (error)
		json_object_set_new(record, "error", json_string(error));
	if (backup_set_state(set) != BACKUP_FAILED)
		put_time(record, "lastGood", set->began);
}

void backup_record_write(const char *state_dir, time_t began, const struct backup_report *report,
			 const struct err *err)
{
	json_auto_t *before = read_record(state_dir, "last"), *record = json_object();

	put_time(record, "began", began);
	put_time(record, "ended", time(NULL));
	put_time(record, "since", began);
	keep(record, before, "since");
	keep(record, before, "lastGood");
	if (report) {
		fill(record, report, before);
	} else {
		cleanup_free char *text = err_text(err);
		json_object_set_new(record, "state", json_string("failed"));
		json_object_set_new(record, "error", json_string(text));
		keep(record, before, "unprotected");
		keep(record, before, "data");
		keep(record, before, "detail");
	}
	write_record(state_dir, "last", record);
}

void backup_record_verified(const char *state_dir, const char *set, const struct list *problems)
{
	json_auto_t *record = json_pack("{s:s, s:o}", "set", set, "problems", texts(problems));

	put_time(record, "when", time(NULL));
	write_record(state_dir, "verified", record);
}

void backup_record_rehearsed(const char *state_dir, const char *set, time_t began,
			     const struct backup_rehearse_report *report)
{
	json_auto_t *before = read_record(state_dir, "rehearsed");
	json_auto_t *record = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "set", set, "files",
		(json_int_t)report->files, "bytes", (json_int_t)report->bytes, "databases",
		(json_int_t)report->databases, "dumps", (json_int_t)report->dumps.n, "took",
		(json_int_t)(time(NULL) - began), "problems", texts(&report->problems));

	put_time(record, "when", time(NULL));
	keep(record, before, "lastGood");
	if (!report->problems.n)
		put_time(record, "lastGood", time(NULL));
	write_record(state_dir, "rehearsed", record);
}

time_t backup_record_time(const json_t *record, const char *path)
{
	const char *text = tree_path_string(record, path);
	time_t when = text ? timespan_parse_rfc3339(text) : (time_t)-1;

	return when == (time_t)-1 ? 0 : when;
}

int64_t backup_record_age(const json_t *record, time_t now)
{
	time_t good = backup_record_time(record, "lastGood");

	return good ? (int64_t)(now - good) : -1;
}

char *backup_record_text(const json_t *record)
{
	const char *set = tree_path_string(record, "set"),
		   *state = tree_path_string(record, "state");
	const char *error = tree_path_string(record, "error");
	time_t began = backup_record_time(record, "began"),
	       ended = backup_record_time(record, "ended");
	cleanup_free char *took = timespan_text((int64_t)(ended - began) * 1000);
	cleanup_free char *sent = backup_size_text((uint64_t)tree_path_integer(record, "bytes", 0));

	if (!began)
		return NULL;
	if (!set)
		return mem_printf("backup failed after %s: %s", took,
				  error ? error : "it ended early");
	return mem_printf("backup %s %s: %lld units, %lld sent (%s), %lld unchanged, %s%s%s", set,
			  state ? state : "", (long long)tree_path_integer(record, "units", 0),
			  (long long)tree_path_integer(record, "sent", 0), sent,
			  (long long)tree_path_integer(record, "unchanged", 0), took,
			  error ? ": " : "", error ? error : "");
}

char *backup_record_rehearsal_text(const json_t *record)
{
	const json_t *rehearsed = json_object_get(record, "rehearsed");
	const char *set = tree_path_string(rehearsed, "set");
	const char *problem = tree_path_string(rehearsed, "problems[0]");
	json_int_t files = tree_path_integer(rehearsed, "files", 0);
	json_int_t databases = tree_path_integer(rehearsed, "databases", 0);
	json_int_t dumps = tree_path_integer(rehearsed, "dumps", 0);

	if (!set)
		return NULL;
	if (problem)
		return mem_printf("a restore of set %s was rehearsed and failed: %s", set, problem);
	cleanup_free char *bytes =
		backup_size_text((uint64_t)tree_path_integer(rehearsed, "bytes", 0));
	cleanup_free char *took = timespan_text(tree_path_integer(rehearsed, "took", 0) * 1000);
	return mem_printf("a restore of set %s was rehearsed and is good: %lld files (%s), %lld "
			  "database%s, %lld dump%s, %s",
			  set, (long long)files, bytes, (long long)databases,
			  databases == 1 ? "" : "s", (long long)dumps, dumps == 1 ? "" : "s", took);
}
