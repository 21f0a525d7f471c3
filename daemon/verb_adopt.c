#include "act.h"
#include "verbs.h"

static enum command_exit adopt(const struct options *options)
{
	json_auto_t *body = json_pack("{s:s}", "app", options->arguments.items[0]);

	return act_run(&(struct act){.options = options,
				     .path = "/v1/adopt",
				     .body = body,
				     .prepare = change_find("adopt")});
}

const struct command verb_adopt = {
	.name = "adopt",
	.run = adopt,
	.arguments = "APP[@INSTANCE] | KIND/[NAMESPACE/]NAME",
	.summary = "Take over objects that Helm, k3s or Flux claims",
	.text = "What kubectl or Ansible made, and the files describe, is adopted by itself. What "
		"Helm, a\n"
		"k3s Addon, Flux, Argo CD or another ApplySet claims is refused, because two would "
		"pull\n"
		"at it, until 'adopt' takes it over: their marks are taken off, their fields "
		"become ours\n"
		"(what the files do not say goes; 'desired plan' shows it for what adopts itself), "
		"and\n"
		"nothing is restarted that does not change. It says what is left to do where the "
		"object\n"
		"came from. What k3s would write again from its own file is not taken before that "
		"file\n"
		"is skipped or disabled.\n\n"
		"Exit codes: 0 it is ours and ready, 1 something failed or is in the way.",
	.options = command_no_options,
	.min = 1,
	.max = 1,
};
