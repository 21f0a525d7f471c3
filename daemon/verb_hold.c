#include <stdio.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "data_gate.h"
#include "hold.h"
#include "remote.h"
#include "terminal.h"
#include "verbs.h"

#define ANSWER_MS 30000

/* --- suspend --- */

static int suspend_alone(const struct options *options, const char *app, int64_t for_ms,
			 struct err *err)
{
	cleanup_site struct site site = SITE_INIT;
	cleanup_list struct list known = LIST_INIT;
	cleanup_free char *person = site_person();
	struct loaded *loaded = NULL;
	int r = site_open(options, "desired suspend", &site, err);

	if (r >= 0)
		r = loaded_read(&(struct loaded_options){.dir = options->dir,
							 .config = options->config,
							 .masking = options->masking},
				&loaded, err);
	if (r < 0)
		return r;
	hold_known_apps(loaded, site.ledger, &known);
	loaded_unref(loaded);
	return hold_suspend(&site, &known, app, for_ms, person, terminal_sink(), err);
}

static int suspend_there(struct remote *remote, const char *app, int64_t for_ms, struct err *err)
{
	json_auto_t *body = json_pack("{s:s, s:I}", "app", app, "for_ms", (json_int_t)for_ms);
	json_auto_t *answer = NULL;
	int r = remote_call(remote, "POST", "/v1/suspend", body, ANSWER_MS, &answer, err);

	if (r >= 0)
		fprintf(stderr, "%s: suspended; desired resume %s ends it\n", app, app);
	return r;
}

static int read_span(const struct options *options, int64_t *ret, struct err *err)
{
	const char *text = options_value(options, "for");

	*ret = 0;
	if (!text)
		return 0;
	int r = timespan_parse(text, ret, err);
	if (r >= 0 && *ret <= 0)
		r = err_set(err, ERR_INVALID, "--for needs a time above 0");
	return r < 0 ? err_wrap(err, "--for") : 0;
}

static enum command_exit suspend(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_remote struct remote *remote = NULL;
	const char *app = options->arguments.items[0];
	int64_t for_ms;

	if (read_span(options, &for_ms, &err) < 0) {
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	int r = remote_open(options, &remote, &err);
	if (r == 0)
		r = suspend_alone(options, app, for_ms, &err);
	else if (r > 0)
		r = suspend_there(remote, app, for_ms, &err);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

static const struct option_spec suspend_options[] = {
	{"for", "TIME", "resume by itself after this time: 30m, 2h, 1d"},
	{NULL, NULL, NULL},
};

const struct command verb_suspend = {
	.name = "suspend",
	.run = suspend,
	.arguments = "APP[@INSTANCE]",
	.summary = "Leave an app alone, for debugging",
	.text = "Nothing of the app is changed, repaired or pruned until 'desired resume', or "
		"until\n"
		"the time given with --for is over. 'ghost' means all instances of ghost,\n"
		"'ghost@tfe-fr' only one. A suspension survives restarts. Other apps go on.",
	.options = suspend_options,
	.min = 1,
	.max = 1,
};

/* --- resume --- */

static int go_without(const struct site *site, const struct list *known, const char *app,
		      struct err *err)
{
	struct backup_gate *gate = data_gate_new(site);
	cleanup_free char *person = site_person();
	int r = hold_go_without(gate, known, app, person, terminal_sink(), err);

	backup_gate_free(gate);
	return r;
}

static int resume_alone(const struct options *options, const char *app, struct err *err)
{
	cleanup_site struct site site = SITE_INIT;
	cleanup_list struct list known = LIST_INIT;
	bool unpinned = false;
	int r = site_open(options, "desired resume", &site, err);

	if (r < 0)
		return r;
	hold_known_apps(NULL, site.ledger, &known);
	list_add_new(&known, app);
	if (options_given(options, "without-restore") &&
	    (r = go_without(&site, &known, app, err)) < 0)
		return r;
	r = hold_resume(&site, &known, app, terminal_sink(), &unpinned, err);
	if (r > 0)
		fputs("No daemon runs: 'desired apply' puts right what differs\n", stderr);
	return r;
}

static int resume_there(struct remote *remote, const char *app, bool without_restore,
			struct err *err)
{
	json_auto_t *body = json_pack("{s:s, s:b}", "app", app, "without_restore", without_restore);
	json_auto_t *answer = NULL;
	int r = remote_call(remote, "POST", "/v1/resume", body, ANSWER_MS, &answer, err);

	if (r < 0)
		return r;
	bool unpinned = json_is_true(json_object_get(answer, "was_pinned"));
	if (!unpinned && !json_is_true(json_object_get(answer, "was_suspended")))
		return 0;
	fprintf(stderr, "%s: %s; what differs from the files is put right now\n", app,
		unpinned ? "follows its files again" : "resumed");
	return 1;
}

static enum command_exit resume(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_remote struct remote *remote = NULL;
	const char *app = options->arguments.items[0];

	int r = remote_open(options, &remote, &err);
	if (r == 0)
		r = resume_alone(options, app, &err);
	else if (r > 0)
		r = resume_there(remote, app, options_given(options, "without-restore"), &err);
	if (r == 0 && options_given(options, "without-restore"))
		fprintf(stderr, "%s starts without its old data\n", app);
	else if (r == 0)
		fprintf(stderr, "%s was neither suspended nor pinned\n", app);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

static const struct option_spec resume_options[] = {
	{"without-restore", NULL, "start it although its data is missing"},
	{NULL, NULL, NULL},
};

const struct command verb_resume = {
	.name = "resume",
	.run = resume,
	.arguments = "APP[@INSTANCE]",
	.summary = "End a suspension, or the pin of a rollback",
	.text = "What differs from the files is put right at once. An app that is both suspended "
		"and\n"
		"pinned by a rollback or an undo stays pinned: say it twice to end both.\n"
		"\n"
		"An app that waits because its data is missing starts with --without-restore with "
		"what\n"
		"is there; the other way out is 'desired restore APP'.",
	.options = resume_options,
	.min = 1,
	.max = 1,
};
