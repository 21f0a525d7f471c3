/*
 * The side of the differential test that is ours: renders cases that come on standard input, one
 * line of JSON each (case.py), and answers each with "ok" or "error", the length, a newline and as
 * many bytes of output or message.
 *
 * Variables of the case before are kept when the next has the same text.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/scope.h"
#include "template/template.h"

struct engine {
	char *vars;
	struct tree_yaml_documents documents;
	struct template_scope *scope;
	const json_t *files; /* of the case at hand */
};

static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	const struct engine *engine = context;
	const json_t *file = json_object_get(engine->files, name);

	(void)purpose;
	if (!file)
		return err_set(err, ERR_NOT_FOUND, "'%s' was not found", name);
	*ret_shown = mem_strdup(name);
	*ret_length = json_string_length(file);
	*ret_text = mem_strndup(json_string_value(file), *ret_length);
	return 0;
}

static void forget(struct engine *engine)
{
	if (!engine->vars)
		return;
	template_scope_free(engine->scope);
	tree_yaml_done(&engine->documents);
	free(steal(&engine->vars));
}

static int use_vars(struct engine *engine, const json_t *vars, struct err *err)
{
	if (engine->vars && !strcmp(engine->vars, json_string_value(vars)))
		return 0;
	forget(engine);
	cleanup_diag struct diag_list twice = DIAG_LIST_INIT;
	int r = tree_yaml_parse_variables(json_string_value(vars), json_string_length(vars),
					  "vars.yaml", &twice, &engine->documents, err);
	if (r < 0)
		return r;
	if (engine->documents.n > 1) { /* lib/source says the same */
		tree_yaml_done(&engine->documents);
		return err_set(err, ERR_INVALID, "one document is expected");
	}
	engine->vars = mem_strdup(json_string_value(vars));
	engine->scope = template_scope_new(NULL);
	r = template_scope_add_yaml(engine->scope,
				    engine->documents.n ? engine->documents.roots[0] : NULL,
				    "vars.yaml", err);
	if (r < 0)
		forget(engine);
	return r;
}

static int render(struct engine *engine, const json_t *task, struct template_output *ret,
		  struct err *err)
{
	const struct template_loader loader = {.load = load, .context = engine};
	const json_t *text = json_object_get(task, "template");
	struct template *template;

	engine->files = json_object_get(task, "files");
	int r = use_vars(engine, json_object_get(task, "vars"), err);
	if (r < 0)
		return r;
	r = template_compile("template.j2", json_string_value(text), json_string_length(text),
			     &template, err);
	if (r < 0)
		return r;
	r = template_render(template, engine->scope, &loader, NULL, ret, err);
	template_free(template);
	return r;
}

static void answer(struct engine *engine, const json_t *task)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_output output = {0};

	if (render(engine, task, &output, &err) < 0) {
		cleanup_free char *message = err_text(&err);
		printf("error %zu\n%s", strlen(message), message);
	} else {
		printf("ok %zu\n", output.text.len);
		fwrite(buf_str(&output.text), 1, output.text.len, stdout);
		template_output_done(&output);
	}
	fflush(stdout);
}

int main(void)
{
	struct engine engine = {0};
	cleanup_free char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0) {
		json_auto_t *task = json_loads(line, JSON_ALLOW_NUL, NULL);
		if (!task) {
			fprintf(stderr, "engine: no JSON: %s\n", line);
			return EXIT_FAILURE;
		}
		answer(&engine, task);
	}
	forget(&engine);
	return EXIT_SUCCESS;
}
