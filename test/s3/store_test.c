/* The store on a real S3 server, and what its client does when server and network misbehave. */
#include "s3/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "s3/rig.h"
#include "s3/upload.h"

#define MIB ((size_t)1 << 20)

static struct rig rig;

static void set_up(void)
{
	rig = rig_start();
}

static void tear_down(void)
{
	rig_stop(&rig);
}

static int put(const char *key, const char *text, struct err *err)
{
	struct deadline deadline = rig_deadline(60000);

	return s3_store_put(rig.store, key, text, strlen(text), &deadline, NULL, err);
}

static char *get(const char *key)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);
	struct buf text = BUF_INIT;

	must(s3_store_get(rig.store, key, MIB, &text, &deadline, &err), &err);
	return buf_steal(&text);
}

/* Bytes that do not repeat at the size of a part. */
static char *content(size_t size)
{
	char *bytes = mem_alloc(size + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761U >> 13);
	return bytes;
}

static int upload(const char *key, const char *bytes, size_t size, struct s3_object *ret,
		  struct err *err)
{
	struct deadline deadline = rig_deadline(60000);
	const struct s3_upload_options options = {.key = key, .size_bound = size};
	struct s3_upload *upload;
	int r;

	must(s3_upload_new(rig.store, &options, &deadline, &upload, err), err);
	for (size_t at = 0; at < size; at += MIB) {
		r = s3_upload_write(upload, bytes + at, size - at < MIB ? size - at : MIB, err);
		if (r < 0)
			break;
	}
	r = s3_upload_finish(upload, ret, err);
	s3_upload_free(upload);
	return r;
}

/* What was stored under the key is this. */
static void check_content(const char *key, const char *bytes, size_t size)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);
	cleanup_free char *got = mem_alloc(size);

	must(s3_store_read(rig.store, key, 0, size, got, &deadline, &err), &err);
	ck_assert_msg(!memcmp(got, bytes, size), "%s is not what was sent", key);
}

static int orphans(void)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);

	int count = s3_store_abort_orphans(rig.store, "", -10, &deadline, &err);
	must(count, &err);
	return count;
}

/* ---- A server that works. */

START_TEST(test_store__what_was_put_is_there)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	struct deadline deadline = rig_deadline(60000);

	must(s3_store_check(rig.store, &deadline, &err), &err);
	must(s3_store_put(rig.store, "a/b", "hello", 5, &deadline, &object, &err), &err);
	ck_assert_str_eq(object.key, "a/b");
	ck_assert_str_eq(object.etag, "5d41402abc4b2a76b9719d911017c592");
	s3_object_done(&object);
	must(s3_store_head(rig.store, "a/b", &object, &deadline, &err), &err);
	ck_assert_uint_eq(object.size, 5);
	ck_assert(llabs((long long)object.modified - time(NULL)) < 60);
	cleanup_free char *text = get("a/b");
	ck_assert_str_eq(text, "hello");
	must(put("a/b", "other", &err), &err);
	cleanup_free char *other = get("a/b");
	ck_assert_str_eq(other, "other");
	must(s3_store_delete(rig.store, "a/b", &deadline, &err), &err);
	must(s3_store_delete(rig.store, "a/b", &deadline, &err), &err);
	ck_assert_int_eq(s3_store_head(rig.store, "a/b", &object, &deadline, &err), -ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_store__every_body_carries_its_digests)
{
	cleanup_err struct err err = ERR_INIT;

	must(put("a", "hello", &err), &err);
	json_t *log = rig_log(&rig), *headers = json_object_get(json_array_get(log, 0), "headers");
	ck_assert_str_eq(json_string_value(json_object_get(headers, "content-md5")),
			 "XUFAKrxLKna5cZ2REBfFkg==");
	ck_assert_str_eq(json_string_value(json_object_get(headers, "x-amz-content-sha256")),
			 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	ck_assert_ptr_null(json_object_get(headers, "Transfer-Encoding"));
	ck_assert_ptr_null(json_object_get(headers, "x-amz-checksum-crc32"));
	json_decref(log);
}
END_TEST

START_TEST(test_store__names_that_need_encoding)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);
	cleanup_s3_listing struct s3_listing listing = {0};
	static const char *const names[] = {"=+ %\xc3\xa9", "a+b=c&d", "a?b#c", "it's (1)!*,;:@$[]",
					    "x~y-z_.w"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *key = mem_printf("k=v/%s", names[i]);
		must(put(key, names[i], &err), &err);
		cleanup_free char *text = get(key);
		ck_assert_str_eq(text, names[i]);
	}
	must(s3_store_list(rig.store, "k=v/=+ %", false, &listing, &deadline, &err), &err);
	ck_assert_uint_eq(listing.n, 1);
	ck_assert_str_eq(listing.objects[0].key, "k=v/=+ %\xc3\xa9");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *key = mem_printf("k=v/%s", names[i]);
		must(s3_store_delete(rig.store, key, &deadline, &err), &err);
	}
}
END_TEST

START_TEST(test_store__lists_over_pages_sorted)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);
	cleanup_s3_listing struct s3_listing listing = {0}, level = {0};

	must(put("b/2", "22", &err), &err);
	must(put("a", "1", &err), &err);
	must(put("b/1", "1", &err), &err);
	must(put("c-d", "1", &err), &err);
	must(s3_store_list(rig.store, "", false, &listing, &deadline, &err), &err);
	ck_assert_uint_eq(listing.n, 4);
	ck_assert_str_eq(listing.objects[0].key, "a");
	ck_assert_str_eq(listing.objects[1].key, "b/1");
	ck_assert_str_eq(listing.objects[2].key, "b/2");
	ck_assert_uint_eq(listing.objects[2].size, 2);
	ck_assert(llabs((long long)listing.server_time - time(NULL)) < 60);
	must(s3_store_list(rig.store, "", true, &level, &deadline, &err), &err);
	ck_assert_uint_eq(level.n, 2);
	ck_assert_uint_eq(level.folder_count, 1);
	ck_assert_str_eq(level.folders[0], "b/");
}
END_TEST

START_TEST(test_store__create_does_not_replace)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);

	must(s3_store_create(rig.store, "a", "1", 1, &deadline, NULL, &err), &err);
	ck_assert_int_eq(s3_store_create(rig.store, "a", "2", 1, &deadline, NULL, &err),
			 -ERR_EXISTS);
	cleanup_free char *text = get("a");
	ck_assert_str_eq(text, "1");
}
END_TEST

START_TEST(test_store__ranges)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);
	char bytes[8] = {0};

	must(put("a", "0123456789", &err), &err);
	must(s3_store_read(rig.store, "a", 3, 4, bytes, &deadline, &err), &err);
	ck_assert_str_eq(bytes, "3456");
	ck_assert_int_eq(s3_store_read(rig.store, "a", 8, 4, bytes, &deadline, &err), -ERR_INVALID);
	ck_assert_int_eq(s3_store_read(rig.store, "a", 20, 4, bytes, &deadline, &err),
			 -ERR_INVALID);
	ck_assert_int_eq(s3_store_get(rig.store, "a", 9, &(struct buf){0}, &deadline, &err),
			 -ERR_INVALID);
}
END_TEST

START_TEST(test_store__virtual_hosts)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *endpoint = mem_printf("http://localhost:%s", getenv("S3_PORT"));
	cleanup_free char *config = mem_printf("%s/vhost-config", getenv("S3_DATA"));
	FILE *file = fopen(config, "w");

	fputs("[default]\ns3 =\n  addressing_style = virtual\n", file);
	fclose(file);
	setenv("AWS_CONFIG_FILE", config, 1);
	rig_use(&rig, (struct s3_store_options){.endpoint = endpoint});
	unsetenv("AWS_CONFIG_FILE");
	must(put("a", "vhost", &err), &err);
	cleanup_free char *text = get("a");
	ck_assert_str_eq(text, "vhost");
	ck_assert_int_eq(rig_size_on_disk(&rig, "a"), 5);
}
END_TEST

/* ---- Uploads. */

START_TEST(test_upload__one_part_is_one_request)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};

	must(upload("a", "hello", 5, &object, &err), &err);
	ck_assert_uint_eq(object.size, 5);
	ck_assert_int_eq(rig_count(&rig, "PUT", "/a"), 1);
	ck_assert_int_eq(rig_count(&rig, "POST", ""), 0);
	must(upload("empty", "", 0, &object, &err), &err);
	ck_assert_int_eq(rig_size_on_disk(&rig, "empty"), 0);
}
END_TEST

START_TEST(test_upload__equal_parts_within_the_limit)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	size_t size = 3 * S3_PART_MIN + 12345;
	cleanup_free char *bytes = content(size);

	rig_rules(&rig, "[{'do': 'limits', 'parts': 4, 'equal': true}]");
	must(upload("a", bytes, size, &object, &err), &err);
	ck_assert_uint_eq(object.size, size);
	ck_assert_ptr_nonnull(strstr(object.etag, "-4"));
	check_content("a", bytes, size);
	ck_assert_int_eq(orphans(), 0);
}
END_TEST

/* With the provider's cap known the parts grow; without room the caller is told before. */
START_TEST(test_upload__parts_grow_with_the_expected_size)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	size_t size = 3 * S3_PART_MIN + 12345;
	cleanup_free char *bytes = content(size);
	struct deadline deadline = rig_deadline(60000);
	struct s3_upload *small;

	rig_use(&rig, (struct s3_store_options){.max_parts = 3});
	rig_rules(&rig, "[{'do': 'limits', 'parts': 3, 'equal': true}]");
	must(upload("a", bytes, size, &object, &err), &err);
	check_content("a", bytes, size);
	must(s3_upload_new(rig.store, &(struct s3_upload_options){.key = "b"}, &deadline, &small,
			   &err),
	     &err);
	ck_assert_uint_eq(s3_upload_room(small), 3 * S3_PART_MIN);
	ck_assert_int_eq(s3_upload_write(small, bytes, size, &err), -ERR_INVALID);
	s3_upload_free(small);
}
END_TEST

START_TEST(test_upload__what_is_not_finished_leaves_nothing)
{
	cleanup_err struct err err = ERR_INIT;
	size_t size = 2 * S3_PART_MIN;
	cleanup_free char *bytes = content(size);
	struct deadline deadline = rig_deadline(60000);
	struct s3_upload *half;

	must(s3_upload_new(rig.store, &(struct s3_upload_options){.key = "a"}, &deadline, &half,
			   &err),
	     &err);
	must(s3_upload_write(half, bytes, size, &err), &err);
	must(s3_upload_write(half, bytes, 10, &err), &err);
	s3_upload_free(half);
	ck_assert_int_eq(rig_size_on_disk(&rig, "a"), -1);
	ck_assert_int_eq(orphans(), 0);
}
END_TEST

static void remember_id(void *context, const char *key, const char *id)
{
	ck_assert_str_eq(key, "a");
	*(char **)context = mem_strdup(id);
}

/* As after a SIGKILL: the server has an upload that nobody knows but our note, and the list. */
START_TEST(test_upload__orphans_are_found_and_aborted)
{
	cleanup_err struct err err = ERR_INIT;
	size_t size = S3_PART_MIN + 1;
	cleanup_free char *bytes = content(size), *id = NULL;
	struct deadline deadline = rig_deadline(60000);
	struct s3_upload *half;
	const struct s3_upload_options options = {.key = "a", .began = remember_id, .context = &id};

	for (int i = 0; i < 2; i++) {
		must(s3_upload_new(rig.store, &options, &deadline, &half, &err), &err);
		must(s3_upload_write(half, bytes, size, &err), &err);
		rig_rules(&rig, "[{'match': '^DELETE', 'do': 'status', 'status': 403, 'code': "
				"'AccessDenied'}]");
		s3_upload_free(half);
		rig_rules(&rig, "[]");
		if (i == 0)
			free(steal(&id));
	}
	ck_assert_int_eq(s3_store_abort_orphans(rig.store, "", 3600, &deadline, &err), 0);
	must(s3_store_abort(rig.store, "a", id, &deadline, &err), &err);
	must(s3_store_abort(rig.store, "a", id, &deadline, &err), &err);
	ck_assert_int_eq(orphans(), 1);
	ck_assert_int_eq(orphans(), 0);
}
END_TEST

/* ---- Faults that pass. Each must end in the object that was sent, and no leftover. */

static const struct fault {
	const char *rules;
	int min_ms; /* a pause that the server asked for */
} faults[] = {
	{"[{'match': 'PUT .*partNumber=2', 'times': 2, 'do': 'status', 'status': 503, 'code': "
	 "'SlowDown', 'retry_after': 1}]",
	 2000},
	{"[{'match': '^POST .*uploads=', 'times': 1, 'do': 'status', 'status': 500, 'code': "
	 "'InternalError'}]",
	 0},
	{"[{'match': 'PUT', 'times': 2, 'do': 'status', 'status': 408, 'code': 'RequestTimeout'}]",
	 0},
	{"[{'match': 'PUT', 'times': 2, 'do': 'status', 'status': 400, 'code': 'RequestTimeout'}]",
	 0},
	{"[{'match': 'PUT', 'times': 1, 'do': 'status', 'status': 400, 'code': 'BadDigest'}]", 0},
	{"[{'match': 'PUT', 'times': 2, 'do': 'status', 'status': 409, 'code': "
	 "'OperationAborted'}]",
	 0},
	{"[{'match': 'PUT', 'times': 3, 'do': 'reset', 'bytes': 3000000}]", 0},
	{"[{'match': 'PUT .*partNumber=1', 'times': 1, 'do': 'lost'}]", 0},
	{"[{'match': '^POST .*uploadId=', 'times': 1, 'do': 'lost'}]", 0},
	{"[{'match': '^POST .*uploadId=', 'times': 2, 'do': 'error200', 'code': 'InternalError'}]",
	 0},
	{"[{'match': '^POST .*uploadId=', 'times': 1, 'do': 'status', 'status': 504}]", 0},
	{"[{'match': '^HEAD', 'times': 1, 'do': 'status', 'status': 503}]", 0},
	{"[{'match': '.*', 'times': 4, 'do': 'reset'}]", 0},
};

START_TEST(test_upload__survives)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	size_t size = 2 * S3_PART_MIN + 77;
	cleanup_free char *bytes = content(size);
	int64_t start = clock_real.now(&clock_real);

	rig_rules(&rig, faults[_i].rules);
	must(upload("a", bytes, size, &object, &err), &err);
	ck_assert_int_eq(err.code, ERR_NONE);
	ck_assert_uint_eq(object.size, size);
	ck_assert_int_ge(clock_real.now(&clock_real) - start, faults[_i].min_ms);
	ck_assert_int_gt(rig_faults(&rig), 0);
	rig_rules(&rig, "[]");
	check_content("a", bytes, size);
	(void)orphans(); /* a lost answer to the begin leaves one, which the nightly run finds */
	ck_assert_int_eq(orphans(), 0);
}
END_TEST

START_TEST(test_store__reading_survives)
{
	cleanup_err struct err err = ERR_INIT;
	size_t size = 3 * MIB;
	cleanup_free char *bytes = content(size);
	cleanup_s3_object struct s3_object object = {0};

	must(upload("a", bytes, size, &object, &err), &err);
	rig_rules(&rig, "[{'match': 'GET', 'times': 1, 'do': 'truncate', 'bytes': 1000000},"
			"{'match': 'GET', 'times': 1, 'do': 'lost'},"
			"{'match': 'GET', 'times': 1, 'do': 'status', 'status': 503}]");
	check_content("a", bytes, size);
	ck_assert_int_eq(rig_count(&rig, "GET", "/a"), 4);
}
END_TEST

/* The object was created, the answer was lost (on a new connection, and on one that libcurl knows
 * and sends again over another by itself), and the second try finds it there. */
START_TEST(test_store__create_knows_its_own)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(60000);

	for (int i = 0; i < 2; i++) {
		const char *key = i ? "b" : "a";
		rig_rules(&rig, "[{'match': 'PUT', 'times': 1, 'do': 'lost'}]");
		must(s3_store_create(rig.store, key, "1", 1, &deadline, NULL, &err), &err);
		ck_assert_int_eq(rig_count(&rig, "PUT", key), 2);
		ck_assert_int_eq(s3_store_create(rig.store, key, "2", 1, &deadline, NULL, &err),
				 -ERR_EXISTS);
	}
}
END_TEST

/* ---- Faults that stay. Each is told as itself, in the time given, and leaves nothing. */

static const struct failure {
	const char *rules;
	enum err_code code;
	const char *message, *hint;
} failures[] = {
	{"[{'match': '.*', 'do': 'status', 'status': 503, 'code': 'SlowDown'}]", ERR_UNREACHABLE,
	 "503 SlowDown", NULL},
	{"[{'match': '.*', 'do': 'status', 'status': 403, 'code': 'AccessDenied'}]", ERR_DENIED,
	 "access denied", "list, read, write and delete"},
	{"[{'match': '.*', 'do': 'status', 'status': 400, 'code': 'EntityTooSmall', 'message': "
	 "'too "
	 "small'}]",
	 ERR_INVALID, "400 EntityTooSmall: too small", NULL},
	{"[{'match': '.*', 'do': 'status', 'status': 507, 'code': 'InsufficientStorage'}]", ERR_IO,
	 "507 InsufficientStorage", NULL},
	{"[{'match': '.*', 'do': 'status', 'status': 301, 'code': 'PermanentRedirect', 'headers': "
	 "['x-amz-bucket-region: eu-west-3']}]",
	 ERR_INVALID, "is in region eu-west-3", "region: eu-west-3"},
	{"[{'match': '.*', 'do': 'status', 'status': 403, 'code': 'RequestTimeTooSkewed'}]",
	 ERR_DENIED, "clock", "timedatectl"},
	{"[{'match': '.*', 'do': 'status', 'status': 404, 'code': 'NoSuchBucket'}]", ERR_INVALID,
	 "no bucket", "create it"},
	{"[{'match': '.*', 'do': 'silent'}]", ERR_TIMEOUT, "answer", NULL},
	{"[{'match': '^POST .*uploadId=', 'do': 'error200', 'code': 'InternalError'}]",
	 ERR_UNREACHABLE, "InternalError", NULL},
};

START_TEST(test_upload__fails_as)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	size_t size = S3_PART_MIN + 77;
	cleanup_free char *bytes = content(size);
	struct deadline deadline = rig_deadline(1500);
	struct s3_upload *upload;
	const struct failure *failure = &failures[_i];
	int64_t start = clock_real.now(&clock_real);

	rig_rules(&rig, failure->rules);
	must(s3_upload_new(rig.store, &(struct s3_upload_options){.key = "a"}, &deadline, &upload,
			   &err),
	     &err);
	int r = s3_upload_write(upload, bytes, size, &err);
	if (r >= 0)
		r = s3_upload_finish(upload, &object, &err);
	int64_t took = clock_real.now(&clock_real) - start;
	rig_rules(&rig, "[]");
	s3_upload_free(upload);
	ck_assert_msg(r == -(int)failure->code, "%d is not %d: %s", -r, failure->code, err.message);
	ck_assert_msg(strstr(err.message, failure->message) != NULL, "%s", err.message);
	ck_assert_msg(!failure->hint || (err.hint && strstr(err.hint, failure->hint)), "%s (%s)",
		      err.message, err.hint);
	ck_assert_int_lt(took, 4000);
	ck_assert_int_eq(rig_size_on_disk(&rig, "a"), -1);
	ck_assert_int_eq(orphans(), 0);
}
END_TEST

/* ---- Settings that are wrong, judged by a server that verifies. */

static int check(void)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(1500);

	int r = s3_store_check(rig.store, &deadline, &err);
	if (r < 0)
		setenv("SAID", err.message, 1);
	return r;
}

START_TEST(test_store__wrong_region_is_explained)
{
	rig_use(&rig, (struct s3_store_options){.region = "us-east-1"});
	ck_assert_int_eq(check(), -ERR_INVALID);
	ck_assert_msg(strstr(getenv("SAID"), "fr-test"), "%s", getenv("SAID"));
}
END_TEST

START_TEST(test_store__wrong_secret_is_explained)
{
	setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
	rig_use(&rig, (struct s3_store_options){0});
	ck_assert_int_eq(check(), -ERR_DENIED);
	ck_assert_msg(strstr(getenv("SAID"), "does not fit its secret key"), "%s", getenv("SAID"));
}
END_TEST

START_TEST(test_store__wrong_key_is_explained)
{
	setenv("AWS_ACCESS_KEY_ID", "NOBODY", 1);
	rig_use(&rig, (struct s3_store_options){0});
	ck_assert_int_eq(check(), -ERR_DENIED);
	ck_assert_msg(strstr(getenv("SAID"), "not known there"), "%s", getenv("SAID"));
}
END_TEST

START_TEST(test_store__missing_bucket_is_no_missing_object)
{
	rig_use(&rig, (struct s3_store_options){.url = "s3://no-such-bucket/x"});
	ck_assert_int_eq(check(), -ERR_INVALID);
	ck_assert_msg(strstr(getenv("SAID"), "no-such-bucket"), "%s", getenv("SAID"));
}
END_TEST

START_TEST(test_store__distrusted_certificate_is_explained)
{
	rig_use(&rig, (struct s3_store_options){.endpoint = getenv("S3_BAD_TLS")});
	ck_assert_int_eq(check(), -ERR_DENIED);
	ck_assert_msg(strstr(getenv("SAID"), "not trusted"), "%s", getenv("SAID"));
}
END_TEST

START_TEST(test_store__refused_connection_is_explained)
{
	rig_use(&rig, (struct s3_store_options){.endpoint = "http://127.0.0.1:9"});
	ck_assert_int_eq(check(), -ERR_UNREACHABLE);
	ck_assert_msg(strstr(getenv("SAID"), "refused"), "%s", getenv("SAID"));
}
END_TEST

START_TEST(test_store__black_hole_ends_in_time)
{
	rig_use(&rig, (struct s3_store_options){.endpoint = "http://192.0.2.1:9"});
	int r = check();
	ck_assert_msg(r == -ERR_TIMEOUT || r == -ERR_UNREACHABLE, "%d: %s", r, getenv("SAID"));
}
END_TEST

/* ---- Bandwidth, over all connections together. */

START_TEST(test_upload__bandwidth_holds)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	size_t size = 3 * S3_PART_MIN;
	cleanup_free char *bytes = content(size);
	int64_t start = clock_real.now(&clock_real);

	rig_use(&rig, (struct s3_store_options){.bandwidth = 8 * MIB});
	must(upload("a", bytes, size, &object, &err), &err);
	int64_t took = clock_real.now(&clock_real) - start;
	ck_assert_int_ge(took, 1500); /* 15 MiB at 8 MiB/s, less what sockets hold */
	ck_assert_int_lt(took, 4000);
}
END_TEST

static void add_server_tests(TCase *tcase)
{
	tcase_add_test(tcase, test_store__what_was_put_is_there);
	tcase_add_test(tcase, test_store__every_body_carries_its_digests);
	tcase_add_test(tcase, test_store__names_that_need_encoding);
	tcase_add_test(tcase, test_store__lists_over_pages_sorted);
	tcase_add_test(tcase, test_store__create_does_not_replace);
	tcase_add_test(tcase, test_store__ranges);
	tcase_add_test(tcase, test_store__virtual_hosts);
	tcase_add_test(tcase, test_upload__one_part_is_one_request);
	tcase_add_test(tcase, test_upload__equal_parts_within_the_limit);
	tcase_add_test(tcase, test_upload__parts_grow_with_the_expected_size);
	tcase_add_test(tcase, test_upload__what_is_not_finished_leaves_nothing);
	tcase_add_test(tcase, test_upload__orphans_are_found_and_aborted);
}

static void add_fault_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, test_upload__survives, 0, sizeof(faults) / sizeof(*faults));
	tcase_add_test(tcase, test_store__reading_survives);
	tcase_add_test(tcase, test_store__create_knows_its_own);
	tcase_add_loop_test(tcase, test_upload__fails_as, 0, sizeof(failures) / sizeof(*failures));
	tcase_add_test(tcase, test_store__wrong_region_is_explained);
	tcase_add_test(tcase, test_store__wrong_secret_is_explained);
	tcase_add_test(tcase, test_store__wrong_key_is_explained);
	tcase_add_test(tcase, test_store__missing_bucket_is_no_missing_object);
	tcase_add_test(tcase, test_store__distrusted_certificate_is_explained);
	tcase_add_test(tcase, test_store__refused_connection_is_explained);
	tcase_add_test(tcase, test_store__black_hole_ends_in_time);
	tcase_add_test(tcase, test_upload__bandwidth_holds);
}

Suite *test_suite(void)
{
	Suite *suite = suite_create("s3 on versitygw");
	TCase *tcase = tcase_create("store");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	add_server_tests(tcase);
	add_fault_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
