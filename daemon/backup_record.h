/*
 * backup_record: STATE/backup/{last,verified,rehearsed}.json, by which the daemon and status know
 * how the backups of this node are, without asking the store. Each has one writer.
 *
 *	{began, ended, set, state, units, sent, unchanged, bytes, error, unprotected: [..],
 *	 data: [..], since, lastGood, detail: [{unit, state, files, bytes, lastGood}],
 *	 verified: {when, set, problems: [..]},
 *	 rehearsed: {when, set, files, bytes, databases, dumps, took, problems: [..], lastGood}}
 */
#pragma once

#include <jansson.h>
#include <time.h>

#include "backup/backup.h"
#include "backup/rehearse.h"

/* A nightly backup that is this old did not happen; a weekly rehearsal that is. */
#define BACKUP_RECORD_STALE_S	    (26 * 3600)
#define BACKUP_RECORD_UNREHEARSED_S (16 * 24 * 3600)

/* report NULL: the run failed, and err says why. What cannot be written is told on stderr. */
void backup_record_write(const char *state_dir, time_t began, const struct backup_report *report,
			 const struct err *err);
void backup_record_verified(const char *state_dir, const char *set, const struct list *problems);
void backup_record_rehearsed(const char *state_dir, const char *set, time_t began,
			     const struct backup_rehearse_report *report);

/* All three as one. New reference; NULL when there is none. */
json_t *backup_record_read(const char *state_dir);

/* "backup 2026... ok: 6 units, 2 sent (212 MB), 4 unchanged, 41 s": one line, for the journal and
 * for status. NULL when no run was recorded. Caller frees. */
char *backup_record_text(const json_t *record);
/* "restore of set 2026... rehearsed: 512 files (212 MB), 2 databases, in 12 s". NULL when none was.
 * Caller frees. */
char *backup_record_rehearsal_text(const json_t *record);

/* Seconds since the last good set; -1 when there was none. */
int64_t backup_record_age(const json_t *record, time_t now);
/* The time at a path of the record; 0 when there is none. */
time_t backup_record_time(const json_t *record, const char *path);
