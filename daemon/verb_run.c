#include "daemon.h"
#include "terminal.h"
#include "verbs.h"

static enum command_exit run(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_site struct site site = SITE_INIT;

	int r = site_open(options, "desired run", &site, &err);
	if (r >= 0)
		r = daemon_run(&site, &err);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

const struct command verb_run = {
	.name = "run",
	.run = run,
	.arguments = "",
	.summary = "Keep the node as the files say, until stopped: the daemon",
	.text = "This is what desired.service runs. It reads the files, brings the cluster to "
		"what\n"
		"they describe, and keeps it there: an object that somebody else changes or "
		"deletes\n"
		"is put right within a second. Changed files wait for 'systemctl reload desired'\n"
		"(or are taken up by themselves with 'follow: files' in desired.yaml).\n\n"
		"SIGHUP reads the files again. SIGTERM and SIGINT stop it; a replace that stands\n"
		"between delete and create is finished first. The API server need not be there.",
	.options = command_no_options,
};
