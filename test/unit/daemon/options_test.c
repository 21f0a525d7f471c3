#include "options.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

static const struct option_spec apply_specs[] = {
	{"force", NULL, "again"},
	{"for", "TIME", "how long"},
	{NULL, NULL, NULL},
};

static const struct option_spec *specs_of(const char *verb, struct err *err)
{
	if (!strcmp(verb, "apply"))
		return apply_specs;
	(void)err_set(err, ERR_INVALID, "unknown verb '%s'", verb);
	return NULL;
}

/* Parses words that are separated by blanks. */
static int parse(const char *line, struct options *ret, struct err *err)
{
	static char copy[512];
	char *argv[32] = {(char *)"desired"}, *state;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		argv[argc++] = word;
	return options_parse(argc, argv, specs_of, ret, err);
}

static void refused(const char *line, const char *message, const char *hint)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_options struct options options;

	ck_assert_msg(parse(line, &options, &err) < 0, "%s was accepted", line);
	ck_assert_str_eq(err.message, message);
	if (hint)
		ck_assert_str_eq(err.hint, hint);
}

START_TEST(test_options__have_defaults)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_options struct options options;

	must(parse("apply", &options, &err), &err);
	ck_assert_str_eq(options.verb, "apply");
	ck_assert_str_eq(options.dir, "/etc/desired");
	ck_assert_str_eq(options.state, "/var/lib/desired");
	ck_assert_str_eq(options.runtime, "/run/desired");
	ck_assert_str_eq(options.config, "/etc/desired/desired.yaml");
	ck_assert_ptr_null(options.app);
	ck_assert(!options.json);
}
END_TEST

START_TEST(test_options__global_ones_stand_before_or_after_the_verb)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_options struct options options;

	must(parse("--dir . apply --app=ghost@tfe-fr --tags a,b --tags c --output json", &options,
		   &err),
	     &err);
	ck_assert_str_eq(options.dir, ".");
	ck_assert_str_eq(options.config, "./desired.yaml");
	ck_assert_str_eq(options.app, "ghost@tfe-fr");
	ck_assert_uint_eq(options.tags.n, 3);
	ck_assert_str_eq(options.tags.items[2], "c");
	ck_assert(options.json);
}
END_TEST

START_TEST(test_options__a_verb_has_its_own_and_arguments)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_options struct options options;

	must(parse("apply one --for 30m --force two -- --three", &options, &err), &err);
	ck_assert_str_eq(options_value(&options, "for"), "30m");
	ck_assert(options_given(&options, "force"));
	ck_assert(!options_given(&options, "four"));
	ck_assert_uint_eq(options.arguments.n, 3);
	ck_assert_str_eq(options.arguments.items[2], "--three");
}
END_TEST

START_TEST(test_options__the_nearest_name_is_offered)
{
	refused("apply --fource", "unknown option --fource", "did you mean --force?");
	refused("apply --kubeconf x", "unknown option --kubeconf", "did you mean --kubeconfig?");
	refused("apply --zzzzzzzz", "unknown option --zzzzzzzz", "desired apply --help lists them");
	refused("--force apply", "unknown option --force",
		"a verb's own options come after the verb");
}
END_TEST

START_TEST(test_options__wrong_usage_is_named)
{
	refused("aply", "unknown verb 'aply'", NULL);
	refused("apply --dir", "--dir needs a value: --dir DIR", NULL);
	refused("apply --dir=", "--dir needs a value", NULL);
	refused("apply --force=yes", "--force takes no value", NULL);
	refused("apply --output xml", "--output is text or json, not 'xml'", NULL);
	refused("apply -o json", "unknown option -o",
		"options are written out, as in --output json");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/options");
	TCase *tests = tcase_create("options");

	tcase_add_test(tests, test_options__have_defaults);
	tcase_add_test(tests, test_options__global_ones_stand_before_or_after_the_verb);
	tcase_add_test(tests, test_options__a_verb_has_its_own_and_arguments);
	tcase_add_test(tests, test_options__the_nearest_name_is_offered);
	tcase_add_test(tests, test_options__wrong_usage_is_named);
	suite_add_tcase(suite, tests);
	return suite;
}
