/*
 * store: where objects are kept: a bucket of an S3 server, or a directory (file:///srv/backups).
 *
 * Keys are relative to the URL's prefix, "kube1/ghost/20261123T020004Z-1a2b3c4d.tgz": non-empty
 * pieces between slashes, none of them "." or "..". Every call blocks, tries again while its
 *deadline allows (backup.md 3.3 says what is worth it; at most ten tries), may be made from any
 *thread, and says in its error what the server answered and what the user can do. What was written
 *is there for good when the call returns: the server confirmed size and digest, or the file was
 *synced.
 *
 *	must(s3_store_open(&options, &store, err));
 *	s3_store_put(store, "kube1/_sets/x.json", text, length, &deadline, NULL, err);
 *	s3_store_close(store);
 *
 * Errors: ERR_NOT_FOUND (no such object), ERR_EXISTS (s3_store_create), ERR_DENIED (keys, rights,
 * certificate), ERR_INVALID (settings, wrong region), ERR_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELED,
 *ERR_IO.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "http/http.h"

struct s3_store;

/* NULL and 0 ask for what environment and AWS files say (s3/settings.h), else for the default. */
struct s3_store_options {
	const char *url;      /* "s3://bucket/prefix" or "file:///directory" */
	const char *endpoint; /* "https://s3.fr-par.scw.cloud" */
	const char *region;
	const char *profile;
	struct http *http;  /* needed for s3://; outlives the store */
	uint64_t bandwidth; /* bytes a second over all connections, each way */
	int cpu;	    /* percent of one processor that this process takes; 0: no limit */
	int parallel;	    /* connections of an upload, 1 to 8; 4 */
	int max_parts;	    /* of an upload; 10,000 for AWS, else 1,000 */
};

struct s3_object {
	char *key;
	uint64_t size;
	time_t modified;
	char *etag; /* without quotes; NULL in a directory */
};

void s3_object_done(struct s3_object *object);
#define cleanup_s3_object __attribute__((cleanup(s3_object_done)))

struct s3_listing {
	struct s3_object *objects; /* sorted by key */
	size_t n, cap;
	char **folders; /* "kube1/ghost/": what lies deeper, when only one level was asked for */
	size_t folder_count, folder_cap;
	time_t server_time; /* the server's clock at the answer; the local one for a directory */
};

void s3_listing_done(struct s3_listing *listing);
#define cleanup_s3_listing __attribute__((cleanup(s3_listing_done)))

/* Reads settings and credentials; asks the server nothing. ERR_INVALID, ERR_NOT_FOUND (no
 * credentials: the error names the places that were looked at), ERR_DENIED (a file with secrets
 * that others can read). */
int s3_store_open(const struct s3_store_options *options, struct s3_store **ret, struct err *err);
void s3_store_close(struct s3_store *store); /* NULL is fine */

/* "s3://bucket/prefix at https://s3.fr-par.scw.cloud", "file:///srv/backups". Borrowed. */
const char *s3_store_name(const struct s3_store *store);

/* What the user should hear of and no error says: clock skew, a [plugins] section that is not
 * needed ... One line each; the caller frees the list. Each is told once. */
struct list s3_store_notices(struct s3_store *store);

/* Whether it can be reached and read, with the best explanation of why not (a GET: an answer to
 * HEAD has no body that could explain). Makes a missing directory. */
int s3_store_check(struct s3_store *store, const struct deadline *deadline, struct err *err);

/* One object from memory, replacing what is there. ret may be NULL. At most 5 GiB. */
int s3_store_put(struct s3_store *store, const char *key, const void *bytes, size_t length,
		 const struct deadline *deadline, struct s3_object *ret, struct err *err);

/* The same unless it is there with another content: ERR_EXISTS. A server that does not know
 * If-None-Match replaces it: this catches mistakes, it is no lock. */
int s3_store_create(struct s3_store *store, const char *key, const void *bytes, size_t length,
		    const struct deadline *deadline, struct s3_object *ret, struct err *err);

/* A whole object of at most `limit` bytes, appended to ret. ERR_INVALID when it is larger. */
int s3_store_get(struct s3_store *store, const char *key, size_t limit, struct buf *ret,
		 const struct deadline *deadline, struct err *err);

/* Exactly `length` bytes from `offset`; ERR_INVALID when the object ends before. Parallel reading
 * is several of these on several threads. */
int s3_store_read(struct s3_store *store, const char *key, uint64_t offset, size_t length,
		  void *bytes, const struct deadline *deadline, struct err *err);

int s3_store_head(struct s3_store *store, const char *key, struct s3_object *ret,
		  const struct deadline *deadline, struct err *err);

/* All objects whose keys begin with `prefix` ("" for all), over all pages. With `one_level`, only
 * up to the next slash after prefix; what lies deeper is in folders. */
int s3_store_list(struct s3_store *store, const char *prefix, bool one_level,
		  struct s3_listing *ret, const struct deadline *deadline, struct err *err);

/* One that is not there is fine. */
int s3_store_delete(struct s3_store *store, const char *key, const struct deadline *deadline,
		    struct err *err);

/* Ends uploads below the key prefix that were begun more than min_age_s seconds ago and never
 * completed: they are invisible and billed. Returns how many there were. A prefix that is not ours
 * alone would end other people's. */
int s3_store_abort_orphans(struct s3_store *store, const char *prefix, int64_t min_age_s,
			   const struct deadline *deadline, struct err *err);

/* Ends one upload (s3_upload_id), as after a crash; one that is not there is fine. */
int s3_store_abort(struct s3_store *store, const char *key, const char *upload_id,
		   const struct deadline *deadline, struct err *err);

/* Since the store was opened, for the report. Requests count every try. */
struct s3_traffic {
	uint64_t requests, retries, bytes_sent, bytes_received;
};
struct s3_traffic s3_store_traffic(const struct s3_store *store);
