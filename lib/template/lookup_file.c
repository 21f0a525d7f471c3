#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/lookup.h"
#include "template/text.h"

static bool load(struct call *call, const char *name, const char *purpose, char **ret_shown,
		 char **ret_text, size_t *ret_length)
{
	const struct template_loader *loader = call->eval->loader;
	cleanup_err struct err err = ERR_INIT;

	if (!loader || !loader->load)
		return template_call_fail(call, "there is no place to look for '%s'", name);
	if (loader->load(loader->context, name, purpose, ret_shown, ret_text, ret_length, &err) < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	return true;
}

static bool look_file(struct call *call, struct value *terms, struct value *results)
{
	bool left = template_call_truth(template_lookup_option(call, "lstrip"), false);
	bool right = template_call_truth(template_lookup_option(call, "rstrip"), true);

	for (size_t i = 0; i < terms->list.n; i++) {
		cleanup_free char *shown = NULL, *text = NULL;
		const char *name = NULL;
		size_t begin = 0, end;
		if (!template_lookup_text(call, terms->list.items[i], &name) ||
		    !load(call, name, "file", &shown, &text, &end))
			return false;
		if (left)
			template_text_strip(text, &begin, &end, TEXT_LEFT, NULL, 0);
		if (right)
			template_text_strip(text, &begin, &end, TEXT_RIGHT, NULL, 0);
		value_list_add(results, value_string(text + begin, end - begin));
	}
	return true;
}

/* The loader deciphers what is encrypted. */
static bool look_unvault(struct call *call, struct value *terms, struct value *results)
{
	for (size_t i = 0; i < terms->list.n; i++) {
		cleanup_free char *shown = NULL, *text = NULL;
		const char *name = NULL;
		size_t length;
		if (!template_lookup_text(call, terms->list.items[i], &name) ||
		    !load(call, name, "file", &shown, &text, &length))
			return false;
		value_list_add(results, value_string(text, length));
	}
	return true;
}

/* Names as lookup('file') takes them, in order; Ansible gives whole paths, in no order. */
static bool look_fileglob(struct call *call, struct value *terms, struct value *results)
{
	const struct template_loader *loader = call->eval->loader;
	cleanup_err struct err err = ERR_INIT;

	for (size_t i = 0; i < terms->list.n; i++) {
		cleanup_list struct list names = LIST_INIT;
		const char *pattern = NULL;
		if (!template_lookup_text(call, terms->list.items[i], &pattern))
			return false;
		if (!loader || !loader->list)
			return template_call_fail(call, "there is no place to look for '%s'",
						  pattern);
		if (loader->list(loader->context, pattern, &names, &err) < 0)
			return template_eval_fail_err(call->eval, call->node, &err);
		for (size_t j = 0; j < names.n; j++)
			value_list_add(results, value_text_of(names.items[j]));
	}
	return true;
}

/* A string, or strings in a list; those in a string are parted by any of `separators`. */
static bool add_split(struct call *call, const struct value *from, const char *separators,
		      struct list *to)
{
	if (!from || from->kind == VALUE_NONE)
		return true;
	if (from->kind == VALUE_STRING) {
		list_split(to, from->string.text, separators);
		return true;
	}
	if (!value_is_list(from))
		return template_call_fail(call, "first_found needs strings, not a %s",
					  value_type(from));
	for (size_t i = 0; i < from->list.n; i++)
		if (!add_split(call, from->list.items[i], separators, to))
			return false;
	return true;
}

/* What first_found looks for. */
struct search {
	struct list names;
	const struct value *files, *paths, *skip; /* of the last dict, else of the call */
};

static bool add_names(struct call *call, struct search *search, const struct value *files)
{
	cleanup_list struct list names = LIST_INIT, paths = LIST_INIT;

	if (!add_split(call, files, ",;", &names) || !add_split(call, search->paths, ",:;", &paths))
		return false;
	for (size_t i = 0; i < paths.n; i++)
		for (size_t j = 0; j < names.n; j++)
			list_printf(&search->names, "%s/%s", paths.items[i], names.items[j]);
	if (!paths.n)
		list_copy(&search->names, &names);
	return true;
}

static bool add_terms(struct call *call, struct search *search, const struct value *terms)
{
	for (size_t i = 0; i < terms->list.n; i++) {
		const struct value *term = terms->list.items[i];
		bool ok = true;
		if (value_is_list(term)) {
			ok = add_terms(call, search, term);
		} else if (term->kind == VALUE_DICT) {
			search->files = value_get(term, "files");
			search->paths = value_get(term, "paths");
			search->skip = value_get(term, "skip");
			ok = add_names(call, search, search->files);
		} else {
			ok = add_names(call, search, term);
		}
		if (!ok)
			return false;
	}
	return true;
}

/* 1 when the file is there, 0 when it is not. */
static int is_there(struct call *call, const char *name)
{
	const struct template_loader *loader = call->eval->loader;
	cleanup_free char *shown = NULL, *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	size_t length;

	if (!loader || !loader->load)
		return 0;
	int r = loader->load(loader->context, name, "file", &shown, &text, &length, &err);
	if (r == 0 || r == -ERR_NOT_FOUND)
		return r == 0;
	template_eval_fail_err(call->eval, call->node, &err);
	return -1;
}

/* The name of the first file that is there, as lookup('file') takes it. */
static bool look_first_found(struct call *call, struct value *terms, struct value *results)
{
	struct search search = {.files = template_lookup_option(call, "files"),
				.paths = template_lookup_option(call, "paths"),
				.skip = template_lookup_option(call, "skip")};
	bool ok = terms->list.n ? add_terms(call, &search, terms)
				: add_names(call, &search, search.files);
	int there = 0;

	for (size_t i = 0; ok && there == 0 && i < search.names.n; i++) {
		there = is_there(call, search.names.items[i]);
		if (there > 0)
			value_list_add(results, value_text_of(search.names.items[i]));
	}
	if (ok && there == 0 && !(search.skip && value_true(search.skip)))
		template_call_fail(call, "first_found: none of the files is there");
	list_done(&search.names);
	return !call->eval->raised;
}

static void delimiter(const struct call *call, const char *name, char *field)
{
	const struct value *value = template_lookup_option(call, name);

	if (value && value->kind == VALUE_STRING && value->string.length < OPTIONS_DELIMITER &&
	    value->string.length)
		memcpy(field, value->string.text, value->string.length + 1);
}

static const struct template *compile(struct call *call, const char *name)
{
	cleanup_free char *shown = NULL, *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	struct options options = template_options_default;
	const struct template *template;
	size_t length;

	delimiter(call, "variable_start_string", options.print_begin);
	delimiter(call, "variable_end_string", options.print_end);
	delimiter(call, "comment_start_string", options.comment_begin);
	delimiter(call, "comment_end_string", options.comment_end);
	options.trim_blocks =
		template_call_truth(template_lookup_option(call, "trim_blocks"), true);
	if (!load(call, name, "template", &shown, &text, &length))
		return NULL;
	bool standard = !memcmp(&options, &template_options_default, sizeof(options));
	if (template_eval_compile(
		    call->eval,
		    &(struct template_text){
			    .name = shown,
			    .text = text,
			    .length = length,
			    .options = standard ? &template_options_default : &options,
			    .header = true,
		    },
		    &template, &err) < 0)
		return (void *)template_eval_fail_err(call->eval, call->node, &err);
	return template;
}

/* A template of its own: sees the variables and template_vars, not what was set around it. */
static bool look_template(struct call *call, struct value *terms, struct value *results)
{
	struct eval *eval = call->eval;
	const struct value *extra_before = eval->extra,
			   *extra = template_lookup_option(call, "template_vars");
	struct dict before = eval->variables;
	bool ok = true;

	for (size_t i = 0; i < terms->list.n && ok; i++) {
		const char *name = NULL;
		const struct template *template = NULL;
		if (!template_lookup_text(call, terms->list.items[i], &name) ||
		    !(template = compile(call, name)) || template_eval_enter(eval, call->node) < 0)
			return false;
		if (extra && extra->kind == VALUE_DICT) {
			eval->extra = extra;
			eval->variables = (struct dict){0};
		}
		struct value *value = template_eval_result(eval, template, false);
		if (eval->extra != extra_before) {
			template_dict_clear(&eval->variables);
			eval->variables = before;
			eval->extra = extra_before;
		}
		before = eval->variables;
		template_eval_leave(eval);
		if (value && value->kind == VALUE_UNDEFINED && value->refs > 0)
			template_trouble_trail(value->trouble, "looked up by %s:%u",
					       eval->template->name, call->node->line);
		if (value)
			value_list_add(results, value);
		ok = value;
	}
	return ok;
}

const struct lookup template_lookup_files[] = {
	{"file", look_file},	     {"template", look_template},	{"unvault", look_unvault},
	{"fileglob", look_fileglob}, {"first_found", look_first_found},
};

const size_t template_lookup_file_count =
	sizeof(template_lookup_files) / sizeof(*template_lookup_files);
