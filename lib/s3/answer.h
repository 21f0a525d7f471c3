/* answer: what an S3 server's answer means: for the next try, and for the user. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "http/http.h"

/* What is left of an error's body. */
struct s3_answer {
	int status;
	char *code, *message;	 /* "SlowDown"; "" when the server gave none; one line */
	char *region, *endpoint; /* that it names instead of ours; or NULL */
	time_t server_time;	 /* of the Date header; 0 without one */
	int64_t retry_after_ms;	 /* -1 without */
};

enum s3_advice {
	S3_FINE,
	S3_AGAIN,	/* the same, later */
	S3_AGAIN_CLOCK, /* signed with the server's time */
	S3_AGAIN_KEYS,	/* with credentials that are read again */
	S3_GIVE_UP,
};

/* Reads status, headers and, of an error, the body. `xml_expected`: a 200 may hold an <Error>,
 * which makes its status 500. */
void s3_answer_read(const struct http_response *response, bool xml_expected, struct s3_answer *ret);
void s3_answer_done(struct s3_answer *answer);
#define cleanup_s3_answer __attribute__((cleanup(s3_answer_done)))

enum s3_advice s3_answer_advice(const struct s3_answer *answer);

/* Of whom and what the explanation speaks. */
struct s3_subject {
	const char *object; /* "s3://bucket/key" */
	bool is_object;	    /* not the bucket itself */
	const char *bucket, *endpoint, *region;
	const char *keys_source; /* of the credentials */
	int tries;
	time_t now;
};

/* Fills err; returns -code. */
int s3_answer_explain(const struct s3_answer *answer, const struct s3_subject *subject,
		      struct err *err);

/* "Sun, 22 Nov 2026 02:00:04 GMT" and "2026-11-22T02:00:04.000Z"; 0 when it is neither. */
time_t s3_answer_time(const char *text);
