/* apply and approve: through the daemon when one serves these files, else alone (alone.h). */
#include <stdio.h>
#include <string.h>

#include "alone.h"
#include "base/mem.h"
#include "findings.h"
#include "messages.h"
#include "remote.h"
#include "site.h"
#include "terminal.h"
#include "tree/path.h"
#include "verbs.h"

#define ANSWER_MS 30000

static json_t *texts(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

/* --- what came of it --- */

static bool is_well(const char *outcome)
{
	return !strcmp(outcome, "ready") || !strcmp(outcome, "suspended") ||
	       !strcmp(outcome, "gone");
}

static void print_trouble(const json_t *apps, struct buf *out)
{
	size_t i;
	json_t *app;

	json_array_foreach (apps, i, app) {
		const char *outcome = tree_path_string(app, "outcome");
		const char *note = tree_path_string(app, "note");
		if (!outcome || is_well(outcome))
			continue;
		buf_printf(out, "%s: %s%s%s\n", tree_path_string(app, "app"), outcome,
			   note ? ": " : "", note ? note : "");
	}
}

static void print_result(const json_t *result, struct buf *out)
{
	const json_t *apps = json_object_get(result, "apps");
	size_t ready = 0, gone = 0, i;
	json_int_t written = 0, replaced = 0, deleted = 0;
	json_t *app;

	print_trouble(apps, out);
	json_array_foreach (apps, i, app) {
		const char *outcome = tree_path_string(app, "outcome");
		ready += outcome && !strcmp(outcome, "ready");
		gone += outcome && !strcmp(outcome, "gone");
		written += tree_path_integer(app, "written", 0);
		replaced += tree_path_integer(app, "replaced", 0);
		deleted += tree_path_integer(app, "deleted", 0);
	}
	buf_printf(
		out,
		"%zu of %zu apps are ready; objects: %lld written, %lld replaced, %lld deleted\n",
		ready, json_array_size(apps) - gone, (long long)written, (long long)replaced,
		(long long)deleted);
}

static enum command_exit report(const struct options *options, const json_t *findings,
				const json_t *result)
{
	cleanup_diag struct diag_list list = DIAG_LIST_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_err struct err err = ERR_INIT;

	if (options->app && !json_array_size(json_object_get(result, "apps"))) {
		(void)err_set(&err, ERR_NOT_FOUND, "there is no app '%s'", options->app);
		(void)err_hint(&err, "'desired status' lists them");
		return terminal_fail(&err);
	}

	findings_from_json(findings, &list);
	if (options->json) {
		json_auto_t *tree = json_deep_copy(result);
		json_object_set_new(tree, "schema", json_integer(1));
		json_object_set(tree, "findings", (json_t *)findings);
		terminal_print_json(tree);
	} else {
		print_result(result, &out);
		terminal_print(buf_str(&out));
	}
	if (tree_path_integer(result, "failed", 0) || diag_count(&list, DIAG_ERROR))
		return COMMAND_FAILED;
	if (tree_path_integer(result, "warned", 0))
		return COMMAND_WARNINGS;
	return COMMAND_FINE;
}

static void print_findings(const json_t *findings)
{
	cleanup_diag struct diag_list list = DIAG_LIST_INIT;
	cleanup_buf struct buf out = BUF_INIT;

	findings_from_json(findings, &list);
	findings_print_errors(&list, &out);
	fputs(buf_str(&out), stderr);
}

/* --- through the daemon --- */

struct following {
	json_t *result;
};

/* Without a terminal only what went wrong is told on the way. */
static bool is_told(const json_t *line)
{
	const char *name = tree_path_string(line, "event");

	for (int kind = 0; name && kind <= EVENT_RELOADED; kind++)
		if (!strcmp(event_kind_name((enum event_kind)kind), name))
			return terminal_progress() || message_is_trouble((enum event_kind)kind);
	return false;
}

static void on_line(void *context, const json_t *line)
{
	struct following *following = context;
	json_t *result = json_object_get(line, "result");
	const char *message = tree_path_string(line, "message");

	if (result)
		following->result = json_incref(result);
	else if (message && is_told(line))
		fprintf(stderr, "%s\n", message);
}

static int follow(struct remote *remote, const json_t *answer, json_t **ret, struct err *err)
{
	struct following following = {0};
	cleanup_free char *path =
		mem_printf("/v1/apply/%lld", (long long)tree_path_integer(answer, "task", 0));
	int r = remote_follow(remote, path, on_line, &following, err);

	if (r >= 0 && !following.result)
		r = err_set(err, ERR_CANCELED, "the daemon stopped before the apply had ended");
	*ret = following.result;
	return r;
}

static enum command_exit apply_there(const struct options *options, struct remote *remote)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *body = json_pack(
		"{s:s*, s:o, s:o, s:b, s:b}", "app", options->app, "tags", texts(&options->tags),
		"skip_tags", texts(&options->skip_tags), "force", options_given(options, "force"),
		"replace", options_given(options, "replace"));
	json_auto_t *answer = NULL, *result = NULL;

	int r = remote_call(remote, "POST", "/v1/apply", body, ANSWER_MS, &answer, &err);
	if (r < 0)
		return terminal_fail(&err);
	const json_t *findings = tree_path_get(answer, "verdict.findings");
	print_findings(findings);
	if (json_object_get(answer, "waiting"))
		fprintf(stderr, "Waiting for the API server: %s\n",
			tree_path_string(answer, "waiting"));
	r = follow(remote, answer, &result, &err);
	return r < 0 ? terminal_fail(&err) : report(options, findings, result);
}

/* --- apply --- */

static enum command_exit apply_here(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *findings = NULL, *result = NULL;
	int r = alone_apply(options, print_findings, &findings, &result, &err);

	return r < 0 ? terminal_fail(&err) : report(options, findings, result);
}

static enum command_exit apply(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_remote struct remote *remote = NULL;
	int r = remote_open(options, &remote, &err);

	if (r < 0)
		return terminal_fail(&err);
	return r > 0 ? apply_there(options, remote) : apply_here(options);
}

static const struct option_spec apply_options[] = {
	{"force", NULL, "try again what was refused before"},
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
		"pruned.\n\n"
		"Exit codes: 0 everything is ready, 1 something failed or did not become ready, 3 "
		"done\n"
		"with warnings or something waits for approval, 4 another apply is under way.",
	.options = apply_options,
};

/* --- approve --- */

static int approve_alone(const struct options *options, struct err *err)
{
	cleanup_site struct site site = SITE_INIT;
	int r = site_open(options, "desired approve", &site, err);

	for (size_t i = 0; r >= 0 && i < options->arguments.n; i++)
		r = state_ledger_approve(site.ledger, options->arguments.items[i], err);
	if (r >= 0)
		fputs("Approved; 'desired apply' deletes it\n", stderr);
	return r;
}

static int approve_there(struct remote *remote, const struct list *ids, struct err *err)
{
	json_auto_t *body = json_pack("{s:o}", "ids", texts(ids)), *answer = NULL;
	int r = remote_call(remote, "POST", "/v1/approve", body, ANSWER_MS, &answer, err);

	if (r >= 0)
		fputs("Approved; it is deleted now\n", stderr);
	return r;
}

static enum command_exit approve(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_remote struct remote *remote = NULL;

	int r = remote_open(options, &remote, &err);
	if (r == 0)
		r = approve_alone(options, &err);
	else if (r > 0)
		r = approve_there(remote, &options->arguments, &err);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

const struct command verb_approve = {
	.name = "approve",
	.run = approve,
	.arguments = "ID...",
	.summary = "Allow deletes that wait for a person",
	.text = "Deletes of more than one app, of more than 20 objects, or of more than 5 that are "
		"30 %\n"
		"of all, wait until somebody approves them: the journal, 'desired plan' and "
		"'desired\n"
		"status' name the ID. It stands for exactly these objects; when other ones are to "
		"be\n"
		"deleted, there is another ID.",
	.options = command_no_options,
	.min = 1,
	.max = 1000,
};
