#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "findings.h"
#include "pass.h"
#include "plan/print.h"
#include "site.h"
#include "terminal.h"
#include "verbs.h"

#define ANSWER_MS 30000

/* What the verb goes through, app by app. */
struct showing {
	const struct options *options;
	struct pass_round *round;
	struct plan_totals totals;
	struct list unchanged;
	size_t unchanged_objects;
	struct buf text;
	json_t *apps;
	bool failed;
};

static size_t changes(const struct plan_totals *totals)
{
	return totals->create + totals->patch + totals->adopt + totals->replace + totals->recreate +
	       totals->put_back + totals->delete_ + totals->hold;
}

static void show(struct showing *showing, const struct plan *plan)
{
	const struct plan_print_options options = {.colour = terminal_colour()};
	struct plan_totals own = {0};

	plan_count(plan, &own);
	plan_count(plan, &showing->totals);
	showing->failed |= own.refuse > 0;
	if (showing->options->json) {
		json_array_append_new(showing->apps, plan_to_json(plan));
		return;
	}
	size_t before = showing->text.len;
	plan_print(plan, &options, &showing->text);
	if (showing->text.len != before)
		return;
	list_add(&showing->unchanged, plan->app->name);
	showing->unchanged_objects += own.unchanged;
}

static void show_error(struct showing *showing, const char *name, const struct err *err)
{
	const struct manifest_app *app = manifest_set_find(showing->round->loaded->set, name);
	cleanup_free char *text = err_text(err);

	showing->failed = true;
	if (app && app->broken && err->code == ERR_NOT_FOUND)
		return; /* told with its findings */
	if (showing->options->json)
		json_array_append_new(showing->apps,
				      json_pack("{s:s, s:s}", "app", name, "error", text));
	else
		buf_printf(&showing->text, "%s\n  cannot be planned: %s\n", name, text);
}

/* What is shown is of the version that is in force instead. */
static void show_refused(struct showing *showing, const char *name, const char *why)
{
	showing->failed = true;
	if (!showing->options->json)
		buf_printf(&showing->text,
			   "%s: this version did not become ready and is not tried again until "
			   "its files change, or: desired apply --app %s\n    %s\n",
			   name, name, why);
}

static void plan_app(struct showing *showing, const char *name)
{
	struct pass_round *round = showing->round;
	struct reconcile_result result = {0};
	cleanup_err struct err err = ERR_INIT;
	const struct reconcile_options options = {
		.show = true,
		.retry = round->request.force || round->request.app,
		.force = round->request.force,
		.force_replace = round->request.force_replace,
	};

	if (reconcile_app(&round->world, round->round, name, &options, &result, &err) < 0)
		show_error(showing, name, &err);
	else
		show(showing, result.plan);
	if (result.refused)
		show_refused(showing, name, result.refused);
	reconcile_result_done(&result);
}

static void print_end(struct showing *showing)
{
	cleanup_free char *names = list_join(&showing->unchanged, " ");

	if (showing->unchanged.n)
		buf_printf(&showing->text, "Unchanged: %s (%zu object%s)\n", names,
			   showing->unchanged_objects, showing->unchanged_objects == 1 ? "" : "s");
	if (changes(&showing->totals) || showing->totals.refuse || showing->totals.keep) {
		plan_print_totals(&showing->totals, &showing->text);
		if (showing->text.len && showing->text.data[showing->text.len - 1] == '\n')
			buf_truncate(&showing->text, showing->text.len - 1);
		buf_addch(&showing->text, ' ');
	}
	bool settled = !changes(&showing->totals) && !showing->failed;
	buf_addstr(&showing->text,
		   settled ? "Everything is as the files say.\n" : "Nothing was changed.\n");
	terminal_print(buf_str(&showing->text));
}

static json_t *totals_to_json(const struct plan_totals *totals)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "create",
			 (json_int_t)totals->create, "patch", (json_int_t)totals->patch, "adopt",
			 (json_int_t)totals->adopt, "replace", (json_int_t)totals->replace,
			 "recreate", (json_int_t)totals->recreate, "delete",
			 (json_int_t)totals->delete_, "keep", (json_int_t)totals->keep, "hold",
			 (json_int_t)totals->hold, "refuse", (json_int_t)totals->refuse,
			 "unchanged", (json_int_t)totals->unchanged);
}

static void print_json(const struct showing *showing)
{
	json_auto_t *tree = json_pack("{s:i, s:O, s:o, s:o}", "schema", 1, "apps", showing->apps,
				      "totals", totals_to_json(&showing->totals), "findings",
				      findings_to_json(&showing->round->loaded->findings));

	terminal_print_json(tree);
}

static enum command_exit show_round(const struct options *options, struct pass_round *round)
{
	struct showing showing = {.options = options, .round = round};
	const struct diag_list *findings = &round->loaded->findings;
	cleanup_buf struct buf errors = BUF_INIT;

	showing.apps = json_array();
	showing.failed = diag_count(findings, DIAG_ERROR) > 0;
	findings_print_errors(findings, &errors);
	if (!options->json) {
		fputs(buf_str(&errors), stderr);
		buf_addstr(&showing.text, "# desired plan\n");
	}
	for (size_t i = 0; i < round->apps.n; i++)
		plan_app(&showing, round->apps.items[i]);
	if (options->json)
		print_json(&showing);
	else
		print_end(&showing);
	json_decref(showing.apps);
	list_done(&showing.unchanged);
	buf_done(&showing.text);
	if (showing.failed)
		return COMMAND_FAILED;
	return changes(&showing.totals) ? COMMAND_PENDING : COMMAND_FINE;
}

static int load(const struct options *options, struct site *site, struct loaded **ret,
		struct err *err)
{
	int r = site_look(options, site, err);

	if (r < 0)
		return r;
	return loaded_read(
		&(struct loaded_options){
			.dir = options->dir,
			.config = options->config,
			.state_dir = options->state,
			.masking = options->masking,
			.kinds_of = link_kinds,
			.link_of = link_once,
			.context = site,
		},
		ret, err);
}

static int begin(const struct options *options, const struct site *site, struct loaded *loaded,
		 struct pass_round **ret, struct err *err)
{
	struct pass_request request = {
		.app = mem_strdup(options->app),
		.force = options_given(options, "force"),
		.force_replace = options_given(options, "replace"),
	};
	struct link *link = NULL;

	list_copy(&request.tags, &options->tags);
	list_copy(&request.skip_tags, &options->skip_tags);
	int r = link_open(site, &loaded->settings, &link, err);
	if (r >= 0)
		r = pass_round_begin(
			&(struct pass_round_options){
				.site = site,
				.loaded = loaded,
				.link = link,
				.clock = &clock_real,
				.request = &request,
				.timeout_ms = ANSWER_MS,
			},
			ret, err);
	link_unref(link);
	pass_request_done(&request);
	return r;
}

static enum command_exit plan(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_site struct site site = SITE_INIT;
	struct loaded *loaded = NULL;
	struct pass_round *round = NULL;
	enum command_exit code;

	int r = load(options, &site, &loaded, &err);
	if (r >= 0)
		r = begin(options, &site, loaded, &round, &err);
	if (r >= 0 && options->app && !round->apps.n) {
		r = err_set(&err, ERR_NOT_FOUND, "there is no app '%s'", options->app);
		(void)err_hint(&err, "'desired check' finds out why, if its files are there");
	}
	code = r < 0 ? terminal_fail(&err) : show_round(options, round);
	pass_round_unref(round);
	loaded_unref(loaded);
	return code;
}

static const struct option_spec plan_options[] = {
	{"force", NULL, "plan also what was refused before, and what cannot be proven"},
	{"replace", NULL, "plan as if workloads were to be replaced, also when they could roll"},
	{NULL, NULL, NULL},
};

const struct command verb_plan = {
	.name = "plan",
	.run = plan,
	.arguments = "",
	.summary = "Show what would be done with the files as they are now",
	.text = "Reads the files (not what a daemon has loaded), asks the API server what each "
		"change\n"
		"would come to, and prints it with the reason. It changes nothing, neither in the\n"
		"cluster nor in the state directory, and works before any daemon ever ran.\n\n"
		"Exit codes: 0 everything is as the files say, 1 something failed (also when "
		"changes\n"
		"are pending beside it), 2 changes are pending.",
	.options = plan_options,
};
