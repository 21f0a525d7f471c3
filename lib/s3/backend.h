/*
 * backend: what a store needs from the kind of place that it is: a bucket (bucket.c) or a directory
 * (folder.c). Keys are whole here: the store has put its prefix before them and checked them.
 */
#pragma once

#include "base/pace.h"
#include "s3/store.h"

struct s3_part {
	int number;	 /* from 1 */
	uint64_t offset; /* in the object */
	const void *bytes;
	size_t length;
};

struct s3_put {
	const char *key, *content_type;
	const void *bytes;
	size_t length;
	bool create; /* ERR_EXISTS when it is there */
};

/* What a finished upload should be. */
struct s3_whole {
	const char *const *etags; /* of the parts, as the backend gave them */
	int count;
	uint64_t size;
	time_t begun; /* by our clock */
};

struct s3_backend {
	void (*close)(struct s3_store *store);
	int (*check)(struct s3_store *store, const struct deadline *deadline, struct err *err);
	int (*put)(struct s3_store *store, const struct s3_put *put,
		   const struct deadline *deadline, struct s3_object *ret, struct err *err);
	int (*get)(struct s3_store *store, const char *key, size_t limit, struct buf *ret,
		   const struct deadline *deadline, struct err *err);
	int (*read)(struct s3_store *store, const char *key, uint64_t offset, size_t length,
		    void *bytes, const struct deadline *deadline, struct err *err);
	int (*head)(struct s3_store *store, const char *key, struct s3_object *ret,
		    const struct deadline *deadline, struct err *err);
	/* Appends; not sorted. */
	int (*list)(struct s3_store *store, const char *prefix, bool one_level,
		    struct s3_listing *ret, const struct deadline *deadline, struct err *err);
	int (*remove)(struct s3_store *store, const char *key, const struct deadline *deadline,
		      struct err *err);

	/* An upload in parts; part() may be called on several threads. */
	int (*begin)(struct s3_store *store, const char *key, const char *content_type,
		     const struct deadline *deadline, char **ret_id, struct err *err);
	int (*part)(struct s3_store *store, const char *key, const char *id,
		    const struct s3_part *part, const struct deadline *deadline, char **ret_etag,
		    struct err *err);
	int (*complete)(struct s3_store *store, const char *key, const char *id,
			const struct s3_whole *whole, const struct deadline *deadline,
			struct s3_object *ret, struct err *err);
	int (*abort)(struct s3_store *store, const char *key, const char *id,
		     const struct deadline *deadline, struct err *err);
	int (*abort_orphans)(struct s3_store *store, const char *prefix, int64_t min_age_s,
			     const struct deadline *deadline, struct err *err);

	struct list (*notices)(struct s3_store *store);
	struct s3_traffic (*traffic)(const struct s3_store *store);
};

/* Embedded first in what a backend knows of its place. */
struct s3_store {
	const struct s3_backend *backend;
	char *name;
	char *prefix; /* before each key: "kube/" or "" */
	int parallel, max_parts;
	size_t part_size; /* at least */
	struct pace *pace;
};

/* Each makes a store of its kind; name and prefix are the store's to set. */
int s3_bucket_open(const struct s3_store_options *options, const char *bucket,
		   struct s3_store **ret, struct err *err);
int s3_folder_open(const char *directory, struct s3_store **ret, struct err *err);

/* For listings: a zeroed one more. */
struct s3_object *s3_listing_add(struct s3_listing *listing);
void s3_listing_add_folder(struct s3_listing *listing, char *folder); /* takes it over */

/* The key with the store's prefix. ERR_INVALID when it is no key. Caller frees. */
int s3_store_key(const struct s3_store *store, const char *key, char **ret, struct err *err);
