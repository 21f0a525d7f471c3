#include "age/age.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "age/bech32.h"
#include "age/header.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define SECRET "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define SEALED (AGE_CHUNK + 16)

/* ---- Two who may read, and one who may not. */

static struct age_recipients recipients;
static struct age_identities ours, second, others;

static struct age_identities make_identity(unsigned char fill)
{
	struct age_identities identities = {0};
	cleanup_err struct err err = ERR_INIT;
	unsigned char secret[AGE_KEY];

	memset(secret, fill, sizeof(secret));
	cleanup_free char *text = age_bech32_encode("age-secret-key-", secret, sizeof(secret));
	must(age_identities_parse(&identities, text, "key", &err), &err);
	return identities;
}

static void admit(const struct age_identities *identities)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = age_recipient_text(identities->items[0].recipient);

	must(age_recipients_add(&recipients, text, &err), &err);
}

static void set_up(void)
{
	ours = make_identity(0x42);
	second = make_identity(0x43);
	others = make_identity(0x44);
	admit(&ours);
	admit(&second);
}

static void tear_down(void)
{
	age_identities_done(&ours);
	age_identities_done(&second);
	age_identities_done(&others);
	age_recipients_done(&recipients);
}

static int take(void *context, const void *bytes, size_t length, struct err *err)
{
	(void)err;
	buf_add(context, bytes, length);
	return 0;
}

static char *content(size_t length)
{
	char *bytes = mem_alloc(length + 1);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i * 2654435761U >> 13);
	return bytes;
}

/* In pieces that fit no chunk. */
static struct buf encrypt(const char *bytes, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	struct buf file = BUF_INIT;
	const struct age_sink sink = {take, &file};
	struct age_writer *writer = age_writer_new(&recipients, &sink);

	for (size_t at = 0; at < length; at += 10007)
		must(age_writer_write(writer, bytes + at, length - at < 10007 ? length - at : 10007,
				      &err),
		     &err);
	must(age_writer_finish(writer, &err), &err);
	age_writer_free(writer);
	return file;
}

static int give(void *context, uint64_t offset, size_t length, void *bytes, struct err *err)
{
	const struct buf *file = context;

	if (offset + length > file->len)
		return err_set(err, ERR_IO, "asked for bytes that are not there");
	memcpy(bytes, file->data + offset, length);
	return 0;
}

static int open_reader(struct buf *file, const struct age_identities *identities,
		       struct age_reader **ret, struct err *err)
{
	const struct age_source source = {give, file, file->len};

	return age_reader_open(&source, identities, ret, err);
}

/* All of it, or the error. */
static int decrypt(struct buf *file, const struct age_identities *identities, struct buf *ret,
		   struct err *err)
{
	struct age_reader *reader;

	int r = open_reader(file, identities, &reader, err);
	if (r < 0)
		return r;
	buf_reserve(ret, (size_t)age_reader_size(reader));
	r = age_reader_read(reader, 0, (size_t)age_reader_size(reader), ret->data, err);
	ret->len = r < 0 ? 0 : (size_t)age_reader_size(reader);
	age_reader_free(reader);
	return r;
}

static void fails(struct buf *file, const struct age_identities *identities, int code,
		  const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf plain = BUF_INIT;

	ck_assert_int_eq(decrypt(file, identities, &plain, &err), -code);
	ck_assert_msg(strstr(err.message, text), "it says: %s", err.message);
}

/* ---- What goes in comes out. */

static const size_t sizes[] = {
	0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK, 3 * AGE_CHUNK + 77};

START_TEST(test_age__what_was_sealed_opens_for_each_recipient)
{
	size_t size = sizes[_i];
	cleanup_free char *bytes = content(size);
	cleanup_buf struct buf file = encrypt(bytes, size);
	const struct age_identities *const readers[] = {&ours, &second};

	ck_assert_uint_eq(file.len, age_writer_size(2, size));
	for (size_t i = 0; i < 2; i++) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_buf struct buf plain = BUF_INIT;
		must(decrypt(&file, readers[i], &plain, &err), &err);
		ck_assert_uint_eq(plain.len, size);
		ck_assert(!size || !memcmp(plain.data, bytes, size));
	}
}
END_TEST

START_TEST(test_age__two_files_of_one_content_share_nothing)
{
	cleanup_buf struct buf one = encrypt("the same", 8), other = encrypt("the same", 8);

	ck_assert_uint_eq(one.len, other.len);
	ck_assert(memcmp(one.data + one.len - 24, other.data + other.len - 24, 24) != 0);
	ck_assert(!memmem(one.data, one.len, "the same", 8));
}
END_TEST

START_TEST(test_age__a_piece_is_read_without_what_is_before_it)
{
	size_t size = 3 * AGE_CHUNK + 77;
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *bytes = content(size), *piece = mem_alloc(size);
	cleanup_buf struct buf file = encrypt(bytes, size);
	static const struct {
		uint64_t offset;
		size_t length;
	} pieces[] = {{0, 1},
		      {AGE_CHUNK - 1, 2},
		      {AGE_CHUNK, AGE_CHUNK},
		      {5, 2 * AGE_CHUNK},
		      {3 * AGE_CHUNK + 76, 1},
		      {3 * AGE_CHUNK + 77, 0}};
	struct age_reader *reader;

	must(open_reader(&file, &ours, &reader, &err), &err);
	/* The first chunk may be lost for what does not need it. */
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		must(age_reader_read(reader, pieces[i].offset, pieces[i].length, piece, &err),
		     &err);
		ck_assert(!memcmp(piece, bytes + pieces[i].offset, pieces[i].length));
	}
	ck_assert_int_eq(age_reader_read(reader, size, 1, piece, &err), -ERR_INVALID);
	age_reader_free(reader);
}
END_TEST

/* ---- What is wrong is told apart. */

START_TEST(test_age__a_wrong_key_is_told_as_such)
{
	cleanup_buf struct buf file = encrypt("secret", 6);
	const struct age_identities none = {0};

	fails(&file, &others, ERR_DENIED, "none of them is the identity");
	fails(&file, &none, ERR_DENIED, "no identity was given");
}
END_TEST

START_TEST(test_age__truncation_is_told_at_every_length)
{
	size_t size = 2 * AGE_CHUNK + 100;
	cleanup_free char *bytes = content(size);
	cleanup_buf struct buf file = encrypt(bytes, size);
	size_t start = file.len - 100 - 16 - 2 * SEALED;
	const size_t lengths[] = {0,
				  10,
				  21,
				  100,
				  start - 17,
				  start - 1,
				  start,
				  start + 15,
				  start + SEALED,
				  start + SEALED + 16,
				  start + 2 * SEALED,
				  start + 2 * SEALED + 15,
				  start + 2 * SEALED + 16};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		file.len = lengths[i];
		fails(&file, &ours, ERR_INVALID, "cut short");
	}
}
END_TEST

/* A chunk that is cut in its middle is not distinguishable from one that was changed. */
START_TEST(test_age__a_flipped_bit_is_told_wherever_it_is)
{
	cleanup_free char *bytes = content(AGE_CHUNK + 50);
	cleanup_buf struct buf file = encrypt(bytes, AGE_CHUNK + 50);

	for (size_t i = 0; i < file.len; i += i < 500 ? 1 : 997) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_buf struct buf plain = BUF_INIT;
		file.data[i] ^= 4;
		int r = decrypt(&file, &ours, &plain, &err);
		ck_assert_msg(r == -ERR_INVALID || r == -ERR_DENIED, "byte %zu: %d", i, r);
		file.data[i] ^= 4;
	}
}
END_TEST

START_TEST(test_age__swapped_repeated_and_appended_chunks_are_told)
{
	size_t size = 3 * AGE_CHUNK;
	cleanup_free char *bytes = content(size), *chunk = mem_alloc(SEALED);
	cleanup_buf struct buf file = encrypt(bytes, size);
	char *first = file.data + file.len - 3 * SEALED;

	memcpy(chunk, first, SEALED);
	memcpy(first, first + SEALED, SEALED);
	fails(&file, &ours, ERR_INVALID, "damaged after byte");
	memcpy(first + SEALED, chunk, SEALED);
	fails(&file, &ours, ERR_INVALID, "damaged after byte");
	memcpy(first + SEALED, first, SEALED);
	memcpy(first, chunk, SEALED);
	buf_add(&file, "x", 1);
	fails(&file, &ours, ERR_INVALID, "cut short");
	for (int i = 0; i < 20; i++)
		buf_add(&file, "x", 1);
	fails(&file, &ours, ERR_INVALID, "longer than it was");
}
END_TEST

/* The MAC covers all of the header: a stanza that was added or taken out is noticed by those who
 * are still in it. */
START_TEST(test_age__a_recipient_that_was_taken_out_is_noticed)
{
	cleanup_buf struct buf file = encrypt("secret", 6);
	char *stanza = strstr(file.data, "-> X25519");
	char *next = strstr(stanza + 1, "-> X25519"), *end = strstr(next, "---");
	size_t gone = (size_t)(end - next);

	memmove(next, end, file.len - (size_t)(end - file.data));
	file.len -= gone;
	fails(&file, &ours, ERR_INVALID, "MAC");
	fails(&file, &second, ERR_DENIED, "1 recipient");
}
END_TEST

START_TEST(test_age__other_files_are_told_what_they_are)
{
	struct buf text = {.data = (char *)"something else altogether", .len = 25};
	struct buf armored = {.data = (char *)"-----BEGIN AGE ENCRYPTED FILE-----\n", .len = 35};
	static const char scrypt[] = "age-encryption.org/v1\n-> scrypt "
				     "bBjlhJVYZeE4aqUdmtRHfw 18\n"
				     "7uERkTBKFVlsZEQGqhVuH4wqKUKwEzVwNYFNRBpXmKM\n"
				     "--- vxZTEl3yIH7nZqy6GmxgYbVTuFGbNN0a6VWYXRdJGqM\n"
				     "0123456789abcdef0123456789abcdef";
	struct buf sealed = {.data = (char *)scrypt, .len = sizeof(scrypt) - 1};

	fails(&text, &ours, ERR_INVALID, "no age file");
	fails(&armored, &ours, ERR_INVALID, "no age file");
	fails(&sealed, &ours, ERR_DENIED, "passphrase");
}
END_TEST

/* Stanzas of other kinds stand beside ours (age greases its headers with some). */
START_TEST(test_age__unknown_stanzas_are_passed_over)
{
	static const char header[] =
		"age-encryption.org/v1\n-> unknown-grease a b c\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n"
		"-> ssh-ed25519 abc DEF\nAAAA\n--- vxZTEl3yIH7nZqy6GmxgYbVTuFGbNN0a6VWYXRdJGqM\n"
		"0123456789abcdef0123456789abcdef";
	struct buf file = {.data = (char *)header, .len = sizeof(header) - 1};

	fails(&file, &ours, ERR_DENIED, "0 recipients");
}
END_TEST

/* ---- Keys. */

START_TEST(test_age_key__as_age_keygen_writes_them)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_age_identities struct age_identities identities = {0};
	cleanup_age_recipients struct age_recipients list = {0};

	must(age_identities_parse(
		     &identities,
		     "# created: 2026-11-23T00:00:00Z\r\n# public key: age1...\n\n" SECRET "\n",
		     "key.txt", &err),
	     &err);
	cleanup_free char *text = age_recipient_text(identities.items[0].recipient);
	ck_assert_str_eq(text, "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
	must(age_recipients_add(&list, text, &err), &err);
	must(age_recipients_add(&list, text, &err), &err);
	ck_assert_uint_eq(list.n, 1);
}
END_TEST

START_TEST(test_age_key__typing_errors_are_noticed)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk", "checksum"},
		{"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw", "checksum"},
		{"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwJ", "character"},
		{"age1bvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "character"},
		{"ssh-ed25519 AAAA", "does not begin with age1"},
		{"", "does not begin with age1"},
		{SECRET, "secret key"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_age_recipients struct age_recipients list = {0};
		ck_assert_msg(age_recipients_add(&list, wrong[i].text, &err) == -ERR_INVALID,
			      "%s was taken", wrong[i].text);
		ck_assert_msg(strstr(err.message, wrong[i].says), "it says: %s", err.message);
		ck_assert_msg(!strstr(err.message, "GFPYYSJZ"), "it tells the secret");
	}
}
END_TEST

/* Points with which every secret gives the same result. */
START_TEST(test_age_key__weak_keys_are_refused)
{
	static const unsigned char zero[AGE_KEY], one[AGE_KEY] = {1};
	const unsigned char *const keys[] = {zero, one};

	for (size_t i = 0; i < 2; i++) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_age_recipients struct age_recipients list = {0};
		cleanup_free char *text = age_recipient_text(keys[i]);
		ck_assert_int_eq(age_recipients_add(&list, text, &err), -ERR_INVALID);
		ck_assert(strstr(err.message, "not safe"));
	}
}
END_TEST

START_TEST(test_age_key__identity_files)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{"# nothing\n", "has no identity"},
		{"# x\nAGE-SECRET-KEY-1GFPYYSJZ\n", "no X25519 identity"},
		{"age-encryption.org/v1\n", "passphrase"},
	};
	cleanup_free char *dir = temp_dir(), *path = file_join(dir, "key.txt");

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_age_identities struct age_identities identities = {0};
		temp_write(dir, "key.txt", wrong[i].text);
		chmod(path, 0600);
		ck_assert_int_eq(age_identities_read(&identities, path, &err), -ERR_INVALID);
		ck_assert_msg(strstr(err.message, wrong[i].says), "it says: %s", err.message);
		ck_assert_msg(!strstr(err.message, "GFPYYSJZ"), "it tells the secret");
	}
	cleanup_err struct err err = ERR_INIT;
	cleanup_age_identities struct age_identities identities = {0};
	temp_write(dir, "key.txt", SECRET "\n");
	chmod(path, 0644);
	ck_assert_int_eq(age_identities_read(&identities, path, &err), -ERR_DENIED);
	chmod(path, 0600);
	must(age_identities_read(&identities, path, &err), &err);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("age");
	TCase *tests = tcase_create("age");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, test_age__what_was_sealed_opens_for_each_recipient, 0,
			    (int)(sizeof(sizes) / sizeof(*sizes)));
	tcase_add_test(tests, test_age__two_files_of_one_content_share_nothing);
	tcase_add_test(tests, test_age__a_piece_is_read_without_what_is_before_it);
	tcase_add_test(tests, test_age__a_wrong_key_is_told_as_such);
	tcase_add_test(tests, test_age__truncation_is_told_at_every_length);
	tcase_add_test(tests, test_age__a_flipped_bit_is_told_wherever_it_is);
	tcase_add_test(tests, test_age__swapped_repeated_and_appended_chunks_are_told);
	tcase_add_test(tests, test_age__a_recipient_that_was_taken_out_is_noticed);
	tcase_add_test(tests, test_age__other_files_are_told_what_they_are);
	tcase_add_test(tests, test_age__unknown_stanzas_are_passed_over);
	tcase_add_test(tests, test_age_key__as_age_keygen_writes_them);
	tcase_add_test(tests, test_age_key__typing_errors_are_noticed);
	tcase_add_test(tests, test_age_key__weak_keys_are_refused);
	tcase_add_test(tests, test_age_key__identity_files);
	suite_add_tcase(suite, tests);
	return suite;
}
