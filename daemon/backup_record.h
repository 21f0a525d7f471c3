/*
 * backup_record: STATE/backup/last.json, by which the daemon and status know how the backups of
 *this node are, without asking the store.
 *
 *	{began, ended, set, state, units, sent, bytes, error, unprotected: [..], lastGood,
 *	 verified: {when, set, problems: [..]}}
 */
#pragma once

#include <jansson.h>
#include <time.h>

#include "backup/backup.h"

/* A nightly backup that is this old did not happen. */
#define BACKUP_RECORD_STALE_S (26 * 3600)

/* report NULL: the run failed, and err says why. What cannot be written is told on stderr. */
void backup_record_write(const char *state_dir, time_t began, const struct backup_report *report,
			 const struct err *err);
void backup_record_verified(const char *state_dir, const char *set, const struct list *problems);

/* New reference; NULL when there was none. */
json_t *backup_record_read(const char *state_dir);

/* "backup 2026... ok: 6 units, 2 sent (212 MB), 4 unchanged, 41 s": one line, for the journal and
 * for status. Caller frees. */
char *backup_record_text(const json_t *record);

/* Seconds since the last good set; -1 when there was none. */
int64_t backup_record_age(const json_t *record, time_t now);
