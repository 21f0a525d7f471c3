#include "tgz/index.h"

#include <stdio.h>

#include "base/file.h"
#include "tgz/line.h"
#include "unit/tgz/pack.h"

static char *from;
static struct pack pack;

static void set_up(void)
{
	from = temp_dir();
	pack = (struct pack){0};
}

static void tear_down(void)
{
	free(from);
	pack_done(&pack);
}

static int keep_path(void *context, const struct tgz_index_entry *entry, struct err *err)
{
	(void)err;
	list_add(context, entry->path);
	return 0;
}

static char *paths_below(const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list found = LIST_INIT;
	const struct tgz_index_visitor visitor = {.entry = keep_path, .context = &found};
	const struct tgz_source index = pack_index(&pack);

	must(tgz_index_find(&index, path, &visitor, &err), &err);
	return list_join(&found, " ");
}

/* Entries enough for many blocks: all are hard links, so that it takes no time. */
static void write_many(void)
{
	cleanup_free char *first = file_join(from, "f00000");

	temp_write(from, "f00000", "x");
	for (int i = 1; i < 9000; i++) {
		cleanup_free char *path = mem_printf("%s/f%05d", from, i);
		ck_assert_int_eq(link(first, path), 0);
	}
	pack_tree(&pack, from);
}

START_TEST(test_index__one_of_many_is_found_in_one_block)
{
	write_many();
	ck_assert_uint_gt(pack.summary.index_size, 50000);
	pack.read = 0;
	cleanup_free char *found = paths_below("t/f07123");
	ck_assert_str_eq(found, "t/f07123");
	ck_assert_uint_lt(pack.read, pack.summary.index_size / 2);
}
END_TEST

START_TEST(test_index__a_folder_and_all_in_it)
{
	cleanup_err struct err err = ERR_INIT;
	const struct tgz_index_visitor visitor = {.entry = keep_path};
	const struct tgz_source index = {pack_read_index, &pack, 0};

	temp_write(from, "a-b", "before a/ by byte, after it here");
	temp_write(from, "a/x", "1");
	temp_write(from, "a/y/z", "1");
	temp_write(from, "ab", "1");
	pack_tree(&pack, from);
	struct tgz_source source = index;
	source.size = pack.index.len;
	cleanup_free char *a = paths_below("t/a"), *leading = paths_below("/t/ab");
	ck_assert_str_eq(a, "t/a t/a/x t/a/y t/a/y/z");
	ck_assert_str_eq(leading, "t/ab");
	ck_assert_int_eq(tgz_index_find(&source, "t/c", &visitor, &err), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "there is no t/c in the archive");
}
END_TEST

/* Two trees whose names do not follow each other: the whole index is read then. */
START_TEST(test_index__an_unsorted_one)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_writer *writer = pack_writer(&pack);
	const struct tgz_walk_options first = {.root = from, .name = "z"},
				      second = {.root = from, .name = "a"};

	temp_write(from, "x", "1");
	must(tgz_writer_add_tree(writer, &first, &err), &err);
	must(tgz_writer_add_tree(writer, &second, &err), &err);
	must(tgz_writer_finish(writer, &pack.summary, &err), &err);
	tgz_writer_free(writer);
	cleanup_free char *a = paths_below("a"), *z = paths_below("z/x");
	ck_assert_str_eq(a, "a a/x");
	ck_assert_str_eq(z, "z/x");
}
END_TEST

START_TEST(test_index__notes_and_summary)
{
	cleanup_err struct err err = ERR_INIT;
	const struct tgz_index_visitor visitor = {.note = pack_note, .context = &pack};
	struct tgz_index_summary summary;

	temp_write(from, "c/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
	pack_tree(&pack, from);
	list_done(&pack.notes);
	const struct tgz_source index = pack_index(&pack);
	must(tgz_index_read(&index, &visitor, &summary, &err), &err);
	ck_assert_uint_eq(summary.entries, 3);
	ck_assert_uint_eq(summary.archive_size, pack.summary.archive_size);
	ck_assert_str_eq(summary.archive_sha256, pack.summary.archive_sha256);
	ck_assert_uint_eq(pack.notes.n, 1);
	ck_assert_str_eq(pack.notes.items[0], "cache t/c");
}
END_TEST

static const char *const paths[] = {
	"a", "a/b",  "a/b/c",	  "a/b0",      "a/b-c",	      "a b",	  "a-b",  "a0",
	"b", "\xff", "tab\there", "new\nline", "back\\slash", "\xc3\xa9", "\xe9",
};

START_TEST(test_line__fields_round_trip)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		cleanup_buf struct buf line = BUF_INIT;
		char *fields[5];
		buf_addstr(&line, "E");
		tgz_line_add_text(&line, paths[i]);
		tgz_line_add_number(&line, 42);
		tgz_line_add_text(&line, "");
		ck_assert_ptr_null(strchr(line.data, '\n'));
		ck_assert_int_eq(tgz_line_split(line.data, fields, 5), 4);
		ck_assert_str_eq(fields[1], paths[i]);
		ck_assert_str_eq(fields[2], "42");
		ck_assert_str_eq(fields[3], "");
	}
}
END_TEST

START_TEST(test_line__paths_compare_as_the_walk_sorts)
{
	ck_assert_int_lt(tgz_line_compare_paths("a", "a/b"), 0);
	ck_assert_int_lt(tgz_line_compare_paths("a/b", "a-b"), 0);
	ck_assert_int_lt(tgz_line_compare_paths("a/z/z", "a b"), 0);
	ck_assert_int_gt(tgz_line_compare_paths("\xff", "a"), 0);
	ck_assert_int_eq(tgz_line_compare_paths("a/b", "a/b"), 0);
	ck_assert(tgz_line_is_below("a/b", "a"));
	ck_assert(!tgz_line_is_below("ab", "a"));
	ck_assert(tgz_line_is_below("anything", "."));
}
END_TEST

START_TEST(test_line__numbers)
{
	uint64_t number;

	ck_assert(tgz_line_number("18446744073709551615", 10, &number) && number == UINT64_MAX);
	ck_assert(tgz_line_number("0755", 8, &number) && number == 0755);
	ck_assert(!tgz_line_number("18446744073709551616", 10, &number));
	ck_assert(!tgz_line_number("-1", 10, &number));
	ck_assert(!tgz_line_number("1x", 10, &number));
	ck_assert(!tgz_line_number("", 10, &number));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tgz/index");
	TCase *tcase = tcase_create("index");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_index__one_of_many_is_found_in_one_block);
	tcase_add_test(tcase, test_index__a_folder_and_all_in_it);
	tcase_add_test(tcase, test_index__an_unsorted_one);
	tcase_add_test(tcase, test_index__notes_and_summary);
	tcase_add_test(tcase, test_line__fields_round_trip);
	tcase_add_test(tcase, test_line__paths_compare_as_the_walk_sorts);
	tcase_add_test(tcase, test_line__numbers);
	suite_add_tcase(suite, tcase);
	return suite;
}
