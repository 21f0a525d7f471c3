/* Names that are no UTF-8: no record that GNU tar warns of, where it can be done without. */
#include "tgz/plain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

#define NAME "srv/caf\xe9"

/* A pax header with these records, and the ustar header of a file or link. */
static struct buf header_of(const char *records, const char *name, const char *link)
{
	struct buf header = BUF_INIT;
	size_t length = strlen(records);
	cleanup_free char *octal = mem_printf("%011zo", length);

	buf_fill(&header, '\0', 512);
	memcpy(header.data + 124, octal, 11);
	header.data[156] = 'x';
	buf_addstr(&header, records);
	buf_fill(&header, '\0', 512 - length);
	buf_fill(&header, '\0', 512);
	memcpy(header.data + 1024, name, strlen(name));
	memcpy(header.data + 1024 + 157, link, strlen(link));
	return header;
}

#define CHARSET "21 hdrcharset=BINARY\n"
#define PATH	"17 path=" NAME "\n"
#define MTIME	"22 mtime=1700000000.5\n"

START_TEST(test_tgz_plain__nothing_but_the_name)
{
	cleanup_buf struct buf header = header_of(CHARSET PATH, NAME, "");

	tgz_plain(&header, NAME, NULL);
	ck_assert_uint_eq(header.len, 512);
	ck_assert_str_eq(header.data, NAME);
}
END_TEST

START_TEST(test_tgz_plain__other_records_stay)
{
	cleanup_buf struct buf header = header_of(CHARSET PATH MTIME, NAME "/", "");
	unsigned int sum = 0, said = 0;

	tgz_plain(&header, NAME, NULL);
	ck_assert_uint_eq(header.len, 1536);
	ck_assert_str_eq(header.data + 512, MTIME);
	ck_assert_int_eq(strncmp(header.data + 124, "00000000026", 11), 0);
	for (int i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)header.data[i];
	said = (unsigned int)strtoul(header.data + 148, NULL, 8);
	ck_assert_uint_eq(sum, said);
}
END_TEST

START_TEST(test_tgz_plain__what_stands_only_in_a_record_stays)
{
	static const struct {
		const char *records, *name, *link, *wanted_link;
	} cases[] = {
		{CHARSET PATH, "srv/ca", "", NULL}, /* shortened */
		{CHARSET "22 linkpath=/srv/caf\xe9\n", NAME, "/s", "/srv/caf\xe9"},
		{CHARSET PATH "21 GNU.sparse.name=a\n", NAME, "", NULL},
		{"17 path=srv/cafx\n", "srv/cafx", "", NULL}, /* no hdrcharset: none of ours */
		{CHARSET "99 path=x\n", NAME, "", NULL},      /* damaged */
	};
	cleanup_buf struct buf header =
		header_of(cases[_i].records, cases[_i].name, cases[_i].link);

	tgz_plain(&header, NAME, cases[_i].wanted_link);
	ck_assert_uint_eq(header.len, 1536);
	ck_assert_str_eq(header.data + 512, cases[_i].records);
}
END_TEST

START_TEST(test_tgz_plain__links)
{
	cleanup_buf struct buf header =
		header_of(CHARSET "22 linkpath=/srv/caf\xe9\n", "l", "/srv/caf\xe9");

	tgz_plain(&header, "l", "/srv/caf\xe9");
	ck_assert_uint_eq(header.len, 512);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tgz/plain");
	TCase *tests = tcase_create("plain");

	tcase_add_test(tests, test_tgz_plain__nothing_but_the_name);
	tcase_add_test(tests, test_tgz_plain__other_records_stay);
	tcase_add_loop_test(tests, test_tgz_plain__what_stands_only_in_a_record_stays, 0, 5);
	tcase_add_test(tests, test_tgz_plain__links);
	suite_add_tcase(suite, tests);
	return suite;
}
