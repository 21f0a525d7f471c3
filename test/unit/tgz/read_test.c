/* Reading: parts of an archive, what is damaged, and what was made to do harm. */
#include "tgz/read.h"

#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/digest.h"
#include "base/file.h"
#include "tgz/index_writer.h"
#include "tgz/press.h"
#include "tgz/tar.h"
#include "unit/tgz/pack.h"

#define MIB ((size_t)1 << 20)

static char *from, *into;
static struct pack pack;

static void set_up(void)
{
	from = temp_dir();
	into = temp_dir();
	pack = (struct pack){0};
}

static void tear_down(void)
{
	free(from);
	free(into);
	pack_done(&pack);
}

static void write_noise(const char *name, size_t size, unsigned int state)
{
	cleanup_free char *path = file_join(from, name);
	FILE *file;

	temp_write(from, name, "");
	file = fopen(path, "w");
	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		putc((int)(state >> 16), file);
	}
	ck_assert_int_eq(fclose(file), 0);
}

/* 40 files of 256 KiB in four folders, and small ones between them. */
static void write_tree(void)
{
	for (unsigned int i = 0; i < 40; i++) {
		cleanup_free char *name = mem_printf("d%u/noise%02u", i / 10, i);
		cleanup_free char *note = mem_printf("d%u/note%02u", i / 10, i);
		write_noise(name, MIB / 4, i);
		temp_write(from, note, name);
	}
	pack_tree(&pack, from);
}

static bool is_chosen(void *context, const struct tgz_index_entry *entry)
{
	const struct pack *ours = context;

	return ours->notes.n > 0 &&
	       !strncmp(entry->path, ours->notes.items[0], strlen(ours->notes.items[0]));
}

/* Unpacks what begins with this. */
static struct tgz_read_summary unpack_only(const char *prefix)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_options options = pack_options(&pack, into);
	struct tgz_read_summary summary;

	list_add(&pack.notes, prefix);
	options.choose = is_chosen;
	must(tgz_read(&options, &summary, &err), &err);
	return summary;
}

START_TEST(test_read__one_file_fetches_little)
{
	write_tree();
	pack.read = 0;
	struct tgz_read_summary summary = unpack_only("t/d2/note25");
	cleanup_free char *text = temp_read(into, "t/d2/note25");
	ck_assert_str_eq(text, "d2/noise25");
	ck_assert_uint_eq(summary.entries, 1);
	ck_assert_uint_le(pack.read, 2 * MIB + 3 * pack.index.len);
	cleanup_free char *tree = tree_text(into);
	ck_assert_ptr_null(strstr(tree, "note24"));
}
END_TEST

START_TEST(test_read__a_folder)
{
	cleanup_free char *one = file_join(from, "d1");
	cleanup_free char *other = file_join(into, "t/d1");

	write_tree();
	struct tgz_read_summary summary = unpack_only("t/d1");
	ck_assert_uint_eq(summary.entries, 21);
	pack_compare(one, other);
	ck_assert_uint_le(summary.fetched, 4 * MIB);
}
END_TEST

/* Far from each other: what lies between is not fetched. */
static bool is_first_or_last(void *context, const struct tgz_index_entry *entry)
{
	(void)context;
	return !strcmp(entry->path, "t/d0/note00") || !strcmp(entry->path, "t/d3/note39") ||
	       !strcmp(entry->path, "t/d1/noise15");
}

START_TEST(test_read__files_apart)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_options options = pack_options(&pack, into);
	struct tgz_read_summary summary;

	write_tree();
	options = pack_options(&pack, into);
	options.choose = is_first_or_last;
	must(tgz_read(&options, &summary, &err), &err);
	ck_assert_uint_eq(summary.entries, 3);
	ck_assert_uint_le(summary.fetched, 5 * MIB);
	cleanup_free char *first = temp_read(into, "t/d0/note00");
	cleanup_free char *last = temp_read(into, "t/d3/note39");
	ck_assert_str_eq(first, "d0/noise00");
	ck_assert_str_eq(last, "d3/noise39");
}
END_TEST

START_TEST(test_read__verify_writes_nothing)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_summary summary;

	write_tree();
	struct tgz_read_options options = pack_options(&pack, NULL);
	must(tgz_read(&options, &summary, &err), &err);
	ck_assert_uint_eq(summary.entries, 85);
	ck_assert_uint_eq(summary.fetched, pack.archive.len);
}
END_TEST

static char *move_up(void *context, const char *path)
{
	(void)context;
	return mem_printf("restored/%s", path + strlen("t"));
}

START_TEST(test_read__another_place)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_summary summary;

	temp_write(from, "a/b", "1");
	pack_tree(&pack, from);
	struct tgz_read_options options = pack_options(&pack, into);
	options.rename = move_up;
	must(tgz_read(&options, &summary, &err), &err);
	cleanup_free char *text = temp_read(into, "restored/a/b");
	ck_assert_str_eq(text, "1");
}
END_TEST

static void make_hard_links(void)
{
	cleanup_free char *a = file_join(from, "a"), *b = file_join(from, "b/link");
	cleanup_free char *c = file_join(from, "b/other");

	temp_write(from, "a", "shared");
	temp_write(from, "b/x", "x");
	ck_assert_int_eq(link(a, b), 0);
	ck_assert_int_eq(link(a, c), 0);
	pack_tree(&pack, from);
}

START_TEST(test_read__a_hard_link_without_its_target)
{
	struct stat one, other;

	make_hard_links();
	unpack_only("t/b");
	cleanup_free char *text = temp_read(into, "t/b/link");
	cleanup_free char *b = file_join(into, "t/b/link"), *c = file_join(into, "t/b/other");
	cleanup_free char *tree = tree_text(into);
	ck_assert_str_eq(text, "shared");
	ck_assert_int_eq(stat(b, &one), 0);
	ck_assert_int_eq(stat(c, &other), 0);
	ck_assert_uint_eq(one.st_ino, other.st_ino);
	ck_assert_ptr_null(strstr(tree, "/t/a "));
}
END_TEST

/* ---- Going on after an interruption. */

START_TEST(test_read__resume_fetches_what_is_missing)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *out = file_join(into, "t");
	cleanup_free char *gone = file_join(into, "t/d1/noise15");
	struct tgz_read_summary summary;

	write_tree();
	pack_unpack(&pack, into);
	ck_assert_int_eq(unlink(gone), 0);
	temp_write(into, "t/d2/note25", "somebody wrote here");
	struct tgz_read_options options = pack_options(&pack, into);
	options.resume = true;
	must(tgz_read(&options, &summary, &err), &err);
	ck_assert_uint_eq(summary.kept, 78);
	ck_assert_uint_le(summary.fetched, 5 * MIB);
	pack_compare(from, out);
}
END_TEST

/* ---- Damage. Each is told as itself. */

static int verify(struct err *err)
{
	struct tgz_read_options options = pack_options(&pack, NULL);
	struct tgz_read_summary summary;

	err_done(err);
	return tgz_read(&options, &summary, err);
}

/* Flips one bit in every `step`th byte; how many flips went unnoticed. What fills the last byte of
 * a deflate stream means nothing. */
static int count_unnoticed(struct buf *bytes, size_t step)
{
	int count = 0;

	for (size_t i = 0; i < bytes->len; i += step) {
		cleanup_err struct err err = ERR_INIT;
		bytes->data[i] ^= 4;
		int r = verify(&err);
		ck_assert_msg(r == 0 || r == -ERR_INVALID, "byte %zu: %s", i, err.message);
		count += r == 0;
		bytes->data[i] ^= 4;
	}
	return count;
}

START_TEST(test_read__every_flipped_byte_is_noticed)
{
	cleanup_err struct err err = ERR_INIT;

	temp_write(from, "a", "content of a");
	write_noise("b", 5000, 1);
	pack_tree(&pack, from);
	ck_assert_int_le(count_unnoticed(&pack.archive, 23), 1);
	ck_assert_int_le(count_unnoticed(&pack.index, 5), 2);
	must(verify(&err), &err);
}
END_TEST

START_TEST(test_read__truncated)
{
	cleanup_err struct err err = ERR_INIT;

	write_tree();
	buf_truncate(&pack.archive, pack.archive.len - 1);
	ck_assert_int_eq(verify(&err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "cut short"));
	buf_truncate(&pack.index, pack.index.len - 1);
	ck_assert_int_eq(verify(&err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "does not end as one does"));
}
END_TEST

/* Two archives of the same size whose objects were swapped. */
START_TEST(test_read__swapped)
{
	cleanup_err struct err err = ERR_INIT;
	struct pack other = {0};

	write_noise("a", 5000, 1);
	pack_tree(&pack, from);
	for (unsigned int i = 2; i < 500 && other.archive.len != pack.archive.len; i++) {
		pack_done(&other);
		other = (struct pack){0};
		write_noise("a", 5000, i);
		pack_tree(&other, from);
	}
	ck_assert_uint_eq(pack.archive.len, other.archive.len);
	memcpy(pack.archive.data, other.archive.data, other.archive.len);
	ck_assert_int_eq(verify(&err), -ERR_INVALID);
	ck_assert_msg(strstr(err.message, "t/a") && strstr(err.message, "SHA-256"), "%s",
		      err.message);
	pack_done(&other);
}
END_TEST

static int fail_read(void *context, uint64_t offset, size_t length, void *bytes, struct err *err)
{
	(void)context, (void)offset, (void)length, (void)bytes;
	return err_set(err, ERR_UNREACHABLE, "the server is gone");
}

START_TEST(test_read__errors_of_the_source_come_through)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_summary summary;

	write_tree();
	struct tgz_read_options options = pack_options(&pack, NULL);
	options.archive.read = fail_read;
	ck_assert_int_eq(tgz_read(&options, &summary, &err), -ERR_UNREACHABLE);
	ck_assert_str_eq(err.message, "the archive: the server is gone");
}
END_TEST

START_TEST(test_read__a_missing_directory_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_summary summary;

	temp_write(from, "a", "1");
	pack_tree(&pack, from);
	struct tgz_read_options options = pack_options(&pack, "/nonexistent/place");
	ck_assert_int_eq(tgz_read(&options, &summary, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "/nonexistent/place"));
}
END_TEST

/* ---- Archives that were made to do harm, each with an index that agrees. */

struct forge {
	struct tgz_press *press;
	struct tgz_index_writer *index;
	struct tgz_tar *tar;
};

static int take_tar(void *context, const void *bytes, size_t length, struct err *err)
{
	return tgz_press_write(((struct forge *)context)->press, bytes, length, err);
}

static int take_member(void *context, const struct tgz_member *member, const void *bytes,
		       struct err *err)
{
	struct forge *forge = context;

	buf_add(&pack.archive, bytes, member->length);
	return tgz_index_writer_member(forge->index, member, err);
}

static void forge_start(struct forge *forge)
{
	const struct tgz_press_options press = {
		.threads = 1, .member = take_member, .context = forge};
	const struct tgz_sink tar = {take_tar, forge}, index = {pack_take, &pack.index};

	forge->press = tgz_press_new(&press);
	forge->tar = tgz_tar_new(&tar);
	forge->index = tgz_index_writer_new(&index);
}

static void forge_entry(struct forge *forge, const char *path, mode_t mode, const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	bool is_file = S_ISREG(mode);
	cleanup_free char *sha256 = digest_sha256_hex(text, strlen(text));
	struct tgz_tar_entry entry = {.path = path, .fd = -1};
	struct tgz_index_entry line = {
		.type = is_file		? TGZ_FILE
			: S_ISLNK(mode) ? TGZ_SYMLINK
					: TGZ_DIRECTORY,
		.mode = mode & 07777,
		.size = is_file ? strlen(text) : 0,
		.path = path,
	};

	entry.st.st_mode = mode;
	entry.st.st_size = is_file ? (off_t)strlen(text) : 0;
	entry.st.st_rdev = makedev(1, 3);
	entry.symlink = S_ISLNK(mode) ? text : NULL;
	line.target = entry.symlink;
	tgz_index_writer_begin(forge->index, &line, tgz_press_offset(forge->press));
	must(tgz_tar_begin(forge->tar, &entry, &err), &err);
	if (is_file)
		must(tgz_tar_write(forge->tar, text, strlen(text), &err), &err);
	must(tgz_tar_end(forge->tar, &err), &err);
	tgz_index_writer_end(forge->index, tgz_press_offset(forge->press), is_file ? sha256 : "");
}

static void forge_finish(struct forge *forge)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_index_summary summary = {0};

	must(tgz_tar_finish(forge->tar, &err), &err);
	must(tgz_press_finish(forge->press, &err), &err);
	summary.archive_size = pack.archive.len;
	memset(summary.archive_sha256, '0', 64);
	must(tgz_index_writer_finish(forge->index, &summary, &err), &err);
	tgz_tar_free(forge->tar);
	tgz_press_free(forge->press);
	tgz_index_writer_free(forge->index);
}

static const struct attack {
	const char *name;
	struct {
		const char *path;
		mode_t mode;
		const char *text; /* @: the folder outside */
	} entries[4];
	const char *said;
} attacks[] = {
	{"dot-dot", {{"t/../../@/evil", S_IFREG | 0644, "x"}}, "lead out"},
	{"dot-dot at the start", {{"../evil", S_IFREG | 0644, "x"}}, "lead out"},
	{"dot-dot at the end", {{"t/..", S_IFDIR | 0777, ""}}, "lead out"},
	{"absolute", {{"/@/evil", S_IFREG | 0644, "x"}}, "lead out"},
	{"a symlink, then a file through it",
	 {{"l", S_IFLNK | 0777, "/@"}, {"l/evil", S_IFREG | 0644, "x"}},
	 "symbolic link"},
	{"a deeper one",
	 {{"d", S_IFDIR | 0755, ""},
	  {"d/l", S_IFLNK | 0777, "/@"},
	  {"d/l/sub", S_IFDIR | 0755, ""},
	  {"d/l/sub/evil", S_IFREG | 0644, "x"}},
	 "symbolic link"},
	{"a symlink, then a directory in its place",
	 {{"l", S_IFLNK | 0777, "/@"}, {"l", S_IFDIR | 0700, ""}, {"l/evil", S_IFREG | 0644, "x"}},
	 "symbolic link"},
	{"a directory, then a symlink in its place",
	 {{"d", S_IFDIR | 0755, ""}, {"d", S_IFLNK | 0777, "/@"}, {"d/evil", S_IFREG | 0644, "x"}},
	 "symbolic link"},
	{"a device", {{"null", S_IFCHR | 0666, ""}}, "something else"},
};

/* @ stands for the folder outside, which must stay empty. */
static char *with_outside(const char *text, const char *outside)
{
	const char *at = strchr(text, '@');

	return at ? mem_printf("%.*s%s%s", (int)(at - text), text, outside + 1, at + 1)
		  : mem_strdup(text);
}

START_TEST(test_read__refuses)
{
	cleanup_err struct err err = ERR_INIT;
	const struct attack *attack = &attacks[_i];
	cleanup_free char *outside = temp_dir();
	struct tgz_read_summary summary;
	struct forge forge;

	forge_start(&forge);
	for (int i = 0; i < 4 && attack->entries[i].path; i++) {
		cleanup_free char *path = with_outside(attack->entries[i].path, outside);
		cleanup_free char *text = with_outside(attack->entries[i].text, outside);
		forge_entry(&forge, path, attack->entries[i].mode, text);
	}
	forge_finish(&forge);
	struct tgz_read_options options = pack_options(&pack, into);
	int r = tgz_read(&options, &summary, &err);
	cleanup_free char *tree = tree_text(outside);
	ck_assert_msg(r == -ERR_INVALID, "%s was not refused: %d", attack->name, r);
	ck_assert_msg(strstr(err.message, attack->said) != NULL, "%s: %s", attack->name,
		      err.message);
	ck_assert_msg(!*tree, "%s wrote outside: %s", attack->name, tree);
}
END_TEST

/* A symlink that is replaced by a file of its name is no way out: the link goes, its target stays.
 */
START_TEST(test_read__a_symlink_is_replaced_and_not_followed)
{
	cleanup_free char *outside = temp_dir(), *target = file_join(outside, "target");
	struct forge forge;

	temp_write(outside, "target", "untouched");
	forge_start(&forge);
	forge_entry(&forge, "l", S_IFLNK | 0777, target);
	forge_entry(&forge, "l", S_IFREG | 0644, "evil");
	forge_finish(&forge);
	pack_unpack(&pack, into);
	cleanup_free char *text = temp_read(outside, "target");
	cleanup_free char *file = temp_read(into, "l");
	ck_assert_str_eq(text, "untouched");
	ck_assert_str_eq(file, "evil");
}
END_TEST

/* The index has one entry more, or one less, than the archive. */
START_TEST(test_read__index_and_archive_must_agree)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_summary summary;
	struct tgz_tar_entry entry = {.path = "hidden", .fd = -1, .st.st_mode = S_IFDIR | 0755};
	struct forge forge;

	forge_start(&forge);
	forge_entry(&forge, "a", S_IFREG | 0644, "x");
	must(tgz_tar_begin(forge.tar, &entry, &err), &err);
	must(tgz_tar_end(forge.tar, &err), &err);
	forge_finish(&forge);
	struct tgz_read_options options = pack_options(&pack, into);
	ck_assert_int_eq(tgz_read(&options, &summary, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "does not know"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, test_read__one_file_fetches_little);
	tcase_add_test(tcase, test_read__a_folder);
	tcase_add_test(tcase, test_read__files_apart);
	tcase_add_test(tcase, test_read__verify_writes_nothing);
	tcase_add_test(tcase, test_read__another_place);
	tcase_add_test(tcase, test_read__a_hard_link_without_its_target);
	tcase_add_test(tcase, test_read__resume_fetches_what_is_missing);
	tcase_add_test(tcase, test_read__every_flipped_byte_is_noticed);
	tcase_add_test(tcase, test_read__truncated);
	tcase_add_test(tcase, test_read__swapped);
	tcase_add_test(tcase, test_read__errors_of_the_source_come_through);
	tcase_add_test(tcase, test_read__a_missing_directory_is_named);
	tcase_add_loop_test(tcase, test_read__refuses, 0, sizeof(attacks) / sizeof(*attacks));
	tcase_add_test(tcase, test_read__a_symlink_is_replaced_and_not_followed);
	tcase_add_test(tcase, test_read__index_and_archive_must_agree);
}

Suite *test_suite(void)
{
	Suite *suite = suite_create("tgz/read");
	TCase *tcase = tcase_create("read");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
