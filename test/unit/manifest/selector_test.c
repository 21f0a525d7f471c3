#include "manifest/selector.h"

#include "base/mem.h"
#include "body.h"

#define SELECTOR(text) \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {selector: " text "}\n"

static const struct one {
	const char *workload, *text;
	const char *yes, *no; /* labels */
} cases[] = {
	{SELECTOR("{matchLabels: {app: web}}"), "app=web", "{app: web, more: x}", "{app: db}"},
	{SELECTOR("{matchExpressions: [{key: app, operator: In, values: [a, b]}]}"), "app in (a,b)",
	 "{app: b}", "{app: c}"},
	{SELECTOR("{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, "
		  "values: [db]}]}"),
	 "app=web,tier notin (db)", "{app: web}", "{app: web, tier: db}"},
	{SELECTOR("{matchExpressions: [{key: app, operator: Exists}]}"), "app", "{app: x}",
	 "{tier: x}"},
	{SELECTOR("{matchExpressions: [{key: app, operator: DoesNotExist}]}"), "!app", "{tier: x}",
	 "{app: x}"},
	{"apiVersion: v1\nkind: ReplicationController\nmetadata: {name: x}\nspec: {selector: {app: "
	 "web}}\n",
	 "app=web", "{app: web}", "{}"},
	/* No selector is no pod, not every pod. */
	{SELECTOR("{}"), NULL, NULL, "{app: web}"},
	{"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", NULL, NULL, "{}"},
};

START_TEST(test_manifest_selector__table)
{
	const struct one *one = &cases[_i];
	json_auto_t *workload = body_of(one->workload);
	json_auto_t *yes = one->yes ? body_of(one->yes) : NULL;
	json_auto_t *no = body_of(one->no);
	cleanup_free char *text = manifest_selector_text(workload);

	if (one->text)
		ck_assert_str_eq(text, one->text);
	else
		ck_assert_ptr_null(text);
	if (yes)
		ck_assert(manifest_selector_matches(workload, yes));
	ck_assert(!manifest_selector_matches(workload, no));
}
END_TEST

START_TEST(test_manifest_selector__pods_without_labels)
{
	json_auto_t *workload = body_of(cases[0].workload);

	ck_assert(!manifest_selector_matches(workload, NULL));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/selector");
	TCase *tests = tcase_create("selector");

	tcase_add_loop_test(tests, test_manifest_selector__table, 0,
			    sizeof(cases) / sizeof(*cases));
	tcase_add_test(tests, test_manifest_selector__pods_without_labels);
	suite_add_tcase(suite, tests);
	return suite;
}
