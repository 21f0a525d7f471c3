/*
 * backup/inflight: what a run has begun, for the run after a crash.
 *
 *	STATE/backup/inflight.json	{set: ID, uploads: {KEY: UPLOAD-ID}}
 *
 * What cannot be written is no error: the sweep finds it a day later (backup/sweep.h).
 */
#pragma once

#include "base/list.h"
#include "s3/store.h"

void backup_inflight_begin(const char *path, const char *set);
void backup_inflight_upload(const char *path, const char *key, const char *upload_id);

/* Ends the uploads of a run that crashed, with a sentence each. Returns the id of its set, which
 * may have its marker; NULL when none crashed. It is known until the next run begins. Caller frees.
 */
char *backup_inflight_end(const char *path, struct s3_store *store, const struct deadline *deadline,
			  struct list *ret_notes);
/* The run ended by itself. */
void backup_inflight_forget(const char *path);
