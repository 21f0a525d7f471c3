#include "findings.h"

#include <string.h>

#include "base/mem.h"
#include "tree/path.h"

static const char *const severities[] = {"error", "warning", "note"};

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *finding(const struct diag *diag)
{
	const struct err *err = &diag->err;
	json_t *apps = json_array();

	for (size_t i = 0; i < diag->apps.n; i++)
		json_array_append_new(apps, json_string(diag->apps.items[i]));
	return json_pack("{s:s, s:o, s:i, s:i, s:o, s:o, s:o, s:i, s:o, s:o}", "severity",
			 severities[diag->severity], "file", text_or_null(err->place.file), "line",
			 err->place.line, "column", err->place.column, "message",
			 text_or_null(err->message), "hint", text_or_null(err->hint), "excerpt",
			 text_or_null(err->excerpt), "width", err->caret_width, "trail",
			 text_or_null(err->trail), "apps", apps);
}

json_t *findings_to_json(const struct diag_list *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->n; i++)
		json_array_append_new(list, finding(&findings->items[i]));
	return list;
}

static enum diag_severity severity_of(const char *name)
{
	for (int i = 0; name && i < 3; i++)
		if (!strcmp(severities[i], name))
			return (enum diag_severity)i;
	return DIAG_ERROR;
}

static void read_finding(const json_t *tree, struct diag_list *ret)
{
	struct err err = {
		.code = ERR_INVALID,
		.message = mem_strdup(tree_path_string(tree, "message")),
		.hint = mem_strdup(tree_path_string(tree, "hint")),
		.place.file = mem_strdup(tree_path_string(tree, "file")),
		.place.line = (int)tree_path_integer(tree, "line", 0),
		.place.column = (int)tree_path_integer(tree, "column", 0),
		.excerpt = mem_strdup(tree_path_string(tree, "excerpt")),
		.caret_width = (int)tree_path_integer(tree, "width", 0),
		.trail = mem_strdup(tree_path_string(tree, "trail")),
	};
	enum diag_severity severity = severity_of(tree_path_string(tree, "severity"));
	size_t i;
	json_t *app;

	json_array_foreach (json_object_get(tree, "apps"), i, app) {
		struct err copy = ERR_INIT;
		err_copy(&copy, &err);
		diag_add(ret, severity, json_string_value(app), &copy);
	}
	if (!json_array_size(json_object_get(tree, "apps")))
		diag_add(ret, severity, NULL, &err);
	err_done(&err);
}

void findings_from_json(const json_t *list, struct diag_list *ret)
{
	size_t i;
	json_t *tree;

	json_array_foreach (list, i, tree)
		read_finding(tree, ret);
}

void findings_print(const struct diag_list *findings, struct buf *out)
{
	for (size_t i = 0; i < findings->n; i++)
		diag_print(&findings->items[i], out);
}

void findings_print_errors(const struct diag_list *findings, struct buf *out)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].severity == DIAG_ERROR)
			diag_print(&findings->items[i], out);
}
