/* Writing and reading together: what went in comes out, and what happened meanwhile is told. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "tgz/index.h"
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

static char *in_from(const char *name)
{
	return file_join(from, name);
}

static char *in_into(const char *name)
{
	return mem_printf("%s/t/%s", into, name);
}

/* Noise, so that a MiB of it is a MiB in the archive. */
static void write_noise(const char *name, size_t size)
{
	cleanup_free char *path = in_from(name);
	FILE *file = fopen(path, "w");
	unsigned int state = (unsigned int)size;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		putc((int)(state >> 16), file);
	}
	ck_assert_int_eq(fclose(file), 0);
}

static void set_time(const char *name, long seconds, long nanoseconds)
{
	cleanup_free char *path = in_from(name);
	const struct timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void check_round_trip(void)
{
	cleanup_free char *out = file_join(into, "t");

	pack_tree(&pack, from);
	pack_unpack(&pack, into);
	pack_compare(from, out);
}

START_TEST(test_archive__files_directories_links)
{
	cleanup_free char *link = in_from("link"), *hard = in_from("z-hard"), *a = in_from("a");
	cleanup_free char *fifo = in_from("fifo"), *empty = in_from("empty-dir");

	temp_write(from, "a", "content of a\n");
	temp_write(from, "d/e/f", "deep\n");
	temp_write(from, "d-before-slash", "sorted after d/\n");
	temp_write(from, "empty", "");
	write_noise("large", 5 * MIB + 123);
	ck_assert_int_eq(symlink("/somewhere/else", link), 0);
	ck_assert_int_eq(linkat(AT_FDCWD, a, AT_FDCWD, hard, 0), 0);
	ck_assert_int_eq(mkfifo(fifo, 0640), 0);
	ck_assert_int_eq(mkdir(empty, 0711), 0);
	ck_assert_int_eq(chmod(a, 04755), 0);
	set_time("a", 1700000000, 123456789);
	set_time("link", 1600000000, 987654321);
	set_time("d/e", 1500000000, 5);
	check_round_trip();
	ck_assert_uint_eq(pack.summary.files, 6);
	ck_assert_uint_eq(pack.summary.links, 2);
	ck_assert_uint_eq(pack.notes.n, 0);
}
END_TEST

START_TEST(test_archive__owners_attributes_and_acls)
{
	cleanup_free char *file = in_from("file"), *dir = in_from("dir");

	if (geteuid() != 0)
		return;
	temp_write(from, "file", "x");
	temp_write(from, "dir/y", "y");
	ck_assert_int_eq(chown(file, 1000, 70000), 0);
	ck_assert_int_eq(chown(dir, 4000000000U, 3), 0);
	ck_assert_int_eq(setxattr(file, "user.color", "blue\0green", 10, 0), 0);
	ck_assert_int_eq(setxattr(dir, "trusted.x", "y", 1, 0), 0);
	/* user::rw-, user:33:r--, group::r--, mask::r--, other::--- */
	static const unsigned char acl[] = {2,	 0,   0,   0,	1,   0,	  6,  0,   255, 255, 255,
					    255, 2,   0,   4,	0,   33,  0,  0,   0,	4,   0,
					    4,	 0,   255, 255, 255, 255, 16, 0,   4,	0,   255,
					    255, 255, 255, 32,	0,   0,	  0,  255, 255, 255, 255};
	ck_assert_int_eq(setxattr(file, "system.posix_acl_access", acl, sizeof(acl), 0), 0);
	ck_assert_int_eq(setxattr(dir, "system.posix_acl_default", acl, sizeof(acl), 0), 0);
	check_round_trip();
}
END_TEST

START_TEST(test_archive__names_of_all_kinds)
{
	static const char *const names[] = {
		"umlaut-\xc3\xa9\xc3\xa4",
		"latin1-\xe9\xe4",
		"tab\tnewline\nback\\slash",
		" space at both ends ",
		"-dash",
		"#comment",
		"\xf0\x9f\x90\xb3 whale",
		"invalid-\xff\xfe",
	};
	char longest[241], deep[3000];
	cleanup_free char *link = in_from("to-latin1");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		temp_write(from, names[i], names[i]);
	memset(longest, 'n', 240);
	longest[240] = '\0';
	temp_write(from, longest, "240");
	for (size_t i = 0; i < sizeof(deep) - 1; i++)
		deep[i] = i % 100 == 99 ? '/' : 'd';
	deep[sizeof(deep) - 1] = '\0';
	temp_write(from, deep, "deep");
	ck_assert_int_eq(symlink("latin1-\xe9\xe4", link), 0);
	check_round_trip();
}
END_TEST

START_TEST(test_archive__sparse_files_stay_sparse)
{
	static const struct {
		off_t at;
		const char *text;
	} pieces[] = {{0, "start"}, {3 << 20, "middle"}, {20 << 20, "end"}};
	cleanup_free char *holes = in_from("holes"), *nothing = in_from("nothing");
	cleanup_fd int fd = open(holes, O_WRONLY | O_CREAT, 0600);
	cleanup_fd int none = open(nothing, O_WRONLY | O_CREAT, 0600);

	for (int i = 0; i < 3; i++)
		ck_assert_int_gt(pwrite(fd, pieces[i].text, strlen(pieces[i].text), pieces[i].at),
				 0);
	ck_assert_int_eq(ftruncate(fd, 30 << 20), 0);
	ck_assert_int_eq(ftruncate(none, 10 << 20), 0);
	check_round_trip();
	ck_assert_uint_lt(pack.archive.len, MIB / 4);
}
END_TEST

START_TEST(test_archive__what_is_excluded_or_special_is_left_out)
{
	cleanup_free char *path = in_from("socket");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct tgz_walk_options walk = {.root = from, .name = "t"};
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	temp_write(from, "keep", "x");
	temp_write(from, "app.log", "x");
	temp_write(from, "cache/x", "x");
	temp_write(from, "thumbs/CACHEDIR.TAG",
		   "Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n");
	temp_write(from, "thumbs/1.png", "x");
	list_add(&walk.exclude, "*.log");
	list_add(&walk.exclude, "cache/");
	pack_walk(&pack, &walk);
	list_done(&walk.exclude);
	pack_unpack(&pack, into);
	cleanup_free char *tree = tree_text(into);
	ck_assert_ptr_nonnull(strstr(tree, "/t/keep"));
	ck_assert_ptr_nonnull(strstr(tree, "/t/thumbs/CACHEDIR.TAG"));
	ck_assert_ptr_null(strstr(tree, "1.png"));
	ck_assert_ptr_null(strstr(tree, "app.log"));
	ck_assert_ptr_null(strstr(tree, "/t/cache"));
	ck_assert_uint_eq(pack.notes.n, 2);
	ck_assert(list_has(&pack.notes, "special t/socket"));
	ck_assert(list_has(&pack.notes, "cache t/thumbs"));
}
END_TEST

START_TEST(test_archive__root_may_be_a_symlink_or_a_file)
{
	cleanup_free char *alias = file_join(into, "alias"), *file = in_from("one");

	temp_write(from, "one", "1");
	ck_assert_int_eq(symlink(from, alias), 0);
	pack_walk(&pack, &(struct tgz_walk_options){.root = alias, .name = "t"});
	ck_assert_uint_eq(pack.summary.files, 1);
	pack_done(&pack);
	pack_walk(&pack, &(struct tgz_walk_options){.root = file});
	pack_unpack(&pack, into);
	cleanup_free char *text = temp_read(into, file + 1);
	ck_assert_str_eq(text, "1");
}
END_TEST

/* ---- Files that change. The visitor changes them at the moment that matters. */

struct meddler {
	void (*meddle)(const char *path);
	const char *name;
};

static int meddle(void *context, struct tgz_entry *entry, struct err *err)
{
	const struct meddler *meddler = context;
	cleanup_free char *path = in_from(entry->file);

	(void)err;
	if (!strcmp(entry->file, meddler->name))
		meddler->meddle(path);
	return 0;
}

static void meddle_with(const char *name, void (*function)(const char *path))
{
	struct meddler meddler = {function, name};

	pack_walk(&pack, &(struct tgz_walk_options){
				 .root = from, .name = "t", .visit = meddle, .context = &meddler});
}

static void remove_it(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(test_archive__vanished)
{
	temp_write(from, "a", "1");
	temp_write(from, "b", "2");
	meddle_with("a", remove_it);
	ck_assert_uint_eq(pack.notes.n, 1);
	ck_assert(list_has(&pack.notes, "vanished t/a"));
	pack_unpack(&pack, into);
	cleanup_free char *b = temp_read(into, "t/b");
	ck_assert_str_eq(b, "2");
	ck_assert_uint_eq(pack.summary.errors, 0);
}
END_TEST

static void turn_into_link(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
}

/* Swapped for a symlink between listing and opening: it is not followed. */
START_TEST(test_archive__swapped_for_a_symlink)
{
	temp_write(from, "a", "1");
	meddle_with("a", turn_into_link);
	ck_assert(list_has(&pack.notes, "changed t/a"));
	ck_assert_uint_eq(pack.summary.files, 0);
}
END_TEST

/* While it is read: the sink sees the bytes of a file of noise before the file is at its end. */
struct racer {
	struct pack *pack;
	char *path;
	off_t to;
	bool done;
};

static int race(void *context, const void *bytes, size_t length, struct err *err)
{
	struct racer *racer = context;

	if (!racer->done && racer->pack->archive.len > MIB) {
		if (racer->to >= 0)
			ck_assert_int_eq(truncate(racer->path, racer->to), 0);
		else
			ck_assert_int_eq(chmod(racer->path, 0604), 0);
		racer->done = true;
	}
	return pack_take(&racer->pack->archive, bytes, length, err);
}

static void race_to(off_t to)
{
	cleanup_err struct err err = ERR_INIT;
	struct racer racer = {&pack, in_from("large"), to, false};
	const struct tgz_writer_options options = {.archive = {race, &racer},
						   .index = {pack_take, &pack.index},
						   .threads = 1,
						   .note = pack_note,
						   .context = &pack};
	const struct tgz_walk_options walk = {.root = from, .name = "t"};

	write_noise("large", 12 * MIB);
	struct tgz_writer *writer = tgz_writer_new(&options);
	must(tgz_writer_add_tree(writer, &walk, &err), &err);
	must(tgz_writer_finish(writer, &pack.summary, &err), &err);
	tgz_writer_free(writer);
	free(racer.path);
	ck_assert(racer.done);
	pack_unpack(&pack, into);
}

static off_t size_of_copy(void)
{
	cleanup_free char *path = in_into("large");
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

START_TEST(test_archive__grew)
{
	race_to(20 * (off_t)MIB);
	ck_assert_str_eq(pack.notes.items[0], "grew t/large");
	ck_assert_int_eq(size_of_copy(), 12 * (off_t)MIB);
}
END_TEST

START_TEST(test_archive__shrank)
{
	race_to(10 * (off_t)MIB);
	ck_assert_str_eq(pack.notes.items[0], "shrank t/large");
	ck_assert_int_eq(size_of_copy(), 12 * (off_t)MIB);
}
END_TEST

START_TEST(test_archive__changed)
{
	race_to(-1);
	ck_assert_str_eq(pack.notes.items[0], "changed t/large");
	ck_assert_uint_eq(pack.summary.notes, 1);
	ck_assert_uint_eq(pack.summary.errors, 0);
}
END_TEST

START_TEST(test_archive__unreadable_is_an_error)
{
	cleanup_free char *path = in_from("a");

	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	temp_write("/tmp", "desired-unreadable/a", "1"); /* of a user that may not read it */
	ck_assert_int_eq(chmod("/tmp/desired-unreadable/a", 0), 0);
	pack_walk(&pack,
		  &(struct tgz_walk_options){.root = "/tmp/desired-unreadable", .name = "t"});
	temp_remove("/tmp/desired-unreadable");
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert(list_has(&pack.notes, "unreadable t/a"));
	ck_assert_uint_eq(pack.summary.errors, 1);
}
END_TEST

/* ---- What the caller chooses. */

static int substitute(void *context, struct tgz_entry *entry, struct err *err)
{
	(void)err;
	if (!strcmp(entry->file, "live.db")) {
		entry->content = memfd_create("snapshot", MFD_CLOEXEC);
		ck_assert_int_eq(write(entry->content, context, strlen(context)),
				 (ssize_t)strlen(context));
	}
	return strcmp(entry->file, "live.db-wal") ? 0 : TGZ_LEAVE_OUT;
}

START_TEST(test_archive__content_from_elsewhere)
{
	char snapshot[] = "a consistent copy";
	cleanup_free char *path = in_from("live.db"), *out = in_into("live.db");
	struct stat st;

	temp_write(from, "live.db", "in the middle of a write");
	temp_write(from, "live.db-wal", "x");
	ck_assert_int_eq(chmod(path, 0600), 0);
	pack_walk(&pack,
		  &(struct tgz_walk_options){
			  .root = from, .name = "t", .visit = substitute, .context = snapshot});
	pack_unpack(&pack, into);
	cleanup_free char *text = temp_read(into, "t/live.db");
	ck_assert_str_eq(text, snapshot);
	ck_assert_int_eq(stat(out, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(pack.notes.n, 0);
	ck_assert_uint_eq(pack.summary.files, 1);
}
END_TEST

START_TEST(test_archive__a_file_without_a_place)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_fd int fd = memfd_create("dump", MFD_CLOEXEC);
	const struct tgz_file file = {
		.path = "_dumps/ghost.sql", .mode = 0640, .modified = 1700000000};
	struct tgz_writer *writer = pack_writer(&pack);

	ck_assert_int_eq(write(fd, "select 1;", 9), 9);
	must(tgz_writer_add_file(writer, &file, fd, &err), &err);
	must(tgz_writer_finish(writer, &pack.summary, &err), &err);
	tgz_writer_free(writer);
	pack_unpack(&pack, into);
	cleanup_free char *text = temp_read(into, "_dumps/ghost.sql");
	ck_assert_str_eq(text, "select 1;");
}
END_TEST

/* ---- The pieces. */

/* Whoever has only the archive can split it: each member tells its length. And digests are as told.
 */
START_TEST(test_archive__members_and_digests)
{
	size_t at = 0, members = 0;

	write_noise("large", 3 * MIB);
	pack_tree(&pack, from);
	while (at < pack.archive.len) {
		const unsigned char *head = (unsigned char *)pack.archive.data + at;
		ck_assert(head[0] == 0x1f && head[1] == 0x8b && head[12] == 'd' && head[13] == 'S');
		at += (size_t)head[16] | (size_t)head[17] << 8 | (size_t)head[18] << 16;
		members++;
	}
	ck_assert_uint_eq(at, pack.archive.len);
	ck_assert_uint_eq(members, 4);
	cleanup_free char *archive = digest_sha256_hex(pack.archive.data, pack.archive.len);
	cleanup_free char *index = digest_sha256_hex(pack.index.data, pack.index.len);
	ck_assert_str_eq(archive, pack.summary.archive_sha256);
	ck_assert_str_eq(index, pack.summary.index_sha256);
	ck_assert_uint_eq(pack.index.len, pack.summary.index_size);
}
END_TEST

START_TEST(test_archive__the_same_tree_is_the_same_archive)
{
	struct pack again = {0};

	temp_write(from, "b", "2");
	temp_write(from, "a", "1");
	pack_tree(&pack, from);
	pack_tree(&again, from);
	ck_assert_str_eq(pack.summary.archive_sha256, again.summary.archive_sha256);
	pack_done(&again);
}
END_TEST

static int refuse(void *context, const void *bytes, size_t length, struct err *err)
{
	(void)context, (void)bytes, (void)length;
	return err_set(err, ERR_IO, "the disk is full");
}

START_TEST(test_archive__a_failing_sink_ends_it)
{
	cleanup_err struct err err = ERR_INIT;
	const struct tgz_writer_options options = {.archive = {refuse, NULL},
						   .index = {pack_take, &pack.index}};
	const struct tgz_walk_options walk = {.root = from, .name = "t"};
	struct tgz_writer *writer = tgz_writer_new(&options);

	write_noise("large", 20 * MIB);
	ck_assert_int_eq(tgz_writer_add_tree(writer, &walk, &err), -ERR_IO);
	ck_assert_str_eq(err.message, "the disk is full");
	tgz_writer_free(writer);
}
END_TEST

START_TEST(test_archive__cancel_ends_it)
{
	cleanup_err struct err err = ERR_INIT;
	struct cancel *cancel = cancel_new();
	const struct tgz_writer_options options = {.archive = {pack_take, &pack.archive},
						   .index = {pack_take, &pack.index},
						   .cancel = cancel};
	const struct tgz_walk_options walk = {.root = from, .name = "t"};
	struct tgz_writer *writer = tgz_writer_new(&options);

	temp_write(from, "a", "1");
	cancel_raise(cancel);
	ck_assert_int_eq(tgz_writer_add_tree(writer, &walk, &err), -ERR_CANCELED);
	tgz_writer_free(writer);
	cancel_free(cancel);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, test_archive__files_directories_links);
	tcase_add_test(tcase, test_archive__owners_attributes_and_acls);
	tcase_add_test(tcase, test_archive__names_of_all_kinds);
	tcase_add_test(tcase, test_archive__sparse_files_stay_sparse);
	tcase_add_test(tcase, test_archive__what_is_excluded_or_special_is_left_out);
	tcase_add_test(tcase, test_archive__root_may_be_a_symlink_or_a_file);
	tcase_add_test(tcase, test_archive__vanished);
	tcase_add_test(tcase, test_archive__swapped_for_a_symlink);
	tcase_add_test(tcase, test_archive__grew);
	tcase_add_test(tcase, test_archive__shrank);
	tcase_add_test(tcase, test_archive__changed);
	tcase_add_test(tcase, test_archive__unreadable_is_an_error);
	tcase_add_test(tcase, test_archive__content_from_elsewhere);
	tcase_add_test(tcase, test_archive__a_file_without_a_place);
	tcase_add_test(tcase, test_archive__members_and_digests);
	tcase_add_test(tcase, test_archive__the_same_tree_is_the_same_archive);
	tcase_add_test(tcase, test_archive__a_failing_sink_ends_it);
	tcase_add_test(tcase, test_archive__cancel_ends_it);
}

Suite *test_suite(void)
{
	Suite *suite = suite_create("tgz/archive");
	TCase *tcase = tcase_create("archive");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
