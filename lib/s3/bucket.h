/* bucket: what the two files of the S3 kind of store share. */
#pragma once

#include "s3/backend.h"
#include "s3/client.h"
#include "s3/xml.h"

struct s3_bucket {
	struct s3_store store; /* first */
	struct s3_client *client;
};

/* Without its quotes. NULL gives NULL. Caller frees. */
char *s3_bucket_etag(const char *text);

int s3_bucket_head(struct s3_store *store, const char *key, struct s3_object *ret,
		   const struct deadline *deadline, struct err *err);

/* A request whose answer is XML with that root element. response is the caller's to release. */
int s3_bucket_xml(struct s3_bucket *bucket, const struct s3_request *request, const char *root_name,
		  struct s3_xml **ret, struct s3_response *response,
		  const struct deadline *deadline, struct err *err);

/* ---- bucket_upload.c, as struct s3_backend says */

int s3_bucket_begin(struct s3_store *store, const char *key, const char *content_type,
		    const struct deadline *deadline, char **ret_id, struct err *err);
int s3_bucket_part(struct s3_store *store, const char *key, const char *id,
		   const struct s3_part *part, const struct deadline *deadline, char **ret_etag,
		   struct err *err);
int s3_bucket_complete(struct s3_store *store, const char *key, const char *id,
		       const struct s3_whole *whole, const struct deadline *deadline,
		       struct s3_object *ret, struct err *err);
int s3_bucket_abort(struct s3_store *store, const char *key, const char *id,
		    const struct deadline *deadline, struct err *err);
int s3_bucket_abort_orphans(struct s3_store *store, const char *prefix, int64_t min_age_s,
			    const struct deadline *deadline, struct err *err);
