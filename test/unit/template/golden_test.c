/* Walks test/golden/template: NAME.j2 rendered with NAME.vars gives NAME.expected, which real
 * Ansible wrote (see regenerate there). For err_NAME.j2 the expected text is our message, which
 * DESIRED_GOLDEN=write writes anew. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "template/scope.h"
#include "template/template.h"

#define FOLDER GOLDEN "/template"
#define LIMIT  (1u << 20)

static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	cleanup_free char *path = file_join(FOLDER, name);

	(void)context;
	(void)purpose;
	int r = file_read(path, LIMIT, ret_text, ret_length, err);
	if (r == 0)
		*ret_shown = mem_strdup(name);
	else
		err_set(err, ERR_NOT_FOUND, "template '%s' was not found", name);
	return r;
}

static const struct template_loader loader = {.load = load};

static void read_vars(const char *name, struct template_scope *scope,
		      struct tree_yaml_documents *ret)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *file = mem_printf("%s.vars", name), *path = file_join(FOLDER, file);
	cleanup_free char *text = NULL;
	size_t length;

	if (!file_exists(path))
		return;
	must(file_read(path, LIMIT, &text, &length, &err), &err);
	must(tree_yaml_parse(text, length, file, ret, &err), &err);
	must(template_scope_add_yaml(scope, ret->n ? ret->roots[0] : NULL, file, &err), &err);
}

static int render(const char *name, const struct template_scope *scope, struct template_output *ret,
		  struct err *err)
{
	cleanup_free char *file = mem_printf("%s.j2", name), *path = file_join(FOLDER, file);
	cleanup_free char *text = NULL;
	struct template *template;
	size_t length;

	must(file_read(path, LIMIT, &text, &length, err), err);
	int r = template_compile(file, text, length, &template, err);
	if (r < 0)
		return r;
	r = template_render(template, scope, &loader, NULL, ret, err);
	template_free(template);
	return r;
}

/* What `check` shows of an error. */
static char *shown(struct err *err)
{
	cleanup_diag struct diag_list list = DIAG_LIST_INIT;
	struct buf text = BUF_INIT;

	diag_add(&list, DIAG_ERROR, NULL, err);
	diag_print(&list.items[0], &text);
	return buf_steal(&text);
}

static void check_case(const char *name)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *file = mem_printf("%s.expected", name), *path = file_join(FOLDER, file);
	cleanup_free char *expected = NULL, *got = NULL;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0};
	struct template_output output = {0};
	bool fails = !strncmp(name, "err_", 4);
	size_t length;

	read_vars(name, scope, &documents);
	int r = render(name, scope, &output, &err);
	if (fails)
		ck_assert_msg(r < 0, "%s: was rendered:\n%s", name, buf_str(&output.text));
	else
		ck_assert_msg(r == 0, "%s: %s", name, err.message);
	got = fails ? shown(&err) : mem_strndup(buf_str(&output.text), output.text.len);
	if (fails && getenv("DESIRED_GOLDEN"))
		must(file_write(path, got, strlen(got), 0644, &err), &err);
	must(file_read(path, LIMIT, &expected, &length, &err), &err);
	ck_assert_msg(strlen(got) == length && !memcmp(got, expected, length),
		      "%s:\n--- expected\n%s\n--- got\n%s", name, expected, got);
	template_output_done(&output);
	template_scope_free(scope);
	tree_yaml_done(&documents);
}

static int is_template(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".j2") && entry->d_name[0] != '_';
}

static struct dirent **entries;

START_TEST(test_template_golden)
{
	cleanup_free char *name =
		mem_strndup(entries[_i]->d_name, strlen(entries[_i]->d_name) - strlen(".j2"));

	check_case(name);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("template/golden");
	TCase *tests = tcase_create("golden");
	int count = scandir(FOLDER, &entries, is_template, alphasort);

	tcase_add_loop_test(tests, test_template_golden, 0, count > 0 ? count : 1);
	suite_add_tcase(suite, tests);
	return suite;
}
