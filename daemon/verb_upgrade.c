/* desired upgrade-manifests: the files, rewritten for APIs that are served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "base/unified.h"
#include "findings.h"
#include "link.h"
#include "masking.h"
#include "source/upgrade.h"
#include "terminal.h"
#include "verbs.h"

#define LIMIT ((size_t)4 << 20)

/* --- what the files would be --- */

/* A file of the directory, however it was named; anything else stays: an app, perhaps. */
static char *below_dir(const struct options *options, const char *argument)
{
	cleanup_free char *root = realpath(options->dir, NULL);
	cleanup_free char *path = realpath(argument, NULL);
	size_t n = root ? strlen(root) : 0;

	if (n && path && !strncmp(path, root, n) && path[n] == '/')
		return mem_strdup(path + n + 1);
	return mem_strdup(argument);
}

static int find_upgrade(const struct options *options, struct source_upgrade *ret, struct err *err)
{
	cleanup_diag struct diag_list ignored = DIAG_LIST_INIT;
	cleanup_list struct list wanted = LIST_INIT;
	struct site site = {.options = options, .lock = -1, .http = http_new()};
	struct source_settings settings;

	for (size_t i = 0; i < options->arguments.n; i++)
		list_take(&wanted, below_dir(options, options->arguments.items[i]));
	int r = source_settings_read(options->config, &settings, &ignored, err);
	if (r >= 0) {
		json_auto_t *kinds = link_ask_kinds(&site, &settings);
		r = source_upgrade(
			&(struct source_options){
				.dir = options->dir,
				.settings = &settings,
				.lint = true,
				.kinds = kinds,
				.mask = masking_mask(options->masking),
			},
			&wanted, ret, err);
		source_settings_done(&settings);
	}
	site_close(&site);
	return r;
}

/* --- writing --- */

static int is_unchanged(const char *path, const struct source_upgrade_file *file, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t length;
	int r = file_read(path, LIMIT, &text, &length, err);

	if (r < 0)
		return r;
	if (length == file->before_length && !memcmp(text, file->before, length))
		return 0;
	(void)err_set(err, ERR_BUSY, "%s changed meanwhile; nothing was rewritten", path);
	return err_hint(err, "begin again");
}

static int keep_copy(const char *folder, const struct source_upgrade_file *file, struct err *err)
{
	cleanup_free char *path = file_join(folder, file->path);
	cleanup_free char *parent = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	int r = file_make_dir(parent, 0700, err);

	return r < 0 ? r : file_write(path, file->before, file->before_length, 0600, err);
}

/* All copies are there before the first file is touched. */
static int keep_copies(const struct options *options, const struct source_upgrade *upgrade,
		       char **ret_folder, struct err *err)
{
	struct tm tm;
	time_t now = time(NULL);
	char name[32];

	strftime(name, sizeof(name), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	cleanup_free char *folder = mem_printf("%s/upgraded/%s", options->state, name);
	int r = file_make_dir(options->state, 0700, err);
	for (size_t i = 0; r >= 0 && i < upgrade->count; i++)
		r = keep_copy(folder, &upgrade->files[i], err);
	if (r < 0) {
		(void)err_wrap(err, "nothing was rewritten: the old files cannot be kept");
		return err_hint(err, "name a folder of yours with --state");
	}
	*ret_folder = steal(&folder);
	return 0;
}

static int rewrite(const struct options *options, const struct source_upgrade *upgrade,
		   char **ret_folder, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < upgrade->count; i++) {
		cleanup_free char *path = file_join(options->dir, upgrade->files[i].path);
		r = is_unchanged(path, &upgrade->files[i], err);
	}
	if (r >= 0)
		r = keep_copies(options, upgrade, ret_folder, err);
	for (size_t i = 0; r >= 0 && i < upgrade->count; i++) {
		cleanup_free char *path = file_join(options->dir, upgrade->files[i].path);
		r = file_rewrite(path, upgrade->files[i].after, upgrade->files[i].after_length,
				 err);
	}
	return r;
}

/* --- telling --- */

static char *diff_of(const struct options *options, const struct source_upgrade_file *file)
{
	cleanup_buf struct buf diff = BUF_INIT;

	unified_diff(file->path, file->before, file->before_length, file->after, file->after_length,
		     &diff);
	char *masked = mask_text(masking_mask(options->masking), buf_str(&diff), diff.len);
	return masked ? masked : buf_steal(&diff);
}

static void print_diffs(const struct options *options, const struct source_upgrade *upgrade,
			struct buf *out)
{
	for (size_t i = 0; i < upgrade->count; i++) {
		cleanup_free char *diff = diff_of(options, &upgrade->files[i]);
		buf_addstr(out, diff);
	}
}

static char *count_text(const struct source_upgrade *upgrade)
{
	return mem_printf("%zu object%s in %zu file%s", upgrade->objects,
			  upgrade->objects == 1 ? "" : "s", upgrade->count,
			  upgrade->count == 1 ? "" : "s");
}

/* What a person reads before the answer. */
static void show(const struct options *options, const struct source_upgrade *upgrade)
{
	cleanup_buf struct buf out = BUF_INIT;

	buf_addstr(&out, "# desired upgrade-manifests\n");
	print_diffs(options, upgrade, &out);
	findings_print(&upgrade->findings, &out);
	terminal_print(buf_str(&out));
}

static bool is_agreed(const struct options *options, const struct source_upgrade *upgrade)
{
	cleanup_free char *count = count_text(upgrade);
	char answer[8] = "";

	if (options_given(options, "dry-run") || !upgrade->count)
		return false;
	if (options_given(options, "yes"))
		return true;
	if (options->json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	printf("Rewrite %s? [y/N] ", count);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static void print_end(const struct source_upgrade *upgrade, const char *folder)
{
	cleanup_free char *count = count_text(upgrade);
	size_t left = diag_count(&upgrade->findings, DIAG_ERROR);
	cleanup_buf struct buf out = BUF_INIT;

	if (folder)
		buf_printf(&out, "Rewrote %s; the old files are kept in %s\n", count, folder);
	else if (upgrade->count)
		buf_printf(&out, "Nothing was changed; --yes rewrites %s\n", count);
	else if (!left)
		buf_addstr(&out, "Nothing has to be rewritten\n");
	if (left)
		buf_printf(&out, "%zu thing%s left to you\n", left, left == 1 ? " is" : "s are");
	terminal_print(buf_str(&out));
}

static void print_json(const struct options *options, const struct source_upgrade *upgrade,
		       const char *folder)
{
	json_auto_t *tree = json_pack("{s:i, s:[], s:o, s:I, s:b, s:s*}", "schema", 1, "files",
				      "findings", findings_to_json(&upgrade->findings), "objects",
				      (json_int_t)upgrade->objects, "rewritten", folder != NULL,
				      "copies", folder);

	for (size_t i = 0; i < upgrade->count; i++) {
		cleanup_free char *diff = diff_of(options, &upgrade->files[i]);
		json_array_append_new(
			json_object_get(tree, "files"),
			json_pack("{s:s, s:s}", "file", upgrade->files[i].path, "diff", diff));
	}
	terminal_print_json(tree);
}

static enum command_exit code_of(const struct source_upgrade *upgrade, bool rewritten)
{
	if (diag_count(&upgrade->findings, DIAG_ERROR))
		return COMMAND_FAILED;
	if (upgrade->count && !rewritten)
		return COMMAND_PENDING;
	return diag_count(&upgrade->findings, DIAG_WARNING) ? COMMAND_WARNINGS : COMMAND_FINE;
}

static enum command_exit carry_out(const struct options *options,
				   const struct source_upgrade *upgrade)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *folder = NULL;

	if (!options->json)
		show(options, upgrade);
	if (is_agreed(options, upgrade) && rewrite(options, upgrade, &folder, &err) < 0)
		return terminal_fail(&err);
	if (options->json)
		print_json(options, upgrade, folder);
	else
		print_end(upgrade, folder);
	return code_of(upgrade, folder);
}

static enum command_exit upgrade_manifests(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;
	struct source_upgrade upgrade;

	if (find_upgrade(options, &upgrade, &err) < 0)
		return terminal_fail(&err);
	enum command_exit code = carry_out(options, &upgrade);
	source_upgrade_done(&upgrade);
	return code;
}

static const struct option_spec upgrade_options[] = {
	{"dry-run", NULL, "show what would be rewritten, and do nothing"},
	{"yes", NULL, "do not ask"},
	{NULL, NULL, NULL},
};

const struct command verb_upgrade = {
	.name = "upgrade-manifests",
	.run = upgrade_manifests,
	.arguments = "[FILE|APP...]",
	.summary = "Rewrite files whose APIs were removed, after showing the difference",
	.text = "Looks at all files, or at those named (as below the directory, or by app), and "
		"rewrites\n"
		"what 'desired check' calls removed or about to go: the apiVersion, and the "
		"fields that\n"
		"changed with it; Traefik 2 becomes Traefik 3. Only the words that must change "
		"are\n"
		"touched: comments, markup and order stay. Templates are rewritten when every "
		"rendering\n"
		"of the same lines agrees.\n\n"
		"The result is read again and compared; what cannot be rewritten safely is left "
		"as it is\n"
		"and named, with what to do by hand. The old files are kept below upgraded/ in "
		"the state\n"
		"directory.\n\n"
		"Exit codes: 0 done or nothing to do, 1 something is left to you, 2 nothing was "
		"changed\n"
		"(--dry-run, or the answer was no) and something would be, 3 done, with "
		"warnings.",
	.options = upgrade_options,
	.max = 1000,
};
