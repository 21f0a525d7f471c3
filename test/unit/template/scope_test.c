#include "template/scope.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

static void add(struct template_scope *scope, const char *file, const char *yaml)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents = {0};

	must(tree_yaml_parse(yaml, strlen(yaml), file, &documents, &err), &err);
	must(template_scope_add_yaml(scope, documents.n ? documents.roots[0] : NULL, file, &err),
	     &err);
	tree_yaml_done(&documents); /* the scope keeps no node */
}

static void assert_value(const struct template_scope *scope, const char *name, const char *expected)
{
	cleanup_err struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	struct value *value;

	must(template_scope_get(scope, name, NULL, &value, &err), &err);
	value_repr(value, &got);
	ck_assert_str_eq(buf_str(&got), expected);
	buf_done(&got);
	value_unref(value);
}

START_TEST(test_template_scope__the_innermost_wins_whole)
{
	struct template_scope *all = template_scope_new(NULL), *app = template_scope_new(all);

	add(all, "vars.yaml", "a: 1\nd: {x: 1, y: 2}\nonly: here\n");
	add(app, "ghost/vars.yaml", "a: 2\nd: {x: 3}\n");
	assert_value(app, "a", "2");
	assert_value(app, "d", "{'x': 3}");
	assert_value(app, "only", "'here'");
	assert_value(all, "a", "1");
	template_scope_free(app);
	template_scope_free(all);
}
END_TEST

START_TEST(test_template_scope__a_lazy_variable_is_rendered_in_the_scope_of_its_use)
{
	struct template_scope *all = template_scope_new(NULL), *app = template_scope_new(all);

	add(all, "vars.yaml", "path: \"/data/{{ name }}\"\nname: nobody\n");
	template_scope_set(app, "name", value_string("ghost", 5),
			   (struct template_origin){"instances", 1, 1}, true);
	assert_value(app, "path", "'/data/ghost'");
	assert_value(all, "path", "'/data/nobody'");
	template_scope_free(app);
	template_scope_free(all);
}
END_TEST

START_TEST(test_template_scope__raw_strings_are_not_rendered)
{
	struct template_scope *scope = template_scope_new(NULL);
	const struct template_origin origin = {"x", 1, 1};

	template_scope_set(scope, "raw", value_string("{{ x }}", 7), origin, true);
	template_scope_set(scope, "lazy", value_string("{{ raw }}", 9), origin, false);
	add(scope, "v.yaml", "unsafe: !unsafe '{{ x }}'\n");
	assert_value(scope, "raw", "'{{ x }}'");
	assert_value(scope, "lazy", "'{{ x }}'");
	assert_value(scope, "unsafe", "'{{ x }}'");
	template_scope_free(scope);
}
END_TEST

START_TEST(test_template_scope__a_part_that_is_broken_harms_only_itself)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_scope *scope = template_scope_new(NULL);
	struct value *value;

	add(scope, "v.yaml", "d: {good: 1, bad: \"{{ nope }}\"}\npick: \"{{ d.good }}\"\n");
	assert_value(scope, "pick", "1");
	ck_assert_int_eq(template_scope_get(scope, "d", NULL, &value, &err), -ERR_INVALID);
	cleanup_free char *got = err_text(&err);
	ck_assert_str_eq(got, "v.yaml:1:23: undefined variable 'nope'");
	template_scope_free(scope);
}
END_TEST

START_TEST(test_template_scope__unknown_names_are_not_found)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_scope *scope = template_scope_new(NULL);
	struct value *value;

	ck_assert_int_eq(template_scope_get(scope, "x", NULL, &value, &err), -ERR_NOT_FOUND);
	template_scope_free(scope);
}
END_TEST

START_TEST(test_template_scope__origins_tell_the_history)
{
	struct template_scope *all = template_scope_new(NULL), *app = template_scope_new(all);
	struct template_origin origins[4];

	add(all, "vars.yaml", "b: 0\na: 1\n");
	add(all, "vars.d/x.yaml", "a: 2\n");
	add(app, "ghost/vars.yaml", "\na: 3\n");
	ck_assert_uint_eq(template_scope_origins(app, "a", origins, 2), 3);
	ck_assert_str_eq(origins[0].file, "ghost/vars.yaml");
	ck_assert_int_eq(origins[0].line, 2);
	ck_assert_str_eq(origins[1].file, "vars.d/x.yaml");
	ck_assert_uint_eq(template_scope_origins(app, "zz", origins, 4), 0);
	template_scope_free(app);
	template_scope_free(all);
}
END_TEST

START_TEST(test_template_scope__a_layer_has_the_variables_of_another_scope)
{
	struct template_scope *facts = template_scope_new(NULL), *file = template_scope_new(NULL);
	struct template_scope *one = template_scope_layer(facts, file);
	struct template_scope *two = template_scope_layer(NULL, one);
	struct template_origin origins[4];
	cleanup_list struct list names = LIST_INIT;

	add(facts, "facts", "name: below\nx: fact\n");
	add(file, "vars.yaml", "x: file\ngreeting: \"hello {{ name | default('nobody') }}\"\n");
	assert_value(one, "x", "'file'");
	assert_value(one, "greeting", "'hello below'");
	assert_value(two, "greeting", "'hello nobody'");
	ck_assert_uint_eq(template_scope_origins(one, "x", origins, 4), 2);
	ck_assert_str_eq(origins[0].file, "vars.yaml");
	ck_assert_uint_eq(template_scope_origins(two, "x", origins, 4), 1);
	template_scope_names(one, &names);
	cleanup_free char *joined = list_join(&names, " ");
	ck_assert_str_eq(joined, "name x greeting");
	template_scope_free(two);
	template_scope_free(one);
	template_scope_free(file);
	template_scope_free(facts);
}
END_TEST

START_TEST(test_template_scope__names_come_once_outermost_first)
{
	struct template_scope *all = template_scope_new(NULL), *app = template_scope_new(all);
	cleanup_list struct list names = LIST_INIT;

	add(all, "vars.yaml", "b: 0\na: 1\n");
	add(app, "ghost/vars.yaml", "a: 3\nc: 1\n");
	template_scope_names(app, &names);
	cleanup_free char *joined = list_join(&names, " ");
	ck_assert_str_eq(joined, "b a c");
	template_scope_free(app);
	template_scope_free(all);
}
END_TEST

static void assert_refused(const char *yaml, const char *expected)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0};

	must(tree_yaml_parse(yaml, strlen(yaml), "v.yaml", &documents, &err), &err);
	ck_assert_int_eq(template_scope_add_yaml(scope, documents.roots[0], "v.yaml", &err),
			 -ERR_INVALID);
	cleanup_free char *got = err_text(&err);
	ck_assert_str_eq(got, expected);
	tree_yaml_done(&documents);
	template_scope_free(scope);
}

START_TEST(test_template_scope__refuses_what_pyyaml_refuses)
{
	assert_refused("- a\n", "v.yaml:1:1: a variable file must be a mapping of names to values");
	assert_refused("a: =\n",
		       "v.yaml:1:4: a bare '=' has no meaning in a variable file; quote it");
	assert_refused("a:\n  b: 2021-02-30\n",
		       "v.yaml:2:6: there is no date 2021-02-30; quote it if it is a string");
	assert_refused("a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n",
		       "v.yaml:1:4: a value encrypted by ansible-vault cannot be read here");
	assert_refused("a: !mine x\n", "v.yaml:1:4: unknown tag");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("template/scope");
	TCase *tests = tcase_create("scope");

	tcase_add_test(tests, test_template_scope__the_innermost_wins_whole);
	tcase_add_test(tests,
		       test_template_scope__a_lazy_variable_is_rendered_in_the_scope_of_its_use);
	tcase_add_test(tests, test_template_scope__raw_strings_are_not_rendered);
	tcase_add_test(tests, test_template_scope__a_part_that_is_broken_harms_only_itself);
	tcase_add_test(tests, test_template_scope__unknown_names_are_not_found);
	tcase_add_test(tests, test_template_scope__origins_tell_the_history);
	tcase_add_test(tests, test_template_scope__a_layer_has_the_variables_of_another_scope);
	tcase_add_test(tests, test_template_scope__names_come_once_outermost_first);
	tcase_add_test(tests, test_template_scope__refuses_what_pyyaml_refuses);
	suite_add_tcase(suite, tests);
	return suite;
}
