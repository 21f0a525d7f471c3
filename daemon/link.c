#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define ANSWER_MS 2000 /* whoever reads files waits no longer for the API server */

static const char *kubeconfig_of(const struct site *site, const struct source_settings *settings)
{
	return site->options->kubeconfig ? site->options->kubeconfig : settings->kubeconfig;
}

int link_open(const struct site *site, const struct source_settings *settings, struct link **ret,
	      struct err *err)
{
	const char *kubeconfig = kubeconfig_of(site, settings);
	cleanup_free char *cache = file_join(site->options->state, "discovery.json");
	struct kube_client *client;

	int r = kube_client_new(
		&(struct kube_client_options){
			.http = site->http,
			.kubeconfig = kubeconfig,
			.discovery_cache = file_exists(site->options->state) ? cache : NULL,
		},
		&client, err);
	if (r < 0)
		return r;
	struct link *link = mem_new(struct link);
	link->references = 1;
	link->kubeconfig = mem_strdup(kubeconfig);
	link->client = client;
	*ret = link;
	return 0;
}

bool link_serves(const struct link *link, const struct site *site,
		 const struct source_settings *settings)
{
	return !strcmp(link->kubeconfig, kubeconfig_of(site, settings));
}

struct link *link_once(void *context, const struct source_settings *settings)
{
	cleanup_err struct err err = ERR_INIT;
	struct link *link;

	return link_open(context, settings, &link, &err) < 0 ? NULL : link;
}

json_t *link_kinds(void *context, const struct source_settings *settings)
{
	struct link *link = link_once(context, settings);

	if (!link)
		return NULL;
	json_t *kinds = kube_client_kinds(link->client);
	link_unref(link);
	return kinds;
}

json_t *link_ask_kinds(void *context, const struct source_settings *settings)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, ANSWER_MS);
	struct link *link = link_once(context, settings);
	cleanup_err struct err err = ERR_INIT;
	json_t *kinds;

	if (!link)
		return NULL;
	if (kube_client_ask_kinds(link->client, &deadline, &kinds, &err) < 0)
		kinds = kube_client_kinds(link->client);
	link_unref(link);
	return kinds;
}

json_t *link_secret(struct link *link, const char *ns, const char *name, bool *ret_answered)
{
	const struct manifest_id id = {.group = (char *)"",
				       .version = (char *)"v1",
				       .kind = (char *)"Secret",
				       .ns = (char *)ns,
				       .name = (char *)name};
	struct deadline deadline = deadline_in(&clock_real, NULL, ANSWER_MS);
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *body = NULL;

	int r = kube_client_get(link->client, &id, &deadline, &body, &err);
	*ret_answered = r >= 0 || r == -ERR_NOT_FOUND;
	return r < 0 ? NULL : json_incref(json_object_get(body, "data"));
}

struct link *link_ref(struct link *link)
{
	__atomic_add_fetch(&link->references, 1, __ATOMIC_RELAXED);
	return link;
}

void link_unref(struct link *link)
{
	if (!link || __atomic_sub_fetch(&link->references, 1, __ATOMIC_ACQ_REL))
		return;
	kube_client_free(link->client);
	free(link->kubeconfig);
	free(link);
}
