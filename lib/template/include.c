#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/eval.h"

static const struct template *known_unit(const struct eval *eval, const char *wanted)
{
	for (const struct unit *unit = eval->units; unit; unit = unit->next)
		if (!strcmp(unit->wanted, wanted))
			return unit->template;
	return NULL;
}

static int load(struct eval *eval, const char *wanted, const struct template **ret, struct err *err)
{
	cleanup_free char *shown = NULL, *text = NULL;
	struct options options = eval->template->options;
	size_t length;

	if (!eval->loader || !eval->loader->load)
		return err_set(err, ERR_NOT_FOUND, "there is no place to look for template '%s'",
			       wanted);
	int r = eval->loader->load(eval->loader->context, wanted, "template", &shown, &text,
				   &length, err);
	if (r < 0)
		return r;
	options.raw_strings = false;
	return template_eval_compile(
		eval,
		&(struct template_text){
			.name = shown, .text = text, .length = length, .options = &options},
		ret, err);
}

/* Finds and compiles one file; -ERR_NOT_FOUND without it being raised. */
static int find_one(struct eval *eval, const char *wanted, const struct template **ret,
		    struct err *err)
{
	*ret = known_unit(eval, wanted);
	if (*ret)
		return 0;
	int r = load(eval, wanted, ret, err);
	if (r < 0)
		return r;
	struct unit *unit = mem_new(struct unit);
	*unit = (struct unit){mem_strdup(wanted), *ret, eval->units};
	eval->units = unit;
	return 0;
}

/* A template by the name, or the first of the names, that somebody wrote; it is read with the
 * options of the includer. NULL: raised, or simply not there when `missing` is not NULL. */
static const struct template *find(struct eval *eval, const struct node *node, struct value *name,
				   bool *missing)
{
	cleanup_err struct err err = ERR_INIT;
	const struct template *found = NULL;
	bool list = value_is_list(name);
	size_t n = list ? name->list.n : 1;
	int r = -ERR_NOT_FOUND;

	if (list && template_eval_settled(eval, name) < 0)
		return NULL;
	for (size_t i = 0; i < n && r == -ERR_NOT_FOUND; i++) {
		const struct value *one = list ? name->list.items[i] : name;
		if (one->kind == VALUE_UNDEFINED)
			return (void *)template_eval_trip(eval, name);
		if (one->kind != VALUE_STRING)
			return (void *)template_eval_fail(
				eval, node, "the name of a template must be a string, not a %s",
				value_type(one));
		r = find_one(eval, one->string.text, &found, &err);
	}
	if (r == -ERR_NOT_FOUND && missing) {
		*missing = true;
		return NULL;
	}
	if (r < 0 && !err.message)
		err_set(&err, ERR_NOT_FOUND, "there is no template to choose from");
	return r < 0 ? (void *)template_eval_fail_err(eval, node, &err) : found;
}

/* "included from a.j2:3" on what came up inside. */
static void note_includer(struct eval *eval, const struct node *node, struct value *before)
{
	struct value *bad = eval->raised ? eval->raised : eval->sink->marker;

	if (bad && bad != before && bad->refs > 0)
		template_trouble_trail(bad->trouble, "included from %s:%u", eval->template->name,
				       node->line);
}

int template_include_run(struct eval *eval, const struct node *node)
{
	bool missing = false, isolated = eval->isolated;
	cleanup_value struct value *name = template_eval_expression(eval, node->import.name);
	struct value *before = eval->sink->marker;

	if (!name)
		return -1;
	const struct template *template =
		find(eval, node, name, node->import.ignore_missing ? &missing : NULL);
	if (!template)
		return missing ? 0 : -1;
	if (template_eval_enter(eval, node) < 0)
		return -1;
	eval->isolated = isolated || !node->import.with_context;
	int r = template_eval_template(
		eval, template, node->import.with_context ? eval->frame : NULL, eval->sink, NULL);
	eval->isolated = isolated;
	template_eval_leave(eval);
	note_includer(eval, node, before);
	return r;
}

/* What an import gives: the names that the template set, and what it printed. */
struct module {
	struct frame *frame;
	struct value *printed;
	char *name;
};

static void module_release(void *state)
{
	struct module *module = state;

	value_unref(module->printed);
	free(module->name);
	free(module);
}

static struct value *module_attribute(struct eval *eval, struct value *self, const char *name)
{
	const struct module *module = self->object.state;

	(void)eval;
	for (size_t i = 0; i < module->frame->n && *name != '_'; i++)
		if (value_is_text(module->frame->bindings[i].name, name))
			return value_keep(module->frame->bindings[i].value);
	return NULL;
}

static void module_print(const struct value *self, struct buf *out)
{
	const struct module *module = self->object.state;

	if (module->printed->kind != VALUE_NONE)
		value_print_final(module->printed, false, out);
}

static const struct object_class module_class = {
	.type = "TemplateModule",
	.release = module_release,
	.attribute = module_attribute,
	.print = module_print,
};

struct value *template_include_printed(const struct value *value)
{
	const struct module *module = value->object.state;

	return value->object.class == &module_class ? module->printed : NULL;
}

static struct value *run_module(struct eval *eval, const struct node *node,
				const struct template *template)
{
	struct sink sink;
	struct frame *frame;
	bool isolated = eval->isolated;

	if (template_eval_enter(eval, node) < 0)
		return NULL;
	template_sink_init(&sink, NULL);
	eval->isolated = isolated || !node->import.with_context;
	int r = template_eval_template(
		eval, template, node->import.with_context ? eval->frame : NULL, &sink, &frame);
	eval->isolated = isolated;
	template_eval_leave(eval);
	template_frame_capture(frame);
	struct value *printed = r < 0 ? NULL : template_sink_result(&sink);
	template_sink_done(&sink);
	if (!printed) {
		note_includer(eval, node, NULL);
		return NULL;
	}
	struct module *module = mem_new(struct module);
	*module = (struct module){frame, printed, mem_strdup(template->name)};
	return value_object(&module_class, module);
}

static struct value *import(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *name = template_eval_expression(eval, node->import.name);
	const struct template *template = name ? find(eval, node, name, NULL) : NULL;

	return template ? run_module(eval, node, template) : NULL;
}

int template_include_import(struct eval *eval, const struct node *node)
{
	struct value *module = import(eval, node);

	if (!module)
		return -1;
	template_frame_set(eval->frame, node->import.target, module);
	return 0;
}

int template_include_from(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *module = import(eval, node);

	if (!module)
		return -1;
	for (size_t i = 0; i < node->import.count; i++) {
		const struct import_name *name = &node->import.names[i];
		struct value *item = module_attribute(eval, module, name->name->string.text);
		if (!item)
			item = template_eval_undefined(
				eval, node, "template '%s' has no '%s' to import",
				((struct module *)module->object.state)->name,
				name->name->string.text);
		template_frame_set(eval->frame, name->alias, item);
	}
	return 0;
}
