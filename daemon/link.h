/*
 * link: the connection to the API server that rounds share, by reference count. A reload that names
 * another kubeconfig makes a new link; what runs finishes on its own.
 */
#pragma once

#include "kube/client.h"
#include "site.h"
#include "source/settings.h"

struct link {
	int references; /* atomic */
	char *kubeconfig;
	struct kube_client *client;
};

/* Reads the kubeconfig (--kubeconfig, else the setting); asks nothing. */
int link_open(const struct site *site, const struct source_settings *settings, struct link **ret,
	      struct err *err);
/* True when these settings mean this link. */
bool link_serves(const struct link *link, const struct site *site,
		 const struct source_settings *settings);
/* What discovery left in the state directory, for loaded_options.kinds_of; asks nothing. Context is
 * a struct site. NULL when there is nothing. */
json_t *link_kinds(void *site, const struct source_settings *settings);
/* The same, asked of the server when that answers at once. */
json_t *link_ask_kinds(void *site, const struct source_settings *settings);
/* The `data` of a Secret, for secrets_options.ask; asks the API server, for a moment. */
json_t *link_secret(struct link *link, const char *ns, const char *name, bool *ret_answered);
/* A connection for one question; NULL when it cannot be made. Context is a struct site. */
struct link *link_once(void *site, const struct source_settings *settings);
struct link *link_ref(struct link *link);
void link_unref(struct link *link);
