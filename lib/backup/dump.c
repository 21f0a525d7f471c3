#include "backup/dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/process.h"

#define LISTING_MAX (16 << 20)
#define HEAD_LINES  40 /* in which a dump says what made it */

static void close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

/* --- PostgreSQL's own format --- */

static size_t count_entries(const char *listing)
{
	size_t entries = 0;

	for (const char *line = listing; *line; line += strcspn(line, "\n"), line += *line != '\0')
		entries += *line != ';' && *line != '\n';
	return entries;
}

static int list_custom(const char *path, const struct deadline *deadline, char **ret,
		       struct err *err)
{
	const char *const argv[] = {"pg_restore", "--list", path, NULL};
	cleanup_process struct process_result result = {0};

	int r = process_run(argv, LISTING_MAX, deadline, &result, err);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		*ret = mem_strdup("custom format of PostgreSQL; pg_restore is not here to list it");
		return 0;
	}
	if (r < 0)
		return r;
	if (result.status)
		return err_set(err, ERR_INVALID, "pg_restore cannot list it: %.*s",
			       (int)strcspn(buf_str(&result.errors), "\n"),
			       buf_str(&result.errors));
	*ret = mem_printf("custom format of PostgreSQL, %zu entries",
			  count_entries(buf_str(&result.output)));
	return 0;
}

/* --- SQL --- */

/* Who made it, and the words that he ends with. */
static const struct maker {
	const char *begins, *ends, *name;
} makers[] = {
	{"-- PostgreSQL database cluster dump", "database cluster dump complete", "PostgreSQL"},
	{"-- PostgreSQL database dump", "database dump complete", "PostgreSQL"},
	{"-- MySQL dump", "-- Dump completed", "MySQL"},
	{"-- MariaDB dump", "-- Dump completed", "MariaDB"},
};

static const struct maker *maker_of(const char *line)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++)
		if (strstr(line, makers[i].begins))
			return &makers[i];
	return NULL;
}

static int list_text(FILE *file, char **ret, struct err *err)
{
	cleanup_free char *line = NULL;
	const struct maker *maker = NULL;
	size_t size = 0, number = 0, tables = 0;
	bool complete = false;

	while (getline(&line, &size, file) > 0) {
		if (!maker && number++ < HEAD_LINES)
			maker = maker_of(line);
		tables += !strncmp(line, "CREATE TABLE", 12);
		complete |= maker && strstr(line, maker->ends);
	}
	if (maker && !complete)
		return err_set(err, ERR_INVALID, "the dump of %s has no end: it was cut short",
			       maker->name);
	*ret = maker ? mem_printf("SQL of %s, %zu tables", maker->name, tables)
		     : mem_printf("text or data, %ld bytes", ftell(file));
	return 0;
}

int backup_dump_list(const char *path, const struct deadline *deadline, char **ret, struct err *err)
{
	__attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
	char magic[5];

	if (!file)
		return err_errno(err, errno, "%s", path);
	size_t n = fread(magic, 1, sizeof(magic), file);
	if (!n)
		return err_set(err, ERR_INVALID, "the dump is empty");
	if (n == sizeof(magic) && !memcmp(magic, "PGDMP", sizeof(magic)))
		return list_custom(path, deadline, ret, err);
	rewind(file);
	return list_text(file, ret, err);
}
