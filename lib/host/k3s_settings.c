#include "host/k3s_settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tree/json.h"
#include "tree/yaml.h"

#define LIMIT  (256 << 10)
#define HIDDEN "***"

/* An address of a datastore may hold a password. */
static bool is_secret(const char *name)
{
	static const char *const parts[] = {"token", "secret", "password", "datastore-endpoint"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

/* --- the file --- */

static void add_settings(const json_t *tree, struct list *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)tree, key, value) {
		cleanup_free char *text = json_is_string(value)
						  ? mem_strdup(json_string_value(value))
						  : tree_json_dump(value);
		list_printf(ret, "%s: %s", key, is_secret(key) ? HIDDEN : text);
	}
}

static void read_config(const char *path, struct list *ret)
{
	struct tree_yaml_documents documents = {0};
	cleanup_err struct err none = ERR_INIT;
	cleanup_free char *text = NULL;
	json_auto_t *tree = NULL;
	size_t length;

	if (file_read(path, LIMIT, &text, &length, &none) < 0)
		return;
	if (tree_yaml_parse(text, length, path, &documents, &none) >= 0 && documents.n &&
	    documents.roots[0] && tree_yaml_to_json(documents.roots[0], path, &tree, &none) >= 0)
		add_settings(tree, ret);
	tree_yaml_done(&documents);
}

/* --- the unit --- */

/* The words behind ExecStart=, over lines that end in a backslash. Changes the text. */
static void find_words(char *text, struct list *ret)
{
	char *start = strstr(text, "\nExecStart="), *save = NULL;

	if (!start)
		return;
	start += strlen("\nExecStart=");
	for (char *c = start; *c; c++) {
		if (*c == '\n' && c > start && c[-1] == '\\')
			c[-1] = *c = ' ';
		else if (*c == '\n')
			*c = '\0';
		if (!*c)
			break;
	}
	for (char *word = strtok_r(start, " \t'\"", &save); word;
	     word = strtok_r(NULL, " \t'\"", &save))
		list_add(ret, word);
}

static void read_unit(const char *path, struct list *ret)
{
	cleanup_list struct list words = LIST_INIT, shown = LIST_INIT;
	cleanup_err struct err none = ERR_INIT;
	cleanup_free char *text = NULL;
	bool hide = false;

	if (file_read(path, LIMIT, &text, NULL, &none) < 0)
		return;
	find_words(text, &words);
	for (size_t i = 1; i < words.n; i++) { /* behind the program */
		const char *word = words.items[i], *equals = strchr(word, '=');
		bool secret = is_secret(word);
		if (hide)
			list_add(&shown, HIDDEN);
		else if (secret && equals)
			list_printf(&shown, "%.*s=" HIDDEN, (int)(equals - word), word);
		else
			list_add(&shown, word);
		hide = !hide && secret && !equals;
	}
	if (shown.n)
		list_take(ret, list_join(&shown, " "));
}

void host_k3s_settings(const char *config, const char *unit, struct list *ret)
{
	read_config(config, ret);
	read_unit(unit, ret);
}
