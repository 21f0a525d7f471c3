#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "masking.h"
#include "tree/diff.h"
#include "tree/path.h"
#include "tree/yaml.h"

/* --- the list --- */

/* "e41c9aa", "e41c9aa (dirty)", or the files' own digest where there is no checkout. */
static char *files_text(const struct state_revision *revision)
{
	const char *dirty = revision->git ? strstr(revision->git, "+dirty") : NULL;

	if (dirty)
		return mem_printf("%.*s (dirty)", (int)(dirty - revision->git), revision->git);
	if (revision->git)
		return mem_strdup(revision->git);
	return revision->source ? mem_printf("files %.7s", revision->source) : mem_strdup("-");
}

static bool is_in_force(const struct history *history, const struct state_revision *revision)
{
	return history->known && history->known->revision == revision->number;
}

static const struct state_pin *pin_of(const struct history *history,
				      const struct state_revision *revision)
{
	const struct state_pin *pin = history->known ? &history->known->pin : NULL;

	return pin && pin->revision == revision->number ? pin : NULL;
}

static char *note_of(const struct history *history, const struct state_revision *revision)
{
	const struct state_pin *pin = pin_of(history, revision);
	bool in_force = is_in_force(history, revision);

	struct list notes = LIST_INIT;

	if (in_force)
		list_add(&notes, "in force");
	if (pin)
		list_printf(&notes, "pinned by %s (%s)", pin->verb, pin->who);
	if (revision->saved)
		list_printf(&notes, "data before it: backup %s", revision->saved);
	char *text = list_join(&notes, ", ");
	list_done(&notes);
	return text;
}

/* "2026-11-22 09:12" by the clock of the machine. */
static char *when_text(const char *rfc3339)
{
	time_t when = rfc3339 ? timespan_parse_rfc3339(rfc3339) : (time_t)-1;
	struct tm then;
	char text[32];

	if (when == (time_t)-1)
		return mem_strdup("-");
	localtime_r(&when, &then);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &then);
	return mem_strdup(text);
}

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static int width_of_who(const struct history *history)
{
	size_t width = strlen("reload by root");

	for (size_t i = 0; i < history->count; i++)
		if (history->revisions[i].who && strlen(history->revisions[i].who) > width)
			width = strlen(history->revisions[i].who);
	return (int)width;
}

static void print_revision(const struct history *history, const struct state_revision *revision,
			   int width, struct buf *out)
{
	cleanup_free char *when = when_text(revision->when), *files = files_text(revision);
	cleanup_free char *note = note_of(history, revision);

	buf_printf(out, "%4d  %-16s  %-*s  %-15s  %-6s  %s", revision->number, when, width,
		   or_dash(revision->who), files, revision->healthy ? "ready" : "never", note);
	while (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_addch(out, '\n');
}

void history_print(const struct history *history, struct buf *out)
{
	int width = width_of_who(history);

	buf_printf(out, "# desired history %s\n", history->app);
	if (!history->count) {
		buf_addstr(out, "no version of it was ever accepted\n");
		return;
	}
	buf_printf(out, "%4s  %-16s  %-*s  %-15s  %-6s  NOTE\n", "REV", "SINCE", width, "BY",
		   "FILES", "HEALTH");
	for (size_t i = 0; i < history->count; i++)
		print_revision(history, &history->revisions[i], width, out);
}

static json_t *revision_to_json(const struct state_revision *revision)
{
	return json_pack("{s:i, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:b}", "revision",
			 revision->number, "when", revision->when, "who", revision->who, "git",
			 revision->git, "saved", revision->saved, "source", revision->source,
			 "hash", revision->hash, "healthy", revision->healthy);
}

json_t *history_to_json(const struct history *history)
{
	json_t *list = json_array();

	for (size_t i = 0; i < history->count; i++) {
		const struct state_revision *revision = &history->revisions[i];
		json_t *tree = revision_to_json(revision);
		json_object_set_new(tree, "inForce", json_boolean(is_in_force(history, revision)));
		json_object_set_new(tree, "pinned",
				    json_boolean(pin_of(history, revision) != NULL));
		json_array_append_new(list, tree);
	}
	return json_pack("{s:i, s:s, s:o}", "schema", 1, "app", history->app, "revisions", list);
}

/* --- one version --- */

static json_t *masked(const struct manifest_object *object)
{
	json_t *body = json_deep_copy(object->body);

	(void)masking_object(body);
	return body;
}

json_t *history_set_to_json(const struct state_revision *revision, const struct manifest_app *app)
{
	json_t *tree = revision_to_json(revision), *objects = json_array();

	json_object_set_new(tree, "schema", json_integer(1));
	json_object_set_new(tree, "app", json_string(app->name));
	for (size_t i = 0; i < app->count; i++)
		json_array_append_new(objects, masked(app->objects[i]));
	json_object_set_new(tree, "objects", objects);
	return tree;
}

void history_set_print(const struct state_revision *revision, const struct manifest_app *app,
		       struct buf *out)
{
	cleanup_free char *when = when_text(revision->when), *files = files_text(revision);

	buf_printf(out, "# desired history %s %d: %s, %s, %s, %s\n", app->name, revision->number,
		   when, or_dash(revision->who), files,
		   revision->healthy ? "was ready" : "was never ready");
	for (size_t i = 0; i < app->count; i++) {
		json_auto_t *body = masked(app->objects[i]);
		cleanup_free char *text = tree_yaml_dump(body);
		buf_printf(out, "---\n# %s\n%s", app->objects[i]->file, text);
	}
}

/* --- differences --- */

/* One object that is not the same in both. */
struct change_of {
	const struct manifest_object *from, *to; /* NULL: not there */
	struct tree_diff diff;
};

static const struct manifest_object *object_of(const struct change_of *change)
{
	return change->to ? change->to : change->from;
}

static const char *word_of(const struct change_of *change)
{
	if (!change->from)
		return "added";
	return change->to ? "changed" : "removed";
}

/* Where an object came from is no difference between versions. */
static json_t *without_source(const struct manifest_object *object)
{
	if (!object)
		return NULL;
	json_t *body = json_deep_copy(object->body);
	json_t *annotations = tree_path_get(body, "metadata.annotations");
	json_object_del(annotations, MANIFEST_SOURCE_ANNOTATION);
	if (annotations && !json_object_size(annotations))
		(void)tree_path_remove(body, "metadata.annotations");
	return body;
}

static void compare(const struct manifest_object *from, const struct manifest_object *to,
		    void (*tell)(void *context, const struct change_of *change), void *context)
{
	struct change_of change = {.from = from, .to = to};
	json_auto_t *before = without_source(from), *after = without_source(to);

	if (from && to)
		tree_diff(before, after, &change.diff);
	if (!from || !to || change.diff.n)
		tell(context, &change);
	tree_diff_done(&change.diff);
}

static void compare_all(const struct manifest_app *from, const struct manifest_app *to,
			void (*tell)(void *context, const struct change_of *change), void *context)
{
	for (size_t i = 0; i < to->count; i++)
		compare(manifest_app_find(from, to->objects[i]->key), to->objects[i], tell,
			context);
	for (size_t i = 0; i < from->count; i++)
		if (!manifest_app_find(to, from->objects[i]->key))
			compare(from->objects[i], NULL, tell, context);
}

static void compare_options(const struct manifest_app *from, const struct manifest_app *to,
			    struct tree_diff *ret)
{
	json_auto_t *before = manifest_options_to_json(&from->options);
	json_auto_t *after = manifest_options_to_json(&to->options);

	tree_diff(before, after, ret);
}

static json_t *fields_to_json(const struct tree_diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->n; i++)
		json_array_append_new(
			array, json_pack("{s:s, s:s*, s:s*}", "path", diff->items[i].path, "from",
					 diff->items[i].from, "to", diff->items[i].to));
	return array;
}

static void add_json(void *context, const struct change_of *change)
{
	json_array_append_new(context,
			      json_pack("{s:s, s:s, s:o}", "key", object_of(change)->key, "change",
					word_of(change), "fields", fields_to_json(&change->diff)));
}

json_t *history_diff_to_json(const struct manifest_app *from, const struct manifest_app *to)
{
	json_t *objects = json_array();
	cleanup_tree_diff struct tree_diff options = {0};

	compare_all(from, to, add_json, objects);
	compare_options(from, to, &options);
	return json_pack("{s:i, s:s, s:o, s:o}", "schema", 1, "app", to->name, "objects", objects,
			 "options", fields_to_json(&options));
}

struct printing {
	bool colour;
	size_t count;
	struct buf *out;
};

static void print_fields(const struct tree_diff *diff, struct buf *out)
{
	for (size_t i = 0; i < diff->n; i++)
		buf_printf(out, "    %s  %s -> %s\n", diff->items[i].path,
			   diff->items[i].from ? diff->items[i].from : "(none)",
			   diff->items[i].to ? diff->items[i].to : "(none)");
}

static void print_change(void *context, const struct change_of *change)
{
	struct printing *printing = context;
	cleanup_free char *object = manifest_id_text(&object_of(change)->id);
	const char *colour = !change->from ? "\033[32m" : change->to ? "\033[33m" : "\033[31m";

	printing->count++;
	buf_printf(printing->out, "  %s  %s%s%s\n", object, printing->colour ? colour : "",
		   word_of(change), printing->colour ? "\033[0m" : "");
	print_fields(&change->diff, printing->out);
}

void history_diff_print(const struct manifest_app *from, const struct manifest_app *to, bool colour,
			struct buf *out)
{
	struct printing printing = {.colour = colour, .out = out};
	cleanup_tree_diff struct tree_diff options = {0};

	compare_all(from, to, print_change, &printing);
	compare_options(from, to, &options);
	if (options.n)
		buf_addstr(out, "  app.yaml  changed\n");
	print_fields(&options, out);
	if (!printing.count && !options.n)
		buf_addstr(out, "No difference.\n");
}
