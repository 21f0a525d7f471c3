/* For `differential`: renders templates that come on standard input, each as its length, a newline
 * and its bytes, with the variables of the file named first; answers "ok" or "error", the length, a
 * newline and the output or message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "template/scope.h"
#include "template/template.h"

static const char *folder;

static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	cleanup_free char *path = file_join(folder, name);

	(void)context;
	(void)purpose;
	int r = file_read(path, 1 << 20, ret_text, ret_length, err);
	if (r == 0)
		*ret_shown = mem_strdup(name);
	return r;
}

static int render(const char *text, size_t length, const struct template_scope *scope,
		  struct template_output *ret, struct err *err)
{
	const struct template_loader loader = {.load = load};
	struct template *template;
	int r = template_compile("case", text, length, &template, err);

	if (r < 0)
		return r;
	r = template_render(template, scope, &loader, NULL, ret, err);
	template_free(template);
	return r;
}

static void answer(const char *text, size_t length, const struct template_scope *scope)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_output output = {0};

	if (render(text, length, scope, &output, &err) < 0) {
		cleanup_free char *message = err_text(&err);
		printf("error %zu\n%s", strlen(message), message);
		return;
	}
	printf("ok %zu\n", output.text.len);
	fwrite(buf_str(&output.text), 1, output.text.len, stdout);
	template_output_done(&output);
}

static int serve(const char *file)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0};
	cleanup_free char *vars = NULL;
	size_t length;

	if (file_read(file, 1 << 20, &vars, &length, &err) < 0 ||
	    tree_yaml_parse(vars, length, file, &documents, &err) < 0 ||
	    template_scope_add_yaml(scope, documents.roots[0], file, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return EXIT_FAILURE;
	}
	while (scanf("%zu", &length) == 1 && getchar() == '\n') {
		cleanup_free char *text = mem_zalloc(length + 1);
		if (fread(text, 1, length, stdin) != length)
			break;
		answer(text, length, scope);
	}
	template_scope_free(scope);
	tree_yaml_done(&documents);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: batch VARS.yaml FOLDER\n");
		return EXIT_FAILURE;
	}
	folder = argv[2];
	return serve(argv[1]);
}
