#include "messages.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"

/* "# NAME\n-- ID\n", as the catalog has it. */
START_TEST(test_messages__every_id_stands_in_the_catalog)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *catalog = NULL;

	must(file_read(GOLDEN "/../../systemd/desired.catalog", 1 << 20, &catalog, NULL, &err),
	     &err);
	for (int kind = 0; kind <= EVENT_RELOADED; kind++) {
		cleanup_free char *entry =
			mem_printf("# %s\n-- %s\n", event_kind_name((enum event_kind)kind),
				   message_of((enum event_kind)kind)->id);
		ck_assert_msg(strstr(catalog, entry), "the catalog has no %s", entry);
	}
}
END_TEST

START_TEST(test_messages__ids_differ)
{
	for (int a = 0; a <= EVENT_RELOADED; a++)
		for (int b = 0; b < a; b++)
			ck_assert_str_ne(message_of((enum event_kind)a)->id,
					 message_of((enum event_kind)b)->id);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/messages");
	TCase *tests = tcase_create("messages");

	tcase_add_test(tests, test_messages__every_id_stands_in_the_catalog);
	tcase_add_test(tests, test_messages__ids_differ);
	suite_add_tcase(suite, tests);
	return suite;
}
