/*
 * backup/reader: archive and index of a unit as lib/tgz reads them, out of the store and, where
 * they are encrypted, through age.
 */
#pragma once

#include "age/age.h"
#include "backup/archive.h"
#include "backup/set.h"
#include "tgz/tgz.h"

struct backup_reader {
	struct tgz_source archive, index;

	/* What they read from. */
	struct s3_object *volumes, index_object;
	struct backup_stored archive_stored, index_stored;
	struct age_reader *archive_age, *index_age;
};

/* Borrows unit, store and deadline. Of an encrypted unit the headers are read: ERR_DENIED names the
 * recipients when none of the identities (which may be NULL) is one of them; ERR_INVALID when an
 * object is damaged or cut short. Release it after an error too. */
int backup_reader_open(struct backup_reader *reader, struct s3_store *store,
		       const struct backup_unit *unit, const struct age_identities *identities,
		       const struct deadline *deadline, struct err *err);
void backup_reader_done(struct backup_reader *reader);
