/*
 * The directory kind of store. An object is a file; what is not whole yet is below .uploads/KEY/ID,
 * so that a crash leaves nothing under a key. Every write is synced, file and directories, before
 * it counts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "s3/backend.h"

#define UPLOADS	 ".uploads"
#define PARALLEL 1 /* one disk */

/* Another process may remove an empty folder between our making it and using it. */
#define RACE_TRIES 5

struct folder {
	struct s3_store store; /* first */
	char *root;
	_Atomic uint64_t requests, bytes_sent, bytes_received;
};

static struct folder *folder_of(struct s3_store *store)
{
	return (struct folder *)store;
}

static char *path_of(struct s3_store *store, const char *key)
{
	return file_join(folder_of(store)->root, key);
}

static char *upload_path(struct s3_store *store, const char *key, const char *id)
{
	return mem_printf("%s/" UPLOADS "/%s/%s", folder_of(store)->root, key, id);
}

static void folder_close(struct s3_store *store)
{
	free(folder_of(store)->root);
	free(store);
}

/* ---- Making it last. */

static int sync_folder(const char *path, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, errno, "%s", path);
	return 0;
}

static char *parent_of(const char *path)
{
	return mem_strndup(path, (size_t)(strrchr(path, '/') - path));
}

/* Makes the folder of a file, and those above it up to the root, each synced into the one above. */
static int make_parents(const char *root, const char *path, struct err *err)
{
	cleanup_free char *parent = parent_of(path);

	if (!strcmp(parent, root) || file_exists(parent))
		return 0;
	int r = make_parents(root, parent, err);
	if (r < 0)
		return r;
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "cannot create %s", parent);
	cleanup_free char *above = parent_of(parent);
	return sync_folder(above, err);
}

/* Removes the folders above a file that is gone, as far as they are empty. */
static void remove_empty_parents(const char *root, const char *path)
{
	cleanup_free char *parent = parent_of(path);

	while (strcmp(parent, root) != 0 && rmdir(parent) == 0)
		*strrchr(parent, '/') = '\0';
}

static int write_at(int fd, const char *bytes, size_t length, uint64_t offset)
{
	while (length) {
		ssize_t n = pwrite(fd, bytes, length, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		offset += (uint64_t)n;
		length -= (size_t)n;
	}
	return 0;
}

/* ---- Looking. */

static int read_object(const char *path, const char *key, struct s3_object *ret, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_NOT_FOUND, "%s is not a file", path);
	*ret = (struct s3_object){
		.key = mem_strdup(key), .size = (uint64_t)st.st_size, .modified = st.st_mtime};
	return 0;
}

static int folder_head(struct s3_store *store, const char *key, struct s3_object *ret,
		       const struct deadline *deadline, struct err *err)
{
	cleanup_free char *path = path_of(store, key);

	(void)deadline;
	folder_of(store)->requests++;
	return read_object(path, key, ret, err);
}

static int folder_get(struct s3_store *store, const char *key, size_t limit, struct buf *ret,
		      const struct deadline *deadline, struct err *err)
{
	cleanup_free char *path = path_of(store, key);
	cleanup_free char *text = NULL;
	size_t length;

	(void)deadline;
	folder_of(store)->requests++;
	int r = file_read(path, limit, &text, &length, err);
	if (r < 0)
		return r;
	folder_of(store)->bytes_received += length;
	buf_add(ret, text, length);
	return 0;
}

static int folder_read(struct s3_store *store, const char *key, uint64_t offset, size_t length,
		       void *bytes, const struct deadline *deadline, struct err *err)
{
	cleanup_free char *path = path_of(store, key);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t got = 0;

	(void)deadline;
	folder_of(store)->requests++;
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	while (got < length) {
		ssize_t n = pread(fd, (char *)bytes + got, length - got, (off_t)(offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "%s", path);
		if (n == 0)
			return err_set(err, ERR_INVALID,
				       "%s ends at byte %" PRIu64 "; %" PRIu64 " were expected",
				       path, offset + got, offset + length);
		got += (size_t)n;
	}
	folder_of(store)->bytes_received += length;
	return 0;
}

/* ---- Listing. */

struct scan {
	struct s3_store *store;
	const char *prefix;
	bool one_level;
	struct s3_listing *listing;
};

static int scan_folder(const struct scan *scan, const char *key, struct err *err);

/* The key can begin with the prefix, or the other way round: something below it can. */
static bool may_match(const char *key, const char *prefix)
{
	size_t key_length = strlen(key), length = strlen(prefix);

	return !strncmp(key, prefix, key_length < length ? key_length : length);
}

static int scan_child_folder(const struct scan *scan, char *key, struct err *err)
{
	size_t prefix_length = strlen(scan->prefix);

	if (scan->one_level && strlen(key) > prefix_length && strchr(key + prefix_length, '/')) {
		s3_listing_add_folder(scan->listing, mem_strdup(key));
		return 0;
	}
	return scan_folder(scan, key, err);
}

static int scan_child(const struct scan *scan, const char *folder, const char *name,
		      struct err *err)
{
	cleanup_free char *key = mem_printf("%s%s", folder, name);
	cleanup_free char *path = path_of(scan->store, key);
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", path);
	if (S_ISDIR(st.st_mode)) {
		cleanup_free char *below = mem_printf("%s/", key);
		return may_match(below, scan->prefix) ? scan_child_folder(scan, below, err) : 0;
	}
	if (!S_ISREG(st.st_mode) || strncmp(key, scan->prefix, strlen(scan->prefix)) != 0)
		return 0;
	struct s3_object *object = s3_listing_add(scan->listing);
	object->key = steal(&key);
	object->size = (uint64_t)st.st_size;
	object->modified = st.st_mtime;
	return 0;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* key ends in a slash, or is "" for the root. */
static int scan_folder(const struct scan *scan, const char *key, struct err *err)
{
	cleanup_free char *path = path_of(scan->store, key);
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(path);
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", path);
	while (r >= 0) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (!entry)
			return errno ? err_errno(err, errno, "%s", path) : 0;
		const char *name = entry->d_name;
		if (strcmp(name, ".") && strcmp(name, "..") && (*key || strcmp(name, UPLOADS)))
			r = scan_child(scan, key, name, err);
	}
	return r;
}

/* A root that is not there is an error: an unmounted disk is not an empty store. */
static int folder_list(struct s3_store *store, const char *prefix, bool one_level,
		       struct s3_listing *ret, const struct deadline *deadline, struct err *err)
{
	const struct scan scan = {store, prefix, one_level, ret};
	struct stat st;

	(void)deadline;
	folder_of(store)->requests++;
	ret->server_time = time(NULL);
	if (stat(folder_of(store)->root, &st) < 0) {
		err_errno(err, errno, "%s", folder_of(store)->root);
		err->code = ERR_INVALID;
		return -ERR_INVALID;
	}
	return scan_folder(&scan, "", err);
}

static int folder_check(struct s3_store *store, const struct deadline *deadline, struct err *err)
{
	const char *root = folder_of(store)->root;

	(void)deadline;
	int r = file_make_dir(root, 0700, err);
	if (r < 0)
		return r;
	if (access(root, R_OK | W_OK | X_OK) < 0)
		return err_errno(err, errno, "%s", root);
	return 0;
}

/* ---- Writing. */

/* "seconds since the epoch, 8 hex digits". */
static char *new_id(void)
{
	uint32_t number = 0;

	(void)!getrandom(&number, sizeof(number), 0);
	return mem_printf("%lld-%08" PRIx32, (long long)time(NULL), number);
}

static int folder_begin(struct s3_store *store, const char *key, const char *content_type,
			const struct deadline *deadline, char **ret_id, struct err *err)
{
	cleanup_free char *id = new_id();
	cleanup_free char *path = upload_path(store, key, id);

	(void)content_type;
	int r = folder_check(store, deadline, err);
	if (r < 0)
		return r;
	cleanup_fd int fd = -1;
	for (int i = 0; i < RACE_TRIES && fd < 0; i++) {
		r = make_parents(folder_of(store)->root, path, err);
		if (r < 0)
			return r;
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != ENOENT)
			break;
	}
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	*ret_id = steal(&id);
	return 0;
}

static int folder_part(struct s3_store *store, const char *key, const char *id,
		       const struct s3_part *part, const struct deadline *deadline, char **ret_etag,
		       struct err *err)
{
	cleanup_free char *path = upload_path(store, key, id);
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	(void)deadline;
	folder_of(store)->requests++;
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	int r = write_at(fd, part->bytes, part->length, part->offset);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	folder_of(store)->bytes_sent += part->length;
	*ret_etag = mem_strdup("");
	return 0;
}

static int sync_file(const char *path, uint64_t size, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if ((uint64_t)st.st_size != size)
		return err_set(err, ERR_INTERNAL, "%s has %lld bytes; %" PRIu64 " were written",
			       path, (long long)st.st_size, size);
	if (fsync(fd) < 0)
		return err_errno(err, errno, "%s", path);
	return 0;
}

/* Gives what was uploaded its key, at once and for good. */
static int publish(struct s3_store *store, const char *upload, const char *key, uint64_t size,
		   bool create, struct s3_object *ret, struct err *err)
{
	cleanup_free char *path = path_of(store, key);
	cleanup_free char *parent = parent_of(path);

	int r = sync_file(upload, size, err);
	int moved = -1;
	for (int i = 0; i < RACE_TRIES && r >= 0 && moved < 0; i++) {
		r = make_parents(folder_of(store)->root, path, err);
		if (r < 0)
			break;
		moved = renameat2(AT_FDCWD, upload, AT_FDCWD, path, create ? RENAME_NOREPLACE : 0);
		if (moved < 0 && errno != ENOENT)
			break;
	}
	if (r < 0)
		return r;
	if (moved < 0)
		return err_errno(err, errno, "%s", path);
	remove_empty_parents(folder_of(store)->root, upload);
	r = sync_folder(parent, err);
	return r < 0 ? r : read_object(path, key, ret, err);
}

static int folder_complete(struct s3_store *store, const char *key, const char *id,
			   const struct s3_whole *whole, const struct deadline *deadline,
			   struct s3_object *ret, struct err *err)
{
	cleanup_free char *upload = upload_path(store, key, id);

	(void)deadline;
	return publish(store, upload, key, whole->size, false, ret, err);
}

static int folder_abort(struct s3_store *store, const char *key, const char *id,
			const struct deadline *deadline, struct err *err)
{
	cleanup_free char *path = upload_path(store, key, id);

	(void)deadline;
	int r = file_remove(path, err);
	remove_empty_parents(folder_of(store)->root, path);
	return r;
}

static int folder_put(struct s3_store *store, const struct s3_put *put,
		      const struct deadline *deadline, struct s3_object *ret, struct err *err)
{
	cleanup_err struct err ignored = ERR_INIT;
	cleanup_free char *id = NULL, *etag = NULL;
	const struct s3_part part = {1, 0, put->bytes, put->length};

	int r = folder_begin(store, put->key, NULL, deadline, &id, err);
	if (r < 0)
		return r;
	r = folder_part(store, put->key, id, &part, deadline, &etag, err);
	if (r >= 0) {
		cleanup_free char *upload = upload_path(store, put->key, id);
		r = publish(store, upload, put->key, put->length, put->create, ret, err);
	}
	if (r < 0)
		(void)folder_abort(store, put->key, id, deadline, &ignored);
	return r;
}

static int folder_remove(struct s3_store *store, const char *key, const struct deadline *deadline,
			 struct err *err)
{
	cleanup_free char *path = path_of(store, key);
	cleanup_free char *parent = parent_of(path);

	(void)deadline;
	folder_of(store)->requests++;
	int r = file_remove(path, err);
	if (r >= 0 && file_exists(parent))
		r = sync_folder(parent, err);
	remove_empty_parents(folder_of(store)->root, path);
	return r;
}

/* Uploads are listed as objects are, below a root of their own; the last piece of a key is the id.
 */
static int folder_abort_orphans(struct s3_store *store, const char *prefix, int64_t min_age_s,
				const struct deadline *deadline, struct err *err)
{
	cleanup_s3_listing struct s3_listing listing = {0};
	cleanup_free char *below = mem_printf(UPLOADS "/%s", prefix);
	const struct scan scan = {store, below, false, &listing};
	time_t before = time(NULL) - (time_t)min_age_s;
	int count = 0;

	int r = scan_folder(&scan, UPLOADS "/", err);
	for (size_t i = 0; i < listing.n && r >= 0; i++) {
		char *key = listing.objects[i].key + strlen(UPLOADS "/"), *id = strrchr(key, '/');
		if (!id || atoll(id + 1) > before)
			continue;
		*id++ = '\0';
		r = folder_abort(store, key, id, deadline, err);
		count++;
	}
	return r < 0 ? r : count;
}

/* ---- The whole. */

static struct list folder_notices(struct s3_store *store)
{
	(void)store;
	return LIST_INIT;
}

static struct s3_traffic folder_traffic(const struct s3_store *store)
{
	const struct folder *folder = (const struct folder *)store;

	return (struct s3_traffic){.requests = folder->requests,
				   .bytes_sent = folder->bytes_sent,
				   .bytes_received = folder->bytes_received};
}

static const struct s3_backend backend = {
	.close = folder_close,
	.check = folder_check,
	.put = folder_put,
	.get = folder_get,
	.read = folder_read,
	.head = folder_head,
	.list = folder_list,
	.remove = folder_remove,
	.begin = folder_begin,
	.part = folder_part,
	.complete = folder_complete,
	.abort = folder_abort,
	.abort_orphans = folder_abort_orphans,
	.notices = folder_notices,
	.traffic = folder_traffic,
};

int s3_folder_open(const char *directory, struct s3_store **ret, struct err *err)
{
	struct folder *folder = mem_new(struct folder);

	(void)err;
	folder->root = mem_strdup(directory);
	for (size_t n = strlen(directory); n > 1 && folder->root[n - 1] == '/'; n--)
		folder->root[n - 1] = '\0';
	folder->store = (struct s3_store){
		.backend = &backend,
		.name = mem_printf("file://%s", folder->root),
		.parallel = PARALLEL,
		.max_parts = 1000000,
	};
	*ret = &folder->store;
	return 0;
}
