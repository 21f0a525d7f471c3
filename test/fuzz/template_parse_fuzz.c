/* template_parse: any text as a template. A mistake is told at a place of the text, and the same
 * mistake is told again; what compiles has only nodes of the text. */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "template/ast.h"

static void expect_nodes_inside(const struct template *template)
{
	for (const struct node *node = template->body; node; node = node->next)
		fuzz_expect(node->begin <= node->end && node->end <= template->length,
			    "%u to %u of %zu", node->begin, node->end, template->length);
}

static void expect_same_mistake(const struct fuzz_source *source, const struct err *first)
{
	cleanup_err struct err err = ERR_INIT;
	struct template *template;

	int r = template_compile(source->name, source->text, source->length, &template, &err);
	fuzz_expect(r < 0, "it compiles now");
	fuzz_expect(!strcmp(err.message, first->message), "'%s' then '%s'", first->message,
		    err.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct fuzz_source source = {"a.j2", (const char *)bytes, length, FUZZ_BREAKS_TEXT};
	cleanup_err struct err err = ERR_INIT;
	struct template *template;

	if (template_compile(source.name, source.text, length, &template, &err) < 0) {
		fuzz_expect_told(&source, &err);
		expect_same_mistake(&source, &err);
		return 0;
	}
	expect_nodes_inside(template);
	template_free(template);
	return 0;
}
