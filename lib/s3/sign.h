/*
 * sign: AWS Signature Version 4, because libcurl 7.88's is wrong for S3 (backup.md 3.1).
 *
 * Signed are host, the headers given (never those that proxies rewrite: Expect, Accept-Encoding,
 * User-Agent, Content-Length), the path and the query as they go over the wire.
 */
#pragma once

#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "http/http.h"
#include "s3/credentials.h"

#define S3_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct s3_sign_input {
	const char *method;
	const char *host;		   /* with the port, when it is not the scheme's */
	const char *path;		   /* encoded, "/bucket/a%20b" */
	const char *query;		   /* encoded, sorted, "list-type=2&prefix="; or "" */
	const struct http_header *headers; /* names in lower case, any order */
	size_t header_count;
	const char *payload_sha256; /* hex */
	const char *region;
	const char *service; /* "s3" */
	time_t when;	     /* also what x-amz-date among the headers says */
};

/* The value of the Authorization header. Caller frees. */
char *s3_sign(const struct s3_sign_input *input, const struct s3_credentials *credentials);

/* "20261123T020004Z", for x-amz-date. */
void s3_sign_date(time_t when, char ret[17]);

/* Appends text with all but A-Z a-z 0-9 - . _ ~ as %XX; a slash stays when keep_slash. */
void s3_sign_encode(struct buf *out, const char *text, int keep_slash);
