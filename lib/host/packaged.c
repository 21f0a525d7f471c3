#include "host/packaged.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "tree/yaml.h"

#define LIMIT ((size_t)1 << 20)

static bool exists(const char *root, const char *path)
{
	cleanup_free char *full = mem_printf("%s%s", root, path);

	return access(full, F_OK) == 0;
}

static char *read_text(const char *path)
{
	cleanup_err struct err ignored = ERR_INIT;
	char *text = NULL;

	return file_read(path, LIMIT, &text, NULL, &ignored) < 0 ? NULL : text;
}

/* "traefik", "traefik,servicelb", or a list of such. */
static void add_disabled(const json_t *value, struct list *disabled)
{
	size_t i;
	json_t *item;

	if (json_is_string(value))
		list_split(disabled, json_string_value(value), ", ");
	json_array_foreach ((json_t *)value, i, item)
		add_disabled(item, disabled);
}

/* `disable` of a configuration file; "disable+" adds to what other files say. */
static void read_config(const char *path, struct list *disabled)
{
	cleanup_free char *text = read_text(path);
	cleanup_err struct err ignored = ERR_INIT;
	struct tree_yaml_documents documents;
	json_auto_t *tree = NULL;

	if (!text || tree_yaml_parse(text, strlen(text), path, &documents, &ignored) < 0)
		return;
	if (documents.n && documents.roots[0] &&
	    tree_yaml_to_json(documents.roots[0], path, &tree, &ignored) >= 0) {
		add_disabled(json_object_get(tree, "disable"), disabled);
		add_disabled(json_object_get(tree, "disable+"), disabled);
	}
	tree_yaml_done(&documents);
}

static void read_configs(const char *root, struct list *disabled)
{
	cleanup_free char *config = mem_printf("%s/etc/rancher/k3s/config.yaml", root);
	cleanup_free char *folder = mem_printf("%s.d", config);
	cleanup_err struct err ignored = ERR_INIT;
	cleanup_list struct list names = LIST_INIT;

	read_config(config, disabled);
	(void)file_names(folder, &names, &ignored);
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *path = file_join(folder, names.items[i]);
		read_config(path, disabled);
	}
}

/* "--disable traefik", "--disable=traefik,servicelb", quoted as the installer does it:
 *	ExecStart=/usr/local/bin/k3s \
 *	    server \
 *		'--disable=traefik' \
 */
static void read_unit(const char *root, struct list *disabled)
{
	cleanup_free char *path = mem_printf("%s/etc/systemd/system/k3s.service", root);
	cleanup_free char *text = read_text(path);
	cleanup_list struct list words = LIST_INIT;

	if (text)
		list_split(&words, text, " \t\n\\'\"");
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.items[i];
		if (!strncmp(word, "--disable=", strlen("--disable=")))
			list_split(disabled, word + strlen("--disable="), ",");
		else if (!strcmp(word, "--disable") && i + 1 < words.n)
			list_split(disabled, words.items[i + 1], ",");
	}
}

void host_packaged(const char *root, struct host_packaged *ret)
{
	static const char manifests[] = "/var/lib/rancher/k3s/server/manifests";
	cleanup_list struct list disabled = LIST_INIT;

	*ret = (struct host_packaged){
		.there = exists(root, "/etc/rancher/k3s") || exists(root, "/var/lib/rancher/k3s"),
	};
	if (!ret->there)
		return;
	read_configs(root, &disabled);
	read_unit(root, &disabled);
	cleanup_free char *traefik = mem_printf("%s/traefik.yaml", manifests);
	cleanup_free char *skip = mem_printf("%s.skip", traefik);
	/* k3s deletes the file of what is disabled. */
	ret->traefik = !list_has(&disabled, "traefik") && !exists(root, skip) &&
		       (!exists(root, manifests) || exists(root, traefik));
	ret->servicelb = !list_has(&disabled, "servicelb");
}
