/* What a store asks an S3 server, byte by byte, and what it makes of answers that no well-behaved
 * server gives. test/s3 has the same on a real one. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "harness/server.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "s3/answer.h"
#include "s3/store.h"
#include "s3/xml.h"

static struct server *server;
static struct http *http;
static struct s3_store *store;
static char *home;

static void open_store(void)
{
	cleanup_err struct err err = ERR_INIT;
	const struct s3_store_options options = {.url = "s3://bucket/pre/fix",
						 .endpoint = server_url(server),
						 .region = "here",
						 .http = http};

	s3_store_close(store);
	must(s3_store_open(&options, &store, &err), &err);
}

static void set_up(void)
{
	home = temp_dir();
	setenv("HOME", home, 1);
	setenv("AWS_ACCESS_KEY_ID", "KEY", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "very secret", 1);
	unsetenv("AWS_SESSION_TOKEN");
	unsetenv("AWS_PROFILE");
	server = server_start();
	http = http_new();
	open_store();
}

static void tear_down(void)
{
	s3_store_close(store);
	http_free(http);
	server_stop(server);
	free(home);
}

static struct deadline within(int64_t milliseconds)
{
	return deadline_in(&clock_real, NULL, milliseconds);
}

static void expect(const char *line, struct server_reply reply)
{
	server_expect(server, line, &reply);
}

static char *header(int request, const char *name)
{
	return server_header(server_request(server, request), name);
}

START_TEST(test_bucket__a_put)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);

	expect("PUT /bucket/pre/fix/a%20b%2B", (struct server_reply){.headers = "ETag: \"e\"\r\n"});
	must(s3_store_put(store, "a b+", "hello", 5, &deadline, NULL, &err), &err);
	cleanup_free char *authorization = header(0, "Authorization");
	cleanup_free char *md5 = header(0, "content-md5"), *sha = header(0, "x-amz-content-sha256");
	cleanup_free char *token = header(0, "x-amz-security-token"), *hop = header(0, "Expect");
	ck_assert_ptr_nonnull(strstr(authorization,
				     "/here/s3/aws4_request, SignedHeaders=content-md5;"
				     "content-type;host;x-amz-content-sha256;"
				     "x-amz-date, Signature="));
	ck_assert_str_eq(md5, "XUFAKrxLKna5cZ2REBfFkg==");
	ck_assert_uint_eq(strlen(sha), 64);
	ck_assert_ptr_null(token);
	ck_assert_ptr_null(hop);
	server_check(server);
}
END_TEST

START_TEST(test_bucket__a_session_token_is_sent_and_signed)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);

	setenv("AWS_SESSION_TOKEN", "tok", 1);
	open_store();
	expect("DELETE /bucket/pre/fix/a", (struct server_reply){.status = 204});
	must(s3_store_delete(store, "a", &deadline, &err), &err);
	cleanup_free char *token = header(0, "x-amz-security-token");
	cleanup_free char *authorization = header(0, "Authorization");
	ck_assert_str_eq(token, "tok");
	ck_assert_ptr_nonnull(strstr(authorization, ";x-amz-security-token,"));
}
END_TEST

/* Two pages; the second has a token although it is the last: the flag counts. Entities in ETags. */
START_TEST(test_bucket__a_list_of_two_pages)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_listing struct s3_listing listing = {0};
	struct deadline deadline = within(5000);

	expect("GET /bucket?list-type=2&max-keys=1000&prefix=pre%2Ffix%2Fk%2F",
	       (struct server_reply){
		       .body = "<?xml version=\"1.0\"?><ListBucketResult "
			       "xmlns=\"x\"><IsTruncated>true"
			       "</IsTruncated><NextContinuationToken>a/b=</NextContinuationToken>"
			       "<Contents><Key>pre/fix/k/2</Key><Size>7</"
			       "Size><LastModified>2026-11-22T"
			       "02:00:04.000Z</LastModified><ETag>&quot;abc&quot;</ETag></Contents>"
			       "</ListBucketResult>",
		       .headers = "Date: Sun, 22 Nov 2026 03:00:00 GMT\r\n"});
	expect("GET "
	       "/bucket?continuation-token=a%2Fb%3D&list-type=2&max-keys=1000&prefix=pre%2Ffix%2Fk%"
	       "2F",
	       (struct server_reply){
		       .body = "<ListBucketResult><IsTruncated>false</IsTruncated>"
			       "<NextContinuationToken>c</NextContinuationToken><Contents><Key>pre/"
			       "fix/k/"
			       "1 &amp; "
			       "&#60;</Key><Size>8</Size><ETag>&#34;x-2&#34;</ETag></Contents>"
			       "</ListBucketResult>",
		       .headers = "Date: Sun, 22 Nov 2026 03:00:01 GMT\r\n"});
	must(s3_store_list(store, "k/", false, &listing, &deadline, &err), &err);
	ck_assert_uint_eq(listing.n, 2);
	ck_assert_str_eq(listing.objects[0].key, "k/1 & <");
	ck_assert_str_eq(listing.objects[0].etag, "x-2");
	ck_assert_str_eq(listing.objects[1].key, "k/2");
	ck_assert_str_eq(listing.objects[1].etag, "abc");
	ck_assert_uint_eq(listing.objects[1].size, 7);
	ck_assert_int_eq(listing.objects[1].modified, 1795312804);
	ck_assert_int_eq(listing.server_time, 1795316401);
	server_check(server);
}
END_TEST

static const struct {
	const char *body, *said;
} lies[] = {
	{"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
	 "goes on, and not where"},
	{"<html><body>Welcome</body></html>", "<html> where <ListBucketResult> was expected"},
	{"not xml", "not XML of S3"},
	{"", "not XML of S3"},
	{"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", "DOCTYPE"},
	{"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>x", "nested too deep"},
};

/* None of them may be taken for an empty bucket. */
START_TEST(test_bucket__a_list_that_is_none)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_listing struct s3_listing listing = {0};
	struct deadline deadline = within(5000);

	expect("GET /bucket?*", (struct server_reply){.body = lies[_i].body});
	ck_assert_int_eq(s3_store_list(store, "", false, &listing, &deadline, &err), -ERR_INVALID);
	ck_assert_msg(strstr(err.message, lies[_i].said) != NULL, "%s", err.message);
	ck_assert_uint_eq(listing.n, 0);
}
END_TEST

/* A web server at the endpoint, a proxy's page: a 404 for a list is no empty bucket. */
START_TEST(test_bucket__no_s3_server)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);

	expect("GET /bucket?*", (struct server_reply){.status = 404, .body = "<h1>Not Found</h1>"});
	ck_assert_int_eq(s3_store_check(store, &deadline, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.hint, "endpoint of an S3 server?"));
}
END_TEST

/* The server is two hours ahead: signed again with its time, and told once. */
START_TEST(test_bucket__a_wrong_clock)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);
	time_t ahead = time(NULL) + 7200;
	char date[64];
	struct tm tm;

	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&ahead, &tm));
	expect("DELETE /bucket/pre/fix/a",
	       (struct server_reply){.status = 403,
				     .headers = date,
				     .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>"});
	expect("DELETE /bucket/pre/fix/a", (struct server_reply){.status = 204, .times = 2});
	must(s3_store_delete(store, "a", &deadline, &err), &err);
	must(s3_store_delete(store, "a", &deadline, &err), &err);
	strftime(date, sizeof(date), "%Y%m%dT%H", gmtime_r(&ahead, &tm));
	for (int i = 1; i < 3; i++) {
		cleanup_free char *signed_date = header(i, "x-amz-date");
		ck_assert_msg(!strncmp(signed_date, date, 11), "%s is not %s", signed_date, date);
	}
	cleanup_list struct list notices = s3_store_notices(store);
	ck_assert_uint_eq(notices.n, 1);
	ck_assert_ptr_nonnull(strstr(notices.items[0], "behind that of"));
	cleanup_list struct list again = s3_store_notices(store);
	ck_assert_uint_eq(again.n, 0);
}
END_TEST

/* Keys from a command that expire: run again before they do, and when the server says so. */
START_TEST(test_bucket__credentials_are_renewed)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);
	cleanup_free char *script = file_join(home, "keys"), *count = file_join(home, "count");
	cleanup_free char *config = mem_printf("[default]\ncredential_process = %s\n", script);
	cleanup_free char *text =
		mem_printf("#!/bin/sh\necho >>%s\necho '{\"Version\":1,\"AccessKeyId\":\"K'$(wc -l "
			   "<%s)'\",\"SecretAccessKey\":\"s\"}'\n",
			   count, count);

	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	temp_write(home, "keys", text);
	temp_write(home, ".aws/config", config);
	ck_assert_int_eq(chmod(script, 0755), 0);
	open_store();
	expect("DELETE /bucket/pre/fix/a",
	       (struct server_reply){.status = 400,
				     .body = "<Error><Code>ExpiredToken</Code></Error>"});
	expect("DELETE /bucket/pre/fix/a", (struct server_reply){.status = 204});
	must(s3_store_delete(store, "a", &deadline, &err), &err);
	cleanup_free char *first = header(0, "Authorization"), *second = header(1, "Authorization");
	ck_assert_ptr_nonnull(strstr(first, "Credential=K1/"));
	ck_assert_ptr_nonnull(strstr(second, "Credential=K2/"));
}
END_TEST

START_TEST(test_bucket__no_secret_in_any_error)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);

	expect("DELETE /bucket/pre/fix/a",
	       (struct server_reply){
		       .status = 403,
		       .body = "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message>"
			       "<StringToSign>very secret</StringToSign></Error>"});
	ck_assert_int_eq(s3_store_delete(store, "a", &deadline, &err), -ERR_DENIED);
	cleanup_free char *text = err_text(&err);
	ck_assert_ptr_null(strstr(text, "very secret"));
	ck_assert_ptr_nonnull(strstr(text, "the environment"));
}
END_TEST

static const char *const bad_urls[] = {
	"backups",     "s3://",	   "s3:///x",	      "s3://b/a//b",
	"s3://b/../x", "s3://b?x", "file://relative", "ftp://x/y",
};

START_TEST(test_store__urls)
{
	cleanup_err struct err err = ERR_INIT;
	struct s3_store *other;
	const struct s3_store_options options = {.url = bad_urls[_i], .http = http};

	ck_assert_int_eq(s3_store_open(&options, &other, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, bad_urls[_i]));
}
END_TEST

static const char *const bad_keys[] = {"", "/a", "a/", "a//b", ".", "a/..", "../a", "a/./b"};

START_TEST(test_store__keys)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = within(5000);

	ck_assert_int_eq(s3_store_put(store, bad_keys[_i], "x", 1, &deadline, NULL, &err),
			 -ERR_INVALID);
	ck_assert_int_eq(server_request_count(server), 0);
}
END_TEST

/* ---- What an answer advises. */

static const struct {
	int status;
	const char *code, *message;
	enum s3_advice advice;
} advices[] = {
	{200, "", "", S3_FINE},
	{206, "", "", S3_FINE},
	{500, "InternalError", "", S3_AGAIN},
	{503, "SlowDown", "", S3_AGAIN},
	{503, "", "", S3_AGAIN},
	{502, "", "", S3_AGAIN},
	{504, "", "", S3_AGAIN},
	{408, "", "", S3_AGAIN},
	{429, "TooManyRequests", "", S3_AGAIN},
	{409, "OperationAborted", "", S3_AGAIN},
	{409, "ConditionalRequestConflict", "", S3_AGAIN},
	{409, "BucketAlreadyExists", "", S3_GIVE_UP},
	{400, "RequestTimeout", "", S3_AGAIN},
	{400, "IncompleteBody", "", S3_AGAIN},
	{400, "BadDigest", "", S3_AGAIN},
	{400, "XAmzContentSHA256Mismatch", "", S3_AGAIN},
	{400, "bad_request", "The request body was too small", S3_AGAIN},
	{400, "InvalidPart", "", S3_GIVE_UP},
	{400, "ExpiredToken", "", S3_AGAIN_KEYS},
	{403, "RequestTimeTooSkewed", "", S3_AGAIN_CLOCK},
	{403, "AccessDenied", "", S3_GIVE_UP},
	{404, "NoSuchKey", "", S3_GIVE_UP},
	{412, "PreconditionFailed", "", S3_GIVE_UP},
	{501, "NotImplemented", "", S3_GIVE_UP},
	{301, "PermanentRedirect", "", S3_GIVE_UP},
};

START_TEST(test_answer__advice)
{
	const struct s3_answer answer = {.status = advices[_i].status,
					 .code = (char *)advices[_i].code,
					 .message = (char *)advices[_i].message};

	ck_assert_int_eq(s3_answer_advice(&answer), advices[_i].advice);
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(tcase, test, 0, sizeof(table) / sizeof(*(table)))

Suite *test_suite(void)
{
	Suite *suite = suite_create("s3/bucket");
	TCase *tcase = tcase_create("bucket");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_bucket__a_put);
	tcase_add_test(tcase, test_bucket__a_session_token_is_sent_and_signed);
	tcase_add_test(tcase, test_bucket__a_list_of_two_pages);
	LOOP(test_bucket__a_list_that_is_none, lies);
	tcase_add_test(tcase, test_bucket__no_s3_server);
	tcase_add_test(tcase, test_bucket__a_wrong_clock);
	tcase_add_test(tcase, test_bucket__credentials_are_renewed);
	tcase_add_test(tcase, test_bucket__no_secret_in_any_error);
	LOOP(test_store__urls, bad_urls);
	LOOP(test_store__keys, bad_keys);
	LOOP(test_answer__advice, advices);
	suite_add_tcase(suite, tcase);
	return suite;
}
