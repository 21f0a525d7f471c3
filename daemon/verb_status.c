#include <time.h>

#include "remote.h"
#include "site.h"
#include "status.h"
#include "terminal.h"
#include "verbs.h"

/* From what the state directory holds. */
static int build_alone(const struct options *options, json_t **ret, struct err *err)
{
	cleanup_site struct site site = SITE_INIT;
	int r = site_look(options, &site, err);

	if (r < 0)
		return r;
	*ret = status_build(&(struct status_input){
		.dir = options->dir,
		.state = options->state,
		.ledger = site.ledger,
		.now = time(NULL),
	});
	return 0;
}

static int build(const struct options *options, json_t **ret, struct err *err)
{
	cleanup_remote struct remote *remote = NULL;
	int r = remote_open(options, &remote, err);

	if (r == 0)
		return build_alone(options, ret, err);
	if (r > 0)
		*ret = json_incref((json_t *)remote_status(remote));
	return r;
}

static enum command_exit status(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	json_auto_t *tree = NULL;

	if (build(options, &tree, &err) < 0)
		return terminal_fail(&err);
	if (options->json) {
		terminal_print_json(tree);
	} else {
		status_print(tree, time(NULL), terminal_colour(), &out);
		terminal_print(buf_str(&out));
	}
	return status_exit(tree);
}

const struct command verb_status = {
	.name = "status",
	.run = status,
	.arguments = "",
	.summary = "Show what is in force, how well it is, and what waits",
	.text = "A line for each app: the revision in force, its health, since when, and what "
		"there\n"
		"is to know about it. Without a running daemon it shows what the last one left.\n\n"
		"Exit codes: 0 all apps are ready, 1 an app failed, is not ready or has broken "
		"files,\n"
		"or the API server does not answer, 3 something is suspended or waits for you.",
	.options = command_no_options,
};
