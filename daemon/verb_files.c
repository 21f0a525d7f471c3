/* Verbs that read the files and nothing else: check, render, vars. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "findings.h"
#include "link.h"
#include "loaded.h"
#include "manifest/api.h"
#include "masking.h"
#include "node.h"
#include "protect.h"
#include "render.h"
#include "source/facts.h"
#include "source/load.h"
#include "terminal.h"
#include "verbs.h"

/* --- check --- */

static void cleanup_loaded(struct loaded **loaded)
{
	loaded_unref(*loaded);
}

static size_t count_broken(const struct loaded *loaded, struct list *ret_names)
{
	const struct manifest_set *set = loaded->set;

	for (size_t i = 0; i < set->count; i++)
		if (set->apps[i]->broken)
			list_add_new(ret_names, set->apps[i]->app);
	for (size_t i = 0; i < set->broken_folders.n; i++)
		list_add_new(ret_names, set->broken_folders.items[i]);
	return ret_names->n;
}

static size_t count_good(const struct loaded *loaded, const struct list *broken)
{
	cleanup_list struct list good = LIST_INIT;

	for (size_t i = 0; i < loaded->set->count; i++)
		if (!list_has(broken, loaded->set->apps[i]->app))
			list_add_new(&good, loaded->set->apps[i]->app);
	return good.n;
}

static void print_summary(const struct loaded *loaded, size_t errors, size_t warnings,
			  struct buf *out)
{
	cleanup_list struct list broken = LIST_INIT;
	size_t bad = count_broken(loaded, &broken), good = count_good(loaded, &broken);
	cleanup_free char *names = list_join(&broken, ", ");

	buf_printf(out, "%zu error%s, %zu warning%s; ", errors, errors == 1 ? "" : "s", warnings,
		   warnings == 1 ? "" : "s");
	if (loaded->fatal)
		buf_addstr(out, "nothing would be taken up\n");
	else if (bad)
		buf_printf(out, "%s fail%s, %zu app%s pass%s\n", names, bad == 1 ? "s" : "", good,
			   good == 1 ? "" : "s", good == 1 ? "es" : "");
	else
		buf_printf(out, "%zu app%s pass%s\n", good, good == 1 ? "" : "s",
			   good == 1 ? "es" : "");
}

static json_t *check_to_json(const struct loaded *loaded, size_t errors, size_t warnings)
{
	json_t *apps = json_array();

	for (size_t i = 0; i < loaded->set->count; i++) {
		const struct manifest_app *app = loaded->set->apps[i];
		json_array_append_new(apps,
				      json_pack("{s:s, s:b, s:I}", "name", app->name, "ok",
						!app->broken, "objects", (json_int_t)app->count));
	}
	return json_pack("{s:i, s:o, s:I, s:I, s:b, s:o}", "schema", 1, "findings",
			 findings_to_json(&loaded->findings), "errors", (json_int_t)errors,
			 "warnings", (json_int_t)warnings, "fatal", loaded->fatal, "apps", apps);
}

/* Findings of the selected apps, and those that concern all. */
static void select_findings(struct loaded *loaded, const char *app)
{
	struct diag_list kept = DIAG_LIST_INIT;

	if (!app)
		return;
	size_t n = strlen(app);
	for (size_t i = 0; i < loaded->findings.n; i++) {
		struct diag *diag = &loaded->findings.items[i];
		bool concerns = !diag->apps.n;
		for (size_t j = 0; j < diag->apps.n; j++)
			concerns |= !strncmp(diag->apps.items[j], app, n) &&
				    strchr("@", diag->apps.items[j][n]) != NULL;
		struct diag_list one = {.items = diag, .n = concerns};
		diag_copy(&kept, &one);
	}
	diag_done(&loaded->findings);
	loaded->findings = kept;
}

/* What the server serves is asked of it, unless a release was named to look ahead. */
static int load_for_check(const struct options *options, int release, struct loaded **ret,
			  struct err *err)
{
	struct site site = {.options = options, .lock = -1, .http = http_new()};
	int r = loaded_read(
		&(struct loaded_options){
			.dir = options->dir,
			.config = options->config,
			.lint = true,
			.kube_release = release,
			.masking = options->masking,
			.kinds_of = release ? link_kinds : link_ask_kinds,
			.context = &site,
		},
		ret, err);

	site_close(&site);
	return r;
}

static enum command_exit check(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	__attribute__((cleanup(cleanup_loaded))) struct loaded *loaded = NULL;
	const char *version = options_value(options, "kube-version");
	int release = version ? manifest_api_release(version) : 0;

	if (version && !release) {
		(void)err_set(&err, ERR_INVALID, "--kube-version is written 1.36, not '%s'",
			      version);
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	if (load_for_check(options, release, &loaded, &err) < 0)
		return terminal_fail(&err);
	node_check(options, &loaded->settings, loaded->set, &loaded->findings);
	protect_check(&loaded->settings, loaded->set, &loaded->findings);
	diag_sort(&loaded->findings);
	select_findings(loaded, options->app);
	size_t errors = diag_count(&loaded->findings, DIAG_ERROR);
	size_t warnings = diag_count(&loaded->findings, DIAG_WARNING);
	if (options->json) {
		json_auto_t *tree = check_to_json(loaded, errors, warnings);
		terminal_print_json(tree);
	} else {
		buf_addstr(&out, "# desired check\n");
		findings_print(&loaded->findings, &out);
		print_summary(loaded, errors, warnings, &out);
		terminal_print(buf_str(&out));
	}
	return errors ? COMMAND_FAILED : warnings ? COMMAND_WARNINGS : COMMAND_FINE;
}

static const struct option_spec check_options[] = {
	{"kube-version", "1.N", "look ahead: what that release of Kubernetes no longer serves"},
	{NULL, NULL, NULL},
};

const struct command verb_check = {
	.name = "check",
	.run = check,
	.arguments = "",
	.summary = "Find everything that is wrong with the files, without a server",
	.text = "Reads, renders and examines all files, and names every error at once with the "
		"file,\n"
		"line and column of what you wrote. It works as any user and without a cluster, "
		"so\n"
		"also in a checkout or in CI:\n\n"
		"    desired check --dir .\n\n"
		"Besides errors it finds what a server would accept and the node would not: two "
		"apps\n"
		"that claim one port, workloads whose old and new pods cannot be on one node, "
		"APIs\n"
		"that were removed or will be, files that look like manifests and are not "
		"read.\n\n"
		"Where a kubeconfig is and a server answers, that is asked which APIs it serves;\n"
		"with --kube-version none is asked.\n\n"
		"Exit codes: 0 nothing found, 1 errors, 3 warnings only.",
	.options = check_options,
};

/* --- render --- */

struct printing {
	bool show_secrets;
	bool facts;    /* print what nobody set, too */
	json_t *files; /* --output json */
};

static void print_rendered(void *context, const char *app, const char *file, const char *text,
			   size_t length)
{
	const struct printing *printing = context;
	cleanup_free char *shown =
		printing->show_secrets ? mem_strndup(text, length) : masking_manifest(text, length);

	if (printing->files) {
		json_array_append_new(printing->files, json_pack("{s:s, s:s, s:s}", "app", app,
								 "file", file, "text", shown));
		return;
	}
	size_t n = strlen(shown);
	printf("---\n# %s %s\n%s%s", app, file, shown, n && shown[n - 1] != '\n' ? "\n" : "");
}

static enum command_exit print_findings(const struct diag_list *findings)
{
	cleanup_buf struct buf out = BUF_INIT;

	findings_print(findings, &out);
	fputs(buf_str(&out), stderr);
	return diag_count(findings, DIAG_ERROR) ? COMMAND_FAILED : COMMAND_FINE;
}

static int read_settings(const struct options *options, struct source_settings *ret,
			 struct diag_list *findings, struct err *err)
{
	int r = source_settings_read(options->config, ret, findings, err);

	if (r < 0)
		(void)print_findings(findings);
	return r;
}

static enum command_exit render_apps(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	json_auto_t *files = options->json ? json_array() : NULL;
	struct printing printing = {.show_secrets = options_given(options, "show-secrets"),
				    .files = files};
	const char *app = options->arguments.n ? options->arguments.items[0] : options->app;
	struct source_settings settings;

	if (read_settings(options, &settings, &findings, &err) < 0)
		return terminal_fail(&err);
	int r = source_render(
		&(struct source_options){
			.dir = options->dir,
			.settings = &settings,
			.lint = true,
			.mask = masking_mask(options->masking),
			.reveal = printing.show_secrets,
		},
		app, print_rendered, &printing, &findings, &err);
	source_settings_done(&settings);
	if (r < 0)
		return terminal_fail(&err);
	if (files) {
		json_auto_t *tree = json_pack("{s:i, s:O, s:o}", "schema", 1, "files", files,
					      "findings", findings_to_json(&findings));
		terminal_print_json(tree);
	}
	return print_findings(&findings);
}

/* One template needs no settings: broken ones only mean that no password is known. */
static int render_one(const struct options *options, const char *file, const char *vars,
		      struct diag_list *warnings, struct buf *ret, struct err *err)
{
	cleanup_diag struct diag_list ignored = DIAG_LIST_INIT;
	cleanup_err struct err unread = ERR_INIT;
	struct source_settings settings = {0};

	(void)source_settings_read(options->config, &settings, &ignored, &unread);
	int r = render_file(file, vars, &settings, masking_mask(options->masking), warnings, ret,
			    err);
	source_settings_done(&settings);
	return r;
}

static enum command_exit render(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	const char *file = options_value(options, "file"), *vars = options_value(options, "vars");
	cleanup_buf struct buf text = BUF_INIT, warnings = BUF_INIT;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;

	if (!file && vars) {
		(void)err_set(&err, ERR_INVALID, "--vars goes with --file");
		terminal_error(&err);
		return COMMAND_USAGE;
	}
	if (options_given(options, "show-secrets"))
		masking_reveal(options->masking);
	if (!file)
		return render_apps(options);
	if (render_one(options, file, vars, &findings, &text, &err) < 0) {
		diag_add(&findings, DIAG_ERROR, NULL, &err);
		return print_findings(&findings);
	}
	fwrite(buf_str(&text), 1, text.len, stdout);
	fflush(stdout);
	findings_print(&findings, &warnings);
	fputs(buf_str(&warnings), stderr);
	return COMMAND_FINE;
}

static const struct option_spec render_options[] = {
	{"file", "TEMPLATE", "render one template, and print exactly what comes out"},
	{"vars", "VARS.yaml", "with these variables (for --file)"},
	{"show-secrets", NULL, "print the values of Secrets and what was encrypted, too"},
	{NULL, NULL, NULL},
};

const struct command verb_render = {
	.name = "render",
	.run = render,
	.arguments = "[APP[@INSTANCE]]",
	.summary = "Print the manifests as they come out of the templates",
	.text = "Every file of every app (or of one), in order, as YAML that kubectl can read. "
		"Values\n"
		"of Secrets and everything that was encrypted are masked unless --show-secrets is\n"
		"given.\n\n"
		"    desired render ghost@tfe-fr\n"
		"    desired render --file deployment.yml.j2 --vars vars.yaml\n\n"
		"With --file the rendered bytes are printed and nothing else: what Ansible's "
		"template\n"
		"task would write. (What was encrypted is masked there too.)",
	.options = render_options,
	.max = 1,
};

/* --- vars --- */

/* The facts that bear our own name are few, Ansible's many. */
static bool is_minor(const struct source_variable *variable)
{
	return !strcmp(variable->origin, SOURCE_FACTS_ORIGIN) &&
	       strcmp(variable->name, "desired") != 0 && strcmp(variable->name, "namespace") != 0;
}

static void print_variable(void *context, const struct source_variable *variable)
{
	const struct printing *printing = context;
	cleanup_free char *lost = list_join(variable->overridden, ", ");

	if (printing->files) {
		json_t *overridden = json_array();
		for (size_t i = 0; i < variable->overridden->n; i++)
			json_array_append_new(overridden,
					      json_string(variable->overridden->items[i]));
		json_array_append_new(printing->files,
				      json_pack("{s:s, s:s, s:s, s:o}", "name", variable->name,
						"value", variable->value, "origin",
						variable->origin, "overrides", overridden));
		return;
	}
	if (!printing->facts && is_minor(variable))
		return;
	printf("%s: %s\n    %s%s%s%s\n", variable->name, variable->value, variable->origin,
	       *lost ? " (overrides " : "", lost, *lost ? ")" : "");
}

static enum command_exit vars(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	json_auto_t *variables = options->json ? json_array() : NULL;
	struct printing printing = {.files = variables, .facts = options_given(options, "facts")};
	struct source_settings settings;

	if (read_settings(options, &settings, &findings, &err) < 0)
		return terminal_fail(&err);
	int r = source_vars(
		&(struct source_options){
			.dir = options->dir,
			.settings = &settings,
			.lint = true,
			.mask = masking_mask(options->masking),
		},
		options->arguments.items[0], print_variable, &printing, &findings, &err);
	source_settings_done(&settings);
	if (r < 0)
		return terminal_fail(&err);
	if (variables) {
		json_auto_t *tree = json_pack("{s:i, s:O}", "schema", 1, "variables", variables);
		terminal_print_json(tree);
	}
	return print_findings(&findings);
}

static const struct option_spec vars_options[] = {
	{"facts", NULL, "print Ansible's facts of this machine too"},
	{NULL, NULL, NULL},
};

const struct command verb_vars = {
	.name = "vars",
	.run = vars,
	.arguments = "APP[@INSTANCE]",
	.summary = "Print each variable of an app, where it was set and what it overrides",
	.text = "Values are printed as JSON, rendered. Lowest first, a later one replaces the "
		"whole\n"
		"value: a role's defaults, vars.yaml, vars.d/*, the app's vars.yaml, the "
		"instance.\n"
		"Values that were encrypted, and those whose name says that they are secret, are "
		"masked.\n"
		"With --facts it prints what Ansible would know of this machine, too.",
	.options = vars_options,
	.min = 1,
	.max = 1,
};
