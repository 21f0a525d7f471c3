#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "findings.h"
#include "masking.h"
#include "plan/print.h"
#include "plan_file.h"
#include "terminal.h"
#include "verbs.h"

/* What the verb goes through, app by app. */
struct showing {
	const struct options *options;
	const struct planned *planned;
	json_t *file; /* --out; NULL */
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
	const struct manifest_app *app = manifest_set_find(showing->planned->loaded->set, name);
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
	struct reconcile_result result = {0};
	cleanup_err struct err err = ERR_INIT;

	if (planned_app(showing->planned, name, &result, &err) < 0)
		show_error(showing, name, &err);
	else
		show(showing, result.plan);
	if (showing->file && result.record)
		plan_file_add(showing->file, name, result.record);
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
				      findings_to_json(&showing->planned->loaded->findings));

	terminal_print_json(tree);
}

/* A plan that fails in part is none to be agreed on. */
static int write_file(const struct showing *showing, struct err *err)
{
	const char *path = options_value(showing->options, "out");

	if (!showing->file)
		return 0;
	if (showing->failed) {
		(void)err_set(err, ERR_INVALID, "%s was not written: the plan fails in part", path);
		return err_hint(err, "name the apps that are well with --app or --tags");
	}
	int r = plan_file_write(path, showing->file, masking_mask(showing->options->masking), err);
	if (r >= 0)
		fprintf(stderr, "To do exactly this: desired apply %s\n", path);
	return r;
}

static void show_all(struct showing *showing)
{
	const struct diag_list *findings = &showing->planned->loaded->findings;
	const struct list *apps = &showing->planned->round->apps;
	cleanup_buf struct buf errors = BUF_INIT;

	showing->failed = diag_count(findings, DIAG_ERROR) > 0;
	findings_print_errors(findings, &errors);
	if (!showing->options->json) {
		fputs(buf_str(&errors), stderr);
		buf_addstr(&showing->text, "# desired plan\n");
	}
	for (size_t i = 0; i < apps->n; i++)
		plan_app(showing, apps->items[i]);
	if (showing->options->json)
		print_json(showing);
	else
		print_end(showing);
}

static enum command_exit show_planned(const struct options *options, const struct planned *planned)
{
	struct showing showing = {.options = options, .planned = planned};
	cleanup_err struct err err = ERR_INIT;

	showing.apps = json_array();
	if (options_given(options, "out"))
		showing.file = plan_file_new(planned);
	show_all(&showing);
	int r = write_file(&showing, &err);
	json_decref(showing.file);
	json_decref(showing.apps);
	list_done(&showing.unchanged);
	buf_done(&showing.text);
	if (r < 0)
		return terminal_fail(&err);
	if (showing.failed)
		return COMMAND_FAILED;
	return changes(&showing.totals) ? COMMAND_PENDING : COMMAND_FINE;
}

static enum command_exit plan(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_planned struct planned planned = PLANNED_INIT;
	struct pass_request request = {
		.app = mem_strdup(options->app),
		.force = options_given(options, "force"),
		.force_replace = options_given(options, "replace"),
	};

	list_copy(&request.tags, &options->tags);
	list_copy(&request.skip_tags, &options->skip_tags);
	int r = planned_open(options, &request, &planned, &err);
	pass_request_done(&request);
	return r < 0 ? terminal_fail(&err) : show_planned(options, &planned);
}

static const struct option_spec plan_options[] = {
	{"out", "FILE", "keep the plan, for 'desired apply FILE'"},
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
		"With --out the plan is kept (mode 0600, no values of Secrets in it). 'desired "
		"apply FILE'\n"
		"does exactly that and nothing else, or refuses and says what moved since.\n\n"
		"Exit codes: 0 everything is as the files say, 1 something failed (also when "
		"changes\n"
		"are pending beside it), 2 changes are pending.",
	.options = plan_options,
};
