#include "template/lazy.h"

#include <stdlib.h>

#include "base/mem.h"
#include "template/ast.h"

struct value *template_lazy_new(const char *text, size_t length, const char *file, int line,
				int column, const char *path)
{
	struct value *value = value_alloc(VALUE_TEMPLATE);

	value->template = mem_new(struct lazy);
	*value->template = (struct lazy){
		.length = length,
		.file = mem_strdup(file),
		.line = line,
		.column = column,
		.path = mem_strdup(path),
	};
	struct buf copy = BUF_INIT;
	buf_add(&copy, text, length);
	value->template->text = buf_steal(&copy);
	return value;
}

void template_lazy_free(struct lazy *lazy)
{
	free(lazy->text);
	free(lazy->file);
	free(lazy->path);
	template_free(lazy->template);
	err_done(&lazy->problem);
	free(lazy);
}

const struct template *template_lazy_compile(struct lazy *lazy)
{
	struct options options = template_options_default;

	if (lazy->known)
		return lazy->template;
	options.raw_strings = true;
	lazy->known = true;
	(void)template_build(
		&(struct template_text){
			.name = lazy->file,
			.text = lazy->text,
			.length = lazy->length,
			.line = lazy->line,
			.column = lazy->column,
			.options = &options,
			.header = true,
		},
		&lazy->template, &lazy->problem);
	return lazy->template;
}
