/*
 * source/facts: what templates know without anybody having set it.
 *
 *	desired             {node, address, addresses, k3s_version, app, instance, namespace,
 *	                    generated: {SECRET: {KEY: value}}}
 *	namespace           the app's
 *	inventory_hostname, inventory_hostname_short     the node
 *	ansible_NAME, ansible_facts.NAME                 the machine (host/facts.h)
 *	ansible_managed, role_name, role_path            as Ansible's template task has them
 *
 * Variables of the user override all of them. Names of Ansible's inventory and clock are not there;
 * the error of who uses one says what to do instead.
 */
#pragma once

#include "source/pass.h"

#define SOURCE_FACTS_ORIGIN "built in"

/* Fills pass->node and pass->facts, once for all apps. */
void source_facts_make(struct source_pass *pass);

/* Those of one app, in a scope above. */
void source_facts_set(struct source_pass *pass, const struct source_app *app, const char *instance,
		      const char *ns, struct template_scope *scope);

/* What app.yaml has generated for its secrets, as desired.generated; taken over. */
void source_facts_set_generated(struct template_scope *scope, struct value *generated_stolen);
