#include "backup/target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tree/path.h"

#define NAME_MAX_LENGTH 256

static int no_target(const char *config, struct err *err)
{
	(void)err_set(err, ERR_NOT_FOUND, "no backup target is set");
	return err_hint(err,
			"write into %s: backup: {target: \"s3://bucket/prefix\"}, or "
			"file:///directory",
			config);
}

int backup_target_open(const json_t *settings, const char *url, const char *config,
		       struct http *http, struct s3_store **ret, struct err *err)
{
	const struct s3_store_options options = {
		.url = url ? url : tree_path_string(settings, "target"),
		.endpoint = tree_path_string(settings, "endpoint"),
		.region = tree_path_string(settings, "region"),
		.profile = tree_path_string(settings, "profile"),
		.bandwidth = (uint64_t)tree_path_integer(settings, "bandwidth", 0),
		.cpu = (int)tree_path_integer(settings, "cpu", 0),
		.http = http,
	};

	return options.url ? s3_store_open(&options, ret, err) : no_target(config, err);
}

static char *node_path(const char *state_dir)
{
	return mem_printf("%s/backup/node", state_dir);
}

/* What a bootstrap kept; NULL. */
static char *kept_node(const char *state_dir)
{
	cleanup_free char *path = node_path(state_dir);
	cleanup_err struct err none = ERR_INIT;
	char *text = NULL;

	if (file_read(path, NAME_MAX_LENGTH, &text, NULL, &none) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	if (*text)
		return text;
	free(text);
	return NULL;
}

static char *host_name(void)
{
	char name[NAME_MAX_LENGTH] = "";

	(void)gethostname(name, sizeof(name) - 1);
	return mem_strdup(name);
}

char *backup_target_node(const json_t *settings, const char *state_dir, bool *ret_chosen)
{
	const char *named = tree_path_string(settings, "node");
	char *node = named ? mem_strdup(named) : kept_node(state_dir);

	if (ret_chosen)
		*ret_chosen = node;
	return node ? node : host_name();
}

int backup_target_keep_node(const char *state_dir, const char *node, struct err *err)
{
	cleanup_free char *folder = mem_printf("%s/backup", state_dir);
	cleanup_free char *path = node_path(state_dir), *line = mem_printf("%s\n", node);
	int r = file_make_dir(folder, 0700, err);

	return r < 0 ? r : file_write(path, line, strlen(line), 0600, err);
}
