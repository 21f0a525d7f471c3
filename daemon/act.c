#include "act.h"

#include <stdio.h>
#include <string.h>

#include "alone.h"
#include "base/mem.h"
#include "findings.h"
#include "messages.h"
#include "remote.h"
#include "terminal.h"
#include "tree/path.h"

#define ANSWER_MS 30000

json_t *act_texts(const struct list *list)
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

static int no_such_app(const char *app, struct err *err)
{
	(void)err_set(err, ERR_NOT_FOUND, "there is no app '%s'", app);
	return err_hint(err, "'desired status' lists them");
}

static void print_json(const json_t *findings, const json_t *answer, const json_t *beside,
		       const json_t *result)
{
	json_auto_t *tree = result ? json_deep_copy(result) : json_object();

	json_object_set_new(tree, "schema", json_integer(1));
	if (findings)
		json_object_set(tree, "findings", (json_t *)findings);
	if (answer)
		json_object_update_missing(tree, (json_t *)answer);
	if (beside)
		json_object_update_missing(tree, (json_t *)beside);
	terminal_print_json(tree);
}

/* findings: those that count for what came of it; NULL for none. */
static enum command_exit report(const struct act *act, const json_t *findings, const json_t *answer,
				const json_t *result)
{
	const struct options *options = act->options;
	cleanup_diag struct diag_list list = DIAG_LIST_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_err struct err err = ERR_INIT;

	if (findings && options->app && !json_array_size(json_object_get(result, "apps"))) {
		(void)no_such_app(options->app, &err);
		return terminal_fail(&err);
	}
	findings_from_json(findings, &list);
	if (options->json) {
		print_json(findings, answer, act->beside, result);
	} else if (result) {
		print_result(result, &out);
		terminal_print(buf_str(&out));
	}
	if (tree_path_true(answer, "failed"))
		return COMMAND_FAILED;
	if (tree_path_true(answer, "warned"))
		return COMMAND_WARNINGS;
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

/* Lines that the answer has for people. */
static void print_messages(const struct options *options, const json_t *answer)
{
	cleanup_buf struct buf out = BUF_INIT;
	size_t i;
	json_t *line;

	json_array_foreach (json_object_get(answer, "messages"), i, line)
		buf_printf(&out, "%s\n", json_string_value(line));
	if (!options->json)
		terminal_print(buf_str(&out));
}

static enum command_exit act_there(const struct act *act, struct remote *remote)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *answer = NULL, *result = NULL;

	int r = remote_call(remote, "POST", act->path, act->body, ANSWER_MS, &answer, &err);
	if (r < 0)
		return terminal_fail(&err);
	const json_t *findings = act->prepare ? NULL : tree_path_get(answer, "verdict.findings");
	print_findings(findings);
	print_messages(act->options, answer);
	if (json_object_get(answer, "waiting"))
		fprintf(stderr, "Waiting for the API server: %s\n",
			tree_path_string(answer, "waiting"));
	if (json_object_get(answer, "task"))
		r = follow(remote, answer, &result, &err);
	return r < 0 ? terminal_fail(&err) : report(act, findings, answer, result);
}

static void ignore_findings(const json_t *findings)
{
	(void)findings;
}

static enum command_exit act_here(const struct act *act)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *purpose = mem_printf("desired %s", act->options->verb);
	json_auto_t *findings = NULL, *answer = NULL, *result = NULL;
	int r = alone_run(
		&(struct alone_options){
			.options = act->options,
			.purpose = purpose,
			.found = act->prepare ? ignore_findings : print_findings,
			.prepare = act->prepare,
			.body = act->body,
		},
		&findings, &answer, &result, &err);

	if (answer)
		print_messages(act->options, answer);
	if (r < 0)
		return terminal_fail(&err);
	return report(act, act->prepare ? NULL : findings, answer, result);
}

enum command_exit act_run(const struct act *act)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_remote struct remote *remote = NULL;
	int r = remote_open(act->options, &remote, &err);

	if (r < 0)
		return terminal_fail(&err);
	print_messages(act->options, act->beside);
	return r > 0 ? act_there(act, remote) : act_here(act);
}
