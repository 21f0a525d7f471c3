#include "s3/store.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "s3/backend.h"

#define PUT_LIMIT ((size_t)5 << 30) /* of one PUT, everywhere */
#define KEY_LIMIT 1024

void s3_object_done(struct s3_object *object)
{
	free(object->key);
	free(object->etag);
	memset(object, 0, sizeof(*object));
}

void s3_listing_done(struct s3_listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		s3_object_done(&listing->objects[i]);
	for (size_t i = 0; i < listing->folder_count; i++)
		free(listing->folders[i]);
	free(listing->objects);
	free(listing->folders);
	memset(listing, 0, sizeof(*listing));
}

struct s3_object *s3_listing_add(struct s3_listing *listing)
{
	mem_grow(listing->objects, &listing->cap, listing->n + 1);
	listing->objects[listing->n] = (struct s3_object){0};
	return &listing->objects[listing->n++];
}

void s3_listing_add_folder(struct s3_listing *listing, char *folder)
{
	mem_grow(listing->folders, &listing->folder_cap, listing->folder_count + 1);
	listing->folders[listing->folder_count++] = folder;
}

/* ---- Keys. */

/* Whether every piece between slashes is a name; the last may be empty when `open`. */
static bool is_key(const char *key, bool open)
{
	for (const char *piece = key;; piece++) {
		size_t length = strcspn(piece, "/");
		bool last = !piece[length];
		if ((!length && !(last && open)) || (length == 1 && *piece == '.') ||
		    (length == 2 && !strncmp(piece, "..", 2)))
			return false;
		piece += length;
		if (last)
			return true;
	}
}

int s3_store_key(const struct s3_store *store, const char *key, char **ret, struct err *err)
{
	if (!is_key(key, false) || strlen(store->prefix) + strlen(key) > KEY_LIMIT)
		return err_set(err, ERR_INVALID, "'%s' cannot be the key of an object", key);
	*ret = mem_printf("%s%s", store->prefix, key);
	return 0;
}

static int prefix_key(const struct s3_store *store, const char *prefix, char **ret, struct err *err)
{
	if (!is_key(prefix, true))
		return err_set(err, ERR_INVALID, "'%s' cannot begin the key of an object", prefix);
	*ret = mem_printf("%s%s", store->prefix, prefix);
	return 0;
}

/* Without the store's prefix. */
static void shorten(const struct s3_store *store, char *key)
{
	size_t length = strlen(store->prefix);

	if (key && !strncmp(key, store->prefix, length))
		memmove(key, key + length, strlen(key + length) + 1);
}

/* ---- Opening. */

static int bad_url(const char *url, struct err *err)
{
	err_set(err, ERR_INVALID, "'%s' is no place for backups", url);
	return err_hint(err, "write s3://bucket/prefix or file:///directory");
}

/* "bucket" and "kube/" of "bucket/kube". */
static int split_bucket(const char *rest, const char *url, char **ret_bucket, char **ret_prefix,
			struct err *err)
{
	size_t length = strcspn(rest, "/");
	const char *prefix = rest + length + (rest[length] == '/');

	if (!length || rest[strcspn(rest, "?# ")] || !is_key(prefix, true))
		return bad_url(url, err);
	size_t prefix_length = strlen(prefix);
	bool closed = !prefix_length || prefix[prefix_length - 1] == '/';
	*ret_bucket = mem_strndup(rest, length);
	*ret_prefix = mem_printf("%s%s", prefix, closed ? "" : "/");
	return 0;
}

static int open_bucket(const struct s3_store_options *options, struct s3_store **ret,
		       struct err *err)
{
	cleanup_free char *bucket = NULL, *prefix = NULL;

	int r = split_bucket(options->url + strlen("s3://"), options->url, &bucket, &prefix, err);
	if (r < 0)
		return r;
	r = s3_bucket_open(options, bucket, ret, err);
	if (r < 0)
		return r;
	(*ret)->prefix = steal(&prefix);
	return 0;
}

static int open_folder(const struct s3_store_options *options, struct s3_store **ret,
		       struct err *err)
{
	const char *path = options->url + strlen("file://");

	if (*path != '/' || strstr(path, "/../"))
		return bad_url(options->url, err);
	int r = s3_folder_open(path, ret, err);
	if (r < 0)
		return r;
	(*ret)->prefix = mem_strdup("");
	return 0;
}

int s3_store_open(const struct s3_store_options *options, struct s3_store **ret, struct err *err)
{
	struct s3_store *store;
	int r;

	if (!strncasecmp(options->url, "s3://", 5))
		r = open_bucket(options, &store, err);
	else if (!strncasecmp(options->url, "file://", 7))
		r = open_folder(options, &store, err);
	else
		r = bad_url(options->url, err);
	if (r < 0)
		return r;
	if (options->parallel)
		store->parallel = options->parallel;
	if (options->max_parts)
		store->max_parts = options->max_parts;
	if (options->cpu)
		store->pace = pace_new(options->cpu);
	*ret = store;
	return 0;
}

void s3_store_close(struct s3_store *store)
{
	if (!store)
		return;
	free(store->name);
	free(store->prefix);
	pace_free(store->pace);
	store->backend->close(store);
}

const char *s3_store_name(const struct s3_store *store)
{
	return store->name;
}

struct list s3_store_notices(struct s3_store *store)
{
	return store->backend->notices(store);
}

struct s3_traffic s3_store_traffic(const struct s3_store *store)
{
	return store->backend->traffic(store);
}

/* ---- Objects. */

int s3_store_check(struct s3_store *store, const struct deadline *deadline, struct err *err)
{
	return store->backend->check(store, deadline, err);
}

static int put(struct s3_store *store, struct s3_put *put, const struct deadline *deadline,
	       struct s3_object *ret, struct err *err)
{
	cleanup_s3_object struct s3_object object = {0};
	cleanup_free char *key = NULL;

	int r = s3_store_key(store, put->key, &key, err);
	if (r < 0)
		return r;
	if (put->length > PUT_LIMIT)
		return err_set(err, ERR_INVALID, "%s is too large for one request", put->key);
	put->key = key;
	put->content_type = "application/octet-stream";
	r = store->backend->put(store, put, deadline, &object, err);
	if (r < 0 || !ret)
		return r;
	*ret = object;
	object = (struct s3_object){0};
	shorten(store, ret->key);
	return 0;
}

int s3_store_put(struct s3_store *store, const char *key, const void *bytes, size_t length,
		 const struct deadline *deadline, struct s3_object *ret, struct err *err)
{
	struct s3_put what = {.key = key, .bytes = bytes ? bytes : "", .length = length};

	return put(store, &what, deadline, ret, err);
}

int s3_store_create(struct s3_store *store, const char *key, const void *bytes, size_t length,
		    const struct deadline *deadline, struct s3_object *ret, struct err *err)
{
	struct s3_put what = {
		.key = key, .bytes = bytes ? bytes : "", .length = length, .create = true};

	return put(store, &what, deadline, ret, err);
}

int s3_store_get(struct s3_store *store, const char *key, size_t limit, struct buf *ret,
		 const struct deadline *deadline, struct err *err)
{
	cleanup_free char *whole = NULL;

	int r = s3_store_key(store, key, &whole, err);
	return r < 0 ? r : store->backend->get(store, whole, limit, ret, deadline, err);
}

int s3_store_read(struct s3_store *store, const char *key, uint64_t offset, size_t length,
		  void *bytes, const struct deadline *deadline, struct err *err)
{
	cleanup_free char *whole = NULL;

	int r = s3_store_key(store, key, &whole, err);
	if (r >= 0)
		r = pace_wait(store->pace, deadline, err);
	return r < 0 ? r : store->backend->read(store, whole, offset, length, bytes, deadline, err);
}

int s3_store_head(struct s3_store *store, const char *key, struct s3_object *ret,
		  const struct deadline *deadline, struct err *err)
{
	cleanup_free char *whole = NULL;

	int r = s3_store_key(store, key, &whole, err);
	if (r >= 0)
		r = store->backend->head(store, whole, ret, deadline, err);
	if (r >= 0)
		shorten(store, ret->key);
	return r;
}

int s3_store_delete(struct s3_store *store, const char *key, const struct deadline *deadline,
		    struct err *err)
{
	cleanup_free char *whole = NULL;

	int r = s3_store_key(store, key, &whole, err);
	return r < 0 ? r : store->backend->remove(store, whole, deadline, err);
}

/* ---- Listing. */

static int by_key(const void *a, const void *b)
{
	const struct s3_object *one = a, *other = b;

	return strcmp(one->key, other->key);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void arrange(const struct s3_store *store, struct s3_listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		shorten(store, listing->objects[i].key);
	for (size_t i = 0; i < listing->folder_count; i++)
		shorten(store, listing->folders[i]);
	if (listing->n)
		qsort(listing->objects, listing->n, sizeof(*listing->objects), by_key);
	if (listing->folder_count)
		qsort(listing->folders, listing->folder_count, sizeof(*listing->folders), by_text);
}

int s3_store_list(struct s3_store *store, const char *prefix, bool one_level,
		  struct s3_listing *ret, const struct deadline *deadline, struct err *err)
{
	struct s3_listing listing = {0};
	cleanup_free char *whole = NULL;

	int r = prefix_key(store, prefix, &whole, err);
	if (r < 0)
		return r;
	r = store->backend->list(store, whole, one_level, &listing, deadline, err);
	if (r < 0) {
		s3_listing_done(&listing);
		return r;
	}
	arrange(store, &listing);
	*ret = listing;
	return 0;
}

/* ---- What was begun and not completed. */

int s3_store_abort_orphans(struct s3_store *store, const char *prefix, int64_t min_age_s,
			   const struct deadline *deadline, struct err *err)
{
	cleanup_free char *whole = NULL;

	int r = prefix_key(store, prefix, &whole, err);
	if (r < 0)
		return r;
	return store->backend->abort_orphans(store, whole, min_age_s, deadline, err);
}

int s3_store_abort(struct s3_store *store, const char *key, const char *upload_id,
		   const struct deadline *deadline, struct err *err)
{
	cleanup_free char *whole = NULL;

	int r = s3_store_key(store, key, &whole, err);
	return r < 0 ? r : store->backend->abort(store, whole, upload_id, deadline, err);
}
