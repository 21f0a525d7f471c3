#include <string.h>
#include <time.h>

#include "act.h"
#include "base/mem.h"
#include "state/pruned.h"
#include "terminal.h"
#include "verbs.h"

/* --- the list --- */

/* "20261122T194155.302Z" as the clock of the machine says it. */
static char *when_text(const char *batch)
{
	struct tm utc = {0}, here;
	char text[32];

	if (!strptime(batch, "%Y%m%dT%H%M%S.", &utc))
		return mem_strdup(batch);
	time_t when = timegm(&utc);
	localtime_r(&when, &here);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &here);
	return mem_strdup(text);
}

static int add_app(const char *state, const char *batch, const char *app, struct buf *out,
		   json_t *ret_objects, struct err *err)
{
	struct state_pruned *objects;
	size_t count;
	int r = state_pruned_load(state, batch, app, &objects, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *text = manifest_id_text(&objects[i].entry->id);
		buf_printf(out, "  %s  %s\n", app, text);
		json_array_append_new(ret_objects, json_pack("{s:s, s:s}", "app", app, "key",
							     objects[i].entry->key));
	}
	state_pruned_free(objects, count);
	return 0;
}

static int add_batch(const char *state, const char *batch, struct buf *out, json_t *ret_batches,
		     struct err *err)
{
	cleanup_free char *when = when_text(batch);
	cleanup_list struct list apps = LIST_INIT;
	json_t *objects = json_array();
	int r = state_pruned_apps(state, batch, &apps, err);

	buf_printf(out, "%s  %s\n", batch, when);
	for (size_t i = 0; r >= 0 && i < apps.n; i++)
		r = add_app(state, batch, apps.items[i], out, objects, err);
	json_array_append_new(ret_batches,
			      json_pack("{s:s, s:o}", "batch", batch, "objects", objects));
	return r;
}

static enum command_exit list(const struct options *options)
{
	cleanup_list struct list batches = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	json_auto_t *tree = json_pack("{s:i, s:[]}", "schema", 1, "batches");
	int r = state_pruned_list(options->state, &batches, &err);

	buf_addstr(&out, "# desired undo --list\n");
	for (size_t i = 0; r >= 0 && i < batches.n; i++)
		r = add_batch(options->state, batches.items[i], &out,
			      json_object_get(tree, "batches"), &err);
	if (r == -ERR_DENIED)
		(void)err_hint(&err, "run it as root, or as the owner of the state directory");
	if (r < 0)
		return terminal_fail(&err);
	if (!batches.n)
		buf_printf(&out, "Nothing was pruned within %d days.\n", STATE_PRUNED_DAYS);
	if (options->json)
		terminal_print_json(tree);
	else
		terminal_print(buf_str(&out));
	return COMMAND_FINE;
}

/* --- undo --- */

static enum command_exit undo(const struct options *options)
{
	if (options_given(options, "list"))
		return list(options);
	const char *batch = options->arguments.n ? options->arguments.items[0] : NULL;
	json_auto_t *body = json_pack("{s:s*}", "batch", batch);
	return act_run(&(struct act){.options = options,
				     .path = "/v1/undo",
				     .body = body,
				     .prepare = change_find("undo")});
}

static const struct option_spec undo_options[] = {
	{"list", NULL, "what can be brought back, oldest first"},
	{NULL, NULL, NULL},
};

const struct command verb_undo = {
	.name = "undo",
	.run = undo,
	.arguments = "[PRUNE]",
	.summary = "Bring back what the last prune deleted",
	.text = "What is deleted because it left the files is kept for 7 days. 'undo' makes the "
		"objects\n"
		"of the last prune again, or of the one named (see --list), as they were. Their "
		"apps are\n"
		"then pinned to what they have now, until their files give something else, or "
		"until\n"
		"'desired resume APP'. A second 'undo' goes one prune further back.\n\n"
		"Exit codes: 0 it is ready, 1 something failed or nothing can be brought back.",
	.options = undo_options,
	.max = 1,
};
