#include "tree/mask.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

START_TEST(test_tree_mask__texts_are_masked_and_names_are_not)
{
	struct mask *mask = mask_new();
	json_t *tree = json_pack("{s:s, s:[s, i], s:{s:s}}", "hunter2x", "say hunter2x", "list",
				 "hunter2x", 7, "object", "plain", "nothing");
	json_auto_t *before = json_deep_copy(tree);

	mask_add(mask, "hunter2x", 8);
	json_auto_t *kept = json_incref(tree);
	json_auto_t *masked = tree_mask(mask, tree);
	cleanup_free char *text = tree_json_dump(masked);
	ck_assert_str_eq(text, "{\"hunter2x\":\"say ***\",\"list\":[\"***\",7],\"object\":{"
			       "\"plain\":\"nothing\"}}");
	ck_assert_msg(json_equal(kept, before), "what others hold was written to");
	mask_free(mask);
}
END_TEST

START_TEST(test_tree_mask__a_tree_without_secrets_is_itself)
{
	struct mask *mask = mask_new();
	json_t *tree = json_pack("{s:s}", "a", "b");

	mask_add(mask, "hunter2x", 8);
	ck_assert_ptr_eq(tree_mask(mask, tree), tree);
	ck_assert_ptr_eq(tree_mask(NULL, tree), tree);
	json_decref(tree);
	mask_free(mask);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/mask");
	TCase *tests = tcase_create("mask");

	tcase_add_test(tests, test_tree_mask__texts_are_masked_and_names_are_not);
	tcase_add_test(tests, test_tree_mask__a_tree_without_secrets_is_itself);
	suite_add_tcase(suite, tests);
	return suite;
}
