/* kube/private: what the files behind client.h share. Nobody outside lib/kube includes it. */
#pragma once

#include <pthread.h>

#include "kube/catalog.h"
#include "kube/client.h"
#include "kube/connection.h"

struct kube_client {
	struct kube_connection *connection;
	struct kube_catalog *catalog;
	pthread_mutex_t lock; /* of what follows */
	struct kube_cluster cluster;
	bool cluster_known;
	unsigned cluster_turn; /* of the connection, when it was asked */
};

#define cleanup_resource __attribute__((cleanup(kube_resource_done)))
#define cleanup_response __attribute__((cleanup(http_response_done)))
#define cleanup_id	 __attribute__((cleanup(manifest_id_done)))

/* The path of one object; what it leaves out (a namespace) counts as kubectl would. Caller frees.
 */
char *kube_private_path(const struct kube_resource *resource, const struct manifest_id *id);

/* Judges a 404 about the path of a kind: 1 when the server really does not serve the kind, 2 when
 * it serves it elsewhere than at `used` (which is replaced), else an error. */
int kube_private_missing(struct kube_client *client, const struct manifest_id *id, int flags,
			 const struct deadline *deadline, struct kube_resource *used,
			 struct err *err);

/* What to list. */
struct kube_list_query {
	const char *ns;		    /* NULL: everywhere */
	const char *label_selector; /* NULL: all */
	const char *field_selector;
	bool metadata; /* PartialObjectMetadata only */
};

/* All items, paged, with apiVersion and kind filled in (the server leaves them out). ret_version
 * (may be NULL): the resourceVersion of the snapshot, caller frees. ERR_NOT_FOUND when the server
 * does not serve the kind. */
int kube_private_list(struct kube_client *client, const struct kube_resource *resource,
		      const struct kube_list_query *query, const struct deadline *deadline,
		      json_t **ret_items, char **ret_version, struct err *err);

/* True when a server behind the API server, which serves that kind or converts it (an APIService,
 * the webhook of a CRD), is away: nothing is known of its objects, and nothing else has to do with
 * that. */
bool kube_private_is_away(const struct kube_resource *resource,
			  const struct http_response *response);
/* For http_request.tries: nobody waits long for such a server. */
int kube_private_tries(const struct kube_resource *resource);

/* Writes the true apiVersion and kind into an object of a list or a metadata watch. */
void kube_private_name_kind(const struct kube_resource *resource, json_t *object);
