#include "template/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"

struct value *template_lookup_option(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name))
			return call->values[i];
	return NULL;
}

bool template_lookup_text(struct call *call, const struct value *term, const char **ret)
{
	if (term->kind != VALUE_STRING)
		return template_call_fail(call, "a term of this lookup must be a string, not a %s",
					  value_type(term));
	*ret = term->string.text;
	return true;
}

static const struct lookup *find(const char *name)
{
	for (size_t i = 0; i < template_lookup_file_count; i++)
		if (!strcmp(template_lookup_files[i].name, name))
			return &template_lookup_files[i];
	for (size_t i = 0; i < template_lookup_data_count; i++)
		if (!strcmp(template_lookup_data[i].name, name))
			return &template_lookup_data[i];
	return NULL;
}

/* Also of collections: "kubernetes.core.k8s" is k8s. */
static struct value *unknown(struct call *call, const char *name)
{
	static const struct {
		const char *name, *why;
	} refused[] = {
		{"config", "settings of Ansible mean nothing here"},
		{"csvfile", "put the data into a variable file"},
		{"dig", "it asks the network"},
		{"ini", "put the data into a variable file"},
		{"inventory_hostnames", "there is one node and no inventory"},
		{"k8s", "what the cluster has must not decide what it should have"},
		{"lines", "it runs a command"},
		{"password", "let app.yaml generate the secret"},
		{"pipe", "it runs a command"},
		{"url", "it asks the network"},
	};
	const char *dot = strrchr(name, '.'), *plain = dot ? dot + 1 : name;
	const char *names[64];
	cleanup_err struct err err = ERR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (!strcmp(refused[i].name, plain)) {
			err_set(&err, ERR_INVALID, "lookup('%s') is not supported", name);
			err_hint(&err, "%s", refused[i].why);
			return template_eval_fail_err(call->eval, call->node, &err);
		}
	for (size_t i = 0; i < template_lookup_file_count; i++)
		names[n++] = template_lookup_files[i].name;
	for (size_t i = 0; i < template_lookup_data_count; i++)
		names[n++] = template_lookup_data[i].name;
	err_set(&err, ERR_INVALID, "unknown lookup '%s'", name);
	const char *nearest = name_nearest(name, names, n);
	if (nearest)
		err_hint(&err, "did you mean '%s'?", nearest);
	return template_eval_fail_err(call->eval, call->node, &err);
}

/* Renders a constant of the template. */
static struct value *render_constant(struct call *call, const struct value *term)
{
	cleanup_err struct err err = ERR_INIT;
	struct options options = template_options_default;
	const struct template *template;

	if (template_eval_compile(call->eval,
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
	return template_eval_result(call->eval, template, false);
}

static struct value *ready_term(struct call *call, struct value *term, int depth);

static struct value *ready_list(struct call *call, struct value *term, int depth)
{
	cleanup_value struct value *list = value_list_room(term->list.n);

	list->kind = term->kind;
	for (size_t i = 0; i < term->list.n; i++) {
		struct value *item = ready_term(call, term->list.items[i], depth + 1);
		if (!item)
			return NULL;
		value_list_add(list, item);
	}
	return steal(&list);
}

static struct value *ready_dict(struct call *call, struct value *term, int depth)
{
	cleanup_value struct value *dict = value_dict();

	for (size_t i = 0; i < term->dict.n; i++) {
		struct dict_entry *entry = &term->dict.entries[i];
		struct value *item = ready_term(call, entry->item, depth + 1);
		if (!item)
			return NULL;
		value_note(dict, item);
		template_dict_put(&dict->dict, value_keep(entry->key), item);
	}
	return steal(&dict);
}

/* Constants with markup in them are rendered: lookup('file', '{{ dir }}/x'), also those in lists
 * and dicts that the template wrote. */
static struct value *ready_term(struct call *call, struct value *term, int depth)
{
	if (term->kind == VALUE_STRING && term->markup)
		return render_constant(call, term);
	if (!term->plain || depth > VALUE_DEEPEST)
		return value_keep(term);
	return value_is_list(term) ? ready_list(call, term, depth) : ready_dict(call, term, depth);
}

/* The terms of the call, ready for use. NULL: raised. */
static struct value *ready_terms(struct call *call)
{
	cleanup_value struct value *terms = value_list();

	for (size_t i = 1; i < call->count; i++) {
		struct value *term = ready_term(call, call->args[i], 0);
		if (!term)
			return NULL;
		value_list_add(terms, term);
	}
	return template_eval_settled(call->eval, terms) < 0 ? NULL : steal(&terms);
}

/* "ansible.builtin.file" is "file". Caller frees; NULL: raised. */
static char *plain_name(struct call *call)
{
	static const char *const namespaces[] = {"ansible.builtin.", "ansible.legacy."};
	const char *text;
	size_t length;

	if (!template_call_text(call, call->args[0], NULL, &text, &length))
		return NULL;
	for (size_t i = 0; i < 2; i++)
		if (!strncmp(text, namespaces[i], strlen(namespaces[i])))
			text += strlen(namespaces[i]);
	return mem_strdup(text);
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
	const struct value *errors = template_lookup_option(call, "errors");

	call->name = "lookup";
	cleanup_free char *name = plain_name(call);
	const struct lookup *lookup = name ? find(name) : NULL;
	if (!lookup)
		return name ? unknown(call, name) : NULL;
	for (size_t i = 0; i < call->named; i++)
		if (call->values[i]->kind == VALUE_UNDEFINED && !call->values[i]->trouble->lenient)
			return template_eval_trip(call->eval, call->values[i]);
	cleanup_value struct value *terms = ready_terms(call);
	if (!terms)
		return NULL;
	if (!lookup->run(call, terms, results)) {
		if (!errors || (!value_is_text(errors, "ignore") && !value_is_text(errors, "warn")))
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
	struct value *wanted = template_lookup_option(call, "wantlist");

	(void)a;
	return look_up(call, template_call_truth(wanted, false));
}

struct value *template_lookup_query(struct call *call, struct value **a)
{
	(void)a;
	return look_up(call, true);
}
