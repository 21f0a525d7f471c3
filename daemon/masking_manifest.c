#include "masking.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/path.h"
#include "tree/yaml.h"

static void mask_values(json_t *values)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe (values, next, key, value) {
		if (json_is_string(value) && !strcmp(json_string_value(value), MASK_SHOWN))
			continue; /* it was masked where it was made */
		cleanup_free char *masked =
			mem_printf("*** (%zu bytes)", json_string_length(value));
		json_object_set_new(values, key, json_string(masked));
	}
}

bool masking_object(json_t *object)
{
	const char *kind = tree_path_string(object, "kind");
	bool found = kind && !strcmp(kind, "Secret");
	size_t i;
	json_t *item;

	if (found) {
		mask_values(json_object_get(object, "data"));
		mask_values(json_object_get(object, "stringData"));
	}
	json_array_foreach (json_object_get(object, "items"), i, item)
		found |= masking_object(item);
	return found;
}

/* Writes a document; true when it had to be masked. */
static bool add_document(const struct tree_yaml_node *root, struct buf *out)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *object = NULL;

	if (!root || tree_yaml_to_json(root, "", &object, &err) < 0)
		return false;
	bool masked = masking_object(object);
	cleanup_free char *text = tree_yaml_dump(object);
	buf_printf(out, "%s%s", out->len ? "---\n" : "", text);
	return masked;
}

char *masking_manifest(const char *text, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	struct tree_yaml_documents documents;
	bool masked = false;

	if (tree_yaml_parse(text, length, "", &documents, &err) < 0)
		return strstr(text, "Secret")
			       ? mem_strdup("# not shown: it is not YAML and may hold secrets; "
					    "--show-secrets shows it\n")
			       : mem_strndup(text, length);
	for (size_t i = 0; i < documents.n; i++)
		masked |= add_document(documents.roots[i], &out);
	tree_yaml_done(&documents);
	return masked ? buf_steal(&out) : mem_strndup(text, length);
}
