#include "template/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "template/filter.h"
#include "template/text.h"

/* A lookup appends its results to `results`; false after template_call_fail. */
typedef bool (*lookup)(struct call *call, struct value *terms, struct value *results);

static struct value *option(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name))
			return call->values[i];
	return NULL;
}

static bool term_text(struct call *call, const struct value *term, const char **ret)
{
	if (term->kind != VALUE_STRING)
		return template_call_fail(call, "a term of this lookup must be a string, not a %s",
					  value_type(term));
	*ret = term->string.text;
	return true;
}

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
	for (size_t i = 0; i < terms->list.n; i++) {
		cleanup_free char *shown = NULL, *text = NULL;
		const char *name = NULL;
		size_t begin = 0, end;
		if (!term_text(call, terms->list.items[i], &name) ||
		    !load(call, name, "file", &shown, &text, &end))
			return false;
		if (template_call_truth(option(call, "lstrip"), false))
			template_text_strip(text, &begin, &end, TEXT_LEFT, NULL, 0);
		if (template_call_truth(option(call, "rstrip"), true))
			template_text_strip(text, &begin, &end, TEXT_RIGHT, NULL, 0);
		value_list_add(results, value_string(text + begin, end - begin));
	}
	return true;
}

static bool look_env(struct call *call, struct value *terms, struct value *results)
{
	const struct template_loader *loader = call->eval->loader;
	struct value *otherwise = option(call, "default");

	for (size_t i = 0; i < terms->list.n; i++) {
		const char *name = NULL;
		if (!term_text(call, terms->list.items[i], &name))
			return false;
		cleanup_free char *first = mem_strndup(name, strcspn(name, " "));
		const char *text =
			loader && loader->environment
				? loader->environment(
					  loader->context, first,
					  call->eval->template ? call->eval->template->name : "",
					  (int)call->node->line)
				: NULL;
		value_list_add(results, text	    ? value_text_of(text)
					: otherwise ? value_keep(otherwise)
						    : value_string("", 0));
	}
	return true;
}

static bool look_vars(struct call *call, struct value *terms, struct value *results)
{
	struct value *otherwise = option(call, "default");

	for (size_t i = 0; i < terms->list.n; i++) {
		const char *name = NULL;
		if (!term_text(call, terms->list.items[i], &name))
			return false;
		struct value *value = template_eval_variable(call->eval, terms->list.items[i]);
		if (!value && call->eval->raised)
			return false;
		if (value && value->kind == VALUE_UNDEFINED && !value->trouble->error &&
		    otherwise) {
			value_unref(value);
			value = NULL;
		}
		if (!value && !otherwise)
			return template_call_fail(call, "no variable named '%s' was found", name);
		value_list_add(results, value ? value : value_keep(otherwise));
	}
	return true;
}

static bool look_items(struct call *call, struct value *terms, struct value *results)
{
	(void)call;
	for (size_t i = 0; i < terms->list.n; i++) {
		struct value *term = terms->list.items[i];
		if (!value_is_list(term)) {
			value_list_add(results, value_keep(term));
			continue;
		}
		for (size_t j = 0; j < term->list.n; j++)
			value_list_add(results, value_keep(term->list.items[j]));
	}
	return true;
}

static bool look_list(struct call *call, struct value *terms, struct value *results)
{
	(void)call;
	for (size_t i = 0; i < terms->list.n; i++)
		value_list_add(results, value_keep(terms->list.items[i]));
	return true;
}

static bool look_dict(struct call *call, struct value *terms, struct value *results)
{
	for (size_t i = 0; i < terms->list.n; i++) {
		const struct value *term = terms->list.items[i];
		if (term->kind != VALUE_DICT)
			return template_call_fail(call, "lookup('dict') needs dicts, not a %s",
						  value_type(term));
		for (size_t j = 0; j < term->dict.n; j++) {
			struct value *pair = value_dict();
			value_dict_set(pair, "key", value_keep(term->dict.entries[j].key));
			value_dict_set(pair, "value", value_keep(term->dict.entries[j].item));
			value_list_add(results, pair);
		}
	}
	return true;
}

static bool look_indexed(struct call *call, struct value *terms, struct value *results)
{
	cleanup_value struct value *items = value_list();

	look_items(call, terms, items);
	for (size_t i = 0; i < items->list.n; i++)
		value_list_add(results, value_pair_of(value_int((int64_t)i),
						      value_keep(items->list.items[i])));
	return true;
}

/* The name of the first file that is there. */
static bool look_first_found(struct call *call, struct value *terms, struct value *results)
{
	cleanup_value struct value *names = value_list();
	const struct template_loader *loader = call->eval->loader;

	look_items(call, terms, names);
	for (size_t i = 0; i < names->list.n && loader && loader->load; i++) {
		cleanup_free char *shown = NULL, *text = NULL;
		cleanup_err struct err err = ERR_INIT;
		const char *name = NULL;
		size_t length;
		if (!term_text(call, names->list.items[i], &name))
			return false;
		int r = loader->load(loader->context, name, "file", &shown, &text, &length, &err);
		if (r == 0) {
			value_list_add(results, value_keep(names->list.items[i]));
			return true;
		}
		if (r != -ERR_NOT_FOUND)
			return template_eval_fail_err(call->eval, call->node, &err);
	}
	if (template_call_truth(option(call, "skip"), false))
		return true;
	return template_call_fail(call, "first_found: none of the files is there");
}

/* start=1 end=4 stride=1 format=web%02d; also as one string. */
static bool look_sequence(struct call *call, struct value *terms, struct value *results)
{
	static const char *const names[] = {"start", "end", "count", "stride"};
	int64_t numbers[4] = {1, 0, -1, 1};
	cleanup_free char *format = NULL;

	for (size_t i = 0; i < 4; i++) {
		struct value *value = option(call, names[i]);
		cleanup_value struct value *text = value ? template_filter_string(value) : NULL;
		if (text)
			numbers[i] = strtoll(text->string.text, NULL, 0);
	}
	if (option(call, "format") && option(call, "format")->kind == VALUE_STRING)
		format = mem_strdup(option(call, "format")->string.text);
	for (size_t i = 0; i < terms->list.n; i++) {
		cleanup_list struct list words = LIST_INIT;
		const char *term = NULL;
		if (!term_text(call, terms->list.items[i], &term))
			return false;
		list_split(&words, term, " ");
		for (size_t j = 0; j < words.n; j++) {
			const char *equals = strchr(words.items[j], '=');
			if (!equals)
				return template_call_fail(
					call, "sequence: write start=, end=, count=, stride=");
			for (size_t k = 0; k < 4; k++)
				if (!strncmp(words.items[j], names[k], strlen(names[k])) &&
				    words.items[j] + strlen(names[k]) == equals)
					numbers[k] = strtoll(equals + 1, NULL, 0);
			if (!strncmp(words.items[j], "format=", 7)) {
				free(format);
				format = mem_strdup(equals + 1);
			}
		}
	}
	if (numbers[2] >= 0)
		numbers[1] = numbers[0] + (numbers[2] - 1) * numbers[3];
	if (!numbers[3])
		return template_call_fail(call, "sequence: the stride must not be 0");
	for (int64_t n = numbers[0]; numbers[3] > 0 ? n <= numbers[1] : n >= numbers[1];
	     n += numbers[3]) {
		cleanup_value struct value *number = value_int(n);
		cleanup_value struct value *pattern = value_text_of(format ? format : "%d");
		if (!template_eval_step(call->eval, call->node, 1))
			return false;
		struct value *text = template_call_builtin(call, template_filter_find("format"),
							   pattern, &number, 1);
		if (!text)
			return false;
		value_list_add(results, text);
	}
	return true;
}

static void delimiter(const struct call *call, const char *name, char *field)
{
	const struct value *value = option(call, name);

	if (value && value->kind == VALUE_STRING && value->string.length < OPTIONS_DELIMITER &&
	    value->string.length)
		memcpy(field, value->string.text, value->string.length + 1);
}

static const struct template *compile(struct call *call, const char *name)
{
	cleanup_free char *shown = NULL, *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	struct options options = template_options_default;
	struct template *template;
	size_t length;

	delimiter(call, "variable_start_string", options.print_begin);
	delimiter(call, "variable_end_string", options.print_end);
	delimiter(call, "comment_start_string", options.comment_begin);
	delimiter(call, "comment_end_string", options.comment_end);
	options.trim_blocks = template_call_truth(option(call, "trim_blocks"), true);
	if (!load(call, name, "template", &shown, &text, &length))
		return NULL;
	bool standard = !memcmp(&options, &template_options_default, sizeof(options));
	if (template_build(
		    &(struct template_text){
			    .name = shown,
			    .text = text,
			    .length = length,
			    .options = standard ? &template_options_default : &options,
			    .header = true,
		    },
		    &template, &err) < 0)
		return (void *)template_eval_fail_err(call->eval, call->node, &err);
	struct unit *unit = mem_new(struct unit);
	*unit = (struct unit){mem_strdup(""), template, call->eval->units};
	call->eval->units = unit;
	return template;
}

/* A template of its own: sees the variables and template_vars, not what was set around it. */
static bool look_template(struct call *call, struct value *terms, struct value *results)
{
	struct eval *eval = call->eval;
	const struct value *extra_before = eval->extra, *extra = option(call, "template_vars");
	struct dict before = eval->variables;
	bool ok = true;

	for (size_t i = 0; i < terms->list.n && ok; i++) {
		const char *name = NULL;
		const struct template *template = NULL;
		if (!term_text(call, terms->list.items[i], &name) ||
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

static const struct {
	const char *name;
	lookup run;
} lookups[] = {
	{"file", look_file},
	{"template", look_template},
	{"env", look_env},
	{"vars", look_vars},
	{"items", look_items},
	{"list", look_list},
	{"dict", look_dict},
	{"indexed_items", look_indexed},
	{"first_found", look_first_found},
	{"sequence", look_sequence},
};

#define LOOKUPS (sizeof(lookups) / sizeof(*lookups))

static struct value *unknown(struct call *call, const char *name)
{
	static const char *const refused[] = {
		"password", "pipe",  "k8s",    "url",	   "random_choice", "csvfile",
		"ini",	    "lines", "config", "fileglob", "unvault",	    "inventory_hostnames"};
	const char *names[LOOKUPS];
	cleanup_err struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (!strcmp(refused[i], name))
			return template_call_fail(call, "lookup('%s') is not supported", name);
	for (size_t i = 0; i < LOOKUPS; i++)
		names[i] = lookups[i].name;
	err_set(&err, ERR_INVALID, "unknown lookup '%s'", name);
	const char *nearest = name_nearest(name, names, LOOKUPS);
	if (nearest)
		err_hint(&err, "did you mean '%s'?", nearest);
	return template_eval_fail_err(call->eval, call->node, &err);
}

/* Constants with markup in them are rendered: lookup('file', '{{ dir }}/x'). */
static struct value *ready_term(struct call *call, struct value *term)
{
	cleanup_err struct err err = ERR_INIT;
	struct options options = template_options_default;
	struct template *template;

	if (term->kind != VALUE_STRING || !term->markup)
		return value_keep(term);
	if (template_build(
		    &(struct template_text){
			    .name = call->eval->template->name,
			    .text = term->string.text,
			    .length = term->string.length,
			    .line = (int)call->node->line,
			    .column = (int)call->node->column,
			    .options = &options,
			    .header = true,
		    },
		    &template, &err) < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	struct unit *unit = mem_new(struct unit);
	*unit = (struct unit){mem_strdup(""), template, call->eval->units};
	call->eval->units = unit;
	return template_eval_result(call->eval, template, false);
}

static struct value *run(struct call *call, struct value *results)
{
	cleanup_value struct value *terms = value_list();
	cleanup_free char *name = NULL;
	const char *text;
	size_t length;

	if (!template_call_text(call, call->args[0], NULL, &text, &length))
		return NULL;
	name = mem_strdup(!strncmp(text, "ansible.builtin.", 16) ? text + 16 : text);
	for (size_t i = 1; i < call->count; i++) {
		struct value *term = ready_term(call, call->args[i]);
		if (!term)
			return NULL;
		value_list_add(terms, term);
	}
	if (template_eval_settled(call->eval, terms) < 0)
		return NULL;
	for (size_t i = 0; i < LOOKUPS; i++)
		if (!strcmp(lookups[i].name, name))
			return lookups[i].run(call, terms, results) ? value_none() : NULL;
	return unknown(call, name);
}

static struct value *joined(struct value *results)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < results->list.n; i++)
		if (results->list.items[i]->kind != VALUE_STRING)
			return value_keep(results);
	for (size_t i = 0; i < results->list.n; i++) {
		if (i)
			buf_addch(&text, ',');
		value_str(results->list.items[i], &text);
	}
	return value_take_buf(&text);
}

static struct value *look_up(struct call *call, bool want_list)
{
	cleanup_value struct value *results = value_list();
	struct value *errors = option(call, "errors");

	call->name = "lookup";
	if (!run(call, results)) {
		if (!errors || value_is_text(errors, "strict"))
			return NULL;
		struct value *failed = template_eval_catch(call->eval);
		if (!failed)
			return NULL;
		value_unref(failed);
		return want_list ? value_list() : value_none();
	}
	if (want_list || !results->list.n)
		return steal(&results);
	return results->list.n == 1 ? value_keep(results->list.items[0]) : joined(results);
}

struct value *template_lookup_call(struct call *call, struct value **a)
{
	struct value *wanted = option(call, "wantlist");

	(void)a;
	return look_up(call, template_call_truth(wanted, false));
}

struct value *template_lookup_query(struct call *call, struct value **a)
{
	(void)a;
	return look_up(call, true);
}
