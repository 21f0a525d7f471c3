/* The directory kind of store, and uploads of several parts into it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "harness/tree.h"
#include "s3/store.h"
#include "s3/upload.h"

#define MIB ((size_t)1 << 20)

static char *dir;
static struct s3_store *store;
static struct deadline deadline;

static void set_up(void)
{
	cleanup_err struct err err = ERR_INIT;
	dir = temp_dir();
	cleanup_free char *url = mem_printf("file://%s/store/", dir);
	const struct s3_store_options options = {.url = url};

	must(s3_store_open(&options, &store, &err), &err);
	deadline = deadline_in(&clock_real, NULL, 10000);
	must(s3_store_check(store, &deadline, &err), &err);
}

static void tear_down(void)
{
	s3_store_close(store);
	free(dir);
}

static void put(const char *key, const char *text)
{
	cleanup_err struct err err = ERR_INIT;

	must(s3_store_put(store, key, text, strlen(text), &deadline, NULL, &err), &err);
}

static char *get(const char *key)
{
	cleanup_err struct err err = ERR_INIT;
	struct buf text = BUF_INIT;

	must(s3_store_get(store, key, MIB, &text, &deadline, &err), &err);
	return buf_steal(&text);
}

static char *listed(const char *prefix, bool one_level)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_listing struct s3_listing listing = {0};
	struct buf text = BUF_INIT;

	must(s3_store_list(store, prefix, one_level, &listing, &deadline, &err), &err);
	for (size_t i = 0; i < listing.n; i++)
		buf_printf(&text, "%s ", listing.objects[i].key);
	for (size_t i = 0; i < listing.folder_count; i++)
		buf_printf(&text, "(%s) ", listing.folders[i]);
	return buf_steal(&text);
}

START_TEST(test_folder__what_was_put_is_there)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};

	put("a/b", "hello");
	put("a/b", "other");
	cleanup_free char *text = get("a/b"), *file = temp_read(dir, "store/a/b");
	ck_assert_str_eq(text, "other");
	ck_assert_str_eq(file, "other");
	must(s3_store_head(store, "a/b", &object, &deadline, &err), &err);
	ck_assert_uint_eq(object.size, 5);
	ck_assert_str_eq(object.key, "a/b");
	must(s3_store_delete(store, "a/b", &deadline, &err), &err);
	must(s3_store_delete(store, "a/b", &deadline, &err), &err);
	s3_object_done(&object);
	ck_assert_int_eq(s3_store_head(store, "a/b", &object, &deadline, &err), -ERR_NOT_FOUND);
	cleanup_free char *tree = tree_text(dir);
	ck_assert_ptr_null(strchr(tree, '\n')); /* nothing but the store itself is left */
}
END_TEST

START_TEST(test_folder__lists_as_a_bucket_does)
{
	put("kube1/x", "1");
	put("kube1/a/2", "1");
	put("kube1/a/1", "1");
	put("kube10/y", "1");
	put("other", "1");
	cleanup_free char *all = listed("", false), *some = listed("kube1", false);
	cleanup_free char *below = listed("kube1/", true), *top = listed("", true);
	cleanup_free char *part = listed("kube1/a/1", false), *none = listed("nothing/", false);
	ck_assert_str_eq(all, "kube1/a/1 kube1/a/2 kube1/x kube10/y other ");
	ck_assert_str_eq(some, "kube1/a/1 kube1/a/2 kube1/x kube10/y ");
	ck_assert_str_eq(below, "kube1/x (kube1/a/) ");
	ck_assert_str_eq(top, "other (kube1/) (kube10/) ");
	ck_assert_str_eq(part, "kube1/a/1 ");
	ck_assert_str_eq(none, "");
}
END_TEST

/* A disk that is not mounted is not an empty store. */
START_TEST(test_folder__a_missing_root_is_an_error)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_listing struct s3_listing listing = {0};
	cleanup_free char *root = file_join(dir, "store");

	ck_assert_int_eq(rmdir(root), 0);
	ck_assert_int_eq(s3_store_list(store, "", false, &listing, &deadline, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, root));
}
END_TEST

START_TEST(test_folder__create_does_not_replace)
{
	cleanup_err struct err err = ERR_INIT;

	must(s3_store_create(store, "a", "1", 1, &deadline, NULL, &err), &err);
	ck_assert_int_eq(s3_store_create(store, "a", "2", 1, &deadline, NULL, &err), -ERR_EXISTS);
	cleanup_free char *text = get("a"), *all = listed("", false);
	ck_assert_str_eq(text, "1");
	ck_assert_str_eq(all, "a ");
}
END_TEST

START_TEST(test_folder__ranges)
{
	cleanup_err struct err err = ERR_INIT;
	char bytes[8] = {0};

	put("a", "0123456789");
	must(s3_store_read(store, "a", 3, 4, bytes, &deadline, &err), &err);
	ck_assert_str_eq(bytes, "3456");
	ck_assert_int_eq(s3_store_read(store, "a", 8, 4, bytes, &deadline, &err), -ERR_INVALID);
	ck_assert_int_eq(s3_store_read(store, "b", 0, 4, bytes, &deadline, &err), -ERR_NOT_FOUND);
	ck_assert_int_eq(s3_store_get(store, "a", 9, &(struct buf){0}, &deadline, &err),
			 -ERR_INVALID);
}
END_TEST

static struct s3_upload *begin_upload(const char *key)
{
	cleanup_err struct err err = ERR_INIT;
	const struct s3_upload_options options = {.key = key};
	struct s3_upload *upload;

	must(s3_upload_new(store, &options, &deadline, &upload, &err), &err);
	return upload;
}

static void write_parts(struct s3_upload *upload, size_t size)
{
	cleanup_err struct err err = ERR_INIT;
	char bytes[5000];

	for (size_t at = 0; at < size;) {
		size_t piece = size - at < sizeof(bytes) ? size - at : sizeof(bytes);
		for (size_t i = 0; i < piece; i++)
			bytes[i] = (char)((at + i) % 251);
		must(s3_upload_write(upload, bytes, piece, &err), &err);
		at += piece;
	}
}

START_TEST(test_folder__an_upload_of_parts)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object object = {0};
	size_t size = 3 * S3_PART_MIN + 1234;
	struct s3_upload *upload = begin_upload("k/large");
	cleanup_free char *bytes = mem_alloc(size);

	write_parts(upload, size);
	cleanup_free char *before = listed("", false);
	ck_assert_str_eq(before, "");
	must(s3_upload_finish(upload, &object, &err), &err);
	s3_upload_free(upload);
	ck_assert_uint_eq(object.size, size);
	ck_assert_str_eq(object.key, "k/large");
	must(s3_store_read(store, "k/large", 0, size, bytes, &deadline, &err), &err);
	size_t same = 0;
	while (same < size && (unsigned char)bytes[same] == same % 251)
		same++;
	ck_assert_uint_eq(same, size);
	cleanup_free char *uploads = file_join(dir, "store/.uploads/k");
	ck_assert(!file_exists(uploads));
}
END_TEST

START_TEST(test_folder__an_upload_that_is_given_up)
{
	struct s3_upload *upload = begin_upload("k/large");

	write_parts(upload, S3_PART_MIN + 1);
	s3_upload_free(upload);
	cleanup_free char *tree = tree_text(dir);
	ck_assert_ptr_null(strstr(tree, "large"));
}
END_TEST

/* As a SIGKILL leaves them. */
START_TEST(test_folder__orphans)
{
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "store/.uploads/kube1/a.tgz/1700000000-0badcafe", "half");
	temp_write(dir, "store/.uploads/kube2/b.tgz/1700000000-0badcafe", "half");
	cleanup_free char *young =
		mem_printf("store/.uploads/kube1/c.tgz/%ld-0badcafe", time(NULL));
	temp_write(dir, young, "half");
	cleanup_free char *all = listed("", false);
	ck_assert_str_eq(all, "");
	ck_assert_int_eq(s3_store_abort_orphans(store, "kube1/", 86400, &deadline, &err), 1);
	ck_assert_int_eq(s3_store_abort_orphans(store, "kube1/", 86400, &deadline, &err), 0);
	cleanup_free char *tree = tree_text(dir);
	ck_assert_ptr_null(strstr(tree, "a.tgz"));
	ck_assert_ptr_nonnull(strstr(tree, "b.tgz"));
	ck_assert_ptr_nonnull(strstr(tree, "c.tgz"));
}
END_TEST

START_TEST(test_folder__a_full_or_forbidden_place_is_told)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *root = file_join(dir, "store");

	ck_assert_int_eq(chmod(root, 0500), 0);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(s3_store_put(store, "a", "x", 1, &deadline, NULL, &err), -ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.message, dir));
	(void)!seteuid(getuid());
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("s3/folder");
	TCase *tcase = tcase_create("folder");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_folder__what_was_put_is_there);
	tcase_add_test(tcase, test_folder__lists_as_a_bucket_does);
	tcase_add_test(tcase, test_folder__a_missing_root_is_an_error);
	tcase_add_test(tcase, test_folder__create_does_not_replace);
	tcase_add_test(tcase, test_folder__ranges);
	tcase_add_test(tcase, test_folder__an_upload_of_parts);
	tcase_add_test(tcase, test_folder__an_upload_that_is_given_up);
	tcase_add_test(tcase, test_folder__orphans);
	tcase_add_test(tcase, test_folder__a_full_or_forbidden_place_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
