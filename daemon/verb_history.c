#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "history.h"
#include "site.h"
#include "terminal.h"
#include "verbs.h"

/* What the verb has before it. */
struct showing {
	const struct options *options;
	struct history history;
	char *app;
	int numbers[2]; /* 0: not given */
};

static void showing_done(struct showing *showing)
{
	for (size_t i = 0; i < showing->history.count; i++)
		state_revision_done(&showing->history.revisions[i]);
	free(showing->history.revisions);
	state_app_free((struct state_app *)showing->history.known);
	free(showing->app);
}

/* --- which app --- */

static int no_such_app(const char *name, const struct list *known, struct err *err)
{
	const char *nearest = name_nearest(name, (const char *const *)known->items, known->n);
	cleanup_free char *all = list_join(known, ", ");

	(void)err_set(err, ERR_NOT_FOUND, "there is no app '%s' with a history", name);
	if (nearest)
		return err_hint(err, "did you mean %s?", nearest);
	return err_hint(err, "there are: %s", known->n ? all : "none yet");
}

/* The app of that name, or the only instance of a folder. */
static int find_app(struct showing *showing, const char *name, struct err *err)
{
	cleanup_list struct list known = LIST_INIT, found = LIST_INIT;
	size_t n = strlen(name);
	int r = state_revision_apps(showing->options->state, &known, err);

	if (r == -ERR_DENIED)
		return err_hint(err, "run it as root, or as the owner of the state directory");
	if (r < 0)
		return r;
	for (size_t i = 0; i < known.n; i++)
		if (!strncmp(known.items[i], name, n) && strchr("@", known.items[i][n]))
			list_add(&found, known.items[i]);
	if (!found.n)
		return no_such_app(name, &known, err);
	if (found.n > 1 && !list_has(&found, name)) {
		cleanup_free char *all = list_join(&found, ", ");
		(void)err_set(err, ERR_INVALID, "'%s' stands for several instances", name);
		return err_hint(err, "name one of them: %s", all);
	}
	showing->app = mem_strdup(list_has(&found, name) ? name : found.items[0]);
	return 0;
}

static int read_number(const char *text, const char *app, int *ret, struct err *err)
{
	char *end;
	long number = strtol(text, &end, 10);

	*ret = (int)number;
	if (end != text && !*end && number > 0 && number <= 1000000000)
		return 0;
	(void)err_set(err, ERR_INVALID, "'%s' is no number of a revision", text);
	return err_hint(err, "'desired history %s' lists them", app);
}

static int open_history(struct showing *showing, struct err *err)
{
	const struct list *arguments = &showing->options->arguments;
	cleanup_site struct site site = SITE_INIT;
	struct history *history = &showing->history;

	int r = find_app(showing, arguments->items[0], err);
	for (size_t i = 1; r >= 0 && i < arguments->n; i++)
		r = read_number(arguments->items[i], showing->app, &showing->numbers[i - 1], err);
	if (r >= 0)
		r = site_look(showing->options, &site, err);
	if (r >= 0)
		r = state_revision_list(showing->options->state, showing->app, &history->revisions,
					&history->count, err);
	if (r < 0)
		return r;
	history->app = showing->app;
	history->known = state_ledger_app(site.ledger, showing->app);
	return 0;
}

/* --- what is shown --- */

static void print(const struct showing *showing, json_t *tree_stolen, const struct buf *text)
{
	json_auto_t *tree = tree_stolen;

	if (showing->options->json)
		terminal_print_json(tree);
	else
		terminal_print(buf_str(text));
}

static int show_list(const struct showing *showing)
{
	cleanup_buf struct buf out = BUF_INIT;

	history_print(&showing->history, &out);
	print(showing, history_to_json(&showing->history), &out);
	return 0;
}

static int show_one(const struct showing *showing, struct err *err)
{
	const char *state = showing->options->state;
	cleanup_buf struct buf out = BUF_INIT;
	struct manifest_app *app = NULL;
	struct state_revision revision;

	int r = state_revision_find(state, showing->app, showing->numbers[0], &revision, err);
	if (r < 0)
		return r;
	r = state_revision_load(state, showing->app, showing->numbers[0], &app, err);
	if (r >= 0) {
		history_set_print(&revision, app, &out);
		print(showing, history_set_to_json(&revision, app), &out);
	}
	manifest_app_unref(app);
	state_revision_done(&revision);
	return r;
}

static void print_diff(const struct showing *showing, const struct manifest_app *from,
		       const struct manifest_app *to, const int *numbers)
{
	cleanup_buf struct buf out = BUF_INIT;
	json_t *tree = history_diff_to_json(from, to);

	json_object_set_new(tree, "from", json_integer(numbers[0]));
	json_object_set_new(tree, "to", json_integer(numbers[1]));
	buf_printf(&out, "# desired history %s %d %d\n", showing->app, numbers[0], numbers[1]);
	history_diff_print(from, to, terminal_colour(), &out);
	print(showing, tree, &out);
}

static int show_diff(const struct showing *showing, const int *numbers, struct err *err)
{
	const char *state = showing->options->state;
	struct manifest_app *from = NULL, *to = NULL;
	struct state_revision exists;

	for (int i = 0; i < 2; i++) {
		int r = state_revision_find(state, showing->app, numbers[i], &exists, err);
		if (r < 0)
			return r;
		state_revision_done(&exists);
	}
	int r = state_revision_load(state, showing->app, numbers[0], &from, err);
	if (r >= 0)
		r = state_revision_load(state, showing->app, numbers[1], &to, err);
	if (r >= 0)
		print_diff(showing, from, to, numbers);
	manifest_app_unref(from);
	manifest_app_unref(to);
	return r;
}

/* --diff: a version (the newest, unless one is named) and the one before it. */
static int show_step(const struct showing *showing, struct err *err)
{
	const struct history *history = &showing->history;
	size_t at = history->count;

	while (at > 0 && showing->numbers[0] &&
	       history->revisions[at - 1].number != showing->numbers[0])
		at--;
	if (at < 2) {
		(void)err_set(err, ERR_NOT_FOUND, "%s has no such version, or none before it",
			      showing->app);
		return err_hint(err, "'desired history %s' lists them", showing->app);
	}
	const int numbers[] = {history->revisions[at - 2].number,
			       history->revisions[at - 1].number};
	return show_diff(showing, numbers, err);
}

static enum command_exit history(const struct options *options)
{
	__attribute__((cleanup(showing_done))) struct showing showing = {.options = options};
	cleanup_err struct err err = ERR_INIT;
	int r = open_history(&showing, &err);

	if (r < 0)
		return terminal_fail(&err);
	if (showing.numbers[1])
		r = show_diff(&showing, showing.numbers, &err);
	else if (options_given(options, "diff"))
		r = show_step(&showing, &err);
	else if (showing.numbers[0])
		r = show_one(&showing, &err);
	else
		r = show_list(&showing);
	return r < 0 ? terminal_fail(&err) : COMMAND_FINE;
}

static const struct option_spec history_options[] = {
	{"diff", NULL, "what a version (the newest) changed of the one before it"},
	{NULL, NULL, NULL},
};

const struct command verb_history = {
	.name = "history",
	.run = history,
	.arguments = "APP[@INSTANCE] [REVISION [REVISION]]",
	.summary = "List the versions of an app, show one, or compare two",
	.text = "Every version that the API server accepted is kept, the newest 20 of them "
		"('revisions'\n"
		"in desired.yaml): who brought it and when, the commit of the files, and whether "
		"it ever\n"
		"became ready. With one number it prints the manifests of that version, with two "
		"the\n"
		"fields that differ between them. Values of Secrets are masked.\n\n"
		"'desired rollback APP [REVISION]' goes back to one of them. No daemon is needed.",
	.options = history_options,
	.min = 1,
	.max = 3,
};
