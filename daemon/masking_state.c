/* What masking keeps in the state directory: texts of objects that held a secret. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "masking.h"
#include "tree/json.h"
#include "tree/show.h"

#define FILE_LIMIT (4 << 20)
/* The oldest texts go when there are more. */
#define TEXTS_MAX 2000

struct keeping {
	struct mask *mask;
	json_t *texts; /* array, the oldest first */
	bool changed;
};

static json_t *read_texts(const char *state_dir)
{
	cleanup_free char *path = file_join(state_dir, "masked.json");
	cleanup_err struct err err = ERR_INIT;
	json_t *texts;

	if (tree_json_read(path, FILE_LIMIT, &texts, &err) >= 0 && json_is_array(texts))
		return texts;
	return json_array();
}

void masking_recall(struct masking *masking, const char *state_dir)
{
	json_auto_t *texts = read_texts(state_dir);
	size_t i;
	json_t *text;

	json_array_foreach (texts, i, text) {
		if (json_is_string(text))
			mask_add(masking_mask(masking), json_string_value(text),
				 json_string_length(text));
	}
}

static bool is_kept(const json_t *texts, const char *line)
{
	size_t i;
	json_t *text;

	json_array_foreach (texts, i, text) {
		if (!strcmp(json_string_value(text), line))
			return true;
	}
	return false;
}

/* Of a text of many lines only those that hold a secret. */
static void keep_lines(struct keeping *keeping, const char *text)
{
	cleanup_list struct list lines = LIST_INIT;

	list_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t");
		cleanup_free char *masked = mask_text(keeping->mask, line, strlen(line));
		if (!masked || is_kept(keeping->texts, line))
			continue;
		json_array_append_new(keeping->texts, json_string(line));
		keeping->changed = true;
	}
}

static void keep_tree(struct keeping *keeping, const json_t *tree)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(tree))
		keep_lines(keeping, json_string_value(tree));
	json_object_foreach ((json_t *)tree, key, value) {
		keep_tree(keeping, value);
	}
	json_array_foreach (tree, i, value) {
		keep_tree(keeping, value);
	}
}

/* Most objects hold none: one look at the whole tells. */
static void keep_object(struct keeping *keeping, const json_t *body)
{
	cleanup_free char *text = tree_json_dump(body);
	cleanup_free char *masked = mask_text(keeping->mask, text, strlen(text));

	if (masked)
		keep_tree(keeping, body);
}

static void keep_app(struct keeping *keeping, const struct manifest_app *app)
{
	for (size_t i = 0; i < app->count; i++)
		if (!tree_show_is_secret(app->objects[i]->body))
			keep_object(keeping, app->objects[i]->body);
}

int masking_keep(struct masking *masking, const struct manifest_set *set, const char *state_dir,
		 struct err *err)
{
	cleanup_free char *path = file_join(state_dir, "masked.json");
	json_auto_t *texts = read_texts(state_dir);
	struct keeping keeping = {masking_mask(masking), texts, false};

	for (size_t i = 0; i < set->count; i++)
		keep_app(&keeping, set->apps[i]);
	if (!keeping.changed)
		return 0;
	while (json_array_size(texts) > TEXTS_MAX)
		json_array_remove(texts, 0);
	cleanup_free char *dump = tree_json_pretty(texts);
	return file_write(path, dump, strlen(dump), 0600, err);
}
