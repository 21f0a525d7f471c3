/* template_render: variables (YAML or JSON), a line of "%%%", and a template that uses them.
 *
 * Rendering twice gives the same, marks lie inside the template, errors too. The limits are narrow:
 * what they do not bound shows as a slow or a large input. */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "template/scope.h"
#include "template/template.h"

#define SEPARATOR "%%%\n"

static const struct template_limits limits = {.output = 1 << 16, .steps = 20000, .depth = 12};

/* What the template may include: itself, and what calls for what it does not have. */
static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	static const char part[] =
		"{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}part {{ x }}\n";
	const struct fuzz_source *self = context;

	(void)purpose;
	if (strcmp(name, "self") && strcmp(name, "part"))
		return err_set(err, ERR_NOT_FOUND, "template '%s' was not found", name);
	bool again = !strcmp(name, "self");
	*ret_shown = mem_strdup(name);
	*ret_text = again ? mem_strndup(self->text, self->length) : mem_strdup(part);
	*ret_length = again ? self->length : strlen(part);
	return 0;
}

static const char *environment(void *context, const char *name, const char *file, int line)
{
	(void)context, (void)file, (void)line;
	return strcmp(name, "HOME") ? NULL : "/root";
}

static int variables(const struct fuzz_source *source, struct template_scope *scope,
		     struct tree_yaml_documents *ret, struct err *err)
{
	int r = tree_yaml_parse(source->text, source->length, source->name, ret, err);

	if (r < 0 || !ret->n)
		return r;
	return template_scope_add_yaml(scope, ret->roots[0], source->name, err);
}

static void expect_marks_inside(const struct fuzz_source *source,
				const struct template_output *output)
{
	uint32_t before = 0;

	for (size_t i = 0; i < output->mark_count; i++) {
		const struct template_mark *mark = &output->marks[i];
		fuzz_expect(mark->at >= before && mark->at <= output->text.len,
			    "byte %u behind %u of %zu", mark->at, before, output->text.len);
		fuzz_expect(mark->file < output->files.len, "file %u", mark->file);
		before = mark->at;
		if (!strcmp(output->files.data + mark->file, source->name))
			fuzz_expect_inside(source, (int)mark->line, (int)mark->column);
	}
}

/* Where each line of the output, and each of its columns, came from. */
static void expect_origins_inside(const struct fuzz_source *source,
				  const struct template_output *output)
{
	const char *file;
	int line, column;

	for (int wanted = 1; wanted < 50; wanted++)
		for (int at = 0; at < 5; at++)
			if (template_output_origin(output, wanted, at, &file, &line, &column) &&
			    !strcmp(file, source->name))
				fuzz_expect_inside(source, line, column);
}

static int render(const struct template *template, const struct fuzz_source *source,
		  const struct template_scope *scope, struct template_output *ret, struct err *err)
{
	const struct template_loader loader = {
		.load = load, .environment = environment, .context = (void *)source};

	return template_render(template, scope, &loader, &limits, ret, err);
}

static void expect_same(const struct template_output *a, const struct template_output *b)
{
	fuzz_expect(a->text.len == b->text.len &&
			    !memcmp(buf_str(&a->text), buf_str(&b->text), a->text.len),
		    "first:\n%s\nthen:\n%s", buf_str(&a->text), buf_str(&b->text));
}

static void render_twice(const struct template *template, const struct fuzz_source *source,
			 const struct template_scope *scope)
{
	cleanup_err struct err first_err = ERR_INIT, err = ERR_INIT;
	struct template_output first = {0}, output = {0};
	int first_r = render(template, source, scope, &first, &first_err);
	int r = render(template, source, scope, &output, &err);

	fuzz_expect(r == first_r, "%d then %d", first_r, r);
	if (r < 0) {
		fuzz_expect_told(source, &err);
		fuzz_expect(!strcmp(err.message, first_err.message), "'%s' then '%s'",
			    first_err.message, err.message);
		return;
	}
	expect_same(&first, &output);
	expect_marks_inside(source, &output);
	expect_origins_inside(source, &output);
	template_output_done(&first);
	template_output_done(&output);
}

/* Splits at the separator; without one there are no variables. */
static void split(const char *text, size_t length, struct fuzz_source *ret_vars,
		  struct fuzz_source *ret_template)
{
	const char *at = memmem(text, length, SEPARATOR, strlen(SEPARATOR));
	size_t before = at ? (size_t)(at - text) : 0, behind = at ? before + strlen(SEPARATOR) : 0;
	/* text without markup keeps its carriage returns (rule R5) */
	bool markup = template_has_markup(text + behind, length - behind);

	*ret_vars = (struct fuzz_source){"vars.yaml", text, before, FUZZ_BREAKS_YAML};
	*ret_template = (struct fuzz_source){"a.j2", text + behind, length - behind,
					     markup ? FUZZ_BREAKS_TEXT : FUZZ_BREAKS_JSON};
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0};
	struct fuzz_source vars, source;
	struct template *template;

	split((const char *)bytes, length, &vars, &source);
	if (variables(&vars, scope, &documents, &err) < 0) {
		fuzz_expect_told(&vars, &err);
	} else if (template_compile(source.name, source.text, source.length, &template, &err) ==
		   0) {
		render_twice(template, &source, scope);
		template_free(template);
	}
	template_scope_free(scope);
	tree_yaml_done(&documents);
	return 0;
}
