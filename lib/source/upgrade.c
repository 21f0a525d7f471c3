#include "source/upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/reading.h"
#include "tree/path.h"

/* The whole story. */
struct upgrade {
	const struct source_options *options;
	const struct list *wanted;
	struct source_reading now;
	struct manifest_changes changes;
	bool *active;	  /* of changes: its edits are to be done */
	struct map texts; /* path -> struct buf: how the files would be */
	struct diag_list *findings;
};

/* --- what is wanted --- */

static bool is_app(const char *wanted, const char *name)
{
	size_t folder = strcspn(name, "@");

	return !strcmp(wanted, name) ||
	       (strlen(wanted) == folder && !strncmp(wanted, name, folder));
}

static bool is_wanted(const struct upgrade *upgrade, const struct manifest_change *change)
{
	const struct list *wanted = upgrade->wanted;

	for (size_t i = 0; i < wanted->n; i++) {
		if (is_app(wanted->items[i], change->app) ||
		    !strcmp(wanted->items[i], change->file))
			return true;
		for (size_t j = 0; j < change->edits.n; j++)
			if (!strcmp(wanted->items[i], change->edits.items[j].file))
				return true;
	}
	return !wanted->n;
}

static int check_wanted(const struct upgrade *upgrade, struct err *err)
{
	const struct manifest_set *set = upgrade->now.pass.set;

	for (size_t i = 0; i < upgrade->wanted->n; i++) {
		const char *wanted = upgrade->wanted->items[i];
		bool known = source_tree_find(upgrade->now.pass.tree, wanted) ||
			     list_has(&set->broken_folders, wanted);
		for (size_t j = 0; j < set->count && !known; j++)
			known = is_app(wanted, set->apps[j]->name);
		if (known)
			continue;
		(void)err_set(err, ERR_NOT_FOUND, "there is no file and no app '%s'", wanted);
		return err_hint(err, "files are named as below the directory: traefik/rbac.yaml");
	}
	return 0;
}

/* --- what is done and what is not --- */

/* The line that is spoken of, unless it was encrypted. */
static void show_line(const struct upgrade *upgrade, struct err *err)
{
	const struct source_file *file =
		err->place.file ? source_tree_find(upgrade->now.pass.tree, err->place.file) : NULL;
	int length;
	const char *line = file && !err->excerpt && !file->secret
				   ? source_file_line(file, err->place.line, &length)
				   : NULL;

	if (line)
		(void)err_excerpt(err, line, length, err->caret_width);
}

static void tell(const struct upgrade *upgrade, enum diag_severity severity,
		 const struct manifest_change *change, const struct err *err)
{
	struct err copy = ERR_INIT;

	err_copy(&copy, err);
	show_line(upgrade, &copy);
	diag_add(upgrade->findings, severity, change->app, &copy);
}

static void give_up(struct upgrade *upgrade, size_t number, const struct err *why)
{
	struct manifest_change *change = &upgrade->changes.items[number];

	upgrade->active[number] = false;
	if (!change->refusal.code)
		err_copy(&change->refusal, why);
}

static bool shares_a_line(const struct manifest_change *a, const struct manifest_change *b)
{
	for (size_t i = 0; i < a->edits.n; i++)
		for (size_t j = 0; j < b->edits.n; j++)
			if (a->edits.items[i].line == b->edits.items[j].line &&
			    !strcmp(a->edits.items[i].file, b->edits.items[j].file))
				return true;
	return false;
}

/* Lines that make several objects change for all of them or for none. */
static bool follow_others(struct upgrade *upgrade)
{
	const struct manifest_changes *changes = &upgrade->changes;
	bool more = false;

	for (size_t i = 0; i < changes->n; i++)
		for (size_t j = 0; upgrade->active[i] && j < changes->n; j++) {
			const struct manifest_change *other = &changes->items[j];
			if (!other->refusal.code || !shares_a_line(&changes->items[i], other))
				continue;
			give_up(upgrade, i, &other->refusal);
			more = true;
		}
	return more;
}

static bool sees_old_traefik(const struct manifest_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		if (changes->items[i].traefik)
			return true;
	return false;
}

static void choose(struct upgrade *upgrade)
{
	const struct manifest_changes *changes = &upgrade->changes;
	bool traefik = sees_old_traefik(changes), more = true;

	upgrade->active = mem_zalloc(changes->n + 1);
	for (size_t i = 0; i < changes->n; i++) {
		const struct manifest_change *change = &changes->items[i];
		upgrade->active[i] = manifest_change_is_due(change) && !change->refusal.code &&
				     (traefik || !change->of_traefik) && is_wanted(upgrade, change);
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < changes->n; i++)
			for (size_t j = 0; upgrade->active[i] && j < changes->n; j++)
				if (!upgrade->active[j] && !changes->items[j].refusal.code &&
				    shares_a_line(&changes->items[i], &changes->items[j]))
					upgrade->active[j] = more = true;
	}
}

/* --- the new texts --- */

static void collect(const struct upgrade *upgrade, struct manifest_edits *ret, struct list *files)
{
	for (size_t i = 0; i < upgrade->changes.n; i++) {
		const struct manifest_edits *edits = &upgrade->changes.items[i].edits;
		for (size_t j = 0; upgrade->active[i] && j < edits->n; j++) {
			struct manifest_edit edit = edits->items[j];
			edit.file = mem_strdup(edit.file);
			edit.old = mem_strdup(edit.old);
			edit.now = mem_strdup(edit.now);
			list_add_new(files, edit.file);
			manifest_edits_add(ret, edit);
		}
	}
}

/* Everything that wants to change this place, or this file when no line is known. */
static void refuse_at(struct upgrade *upgrade, const struct err *why)
{
	for (size_t i = 0; i < upgrade->changes.n; i++) {
		const struct manifest_edits *edits = &upgrade->changes.items[i].edits;
		for (size_t j = 0; upgrade->active[i] && j < edits->n; j++)
			if (!strcmp(edits->items[j].file, why->place.file) &&
			    (!why->place.line || edits->items[j].line == why->place.line)) {
				give_up(upgrade, i, why);
				break;
			}
	}
}

static int edit_file(struct upgrade *upgrade, const struct manifest_edits *edits, const char *path,
		     struct err *err)
{
	const struct source_file *file = source_tree_find(upgrade->now.pass.tree, path);
	struct buf text = BUF_INIT;

	if (!file || !file->text || file->secret) {
		(void)err_set(err, ERR_INVALID, "%s",
			      file && file->secret ? "ansible-vault encrypted this file"
						   : "this is not written in any file");
		(void)err_hint(err, "rewrite it by hand");
		return err_at(err, path, 0, 0);
	}
	int r = manifest_edit_apply(edits, path, file->text, file->length, &text, err);
	if (r < 0) {
		buf_done(&text);
		return r;
	}
	map_put(&upgrade->texts, path, mem_dup(&text, sizeof(text)));
	return 0;
}

static void text_free(struct buf *text)
{
	buf_done(text);
	free(text);
}

/* True when all edits could be done; else something was given up. */
static bool write_texts(struct upgrade *upgrade)
{
	struct manifest_edits edits = {0};
	cleanup_list struct list files = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;
	int r = 0;

	map_done(&upgrade->texts);
	upgrade->texts = MAP_INIT(text_free);
	collect(upgrade, &edits, &files);
	list_sort(&files);
	for (size_t i = 0; r >= 0 && i < files.n; i++)
		r = edit_file(upgrade, &edits, files.items[i], &err);
	manifest_edits_done(&edits);
	if (r < 0)
		refuse_at(upgrade, &err);
	return r >= 0;
}

/* --- the second reading --- */

/* What may differ goes from both; the rest must be the same. */
static void forget_changes(const struct upgrade *upgrade, const char *key, json_t *before,
			   json_t *after)
{
	for (size_t i = 0; i < upgrade->changes.n; i++) {
		const struct manifest_change *change = &upgrade->changes.items[i];
		cleanup_free char *own =
			source_reading_key(change->app, change->file, change->document);
		if (strcmp(own, key) != 0 ||
		    (manifest_change_is_due(change) && !upgrade->active[i]))
			continue;
		for (size_t j = 0; j < change->paths.n; j++) {
			(void)tree_path_remove(before, change->paths.items[j]);
			(void)tree_path_remove(after, change->paths.items[j]);
		}
	}
}

static bool is_same(const struct upgrade *upgrade, const char *key, const json_t *before,
		    const json_t *after)
{
	if (!after)
		return false;
	json_auto_t *from = json_deep_copy(before), *to = json_deep_copy(after);
	forget_changes(upgrade, key, from, to);
	return json_equal(from, to);
}

static void refuse_rewritten(struct upgrade *upgrade, size_t number, const char *key)
{
	const struct manifest_edits *edits = &upgrade->changes.items[number].edits;
	const char *file = strchr(key, '\n') + 1;
	cleanup_err struct err why = ERR_INIT;

	(void)err_set(&why, ERR_INVALID, "rewritten, %.*s of %.*s would differ in more than that",
		      (int)strcspn(file, "\n"), file, (int)strcspn(key, "\n"), key);
	(void)err_hint(&why, "rewrite it by hand");
	(void)err_at(&why, edits->n ? edits->items[0].file : NULL,
		     edits->n ? edits->items[0].line : 0, 0);
	give_up(upgrade, number, &why);
}

/* Everything that changes this file, or any file (NULL). */
static void refuse_file(struct upgrade *upgrade, const char *path, const char *key)
{
	for (size_t i = 0; i < upgrade->changes.n; i++) {
		const struct manifest_edits *edits = &upgrade->changes.items[i].edits;
		bool there = !path;
		for (size_t j = 0; j < edits->n && !there; j++)
			there = !strcmp(edits->items[j].file, path);
		if (upgrade->active[i] && there)
			refuse_rewritten(upgrade, i, key);
	}
}

/* What was changed in the document itself is to blame. */
static bool refuse_own(struct upgrade *upgrade, const char *key)
{
	bool found = false;

	for (size_t i = 0; i < upgrade->changes.n; i++) {
		const struct manifest_change *change = &upgrade->changes.items[i];
		cleanup_free char *own =
			source_reading_key(change->app, change->file, change->document);
		if (!upgrade->active[i] || !change->edits.n || strcmp(own, key) != 0)
			continue;
		refuse_rewritten(upgrade, i, key);
		found = true;
	}
	return found;
}

/* Whether the document differs when only this file is rewritten. */
static bool is_to_blame(const struct upgrade *upgrade, const char *path, const char *key)
{
	struct source_options options = *upgrade->options;
	struct map alone = MAP_INIT(NULL);
	cleanup_err struct err ignored = ERR_INIT;
	struct source_reading then;

	map_put(&alone, path, map_get(&upgrade->texts, path));
	options.instead = &alone;
	bool blamed = true;
	if (source_reading_make(&options, NULL, &then, &ignored) >= 0) {
		blamed = !is_same(upgrade, key, map_get(&upgrade->now.documents, key),
				  map_get(&then.documents, key));
		source_reading_done(&then);
	}
	map_done(&alone);
	return blamed;
}

/* A document that shows another file: which one? */
static void refuse_document(struct upgrade *upgrade, const char *key)
{
	bool found = refuse_own(upgrade, key);

	for (size_t i = 0; i < upgrade->texts.n && !found; i++) {
		const char *path = upgrade->texts.entries[i].key;
		if (!is_to_blame(upgrade, path, key))
			continue;
		refuse_file(upgrade, path, key);
		found = true;
	}
	if (!found)
		refuse_file(upgrade, NULL, key);
}

/* 1 when the new texts say what they should, 0 when something was given up. */
static int prove(struct upgrade *upgrade, struct err *err)
{
	struct source_options options = *upgrade->options;
	struct source_reading then;
	const char *key;
	json_t *before;
	int proven = 1;

	options.instead = &upgrade->texts;
	int r = source_reading_make(&options, NULL, &then, err);
	if (r < 0)
		return r;
	map_foreach (&upgrade->now.documents, key, before) {
		if (is_same(upgrade, key, before, map_get(&then.documents, key)))
			continue;
		refuse_document(upgrade, key);
		proven = 0;
	}
	source_reading_done(&then);
	return proven;
}

/* --- all together --- */

static int settle(struct upgrade *upgrade, struct err *err)
{
	for (;;) {
		while (follow_others(upgrade))
			;
		if (!write_texts(upgrade))
			continue;
		if (!upgrade->texts.n)
			return 0;
		int r = prove(upgrade, err);
		if (r != 0)
			return r;
	}
}

static void report(const struct upgrade *upgrade, struct source_upgrade *ret)
{
	bool traefik = sees_old_traefik(&upgrade->changes);

	for (size_t i = 0; i < upgrade->changes.n; i++) {
		const struct manifest_change *change = &upgrade->changes.items[i];
		if (!is_wanted(upgrade, change) || (change->of_traefik && !traefik))
			continue;
		if (change->refusal.code)
			tell(upgrade, DIAG_ERROR, change, &change->refusal);
		ret->objects += upgrade->active[i] && change->edits.n;
		for (size_t j = 0; !change->refusal.code && j < change->notes.n; j++)
			tell(upgrade, DIAG_WARNING, change, &change->notes.items[j].err);
	}
	for (size_t i = 0; i < upgrade->now.unread.n; i++) {
		struct err err = ERR_INIT;
		(void)err_set(&err, ERR_INVALID, "this file was not looked at: it cannot be read");
		(void)err_hint(&err, "'desired check' says why");
		(void)err_at(&err, upgrade->now.unread.items[i], 0, 0);
		diag_add(upgrade->findings, DIAG_ERROR, NULL, &err);
	}
	diag_sort(upgrade->findings);
}

static void hand_over(struct upgrade *upgrade, struct source_upgrade *ret)
{
	const char *path;
	struct buf *text;

	ret->files = mem_zalloc((upgrade->texts.n + 1) * sizeof(*ret->files));
	map_foreach (&upgrade->texts, path, text) {
		const struct source_file *file = source_tree_find(upgrade->now.pass.tree, path);
		ret->files[ret->count++] = (struct source_upgrade_file){
			.path = mem_strdup(path),
			.before = mem_strndup(file->text, file->length),
			.before_length = file->length,
			.after_length = text->len,
			.after = mem_strndup(buf_str(text), text->len),
		};
	}
}

static int run(struct upgrade *upgrade, struct source_upgrade *ret, struct err *err)
{
	const struct manifest_set *set = upgrade->now.pass.set;
	int r = check_wanted(upgrade, err);

	if (r < 0)
		return r;
	if (set->fatal || set->empty) {
		(void)err_set(err, ERR_INVALID, "the files cannot be read as a whole");
		return err_hint(err, "'desired check' says why");
	}
	choose(upgrade);
	r = settle(upgrade, err);
	if (r < 0)
		return r;
	report(upgrade, ret);
	hand_over(upgrade, ret);
	return 0;
}

int source_upgrade(const struct source_options *options, const struct list *wanted,
		   struct source_upgrade *ret, struct err *err)
{
	struct upgrade upgrade = {
		.options = options,
		.wanted = wanted,
		.texts = MAP_INIT(text_free),
		.findings = &ret->findings,
	};

	*ret = (struct source_upgrade){0};
	int r = source_reading_make(options, &upgrade.changes, &upgrade.now, err);
	if (r < 0)
		return r;
	r = run(&upgrade, ret, err);
	free(upgrade.active);
	map_done(&upgrade.texts);
	manifest_changes_done(&upgrade.changes);
	source_reading_done(&upgrade.now);
	if (r < 0)
		source_upgrade_done(ret);
	return r;
}

void source_upgrade_done(struct source_upgrade *upgrade)
{
	for (size_t i = 0; i < upgrade->count; i++) {
		free(upgrade->files[i].path);
		free(upgrade->files[i].before);
		free(upgrade->files[i].after);
	}
	free(upgrade->files);
	diag_done(&upgrade->findings);
	*upgrade = (struct source_upgrade){0};
}
