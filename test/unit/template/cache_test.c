#include "template/cache.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

static const struct template *compile(struct template_cache *cache,
				      const struct template_text *text)
{
	cleanup_err struct err err = ERR_INIT;
	const struct template *template;

	must(template_cache_compile(cache, text, &template, &err), &err);
	return template;
}

START_TEST(test_template_cache__compiles_each_content_once)
{
	struct template_cache *cache = template_cache_new();
	struct options lines = template_options_default;
	struct template_text text = {.name = "a.j2",
				     .text = "{{ x }}",
				     .length = 7,
				     .options = &template_options_default};
	const struct template *first = compile(cache, &text);
	char same[] = "{{ x }}";

	text.text = same;
	ck_assert_ptr_eq(compile(cache, &text), first);
	text.length = 0;
	const struct template *empty = compile(cache, &text);
	ck_assert_ptr_ne(empty, first);
	text.length = 7;
	text.line = 2;
	ck_assert_ptr_ne(compile(cache, &text), first);
	text.line = 0;
	lines.trim_blocks = !lines.trim_blocks;
	text.options = &lines;
	ck_assert_ptr_ne(compile(cache, &text), first);
	text.options = &template_options_default;
	text.name = "b.j2";
	ck_assert_ptr_ne(compile(cache, &text), first);
	text.name = "a.j2";
	ck_assert_ptr_eq(compile(cache, &text), first);
	template_cache_free(cache);
}
END_TEST

START_TEST(test_template_cache__keeps_no_mistakes)
{
	cleanup_err struct err err = ERR_INIT, again = ERR_INIT;
	struct template_cache *cache = template_cache_new();
	const struct template_text text = {
		.name = "a.j2", .text = "{{ x", .length = 4, .options = &template_options_default};
	const struct template *template;

	ck_assert_int_eq(template_cache_compile(cache, &text, &template, &err), -ERR_INVALID);
	ck_assert_int_eq(template_cache_compile(cache, &text, &template, &again), -ERR_INVALID);
	ck_assert_str_eq(err.message, again.message);
	template_cache_free(cache);
}
END_TEST

/* A file that changes between two renderings. */
static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	(void)purpose, (void)err;
	*ret_shown = mem_strdup(name);
	*ret_text = mem_strdup(context);
	*ret_length = strlen(*ret_text);
	return 0;
}

static void assert_renders(struct template_cache *cache, char *part, const char *expected)
{
	static const char text[] = "{% include 'part.j2' %}{{ lookup('template', 'part.j2') }}";
	cleanup_err struct err err = ERR_INIT;
	struct template_loader loader = {.load = load, .context = part, .cache = cache};
	struct template_output output;
	struct template *template;

	must(template_compile("a.j2", text, strlen(text), &template, &err), &err);
	must(template_render(template, NULL, &loader, NULL, &output, &err), &err);
	ck_assert_str_eq(buf_str(&output.text), expected);
	template_output_done(&output);
	template_free(template);
}

START_TEST(test_template_cache__a_file_that_changed_is_compiled_again)
{
	struct template_cache *cache = template_cache_new();
	char first[] = "<{{ 1 }}>", second[] = "<{{ 2 }}>";

	assert_renders(cache, first, "<1><1>");
	assert_renders(cache, second, "<2><2>");
	assert_renders(cache, first, "<1><1>");
	assert_renders(NULL, second, "<2><2>");
	template_cache_free(cache);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("template/cache");
	TCase *tests = tcase_create("cache");

	tcase_add_test(tests, test_template_cache__compiles_each_content_once);
	tcase_add_test(tests, test_template_cache__keeps_no_mistakes);
	tcase_add_test(tests, test_template_cache__a_file_that_changed_is_compiled_again);
	suite_add_tcase(suite, tests);
	return suite;
}
