#include "act.h"
#include "verbs.h"

static enum command_exit purge(const struct options *options)
{
	json_auto_t *body = json_pack("{s:s, s:b}", "app", options->arguments.items[0], "yes",
				      options_given(options, "yes"));

	return act_run(&(struct act){.options = options,
				     .path = "/v1/purge",
				     .body = body,
				     .prepare = change_find("purge")});
}

static const struct option_spec purge_options[] = {
	{"yes", NULL, "delete what is listed, for good"},
	{NULL, NULL, NULL},
};

const struct command verb_purge = {
	.name = "purge",
	.run = purge,
	.arguments = "APP[@INSTANCE]",
	.summary = "Delete for good what an app left behind",
	.text = "What holds data stays when it leaves the files: claims, volumes, namespaces, "
		"CRDs,\n"
		"keepKinds, 'prune: never'. 'purge' lists these, and the host directories under\n"
		"'directories:' of an app that is gone; with --yes it deletes them. There is no "
		"undo.\n\n"
		"A namespace or CRD that holds anything else is not deleted. A directory stays "
		"when\n"
		"another app, a pod or a volume uses it, when a symbolic link leads to it, when it "
		"is\n"
		"or holds a mount point, or when it belongs to the system.\n\n"
		"Exit codes: 0 done or nothing is kept, 1 something failed or is in the way, 3 "
		"listed,\n"
		"nothing was changed.",
	.options = purge_options,
	.min = 1,
	.max = 1,
};
