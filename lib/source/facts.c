#include "source/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/facts.h"

static const struct template_origin built_in = {.file = SOURCE_FACTS_ORIGIN};

/* What Ansible has and we cannot have. */
static const struct {
	const char *name, *hint;
} absent[] = {
	{"groups", "there is no inventory, only this node: use desired.node, or set the variable "
		   "yourself in vars.yaml"},
	{"hostvars", "there is no inventory, only this node: its facts are ansible_facts and "
		     "desired, its variables have their own names"},
	{"group_names", "there is no inventory: set the variable yourself in vars.yaml"},
	{"ansible_play_hosts", "there is no play, only this node: use desired.node"},
	{"play_hosts", "there is no play, only this node: use desired.node"},
	{"ansible_date_time", "rendering must give the same every time: it does not know the time"},
	{"template_run_date", "rendering must give the same every time: it does not know the time"},
	{"ansible_env", "write lookup('env', NAME), and list NAME under env: in desired.yaml"},
	{"playbook_dir", "files are found by their name below the app and _shared/"},
	{"inventory_dir", "files are found by their name below the app and _shared/"},
};

static struct value *text(const char *value)
{
	return value_string(value ? value : "", value ? strlen(value) : 0);
}

static void set(struct template_scope *scope, const char *name, struct value *value_stolen)
{
	template_scope_set(scope, name, value_stolen, built_in, true);
}

void source_facts_make(struct source_pass *pass)
{
	const struct source_options *options = pass->options;
	json_auto_t *facts = options->facts ? json_incref(options->facts) : host_facts();
	struct template_scope *scope = template_scope_new(NULL);
	const char *name;
	json_t *fact;

	pass->node = options->node_name ? mem_strdup(options->node_name) : host_node_name();
	json_object_foreach (facts, name, fact) {
		cleanup_free char *full = mem_printf("ansible_%s", name);
		set(scope, full, value_from_json(fact));
	}
	set(scope, "ansible_facts", value_from_json(facts));
	set(scope, "ansible_managed", text("Ansible managed"));
	set(scope, "inventory_hostname", text(pass->node));
	set(scope, "inventory_hostname_short", value_string(pass->node, strcspn(pass->node, ".")));
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		template_scope_explain(scope, absent[i].name, absent[i].hint);
	pass->facts = scope;
}

/* --- desired --- */

/* A fact about the machine; NULL when it is not known. New reference. */
static struct value *fact(const struct source_pass *pass, const char *name)
{
	cleanup_err struct err err = ERR_INIT;
	struct value *value;

	return template_scope_get(pass->facts, name, NULL, &value, &err) < 0 ? NULL : value;
}

static struct value *address_of(const struct source_pass *pass, const char *name)
{
	cleanup_value struct value *route = fact(pass, name);
	struct value *address = route ? value_get(route, "address") : NULL;

	return address ? value_ref(address) : NULL;
}

/* The addresses by which others reach the node: those of its ways out. */
static void add_addresses(const struct source_pass *pass, struct value *desired)
{
	static const char *const names[] = {"ansible_default_ipv4", "ansible_default_ipv6"};
	struct value *list = value_list();

	for (size_t i = 0; i < 2; i++) {
		struct value *address = address_of(pass, names[i]);
		if (address)
			value_list_add(list, address);
	}
	value_dict_set(desired, "address",
		       value_length(list) ? value_ref(value_at(list, 0)) : text(""));
	value_dict_set(desired, "addresses", list);
}

static bool is_used_by(const char *path, const struct source_app *app)
{
	size_t length = strlen(app->top);

	return !strncmp(path, "vars.", 5) || *path == '_' ||
	       (!strncmp(path, app->top, length) && (!path[length] || path[length] == '/'));
}

/* Asking k3s starts a program: only for who wants to know. */
static bool mentions_k3s(struct source_pass *pass, const struct source_app *app)
{
	for (size_t i = 0; i < pass->tree->count; i++) {
		struct source_file *file = pass->tree->files[i];
		cleanup_err struct err err = ERR_INIT;
		if (is_used_by(file->path, app) &&
		    source_tree_read(pass->tree, file, SOURCE_TEMPLATE_LIMIT, &err) >= 0 &&
		    (strstr(file->text, "k3s_version") ||
		     source_vault_is(file->text, file->length)))
			return true;
	}
	return false;
}

static const char *k3s_version(struct source_pass *pass, const struct source_app *app)
{
	if (pass->options->k3s_version)
		return pass->options->k3s_version;
	if (!pass->k3s_version && mentions_k3s(pass, app))
		pass->k3s_version = host_k3s_version(HOST_K3S);
	return pass->k3s_version;
}

void source_facts_set(struct source_pass *pass, const struct source_app *app, const char *instance,
		      const char *ns, struct template_scope *scope)
{
	struct value *desired = value_dict();

	value_dict_set(desired, "node", text(pass->node));
	add_addresses(pass, desired);
	value_dict_set(desired, "k3s_version", text(k3s_version(pass, app)));
	value_dict_set(desired, "app", text(app->name));
	value_dict_set(desired, "instance", text(instance));
	value_dict_set(desired, "namespace", text(ns));
	set(scope, "desired", desired);
	set(scope, "namespace", text(ns));
	set(scope, "role_name", text(app->name));
	set(scope, "role_path", text("."));
}

void source_facts_set_generated(struct template_scope *scope, struct value *generated_stolen)
{
	cleanup_err struct err ignored = ERR_INIT;
	struct value *desired = NULL;

	if (template_scope_get(scope, "desired", NULL, &desired, &ignored) < 0)
		desired = value_dict();
	value_dict_set(desired, "generated", generated_stolen);
	set(scope, "desired", desired);
}
