#include "act.h"
#include "terminal.h"
#include "verbs.h"

static enum command_exit approve(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	bool all = options_given(options, "all");

	if (all == (options->arguments.n > 0)) {
		(void)err_set(&err, ERR_INVALID,
			      "approve needs the ID of deletes that wait, or --all");
		(void)err_hint(&err, "'desired status' names them");
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	json_auto_t *body =
		json_pack("{s:o, s:b}", "ids", act_texts(&options->arguments), "all", all);
	return act_run(&(struct act){.options = options,
				     .path = "/v1/approve",
				     .body = body,
				     .prepare = change_find("approve")});
}

static const struct option_spec approve_options[] = {
	{"all", NULL, "everything that waits now"},
	{NULL, NULL, NULL},
};

const struct command verb_approve = {
	.name = "approve",
	.run = approve,
	.arguments = "[ID...]",
	.summary = "Allow deletes that wait for a person",
	.text = "Deletes of more than one app, of more than 20 objects, or of more than 5 that are "
		"30 %\n"
		"of all, wait until somebody approves them: the journal, 'desired plan' and "
		"'desired\n"
		"status' name the ID. It stands for exactly these objects; when other ones are to "
		"be\n"
		"deleted, there is another ID. What was deleted by mistake comes back with\n"
		"'desired undo'.\n\n"
		"Without a daemon the app that waits is applied at once.",
	.options = approve_options,
	.max = 1000,
};
