#include <stdio.h>

#include "base/mem.h"
#include "findings.h"
#include "remote.h"
#include "terminal.h"
#include "tree/path.h"
#include "verbs.h"

#define ANSWER_MS 20000

static void print_names(const char *title, const json_t *names, struct buf *out)
{
	size_t i;
	json_t *name;

	if (!json_array_size(names))
		return;
	buf_printf(out, "%s", title);
	json_array_foreach (names, i, name)
		buf_printf(out, " %s", json_string_value(name));
	buf_addch(out, '\n');
}

static enum command_exit print_verdict(const json_t *verdict)
{
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	bool fatal = tree_path_true(verdict, "fatal");

	findings_from_json(json_object_get(verdict, "findings"), &findings);
	findings_print_errors(&findings, &out);
	if (!fatal)
		print_names("Loaded:   ", json_object_get(verdict, "good"), &out);
	if (!fatal)
		print_names("Changed:  ", json_object_get(verdict, "changed"), &out);
	print_names("Gone:     ", json_object_get(verdict, "gone"), &out);
	print_names("Broken:   ", json_object_get(verdict, "bad"), &out);
	if (fatal)
		buf_addstr(&out, "Nothing was taken up; everything stays as it was. Correct what "
				 "is named above and reload.\n");
	else if (json_array_size(json_object_get(verdict, "bad")))
		buf_addstr(&out, "What was in force for a broken app stays in force; the others go "
				 "on.\n");
	terminal_print(buf_str(&out));
	if (fatal || json_array_size(json_object_get(verdict, "bad")) ||
	    diag_count(&findings, DIAG_ERROR))
		return COMMAND_FAILED;
	return diag_count(&findings, DIAG_WARNING) ? COMMAND_WARNINGS : COMMAND_FINE;
}

/* systemd takes every other code than 0 for a failed reload: warnings are no failure here. */
static enum command_exit report(const struct options *options, const json_t *answer)
{
	const json_t *verdict = json_object_get(answer, "verdict");

	if (options->json)
		terminal_print_json(answer);
	if (!verdict) {
		fputs("desired: the files are still being read; see desired status\n", stderr);
		return COMMAND_FINE;
	}
	if (options->json)
		return json_array_size(json_object_get(verdict, "bad")) ||
				       tree_path_true(verdict, "fatal")
			       ? COMMAND_FAILED
			       : COMMAND_FINE;
	enum command_exit code = print_verdict(verdict);
	return code == COMMAND_WARNINGS ? COMMAND_FINE : code;
}

static enum command_exit reload(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_remote struct remote *remote = NULL;
	json_auto_t *answer = NULL;

	int r = remote_open(options, &remote, &err);
	if (r == 0) {
		r = err_set(&err, ERR_NOT_FOUND, "no daemon runs for %s", options->dir);
		(void)err_hint(&err,
			       "systemctl start desired; or, without a daemon: desired apply");
	}
	if (r > 0)
		r = remote_call(remote, "POST", "/v1/reload", NULL, ANSWER_MS, &answer, &err);
	return r < 0 ? terminal_fail(&err) : report(options, answer);
}

const struct command verb_reload = {
	.name = "reload",
	.run = reload,
	.arguments = "",
	.summary = "Have the daemon read the files again, and say what it made of them",
	.text = "'systemctl reload desired' does the same. It returns with the verdict, after at "
		"most\n"
		"10 seconds: which apps were taken up and which are broken, with file, line and\n"
		"column of each error. The good apps go on at once; for a broken one, what was in\n"
		"force stays in force. Only a broken desired.yaml or variable file keeps "
		"everything\n"
		"as it was.\n\n"
		"Exit codes: 0 all apps were taken up, 1 some are broken.",
	.options = command_no_options,
};
