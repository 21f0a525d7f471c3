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

static enum command_exit roll_back(const struct options *options, const char *app, int number,
				   bool with_data)
{
	json_auto_t *body =
		json_pack("{s:s, s:i, s:b}", "app", app, "revision", number, "withData", with_data);

	return act_run(&(struct act){.options = options,
				     .path = "/v1/rollback",
				     .body = body,
				     .prepare = change_find("rollback")});
}

/* First the old images, then the old data: the other way round the new ones would find it, and
 * migrate it once more. That the old ones are not well on the newer data is no news. */
static enum command_exit roll_back_with(const struct options *options, const char *app, int number,
					const char *set)
{
	enum command_exit code = restore_look(options, app, set);

	if (code != COMMAND_FINE)
		return code;
	code = roll_back(options, app, number, true);
	if (code != COMMAND_FINE && code != COMMAND_FAILED && code != COMMAND_WARNINGS)
		return code;
	return restore_replace(options, app, set);
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
	const char *set = options_value(options, "with-data");
	return set ? roll_back_with(options, app, number, set)
		   : roll_back(options, app, number, false);
}

static const struct option_spec rollback_options[] = {
	{"with-data", "SET", "and the data as that backup has it; what is there is kept beside it"},
	{"identity", "FILE", "the secret key, when that backup is encrypted"},
	{NULL, NULL, NULL},
};

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
		"Data stays as it is, unless --with-data SET (backup list) brings it back, too. "
		"When\n"
		"images changed since then, the set with the data before that is named.\n\n"
		"Exit codes: 0 it is ready, 1 something failed or did not become ready, 3 "
		"something\n"
		"waits for approval.",
	.options = rollback_options,
	.min = 1,
	.max = 2,
};
