#include <stdio.h>

#include "act.h"
#include "plan_file.h"
#include "terminal.h"
#include "verbs.h"

static void tell_moved(const struct list *moved)
{
	fputs("desired: nothing was done, because the world moved since the plan was made\n",
	      stderr);
	for (size_t i = 0; i < moved->n; i++)
		fprintf(stderr, "         %s\n", moved->items[i]);
	fputs("         make a new plan\n", stderr);
}

static enum command_exit print_moved(const struct options *options, const struct list *moved)
{
	if (options->json) {
		json_auto_t *tree = json_pack("{s:i, s:o}", "schema", 1, "moved", act_texts(moved));
		terminal_print_json(tree);
	} else {
		tell_moved(moved);
	}
	return COMMAND_FAILED;
}

/* The plan brings its own selection. */
static int check_usage(const struct options *options, struct err *err)
{
	if (!options->app && !options->tags.n && !options->skip_tags.n &&
	    !options_given(options, "force") && !options_given(options, "replace"))
		return 0;
	(void)err_set(err, ERR_INVALID, "a plan says itself what is done");
	return err_hint(err, "give --app, --tags, --force and --replace to 'desired plan --out'");
}

static enum command_exit apply_plan_file(const struct options *options, const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list moved = LIST_INIT;
	json_auto_t *file = NULL;

	if (check_usage(options, &err) < 0) {
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	int r = plan_file_read(path, &file, &err);
	if (r >= 0)
		r = plan_file_check(options, file, &moved, &err);
	if (r < 0)
		return terminal_fail(&err);
	if (moved.n)
		return print_moved(options, &moved);
	json_auto_t *body = plan_file_body(file);
	return act_run(&(struct act){.options = options, .path = "/v1/apply", .body = body});
}

static enum command_exit apply(const struct options *options)
{
	if (options->arguments.n)
		return apply_plan_file(options, options->arguments.items[0]);
	json_auto_t *body = json_pack(
		"{s:s*, s:o, s:o, s:b, s:b}", "app", options->app, "tags",
		act_texts(&options->tags), "skip_tags", act_texts(&options->skip_tags), "force",
		options_given(options, "force"), "replace", options_given(options, "replace"));

	return act_run(&(struct act){.options = options, .path = "/v1/apply", .body = body});
}

static const struct option_spec apply_options[] = {
	{"force", NULL,
	 "try again what was refused before, and replace also what cannot be proven"},
	{"replace", NULL, "replace workloads also when they could roll"},
	{NULL, NULL, NULL},
};

const struct command verb_apply = {
	.name = "apply",
	.run = apply,
	.arguments = "[FILE]",
	.summary = "Bring the cluster to what the files say, and wait until it is ready",
	.text = "Through the daemon when one serves these files, else alone, so it also works in "
		"a\n"
		"script on a machine without the service. An API server that is not there yet is\n"
		"waited for, a minute at most. 'desired plan' shows beforehand what would be "
		"done.\n\n"
		"With a FILE that 'desired plan --out' made, exactly that plan is done: nothing "
		"when the\n"
		"files, the ledger, an object that the plan looked at, the cluster or this "
		"program\n"
		"changed since; what moved is named.\n\n"
		"With --app or --tags only what these select is touched; nothing else is "
		"pruned.\n"
		"An app that is named by --app is tried again also when its version was put "
		"back.\n\n"
		"Exit codes: 0 everything is ready, 1 something failed or did not become ready, 3 "
		"done\n"
		"with warnings or something waits for approval, 4 another apply is under way.",
	.options = apply_options,
	.max = 1,
};
