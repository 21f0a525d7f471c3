#include "manifest/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/text.h"
#include "tree/path.h"

const char *manifest_set_id(void)
{
	return "applyset-by92x0-ANXMQcGQnXa3_cT1lM_KEEBkfpSpuYx7UJpA-v1";
}

/* A text at a path of the body, or an error that says what is wrong with it. */
static int required(const json_t *body, const char *path, const char **ret, struct err *err)
{
	const json_t *value = tree_path_get(body, path);

	if (json_is_string(value) && *json_string_value(value)) {
		*ret = json_string_value(value);
		return 0;
	}
	if (json_is_number(value) || json_is_boolean(value)) {
		(void)err_set(err, ERR_INVALID, "%s is not a text", path);
		return err_hint(err, "put quotes around it");
	}
	return err_set(err, ERR_INVALID, "%s is missing", path);
}

static void split_api_version(const char *api_version, struct manifest_id *id)
{
	const char *slash = strchr(api_version, '/');

	id->group =
		slash ? mem_strndup(api_version, (size_t)(slash - api_version)) : mem_strdup("");
	id->version = mem_strdup(slash ? slash + 1 : api_version);
}

int manifest_id_of(const json_t *body, struct manifest_id *ret, struct err *err)
{
	const char *api_version, *kind, *name;

	if (!json_is_object(body))
		return err_set(err, ERR_INVALID,
			       "not a Kubernetes object: a mapping with apiVersion, kind and "
			       "metadata is expected");
	int r = required(body, "apiVersion", &api_version, err);
	if (r < 0)
		return r;
	r = required(body, "kind", &kind, err);
	if (r < 0)
		return r;
	r = required(body, "metadata.name", &name, err);
	if (r < 0)
		return err_wrap(err, "%s", kind);

	const json_t *ns = tree_path_get(body, "metadata.namespace");
	if (ns && !json_is_string(ns) && !json_is_null(ns))
		return err_set(err, ERR_INVALID, "%s: metadata.namespace is not a text", kind);
	*ret = (struct manifest_id){.kind = mem_strdup(kind),
				    .ns = mem_strdup(ns ? json_string_value(ns) : ""),
				    .name = mem_strdup(name)};
	if (!ret->ns)
		ret->ns = mem_strdup("");
	split_api_version(api_version, ret);
	return 0;
}

void manifest_id_copy(struct manifest_id *to, const struct manifest_id *from)
{
	*to = (struct manifest_id){mem_strdup(from->group), mem_strdup(from->version),
				   mem_strdup(from->kind), mem_strdup(from->ns),
				   mem_strdup(from->name)};
}

void manifest_id_done(struct manifest_id *id)
{
	free(id->group);
	free(id->version);
	free(id->kind);
	free(id->ns);
	free(id->name);
	*id = (struct manifest_id){0};
}

char *manifest_id_key(const struct manifest_id *id)
{
	return mem_printf("%s/%s/%s/%s", *id->group ? id->group : "core", id->kind, id->ns,
			  id->name);
}

bool manifest_id_of_key(const char *key, struct manifest_id *ret)
{
	const char *parts[4] = {key};

	for (int i = 1; i < 4; i++) {
		const char *slash = strchr(parts[i - 1], '/');
		if (!slash)
			return false;
		parts[i] = slash + 1;
	}
	if (parts[1] == key + 1 || parts[2] == parts[1] + 1 || !*parts[3])
		return false;
	*ret = (struct manifest_id){
		.group = mem_strndup(key, (size_t)(parts[1] - key - 1)),
		.version = mem_strdup(""),
		.kind = mem_strndup(parts[1], (size_t)(parts[2] - parts[1] - 1)),
		.ns = mem_strndup(parts[2], (size_t)(parts[3] - parts[2] - 1)),
		.name = mem_strdup(parts[3]),
	};
	if (!strcmp(ret->group, "core"))
		ret->group[0] = '\0';
	return true;
}

char *manifest_id_api_version(const struct manifest_id *id)
{
	if (!*id->group)
		return mem_strdup(id->version);
	return mem_printf("%s/%s", id->group, id->version);
}

char *manifest_id_text(const struct manifest_id *id)
{
	if (!*id->ns)
		return mem_printf("%s %s", id->kind, id->name);
	return mem_printf("%s %s/%s", id->kind, id->ns, id->name);
}

void manifest_object_free(struct manifest_object *object)
{
	if (!object)
		return;
	manifest_id_done(&object->id);
	free(object->key);
	json_decref(object->body);
	free(object->hash);
	free(object->file);
	manifest_text_unref(object->text);
	free(object);
}

/* The node of an object, from the text where that was forgotten. */
struct lookup {
	const struct tree_yaml_node *root;
	struct tree_yaml_documents documents;
};

static void lookup_begin(const struct manifest_object *object, struct lookup *lookup)
{
	*lookup = (struct lookup){.root = object->node};
	if (!object->node && object->text && object->text_line > 0)
		lookup->root = manifest_text_find(object->text, object->text_line,
						  object->text_column, &lookup->documents);
}

static void lookup_end(const struct manifest_object *object, struct lookup *lookup,
		       const struct tree_yaml_node *node, const char **ret_file, int *ret_line,
		       int *ret_column)
{
	*ret_line = 0;
	if (node && node != lookup->root)
		manifest_text_origin(object->text, node->line, node->column, ret_file, ret_line,
				     ret_column);
	if (*ret_line <= 0) {
		*ret_file = object->file;
		*ret_line = object->line;
		*ret_column = object->column;
	}
	tree_yaml_done(&lookup->documents);
}

void manifest_object_place(const struct manifest_object *object, const char *path,
			   const char **ret_file, int *ret_line, int *ret_column)
{
	const struct tree_yaml_node *node = NULL;
	struct lookup lookup = {0};

	if (path && *path)
		lookup_begin(object, &lookup);
	if (lookup.root)
		node = tree_yaml_at(lookup.root, path);
	lookup_end(object, &lookup, node, ret_file, ret_line, ret_column);
}

void manifest_object_key_place(const struct manifest_object *object, const char *path,
			       const char *key, const char **ret_file, int *ret_line,
			       int *ret_column)
{
	const struct tree_yaml_node *node = NULL;
	struct lookup lookup;

	lookup_begin(object, &lookup);
	if (lookup.root)
		node = tree_yaml_at(lookup.root, path);
	for (size_t i = 0; node && node->kind == TREE_YAML_MAPPING && i < node->count; i++)
		if (!strcmp(node->items[2 * i]->text, key)) {
			node = node->items[2 * i];
			break;
		}
	lookup_end(object, &lookup, node, ret_file, ret_line, ret_column);
}

bool manifest_object_word_place(const struct manifest_object *object, const char *path,
				const char *word, const char **ret_file, int *ret_line,
				int *ret_column)
{
	const struct tree_yaml_node *node = NULL;
	struct tree_yaml_node at;
	struct lookup lookup;

	lookup_begin(object, &lookup);
	if (lookup.root)
		node = tree_yaml_at(lookup.root, path);
	bool plain = node && node->text && !object->text->rendered && !strchr(node->text, '\n');
	const char *found = plain ? strstr(node->text, word) : NULL;
	if (found) {
		at = *node;
		at.column += (int)(found - node->text) + !node->plain;
		node = &at;
	}
	lookup_end(object, &lookup, node, ret_file, ret_line, ret_column);
	return found;
}
