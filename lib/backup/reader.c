#include "backup/reader.h"

#include <stdlib.h>

#include "backup/keys.h"
#include "base/mem.h"

static const struct age_identities nobody;

static int read_sealed(void *context, uint64_t offset, size_t length, void *bytes, struct err *err)
{
	return age_reader_read(context, offset, length, bytes, err);
}

static int not_ours(const struct backup_unit *unit, const struct age_identities *identities,
		    struct err *err)
{
	cleanup_free char *names = list_join(&unit->recipients, ", ");

	(void)err_set(err, ERR_DENIED, "%s is encrypted for %s, and %s", unit->name, names,
		      identities->n ? "the identity that was given is another"
				    : "no identity was given");
	return err_hint(err, "--identity FILE, with the secret key that age-keygen wrote");
}

static int open_sealed(struct backup_stored *stored, const struct age_identities *identities,
		       struct age_reader **ret_reader, struct tgz_source *ret, struct err *err)
{
	const struct age_source source = {backup_stored_read, stored, backup_stored_size(stored)};

	int r = age_reader_open(&source, identities, ret_reader, err);
	/* The marker says that this identity may: then it is not the key that is wrong. */
	if (r == -ERR_DENIED)
		r = err_set(err, ERR_INVALID,
			    "its age header is damaged: the key of the file does not unwrap");
	if (r < 0)
		return err_wrap(err, "%s", stored->objects[0].key);
	*ret = (struct tgz_source){read_sealed, *ret_reader, age_reader_size(*ret_reader)};
	return 0;
}

int backup_reader_open(struct backup_reader *reader, struct s3_store *store,
		       const struct backup_unit *unit, const struct age_identities *identities,
		       const struct deadline *deadline, struct err *err)
{
	*reader = (struct backup_reader){0};
	reader->volumes = mem_zalloc((unit->volume_count + 1) * sizeof(*reader->volumes));
	for (size_t i = 0; i < unit->volume_count; i++)
		reader->volumes[i] = (struct s3_object){.key = unit->volumes[i].key,
							.size = unit->volumes[i].size};
	reader->index_object = (struct s3_object){.key = unit->index.key, .size = unit->index.size};
	reader->archive_stored =
		(struct backup_stored){store, reader->volumes, unit->volume_count, deadline};
	reader->index_stored = (struct backup_stored){store, &reader->index_object, 1, deadline};
	if (!unit->recipients.n) {
		reader->archive = backup_archive_source(&reader->archive_stored);
		reader->index = backup_archive_source(&reader->index_stored);
		return 0;
	}
	if (!identities)
		identities = &nobody;
	if (!backup_keys_fit(identities, &unit->recipients))
		return not_ours(unit, identities, err);
	int r = open_sealed(&reader->index_stored, identities, &reader->index_age, &reader->index,
			    err);
	if (r < 0)
		return r;
	return open_sealed(&reader->archive_stored, identities, &reader->archive_age,
			   &reader->archive, err);
}

void backup_reader_done(struct backup_reader *reader)
{
	age_reader_free(reader->archive_age);
	age_reader_free(reader->index_age);
	free(reader->volumes);
	*reader = (struct backup_reader){0};
}
