#include "s3/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "s3/xml.h"

#define MESSAGE_LIMIT 300

time_t s3_answer_time(const char *text)
{
	struct tm tm = {0};

	if (!text)
		return 0;
	if (strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) ||
	    strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return timegm(&tm);
	return 0;
}

/* ---- Reading. */

static char *one_line(const char *text)
{
	size_t length = strlen(text);
	char *line = mem_strndup(text, length > MESSAGE_LIMIT ? MESSAGE_LIMIT : length);

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return line;
}

static char *text_or_null(const struct s3_xml *root, const char *name)
{
	const char *text = s3_xml_text(root, name);

	return *text ? one_line(text) : NULL;
}

static bool read_error(const struct s3_xml *root, struct s3_answer *ret)
{
	if (strcmp(root->name, "Error") != 0)
		return false;
	ret->code = one_line(s3_xml_text(root, "Code"));
	ret->message = one_line(s3_xml_text(root, "Message"));
	ret->region = text_or_null(root, "Region");
	ret->endpoint = text_or_null(root, "Endpoint");
	return true;
}

static void read_body(const struct http_response *response, struct s3_answer *ret)
{
	cleanup_err struct err err = ERR_INIT;
	struct s3_xml *root = NULL;

	if (s3_xml_parse(buf_str(&response->body), response->body.len, &root, &err) >= 0 &&
	    read_error(root, ret) && ret->status / 100 == 2)
		ret->status = 500;
	s3_xml_free(root);
}

static int64_t retry_after(const struct http_response *response)
{
	const char *value = http_response_header(response, "Retry-After");
	char *end;
	long seconds = value ? strtol(value, &end, 10) : -1;

	return value && end != value && !*end && seconds >= 0 && seconds <= 86400 ? seconds * 1000
										  : -1;
}

void s3_answer_read(const struct http_response *response, bool xml_expected, struct s3_answer *ret)
{
	const char *region = http_response_header(response, "x-amz-bucket-region");

	*ret = (struct s3_answer){.status = response->status};
	ret->server_time = s3_answer_time(http_response_header(response, "Date"));
	ret->retry_after_ms = retry_after(response);
	if (response->status / 100 != 2 || xml_expected)
		read_body(response, ret);
	if (!ret->region && region)
		ret->region = one_line(region);
	if (!ret->code)
		ret->code = mem_strdup("");
	if (!ret->message)
		ret->message = mem_strdup("");
}

void s3_answer_done(struct s3_answer *answer)
{
	free(answer->code);
	free(answer->message);
	free(answer->region);
	free(answer->endpoint);
	memset(answer, 0, sizeof(*answer));
}

/* ---- Judging. */

static bool is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (!strcmp(code, *codes))
			return true;
	return false;
}

/* Refusals that the same request, sent again, may escape. */
static bool passes(const struct s3_answer *answer)
{
	static const char *const lost_on_the_way[] = {"RequestTimeout",
						      "IncompleteBody",
						      "BadDigest",
						      "XAmzContentSHA256Mismatch",
						      "XAmzContentChecksumMismatch",
						      NULL};
	static const char *const in_the_way[] = {"OperationAborted", "ConditionalRequestConflict",
						 NULL};

	switch (answer->status) {
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return true;
	case 400: /* Backblaze says the last one in words */
		return is_one_of(answer->code, lost_on_the_way) ||
		       strstr(answer->message, "request body was too small");
	case 409:
		return is_one_of(answer->code, in_the_way);
	default:
		return false;
	}
}

enum s3_advice s3_answer_advice(const struct s3_answer *answer)
{
	static const char *const expired[] = {"ExpiredToken", "TokenRefreshRequired", NULL};

	if (answer->status / 100 == 2)
		return S3_FINE;
	if (!strcmp(answer->code, "RequestTimeTooSkewed"))
		return S3_AGAIN_CLOCK;
	if (is_one_of(answer->code, expired))
		return S3_AGAIN_KEYS;
	return passes(answer) ? S3_AGAIN : S3_GIVE_UP;
}

/* ---- Explaining. */

static int explain_place(const struct s3_answer *answer, const struct s3_subject *subject,
			 struct err *err)
{
	if (answer->region && strcmp(answer->region, subject->region) != 0) {
		err_set(err, ERR_INVALID, "bucket %s is in region %s, and was asked for in %s (%s)",
			subject->bucket, answer->region, subject->region, subject->endpoint);
		return err_hint(err, "set `region: %s` below `backup:`%s", answer->region,
				strstr(subject->endpoint, subject->region)
					? ", and the endpoint of that region"
					: "");
	}
	if (answer->endpoint) {
		err_set(err, ERR_INVALID, "bucket %s is to be asked for at %s, not at %s",
			subject->bucket, answer->endpoint, subject->endpoint);
		return err_hint(err, "set `endpoint:` below `backup:`");
	}
	err_set(err, ERR_INVALID, "%s redirects to another place for bucket %s (%d %s)",
		subject->endpoint, subject->bucket, answer->status, answer->code);
	return err_hint(err, "set `endpoint:` and `region:` of the bucket below `backup:`");
}

static int explain_clock(const struct s3_answer *answer, const struct s3_subject *subject,
			 struct err *err)
{
	int64_t ahead = answer->server_time ? subject->now - answer->server_time : 0;
	cleanup_free char *text = timespan_text((ahead < 0 ? -ahead : ahead) * 1000);

	if (!ahead)
		err_set(err, ERR_DENIED, "the clocks of this machine and of %s differ too much",
			subject->endpoint);
	else
		err_set(err, ERR_DENIED, "the clock of this machine is %s %s that of %s", text,
			ahead > 0 ? "ahead of" : "behind", subject->endpoint);
	return err_hint(err, "set it: timedatectl set-ntp true");
}

static int explain_key(const struct s3_answer *answer, const struct s3_subject *subject,
		       struct err *err)
{
	const char *what = "has expired";

	if (!strcmp(answer->code, "InvalidAccessKeyId") ||
	    !strcmp(answer->code, "XAdminUserNotFound"))
		what = "is not known there";
	else if (!strcmp(answer->code, "SignatureDoesNotMatch"))
		what = "does not fit its secret key";
	err_set(err, ERR_DENIED, "%s refused our signature: the access key of %s %s (%s)",
		subject->endpoint, subject->keys_source, what, answer->code);
	if (!strcmp(answer->code, "SignatureDoesNotMatch"))
		return err_hint(err, "is aws_secret_access_key complete? A proxy that rewrites "
				     "requests causes this, too");
	return -(int)err->code;
}

static int explain_rest(const struct s3_answer *answer, const struct s3_subject *subject,
			struct err *err)
{
	static const char *const full[] = {"InsufficientStorage", "QuotaExceeded",
					   "XMinioStorageFull", "XAmzQuotaExceeded", NULL};
	enum err_code code =
		answer->status >= 500 || passes(answer) ? ERR_UNREACHABLE : ERR_INVALID;
	cleanup_free char *times =
		subject->tries > 1 ? mem_printf(", %d times", subject->tries) : mem_strdup("");

	if (answer->status == 507 || is_one_of(answer->code, full))
		code = ERR_IO;
	err_set(err, code, "%s: the server said %d%s%s%s%s%s", subject->object, answer->status,
		*answer->code ? " " : "", answer->code, *answer->message ? ": " : "",
		answer->message, times);
	if (!*answer->code && answer->status / 100 == 4)
		return err_hint(err, "is %s the endpoint of an S3 server?", subject->endpoint);
	return -(int)err->code;
}

/* Only a missing object is ERR_NOT_FOUND: nobody may take a wrong address for an empty bucket. */
static int explain_missing(const struct s3_answer *answer, const struct s3_subject *subject,
			   struct err *err)
{
	static const char *const missing[] = {"NoSuchKey", "NoSuchUpload", "NoSuchVersion",
					      "NotFound", NULL};

	if (subject->is_object && (!*answer->code || is_one_of(answer->code, missing)))
		return err_set(err, ERR_NOT_FOUND, "%s does not exist", subject->object);
	if (strcmp(answer->code, "NoSuchBucket") != 0)
		return explain_rest(answer, subject, err);
	err_set(err, ERR_INVALID, "there is no bucket %s at %s", subject->bucket,
		subject->endpoint);
	return err_hint(err, "create it, or correct the target");
}

static int explain_denial(const struct s3_answer *answer, const struct s3_subject *subject,
			  struct err *err)
{
	err_set(err, ERR_DENIED, "%s: access denied (%d %s)", subject->object, answer->status,
		answer->code);
	return err_hint(err,
			"may the key of %s do this in bucket %s? It needs to list, read, write "
			"and delete objects",
			subject->keys_source, subject->bucket);
}

int s3_answer_explain(const struct s3_answer *answer, const struct s3_subject *subject,
		      struct err *err)
{
	static const char *const place[] = {"AuthorizationHeaderMalformed", "PermanentRedirect",
					    "TemporaryRedirect",
					    "IllegalLocationConstraintException", NULL};
	static const char *const key[] = {"InvalidAccessKeyId",
					  "SignatureDoesNotMatch",
					  "ExpiredToken",
					  "InvalidToken",
					  "TokenRefreshRequired",
					  "XAdminUserNotFound",
					  NULL};

	if (answer->status / 100 == 3 || is_one_of(answer->code, place))
		return explain_place(answer, subject, err);
	if (!strcmp(answer->code, "RequestTimeTooSkewed"))
		return explain_clock(answer, subject, err);
	if (is_one_of(answer->code, key))
		return explain_key(answer, subject, err);
	switch (answer->status) {
	case 401:
	case 403:
		return explain_denial(answer, subject, err);
	case 404:
		return explain_missing(answer, subject, err);
	case 412:
		return err_set(err, ERR_EXISTS, "%s is there already", subject->object);
	case 416:
		return err_set(err, ERR_INVALID, "%s is shorter than it should be",
			       subject->object);
	default:
		return explain_rest(answer, subject, err);
	}
}
