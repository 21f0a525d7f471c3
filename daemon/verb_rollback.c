#include <stdlib.h>

#include "act.h"
#include "terminal.h"
#include "verbs.h"

/* 0 when it is no number of a revision. */
static int number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	return end == text || *end || number < 1 || number > 1000000000 ? 0 : (int)number;
}

static enum command_exit rollback(const struct options *options)
{
	const char *app = options->arguments.items[0];
	const char *text = options->arguments.n > 1 ? options->arguments.items[1] : NULL;
	cleanup_err struct err err = ERR_INIT;
	int number = text ? number_of(text) : 0;

	if (text && !number) {
		(void)err_set(&err, ERR_INVALID, "'%s' is no number of a revision", text);
		(void)err_hint(&err, "'desired history %s' lists them", app);
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	json_auto_t *body = json_pack("{s:s, s:i}", "app", app, "revision", number);
	return act_run(&(struct act){.options = options,
				     .path = "/v1/rollback",
				     .body = body,
				     .prepare = change_find("rollback")});
}

const struct command verb_rollback = {
	.name = "rollback",
	.run = rollback,
	.arguments = "APP[@INSTANCE] [REVISION]",
	.summary = "Go back to an earlier version of an app",
	.text = "Without a number: the newest version that was healthy and differs from what is "
		"in\n"
		"force. 'desired history APP' lists the versions. What was replaced, changed or "
		"pruned\n"
		"since is as it was then; what came since is deleted, data excepted.\n\n"
		"The app is then pinned to that version, drift repaired, until its files give "
		"something\n"
		"else than they give now, or until 'desired resume APP'. It works while the files "
		"are\n"
		"broken, and with or without a running daemon.\n\n"
		"Exit codes: 0 it is ready, 1 something failed or did not become ready, 3 "
		"something\n"
		"waits for approval.",
	.options = command_no_options,
	.min = 1,
	.max = 2,
};
