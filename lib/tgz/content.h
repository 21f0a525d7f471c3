/* content: that of one regular file into the tar stream, whatever happens to it meanwhile. */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "tgz/hash.h"
#include "tgz/tar.h"
#include "tgz/tgz.h"

struct tgz_content {
	struct tgz_tar *tar;
	struct tgz_hash *hash;
	char *buffer; /* of TGZ_CONTENT_BUFFER bytes */
	int fd;
	struct stat st; /* of fd, before the header was written */
	uint64_t size;	/* as the header has it */
	/* Told what went wrong: at most one note for a file. */
	void (*note)(void *context, enum tgz_note_kind kind, const char *text);
	void *context;
};

#define TGZ_CONTENT_BUFFER ((size_t)256 << 10)

/* Writes `size` bytes: what grew is cut, what is missing is zeros. ret_bytes: without holes. */
int tgz_content_copy(const struct tgz_content *copy, char ret_sha256[65], uint64_t *ret_bytes,
		     struct err *err);
