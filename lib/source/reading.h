/*
 * source/reading: everything that the files give, document by document, as it stands in the
 * rendered texts: for comparing one reading with another (source/upgrade.h).
 */
#pragma once

#include "manifest/migrate.h"
#include "source/pass.h"

struct source_reading {
	struct source_pass pass;
	struct map documents; /* source_reading_key() -> json_t */
	struct list unread;   /* files that could not be parsed */
	struct manifest_served served;
	struct manifest_changes *changes; /* to add to; NULL: only the documents */
};

/* changes may be NULL. Nothing is to be released after a failure. */
int source_reading_make(const struct source_options *options, struct manifest_changes *changes,
			struct source_reading *ret, struct err *err);
void source_reading_done(struct source_reading *reading);

/* Lines: the app, the file, the number of the document. Caller frees. */
char *source_reading_key(const char *app, const char *file, size_t document);
