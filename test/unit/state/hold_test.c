#include "state/hold.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define NOW 1000

static void take(const char *dir, const char *app, const char *owner, time_t until)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_hold hold = {(char *)app, (char *)owner, 900, until};

	must(state_hold_take(dir, &hold, &err), &err);
}

static int drop(const char *dir, const char *app, const char *owner)
{
	cleanup_err struct err err = ERR_INIT;
	int r = state_hold_drop(dir, app, owner, &err);

	must(r, &err);
	return r;
}

/* The owner of the hold in force, or "". Caller frees. */
static char *owner_of(const char *dir, const char *app, time_t now)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_hold hold;
	int r = state_hold_find(dir, app, now, &hold, &err);

	must(r, &err);
	if (!r)
		return mem_strdup("");
	char *owner = mem_strdup(hold.owner);
	ck_assert_int_eq(hold.since, 900);
	state_hold_done(&hold);
	return owner;
}

#define assert_owner(dir, app, now, expected)                        \
	do {                                                         \
		cleanup_free char *owner_ = owner_of(dir, app, now); \
		ck_assert_str_eq(owner_, expected);                  \
	} while (0)

START_TEST(test_state_hold__is_in_force_until_it_ends)
{
	cleanup_free char *dir = temp_dir();

	assert_owner(dir, "ghost", NOW, "");
	take(dir, "ghost", "suspend by root", NOW + 60);
	assert_owner(dir, "ghost", NOW, "suspend by root");
	assert_owner(dir, "ghost", NOW + 59, "suspend by root");
	assert_owner(dir, "ghost", NOW + 60, "");
	take(dir, "blog", "suspend by root", 0);
	assert_owner(dir, "blog", NOW + 1000000, "suspend by root");
}
END_TEST

START_TEST(test_state_hold__a_folder_holds_its_instances)
{
	cleanup_free char *dir = temp_dir();

	take(dir, "ghost", "suspend by root", 0);
	take(dir, "blog@one", "suspend by root", 0);
	assert_owner(dir, "ghost@tfe-fr", NOW, "suspend by root");
	assert_owner(dir, "ghost2", NOW, "");
	assert_owner(dir, "blog@one", NOW, "suspend by root");
	assert_owner(dir, "blog@two", NOW, "");
	assert_owner(dir, "blog", NOW, "");
}
END_TEST

START_TEST(test_state_hold__only_the_same_kind_of_owner_drops_it)
{
	cleanup_free char *dir = temp_dir();

	take(dir, "ghost", "suspend by root", 0);
	ck_assert_int_eq(drop(dir, "ghost", "backup 20261122"), 0);
	assert_owner(dir, "ghost", NOW, "suspend by root");
	ck_assert_int_eq(drop(dir, "ghost", "suspend by admin"), 1);
	assert_owner(dir, "ghost", NOW, "");
	ck_assert_int_eq(drop(dir, "ghost", "suspend by admin"), 0);
	take(dir, "ghost", "backup 1", 0);
	ck_assert_int_eq(drop(dir, "ghost", NULL), 1);
	assert_owner(dir, "ghost", NOW, "");
}
END_TEST

START_TEST(test_state_hold__two_owners_hold_independently)
{
	cleanup_free char *dir = temp_dir();

	take(dir, "ghost", "suspend by root", NOW + 10);
	take(dir, "ghost", "backup 1", NOW + 100);
	assert_owner(dir, "ghost", NOW, "backup 1");
	ck_assert_int_eq(drop(dir, "ghost", "backup 2"), 1);
	assert_owner(dir, "ghost", NOW, "suspend by root");
	take(dir, "ghost", "suspend by admin", 0);
	assert_owner(dir, "ghost", NOW + 50, "suspend by admin");
}
END_TEST

START_TEST(test_state_hold__a_damaged_file_is_an_error_once)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_hold hold;

	temp_write(dir, "holds.json", "{\"schema\":1,\"holds\":[");
	ck_assert_int_eq(state_hold_find(dir, "ghost", NOW, &hold, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "was damaged and is now"));
	assert_owner(dir, "ghost", NOW, "");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("state/hold");
	TCase *tests = tcase_create("hold");

	tcase_add_test(tests, test_state_hold__is_in_force_until_it_ends);
	tcase_add_test(tests, test_state_hold__a_folder_holds_its_instances);
	tcase_add_test(tests, test_state_hold__only_the_same_kind_of_owner_drops_it);
	tcase_add_test(tests, test_state_hold__two_owners_hold_independently);
	tcase_add_test(tests, test_state_hold__a_damaged_file_is_an_error_once);
	suite_add_tcase(suite, tests);
	return suite;
}
