#include "act.h"
#include "verbs.h"

static enum command_exit apply(const struct options *options)
{
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
	.arguments = "",
	.summary = "Bring the cluster to what the files say, and wait until it is ready",
	.text = "Through the daemon when one serves these files, else alone, so it also works in "
		"a\n"
		"script on a machine without the service. An API server that is not there yet is\n"
		"waited for, a minute at most. 'desired plan' shows beforehand what would be "
		"done.\n\n"
		"With --app or --tags only what these select is touched; nothing else is "
		"pruned.\n"
		"An app that is named by --app is tried again also when its version was put "
		"back.\n\n"
		"Exit codes: 0 everything is ready, 1 something failed or did not become ready, 3 "
		"done\n"
		"with warnings or something waits for approval, 4 another apply is under way.",
	.options = apply_options,
};
