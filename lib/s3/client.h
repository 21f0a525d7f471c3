/*
 * client: one request to one bucket: signed, sent, judged, sent again where that helps.
 *
 * Each try is signed anew, with Content-MD5 and SHA-256 of its body and nothing that an S3 clone
 * might refuse (backup.md 3.3).
 */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/list.h"
#include "http/http.h"
#include "s3/settings.h"
#include "s3/store.h"

struct s3_client;

struct s3_client_options {
	struct http *http;
	const char *bucket;
	const char *profile; /* as asked for; NULL: of the environment */
	const char *endpoint, *region;
	uint64_t bandwidth;
};

/* Reads settings and credentials; see s3_store_open(). */
int s3_client_new(const struct s3_client_options *options, struct s3_client **ret, struct err *err);
void s3_client_free(struct s3_client *client);

const struct s3_settings *s3_client_settings(const struct s3_client *client);
const char *s3_client_bucket(const struct s3_client *client);
struct list s3_client_notices(struct s3_client *client);
struct s3_traffic s3_client_traffic(const struct s3_client *client);

struct s3_parameter {
	const char *name, *value; /* not encoded */
};

struct s3_request {
	const char *method;
	const char *key;		  /* in the bucket; NULL: the bucket itself */
	const struct s3_parameter *query; /* sorted by name */
	size_t query_count;
	const void *body;
	size_t body_length;
	const char *content_type;	   /* of the body, or of the object that a POST begins */
	const struct http_header *headers; /* unsigned ones, such as Range */
	size_t header_count;
	void *into; /* where the content goes instead of the response's body; or NULL */
	size_t into_room;
	bool xml; /* the answer is XML: it may be an error though its status is 200 */
};

struct s3_response {
	struct http_response http;
	time_t server_time; /* 0 when it told none */
	int tries;
};

/* 0 when the server did it (2xx). response is valid either way and released with
 * s3_response_done(). Errors as store.h says. */
int s3_client_call(struct s3_client *client, const struct s3_request *request,
		   struct s3_response *ret, const struct deadline *deadline, struct err *err);

void s3_response_done(struct s3_response *response);
#define cleanup_s3_response __attribute__((cleanup(s3_response_done)))
