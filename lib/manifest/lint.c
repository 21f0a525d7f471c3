#include "manifest/lint.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "manifest/coexist.h"
#include "manifest/pod.h"
#include "tree/path.h"

static void add(const struct manifest_lint *about, enum diag_severity severity, const char *path,
		const char *hint, struct err *err)
{
	const char *file;
	int line, column;

	if (hint)
		(void)err_hint(err, "%s", hint);
	manifest_object_place(about->object, path, &file, &line, &column);
	(void)err_at(err, file, line, column);
	diag_add(about->findings, severity, about->app, err);
}

void manifest_lint_error(const struct manifest_lint *about, const char *path, const char *hint,
			 const char *format, ...)
{
	struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	(void)err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	add(about, DIAG_ERROR, path, hint, &err);
}

void manifest_lint_warning(const struct manifest_lint *about, const char *path, const char *hint,
			   const char *format, ...)
{
	struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	(void)err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	add(about, DIAG_WARNING, path, hint, &err);
}

void manifest_lint_word(const struct manifest_lint *about, const char *path, const char *word,
			const char *hint, const char *format, ...)
{
	struct err err = ERR_INIT;
	const char *file;
	int line, column;
	va_list args;

	va_start(args, format);
	(void)err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	bool exact = manifest_object_word_place(about->object, path, word, &file, &line, &column);
	(void)err_at(&err, file, line, column);
	err.caret_width = exact ? (int)strlen(word) : 0;
	add(about, DIAG_ERROR, path, hint, &err);
}

void manifest_lint_unknown(const struct manifest_lint *about, const char *path, const char *key,
			   const char *hint)
{
	struct err err = ERR_INIT;
	const char *file;
	int line, column;

	(void)err_set(&err, ERR_INVALID, "unknown field '%s' in %s", key, about->object->id.kind);
	(void)err_hint(&err, "%s", hint);
	manifest_object_key_place(about->object, path, key, &file, &line, &column);
	(void)err_at(&err, file, line, column);
	err.caret_width = (int)strlen(key);
	diag_add(about->findings, DIAG_ERROR, about->app, &err);
}

static bool is_kind(const struct manifest_object *object, const char *group, const char *kind)
{
	return !strcmp(object->id.kind, kind) && !strcmp(object->id.group, group);
}

/* Every value of a mapping at path must be a text: YAML makes numbers and booleans of what stands
 * without quotes. */
static void check_texts(const struct manifest_lint *lint, const char *path)
{
	const char *key;
	json_t *value;

	json_object_foreach (tree_path_get(lint->object->body, path), key, value) {
		if (json_is_string(value) || json_is_null(value))
			continue;
		cleanup_buf struct buf at = BUF_INIT;
		buf_addstr(&at, path);
		tree_path_add_key(&at, key);
		manifest_lint_error(lint, buf_str(&at), "put quotes around it", "%s is not a text",
				    buf_str(&at));
	}
}

static void check_env(const struct manifest_lint *lint, const json_t *container, const char *path)
{
	size_t i;
	json_t *env;

	json_array_foreach (json_object_get(container, "env"), i, env) {
		const json_t *value = json_object_get(env, "value");
		const char *name = tree_path_string(env, "name");
		if (!value || json_is_string(value) || json_is_null(value))
			continue;
		cleanup_free char *at = mem_printf("%s.env[%zu].value", path, i);
		manifest_lint_error(lint, at, "put quotes around it",
				    "the value of env %s is not a text", name ? name : "");
	}
}

static bool has_volume(const json_t *body, const char *name)
{
	static const char *const lists[] = {"volumes", "volumeClaimTemplates"};
	const json_t *holders[] = {manifest_pod_spec(body, NULL), json_object_get(body, "spec")};
	const char *const names[] = {"name", "metadata.name"};

	for (int i = 0; i < 2; i++) {
		size_t j;
		json_t *volume;
		json_array_foreach (json_object_get(holders[i], lists[i]), j, volume) {
			const char *there = tree_path_string(volume, names[i]);
			if (there && !strcmp(there, name))
				return true;
		}
	}
	return false;
}

static void check_mounts(const struct manifest_lint *lint, const json_t *container,
			 const char *path)
{
	size_t i;
	json_t *mount;

	json_array_foreach (json_object_get(container, "volumeMounts"), i, mount) {
		const char *name = tree_path_string(mount, "name");
		if (!name || has_volume(lint->object->body, name))
			continue;
		cleanup_free char *at = mem_printf("%s.volumeMounts[%zu].name", path, i);
		manifest_lint_error(lint, at, NULL,
				    "volume '%s' is mounted but not declared under volumes", name);
	}
}

static void check_container(void *context, json_t *container, const char *list, const char *path)
{
	(void)list;
	check_env(context, container, path);
	check_mounts(context, container, path);
}

static void check_selector(const struct manifest_lint *lint)
{
	const json_t *body = lint->object->body;
	const json_t *wanted = tree_path_get(body, "spec.selector.matchLabels");
	const json_t *labels = tree_path_get(body, "spec.template.metadata.labels");
	const char *key;
	json_t *value;

	if (!tree_path_get(body, "spec.selector"))
		manifest_lint_error(lint, "spec",
				    "add selector: {matchLabels: ...} with labels of the template",
				    "%s needs spec.selector", lint->object->id.kind);
	json_object_foreach ((json_t *)wanted, key, value) {
		if (json_equal(value, json_object_get(labels, key)))
			continue;
		cleanup_buf struct buf at = BUF_INIT;
		buf_addstr(&at, "spec.selector.matchLabels");
		tree_path_add_key(&at, key);
		manifest_lint_error(
			lint, buf_str(&at), "selector and template.metadata.labels must agree",
			"the selector asks for label %s, which the pod template does not "
			"set so",
			key);
	}
}

static bool has_selector(const struct manifest_object *object)
{
	return is_kind(object, "apps", "Deployment") || is_kind(object, "apps", "StatefulSet") ||
	       is_kind(object, "apps", "DaemonSet") || is_kind(object, "apps", "ReplicaSet");
}

void manifest_lint_object(const struct manifest_object *object, const char *app,
			  struct diag_list *findings)
{
	struct manifest_lint lint = {object, app, findings};

	check_texts(&lint, "metadata.labels");
	check_texts(&lint, "metadata.annotations");
	if (is_kind(object, "", "ConfigMap") || is_kind(object, "", "Secret"))
		check_texts(&lint, "data");
	manifest_pod_containers(object->body, check_container, &lint);
	if (has_selector(object)) {
		check_selector(&lint);
		check_texts(&lint, "spec.template.metadata.labels");
		check_texts(&lint, "spec.template.metadata.annotations");
	}
	manifest_lint_traefik(object, app, findings);
}
