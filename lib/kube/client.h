/*
 * kube/client: the API server, as a few verbs over objects.
 *
 * Owns the connection: kubeconfig (re-read when it changed or when the server stopped knowing
 * us), several endpoints tried in turn, discovery with its cache. Safe for use by many threads.
 * What an answer means follows performance.md section 7: an error carries a code that says what to
 * do now, and a message that names the object.
 *
 * Codes: ERR_INVALID the server refuses the object (edit the file; `field` tells where),
 * ERR_CONFLICT another manager or version, ERR_NOT_FOUND, ERR_EXISTS, ERR_DENIED 401/403,
 * ERR_UNREACHABLE and ERR_TIMEOUT no answer or 5xx, ERR_BUSY only who serves that kind (an
 * APIService) does not answer.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/list.h"
#include "http/http.h"
#include "manifest/live.h"
#include "manifest/object.h"
#include "manifest/set.h"

struct kube_client;

struct kube_client_options {
	struct http *http;
	const char *kubeconfig;	     /* path */
	const char *discovery_cache; /* file that keeps discovery across restarts; NULL: none */
};

/* Reads the kubeconfig; makes no request. ERR_NOT_FOUND with a hint when there is none. */
int kube_client_new(const struct kube_client_options *options, struct kube_client **ret,
		    struct err *err);
void kube_client_free(struct kube_client *client);

/* One call, GET /readyz: 0 when the server is ready for us; else why not. */
int kube_client_ready(struct kube_client *client, const struct deadline *deadline, struct err *err);

struct kube_cluster {
	char *uid;     /* of the namespace kube-system: the cluster's identity */
	char *version; /* "v1.35.4+k3s1" */
	char *server;  /* URL in use */
};
/* Waits for nothing: an API server that is not ready for us is ERR_UNREACHABLE. Asks once, and
 * again only when somebody else may have come in its place. */
int kube_client_cluster(struct kube_client *client, const struct deadline *deadline,
			struct kube_cluster *ret, struct err *err);
void kube_cluster_done(struct kube_cluster *cluster);
/* Another server may answer from now on: ask for the cluster's identity again. */
void kube_client_doubt(struct kube_client *client);

/* Days until our client certificate expires; 0 with INT_MAX when there is none. */
int kube_client_certificate_days(struct kube_client *client, int *ret_days, struct err *err);

/* --- reading --- */

/* Fetches the whole of each object by identity into live (absent ones are noted as looked up; those
 * whose kind is served by an extension server that is away are not, and nothing is known of them).
 * Kinds the server does not know count as absent. */
int kube_client_get_all(struct kube_client *client, const struct manifest_id *const *ids,
			size_t count, const struct deadline *deadline, struct manifest_live *live,
			struct err *err);

/* One object, whole. ERR_NOT_FOUND. New reference. */
int kube_client_get(struct kube_client *client, const struct manifest_id *id,
		    const struct deadline *deadline, json_t **ret, struct err *err);

/* Lists metadata (PartialObjectMetadata) of all objects of a kind into live, paged; with our
 * label only, or in one namespace only (NULL: everywhere). One request a page of 500. Kind is
 * taken from id->group and id->kind. All members of `mark` (keys, may be NULL) of that kind that
 * did not come are noted as looked up; of a list without our label only members of mark are kept.
 */
int kube_client_list(struct kube_client *client, const struct manifest_id *kind, bool ours_only,
		     const char *ns, const struct list *mark, const struct deadline *deadline,
		     struct manifest_live *live, struct err *err);
/* The same of several kinds side by side, with our label and everywhere; marks[i] belongs to
 * kinds[i], marks may be NULL. `whole`: the objects, not only their metadata. */
int kube_client_list_ours(struct kube_client *client, const struct manifest_id *kinds,
			  const struct list *marks, size_t count, bool whole,
			  const struct deadline *deadline, struct manifest_live *live,
			  struct err *err);

/* Lists whole objects with a selector; NULL for none. New reference to an array of items. */
int kube_client_select(struct kube_client *client, const char *group, const char *kind,
		       const char *ns, const char *label_selector, const char *field_selector,
		       const struct deadline *deadline, json_t **ret_items, struct err *err);

/* --- writing; each a server-side apply (KEP-555) with force and strict field validation --- */

struct kube_result {
	json_t *object; /* as the server now has it, or as it would (dry run) */
	struct list warnings;
	char *field; /* ERR_INVALID: the path that the server complained of; or NULL */
	struct err err;
};

struct kube_apply_options {
	bool dry_run;
	bool create; /* POST instead of apply: must not exist */
};

/* Applies all bodies, several at once; results[i] is always filled. 0 when all went well, else the
 * error of the first that did not. A result whose object is being deleted is ERR_CONFLICT. */
int kube_client_apply(struct kube_client *client, json_t *const *bodies, size_t count,
		      const struct kube_apply_options *options, const struct deadline *deadline,
		      struct kube_result *results, struct err *err);
void kube_result_done(struct kube_result *result);

/* A JSON merge patch (RFC 7396) or, for an array, a JSON patch (RFC 6902); as our manager. */
int kube_client_patch(struct kube_client *client, const struct manifest_id *id, const json_t *patch,
		      const struct deadline *deadline, json_t **ret_object, struct err *err);

struct kube_precondition {
	const char *uid;
	const char *version; /* resourceVersion: nobody has written to it since; NULL: any */
};
/* Deletes with that precondition; propagation "Background", "Foreground" or "Orphan". Gone
 * already is 0. ERR_CONFLICT when UID or version is another one. */
int kube_client_delete(struct kube_client *client, const struct manifest_id *id,
		       const struct kube_precondition *only, const char *propagation,
		       const struct deadline *deadline, struct err *err);

/* --- discovery --- */

/* True when the server serves that kind (asking it again at most every 5 s when it seems not to).
 * ERR_* when it cannot tell. ret_namespaced may be NULL. */
int kube_client_knows(struct kube_client *client, const struct manifest_id *id,
		      const struct deadline *deadline, bool *ret_known, bool *ret_namespaced,
		      struct err *err);
/* Forget what was learned: a CRD came or went. */
void kube_client_rediscover(struct kube_client *client);
/* {"group/Kind": {"namespaced": bool, "plural": "...", "versions": [...]}} for
 * source_options.kinds; NULL when nothing is known. New reference. */
json_t *kube_client_kinds(struct kube_client *client);
/* The same, asked for now. */
int kube_client_ask_kinds(struct kube_client *client, const struct deadline *deadline, json_t **ret,
			  struct err *err);

/* Every request but watches, since the start. */
unsigned long kube_client_requests(const struct kube_client *client);
