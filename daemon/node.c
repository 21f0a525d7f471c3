#include "node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "host/packaged.h"
#include "host/port.h"
#include "kube/kubeconfig.h"
#include "manifest/lint.h"

/* The API server of the kubeconfig is here. */
static bool server_is_here(const char *path)
{
	static const char *const here[] = {
		"https://127.0.0.1:", "https://localhost:", "https://[::1]:"};
	cleanup_err struct err ignored = ERR_INIT;
	struct kube_kubeconfig config;
	bool found = false;

	if (kube_kubeconfig_read(path, &config, &ignored) < 0)
		return false;
	for (size_t i = 0; config.count && i < sizeof(here) / sizeof(*here); i++)
		found |= !strncmp(config.endpoints[0].server, here[i], strlen(here[i]));
	kube_kubeconfig_done(&config);
	return found;
}

static void add_listener(struct manifest_node *node, struct list *holders,
			 const struct host_listener *from)
{
	struct manifest_listener *to = &node->listeners[node->count++];

	to->port = (struct manifest_port){.port = from->port};
	(void)snprintf(to->port.protocol, sizeof(to->port.protocol), "%s", from->protocol);
	memcpy(to->port.host_ip, from->ip, sizeof(to->port.host_ip));
	list_printf(holders, "%s (pid %ld)", from->process ? from->process : "a process",
		    from->pid);
	to->holder = holders->items[holders->n - 1];
}

/* Those whose process is known and in no pod: whether a pod is one of ours only the API server can
 * tell, and `plan` asks it. */
static void add_listeners(struct manifest_node *node, struct list *holders)
{
	struct host_listener *found = NULL;
	cleanup_err struct err ignored = ERR_INIT;
	size_t count = 0;

	if (host_listeners("/proc", &found, &count, &ignored) < 0)
		return;
	node->listeners = mem_zalloc((count + 1) * sizeof(*node->listeners));
	for (size_t i = 0; i < count; i++)
		if (found[i].pid && !found[i].pod)
			add_listener(node, holders, &found[i]);
	host_listeners_free(found, count);
}

void node_check(const struct options *options, const struct source_settings *settings,
		const struct manifest_set *set, struct diag_list *findings)
{
	cleanup_list struct list holders = LIST_INIT;
	struct manifest_node node = {0};
	struct host_packaged packaged;

	host_packaged("", &packaged);
	if (!packaged.there &&
	    !server_is_here(options->kubeconfig ? options->kubeconfig : settings->kubeconfig))
		return;
	node.traefik = packaged.traefik;
	node.servicelb = packaged.servicelb;
	add_listeners(&node, &holders);
	manifest_lint_on_node(set, &node, findings);
	free(node.listeners);
}
