#include "tgz/content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct progress {
	uint64_t at, bytes;
	off_t hole_end; /* up to here it is known to be a hole */
	off_t data_end; /* or data */
	int number;	/* of the error that ended reading; 0: it goes on */
	bool short_of;	/* the file ended before its size */
};

static bool is_sparse(const struct stat *st)
{
	return (off_t)st->st_blocks * 512 < st->st_size;
}

/* Where the hole or the data that `at` stands in ends. */
static void look_ahead(const struct tgz_content *copy, struct progress *progress)
{
	off_t at = (off_t)progress->at, data = lseek(copy->fd, at, SEEK_DATA);

	progress->hole_end = data > at ? data : data < 0 && errno == ENXIO ? (off_t)copy->size : 0;
	progress->data_end = (off_t)copy->size;
	if (data != at)
		return;
	off_t hole = lseek(copy->fd, at, SEEK_HOLE);
	if (hole > at)
		progress->data_end = hole;
}

static size_t read_piece(const struct tgz_content *copy, struct progress *progress, size_t want)
{
	ssize_t n;

	do {
		n = pread(copy->fd, copy->buffer, want, (off_t)progress->at);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		progress->bytes += (uint64_t)n;
		return (size_t)n;
	}
	progress->number = n < 0 ? errno : 0;
	progress->short_of = n == 0;
	return 0;
}

/* The next bytes into the buffer: of the file, of a hole, or instead of what is missing. */
static size_t next_piece(const struct tgz_content *copy, struct progress *progress)
{
	uint64_t left = copy->size - progress->at;
	size_t want = left < TGZ_CONTENT_BUFFER ? (size_t)left : TGZ_CONTENT_BUFFER, got;

	if (is_sparse(&copy->st) && !progress->number && !progress->short_of) {
		if ((off_t)progress->at >= progress->hole_end &&
		    (off_t)progress->at >= progress->data_end)
			look_ahead(copy, progress);
		bool hole = (off_t)progress->at < progress->hole_end;
		uint64_t end = (uint64_t)(hole ? progress->hole_end : progress->data_end);
		if (end - progress->at < want)
			want = (size_t)(end - progress->at);
		if (hole) {
			memset(copy->buffer, 0, want);
			return want;
		}
	}
	if (!progress->number && !progress->short_of && (got = read_piece(copy, progress, want)))
		return got;
	memset(copy->buffer, 0, want);
	return want;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static void tell(const struct tgz_content *copy, enum tgz_note_kind kind, char *text)
{
	copy->note(copy->context, kind, text);
	mem_cleanup(&text);
}

static void report(const struct tgz_content *copy, const struct progress *progress)
{
	const struct stat *before = &copy->st;
	long long size = (long long)copy->size;
	struct stat after;

	if (fstat(copy->fd, &after) < 0)
		after = *before;
	if (progress->number)
		tell(copy, TGZ_UNREADABLE,
		     mem_printf("could not be read to its end: %s", strerror(progress->number)));
	else if (progress->short_of)
		tell(copy, TGZ_SHRANK,
		     mem_printf("shrank from %lld to %lld bytes while it was read", size,
				(long long)after.st_size));
	else if (after.st_size > (off_t)copy->size)
		tell(copy, TGZ_GREW,
		     mem_printf("grew from %lld to %lld bytes while it was read", size,
				(long long)after.st_size));
	else if (!is_same_time(&after.st_mtim, &before->st_mtim) ||
		 !is_same_time(&after.st_ctim, &before->st_ctim))
		tell(copy, TGZ_CHANGED, mem_strdup("changed while it was read"));
}

int tgz_content_copy(const struct tgz_content *copy, char ret_sha256[65], uint64_t *ret_bytes,
		     struct err *err)
{
	struct progress progress = {0};

	tgz_hash_start(copy->hash);
	while (progress.at < copy->size) {
		size_t length = next_piece(copy, &progress);
		tgz_hash_add(copy->hash, copy->buffer, length);
		int r = tgz_tar_write(copy->tar, copy->buffer, length, err);
		if (r < 0)
			return r;
		progress.at += length;
	}
	tgz_hash_hex(copy->hash, ret_sha256);
	*ret_bytes = progress.bytes;
	report(copy, &progress);
	return 0;
}
