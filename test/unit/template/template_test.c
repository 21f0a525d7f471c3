#include "template/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "template/scope.h"

/* Variables from YAML text; released together. */
struct world {
	struct tree_yaml_documents documents;
	struct template_scope *scope;
};

static struct world world_of(const char *yaml)
{
	cleanup_err struct err err = ERR_INIT;
	struct world world = {.scope = template_scope_new(NULL)};

	must(tree_yaml_parse(yaml, strlen(yaml), "vars.yaml", &world.documents, &err), &err);
	must(template_scope_add_yaml(world.scope,
				     world.documents.n ? world.documents.roots[0] : NULL,
				     "vars.yaml", &err),
	     &err);
	return world;
}

static void world_done(struct world *world)
{
	template_scope_free(world->scope);
	tree_yaml_done(&world->documents);
}

#define cleanup_world __attribute__((cleanup(world_done)))

/* "part.j2" is there, anything else is not. */
static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	static const char part[] = "part one\npart {{ x }}\n";

	(void)context;
	(void)purpose;
	if (strcmp(name, "part.j2"))
		return err_set(err, ERR_NOT_FOUND, "template '%s' was not found", name);
	*ret_shown = mem_strdup("_shared/part.j2");
	*ret_text = mem_strdup(part);
	*ret_length = strlen(part);
	return 0;
}

static const char *environment(void *context, const char *name, const char *file, int line)
{
	(void)context, (void)file, (void)line;
	return strcmp(name, "HOME_PAGE") ? NULL : "https://example.org";
}

static const struct template_loader loader = {.load = load, .environment = environment};

static int render(const char *text, const struct template_scope *scope,
		  const struct template_limits *limits, struct template_output *ret,
		  struct err *err)
{
	struct template *template;
	int r = template_compile("app/a.j2", text, strlen(text), &template, err);

	if (r < 0)
		return r;
	r = template_render(template, scope, &loader, limits, ret, err);
	template_free(template);
	return r;
}

static void assert_renders(const char *text, const char *yaml, const char *expected)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of(yaml);
	struct template_output output = {0};

	must(render(text, world.scope, NULL, &output, &err), &err);
	ck_assert_str_eq(buf_str(&output.text), expected);
	template_output_done(&output);
}

static void assert_fails(const char *text, const char *yaml, const struct template_limits *limits,
			 const char *expected)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of(yaml);
	struct template_output output = {0};

	ck_assert_int_lt(render(text, world.scope, limits, &output, &err), 0);
	cleanup_free char *got = err_text(&err);
	ck_assert_str_eq(got, expected);
}

START_TEST(test_template__is_rendered_by_two_scopes)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world one = world_of("x: 1"), two = world_of("x: [a]");
	struct template_output output = {0};
	struct template *template;

	must(template_compile("a.j2", "x={{ x }}", 9, &template, &err), &err);
	must(template_render(template, one.scope, NULL, NULL, &output, &err), &err);
	ck_assert_str_eq(buf_str(&output.text), "x=1");
	template_output_done(&output);
	must(template_render(template, two.scope, NULL, NULL, &output, &err), &err);
	ck_assert_str_eq(buf_str(&output.text), "x=['a']");
	template_output_done(&output);
	template_free(template);
}
END_TEST

static void assert_place(const struct template_output *output, int line, int column,
			 const char *expected)
{
	const char *file = "none";
	int source_line = 0, source_column = 0;

	template_output_origin(output, line, column, &file, &source_line, &source_column);
	cleanup_free char *got = mem_printf("%s:%d:%d", file, source_line, source_column);
	ck_assert_str_eq(got, expected);
}

static void assert_origin(const struct template_output *output, int line, const char *expected)
{
	assert_place(output, line, 0, expected);
}

START_TEST(test_template_output__knows_where_each_line_came_from)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of("x: 1\nlines: \"a\\nb\"\n");
	struct template_output output = {0};

	must(render("first: 1\n"
		    "second: {{ x }}, {{ x }}\n"
		    "{% if true %}\n"
		    "  third: {{ lines }}\n"
		    "{% endif %}\n"
		    "{% include 'part.j2' %}\n"
		    "\n"
		    "last\n",
		    world.scope, NULL, &output, &err),
	     &err);
	ck_assert_str_eq(buf_str(&output.text),
			 "first: 1\nsecond: 1, 1\n  third: a\nb\npart one\npart 1\nlast\n");
	assert_origin(&output, 1, "app/a.j2:1:1");
	assert_origin(&output, 2, "app/a.j2:2:21");
	assert_origin(&output, 3, "app/a.j2:4:13");
	assert_origin(&output, 4, "app/a.j2:4:13");
	assert_origin(&output, 5, "_shared/part.j2:1:1");
	assert_origin(&output, 6, "_shared/part.j2:2:9");
	assert_origin(&output, 7, "app/a.j2:8:1");
	assert_origin(&output, 8, "none:0:0");
	template_output_done(&output);
}
END_TEST

START_TEST(test_template_output__knows_where_each_column_came_from)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of("x: [1, 2]\n");
	struct template_output output = {0};

	must(render("one: é{{ x[0] }}, {{ '' }}two\n"
		    "{% for i in x %}\n"
		    "- {{ i }} and\n"
		    "{% endfor %}",
		    world.scope, NULL, &output, &err),
	     &err);
	ck_assert_str_eq(buf_str(&output.text), "one: é1, two\n- 1 and\n- 2 and\n");
	assert_place(&output, 1, 6, "app/a.j2:1:6");
	assert_place(&output, 1, 7, "app/a.j2:1:10");  /* printed */
	assert_place(&output, 1, 9, "app/a.j2:1:18");  /* the blank behind the comma */
	assert_place(&output, 1, 10, "app/a.j2:1:27"); /* behind what printed nothing */
	assert_place(&output, 1, 99, "app/a.j2:1:30");
	assert_place(&output, 3, 1, "app/a.j2:3:1");
	assert_place(&output, 3, 3, "app/a.j2:3:6");
	assert_place(&output, 3, 5, "app/a.j2:3:11");
	assert_place(&output, 4, 1, "none:0:0");
	assert_place(&output, 0, 1, "none:0:0");
	template_output_done(&output);
}
END_TEST

START_TEST(test_template__a_runaway_loop_ends)
{
	const struct template_limits limits = {.steps = 1000};

	assert_fails("{% for i in range(1000000) %}{{ i }}{% endfor %}", "", &limits,
		     "app/a.j2:1:13: rendering took more than 1000 steps: does a loop run away? "
		     "(if that is meant, raise limits.steps in desired.yaml)");
}
END_TEST

START_TEST(test_template__output_is_bounded)
{
	const struct template_limits limits = {.output = 100};

	assert_fails("{% for i in range(30) %}12345{% endfor %}", "", &limits,
		     "app/a.j2:1:25: the output is larger than 100 bytes (if that is meant, raise "
		     "limits.output in desired.yaml)");
	assert_fails(
		"{{ 'x' * 101 }}", "", &limits,
		"app/a.j2:1:4: the result would be larger than 100 bytes (if that is meant, raise "
		"limits.output in desired.yaml)");
	assert_fails(
		"{{ 'x'.ljust(101) | length }}", "", &limits,
		"app/a.j2:1:4: ljust(): 101 characters are more than 100 (if that is meant, raise "
		"limits.output in desired.yaml)");
}
END_TEST

START_TEST(test_template__a_limit_is_not_forgiven_by_default)
{
	const struct template_limits limits = {.depth = 5};

	assert_fails(
		"{% macro m() %}{{ m() | default('x') }}{% endmacro %}{{ m() | default('y') }}", "",
		&limits,
		"app/a.j2:1:19: includes, macros and variables are nested more than 5 deep: does "
		"one call itself? (if that is meant, raise limits.depth in desired.yaml)");
}
END_TEST

START_TEST(test_template__huge_numbers_and_lists_are_refused)
{
	assert_fails("{{ 9 ** (9 ** 9) }}", "", NULL,
		     "app/a.j2:1:4: the result has more than a million bits");
	assert_fails("{{ [1] * 100000000 }}", "", NULL,
		     "app/a.j2:1:4: the result would be larger than 8388608 bytes (if that is "
		     "meant, raise "
		     "limits.output in desired.yaml)");
	assert_fails(
		"{{ range(100000000) | list }}", "", NULL,
		"app/a.j2:1:23: rendering took more than 10000000 steps: does a loop run away? (if "
		"that is meant, raise limits.steps in desired.yaml)");
}
END_TEST

START_TEST(test_template__long_integers_are_not_printed)
{
	const struct template_limits limits = {.digits = 50};
	static const char *const texts[] = {
		"{{ 10 ** 50 }}",	   "x{{ [10 ** 50] }}",
		"{{ 10 ** 50 ~ '' }}",	   "{{ (10 ** 50) | to_json }}",
		"{{ '%d' % 10 ** 50 }}",   "{{ '{}'.format(10 ** 50) }}",
		"{{ [10 ** 50] | join }}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_world struct world world = world_of("");
		struct template_output output = {0};
		ck_assert_int_lt(render(texts[i], world.scope, &limits, &output, &err), 0);
		ck_assert_str_eq(err.message, "an integer of 51 digits is too long to be printed");
		ck_assert_str_eq(err.hint, "if that is meant, raise limits.digits in desired.yaml");
	}
	assert_renders("{{ (10 ** 4299) | string | length }}", "", "4300");
	assert_renders("{{ 10 ** 4300 > 1 }}", "", "True");
}
END_TEST

START_TEST(test_template__numbers_in_json_end_somewhere)
{
	assert_fails("{{ ('1' * 4301) | from_json }}", "", NULL,
		     "app/a.j2:1:19: this is no JSON: a number of too many digits at line 1 "
		     "column 4302");
}
END_TEST

START_TEST(test_template__a_regular_expression_cannot_run_away)
{
	assert_fails("{{ ('a' * 40 ~ 'b') | regex_search('^(a+)+$') }}", "", NULL,
		     "app/a.j2:1:23: the regular expression takes too many steps (if that is "
		     "meant, raise "
		     "limits.regex in desired.yaml)");
}
END_TEST

START_TEST(test_template__nothing_can_contain_itself)
{
	assert_fails("{% set l = [] %}{{ l.append(l) }}", "", NULL,
		     "app/a.j2:1:20: a list cannot contain itself");
	assert_fails("{% set d = {} %}{{ d.update({'x': [d]}) }}", "", NULL,
		     "app/a.j2:1:20: a dict cannot contain itself");
	assert_fails(
		"{% set ns = namespace() %}{% set ns.x = [ns] %}", "", NULL,
		"app/a.j2:1:34: a namespace cannot contain itself, nor what is nested too deeply");
}
END_TEST

START_TEST(test_template__deep_nesting_is_refused)
{
	struct buf text = BUF_INIT;

	buf_addstr(&text, "{{ ");
	buf_fill(&text, '(', 190);
	buf_addch(&text, '1');
	buf_fill(&text, ')', 190);
	buf_addstr(&text, " }}");
	assert_fails(buf_str(&text), "", NULL,
		     "app/a.j2:1:154: this expression is nested too deeply");
	buf_done(&text);
}
END_TEST

START_TEST(test_template__long_chains_of_elif_are_fine)
{
	struct buf text = BUF_INIT;

	buf_addstr(&text, "{% if x == -1 %}");
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "{%% elif x == %d %%}%d", i, i);
	buf_addstr(&text, "{% endif %}");
	assert_renders(buf_str(&text), "x: 19999", "19999");
	buf_done(&text);
}
END_TEST

START_TEST(test_template__variables_are_not_changed_by_rendering)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of("l: [1, \"{{ n }}\"]\nn: 2\nd: {l: [x]}\n");

	for (int i = 0; i < 2; i++) {
		struct template_output output = {0};
		must(render("{{ l.append(3) }}{{ d.l.append('y') }}{{ l }}{{ d }}", world.scope,
			    NULL, &output, &err),
		     &err);
		ck_assert_str_eq(buf_str(&output.text), "[1, 2, 3]{'l': ['x', 'y']}");
		template_output_done(&output);
	}
}
END_TEST

START_TEST(test_template__lookup_env_sees_only_what_settings_allow)
{
	assert_renders("{{ lookup('env', 'HOME_PAGE') }}[{{ lookup('env', 'PATH') }}]", "",
		       "https://example.org[]");
}
END_TEST

START_TEST(test_template__binary_files_are_named_as_such)
{
	cleanup_err struct err err = ERR_INIT;
	struct template *template;

	ck_assert_int_eq(template_compile("a.j2", "a\0b", 3, &template, &err), -ERR_INVALID);
	ck_assert_str_eq(err.message, "this is a binary file, not a template");
}
END_TEST

START_TEST(test_template__has_markup)
{
	ck_assert(template_has_markup("a {{ b }}", 9));
	ck_assert(template_has_markup("{# a", 4));
	ck_assert(template_has_markup("#jinja2: trim_blocks: False\n", 28));
	ck_assert(!template_has_markup("a { b } {", 9));
	ck_assert(!template_has_markup("", 0));
}
END_TEST

static void assert_evaluates(const char *text, const char *yaml, const char *expected)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of(yaml);
	struct value *value;
	struct buf got = BUF_INIT;

	must(template_evaluate("app.yaml", text, 3, 5, world.scope, &loader, &value, &err), &err);
	value_repr(value, &got);
	ck_assert_str_eq(buf_str(&got), expected);
	buf_done(&got);
	value_unref(value);
}

START_TEST(test_template_evaluate__keeps_types)
{
	assert_evaluates("plain", "", "'plain'");
	assert_evaluates("{{ n }}", "n: 5", "5");
	assert_evaluates("{{ n }}0", "n: 5", "'50'");
	assert_evaluates("{{ l }}", "l: [\"{{ n }}\", (1)]\nn: 5", "[5, '(1)']");
	assert_evaluates("{{ (1, 2) }}", "", "[1, 2]");
	assert_evaluates("{{ none }}", "", "None");
	assert_evaluates("{{ 'const' }}", "", "'const'");
	assert_evaluates("{{ 'a\\1' }}", "", "'a\\\\1'");
}
END_TEST

START_TEST(test_template_evaluate__errors_stand_in_the_file)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_world struct world world = world_of("name: x");
	struct value *value;

	ck_assert_int_lt(template_evaluate("app.yaml", "a {{ nmae }}", 3, 5, world.scope, &loader,
					   &value, &err),
			 0);
	cleanup_free char *got = err_text(&err);
	ck_assert_str_eq(got, "app.yaml:3:10: undefined variable 'nmae' (did you mean 'name' "
			      "(vars.yaml:1)?)");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("template/template");
	TCase *tests = tcase_create("template");

	tcase_add_test(tests, test_template__is_rendered_by_two_scopes);
	tcase_add_test(tests, test_template_output__knows_where_each_line_came_from);
	tcase_add_test(tests, test_template_output__knows_where_each_column_came_from);
	tcase_add_test(tests, test_template__a_runaway_loop_ends);
	tcase_add_test(tests, test_template__output_is_bounded);
	tcase_add_test(tests, test_template__a_limit_is_not_forgiven_by_default);
	tcase_add_test(tests, test_template__huge_numbers_and_lists_are_refused);
	tcase_add_test(tests, test_template__long_integers_are_not_printed);
	tcase_add_test(tests, test_template__numbers_in_json_end_somewhere);
	tcase_add_test(tests, test_template__a_regular_expression_cannot_run_away);
	tcase_add_test(tests, test_template__nothing_can_contain_itself);
	tcase_add_test(tests, test_template__deep_nesting_is_refused);
	tcase_add_test(tests, test_template__long_chains_of_elif_are_fine);
	tcase_add_test(tests, test_template__variables_are_not_changed_by_rendering);
	tcase_add_test(tests, test_template__lookup_env_sees_only_what_settings_allow);
	tcase_add_test(tests, test_template__binary_files_are_named_as_such);
	tcase_add_test(tests, test_template__has_markup);
	tcase_add_test(tests, test_template_evaluate__keeps_types);
	tcase_add_test(tests, test_template_evaluate__errors_stand_in_the_file);
	suite_add_tcase(suite, tests);
	return suite;
}
