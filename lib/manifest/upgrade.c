#include "manifest/upgrade.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "manifest/scope.h"
#include "tree/path.h"

struct removed {
	const char *api_version;
	const char *kind;  /* "" for every kind of that version */
	const char *now;   /* what to write instead; NULL: nothing replaces it */
	const char *in;	   /* the release that removed it */
	const char *hint;  /* NULL: only the version changed, it is rewritten */
	const char *needs; /* rewritten only when this field is there; or NULL */
};

#define SELECTOR "write apiVersion: apps/v1 and add spec.selector.matchLabels"
#define WEBHOOK                                                                                  \
	"write apiVersion: admissionregistration.k8s.io/v1; each webhook needs sideEffects and " \
	"admissionReviewVersions"

static const struct removed table[] = {
	{"rbac.authorization.k8s.io/v1beta1", "", "rbac.authorization.k8s.io/v1", "1.22", NULL,
	 NULL},
	{"rbac.authorization.k8s.io/v1alpha1", "", "rbac.authorization.k8s.io/v1", "1.22", NULL,
	 NULL},
	{"batch/v1beta1", "CronJob", "batch/v1", "1.25", NULL, NULL},
	{"batch/v2alpha1", "CronJob", "batch/v1", "1.21", NULL, NULL},
	{"apps/v1beta1", "", "apps/v1", "1.16", SELECTOR, "spec.selector"},
	{"apps/v1beta2", "", "apps/v1", "1.16", SELECTOR, "spec.selector"},
	{"extensions/v1beta1", "Deployment", "apps/v1", "1.16", SELECTOR, "spec.selector"},
	{"extensions/v1beta1", "DaemonSet", "apps/v1", "1.16", SELECTOR, "spec.selector"},
	{"extensions/v1beta1", "ReplicaSet", "apps/v1", "1.16", SELECTOR, "spec.selector"},
	{"extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1", "1.16", NULL, NULL},
	{"extensions/v1beta1", "Ingress", "networking.k8s.io/v1", "1.22",
	 "write apiVersion: networking.k8s.io/v1; paths need pathType, backends are "
	 "service: {name: ..., port: {number: ...}}",
	 NULL},
	{"networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1", "1.22",
	 "write apiVersion: networking.k8s.io/v1; paths need pathType, backends are "
	 "service: {name: ..., port: {number: ...}}",
	 NULL},
	{"networking.k8s.io/v1beta1", "IngressClass", "networking.k8s.io/v1", "1.22", NULL, NULL},
	{"extensions/v1beta1", "PodSecurityPolicy", NULL, "1.25",
	 "delete it; label namespaces with pod-security.kubernetes.io/enforce instead", NULL},
	{"policy/v1beta1", "PodSecurityPolicy", NULL, "1.25",
	 "delete it; label namespaces with pod-security.kubernetes.io/enforce instead", NULL},
	{"policy/v1beta1", "PodDisruptionBudget", "policy/v1", "1.25", NULL, NULL},
	{"apiextensions.k8s.io/v1beta1", "", "apiextensions.k8s.io/v1", "1.22",
	 "write apiVersion: apiextensions.k8s.io/v1 with spec.versions[].schema.openAPIV3Schema, "
	 "best by taking the project's current CRD file",
	 NULL},
	{"admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration",
	 "admissionregistration.k8s.io/v1", "1.22", WEBHOOK, NULL},
	{"admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration",
	 "admissionregistration.k8s.io/v1", "1.22", WEBHOOK, NULL},
	{"apiregistration.k8s.io/v1beta1", "", "apiregistration.k8s.io/v1", "1.22", NULL, NULL},
	{"scheduling.k8s.io/v1beta1", "", "scheduling.k8s.io/v1", "1.22", NULL, NULL},
	{"scheduling.k8s.io/v1alpha1", "PriorityClass", "scheduling.k8s.io/v1", "1.22", NULL, NULL},
	{"storage.k8s.io/v1beta1", "StorageClass", "storage.k8s.io/v1", "1.22", NULL, NULL},
	{"storage.k8s.io/v1beta1", "CSIDriver", "storage.k8s.io/v1", "1.22", NULL, NULL},
	{"storage.k8s.io/v1beta1", "CSINode", "storage.k8s.io/v1", "1.22", NULL, NULL},
	{"storage.k8s.io/v1beta1", "VolumeAttachment", "storage.k8s.io/v1", "1.22", NULL, NULL},
	{"storage.k8s.io/v1beta1", "CSIStorageCapacity", "storage.k8s.io/v1", "1.27", NULL, NULL},
	{"coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1", "1.22", NULL, NULL},
	{"node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1", "1.25", NULL, NULL},
	{"autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2", "1.26", NULL, NULL},
	{"autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2", "1.25",
	 "write apiVersion: autoscaling/v2; each metric has a target block now", NULL},
	{"discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1", "1.25",
	 "write apiVersion: discovery.k8s.io/v1; topology became deprecatedTopology, nodeName and "
	 "zone",
	 NULL},
	{"flowcontrol.apiserver.k8s.io/v1beta3", "", "flowcontrol.apiserver.k8s.io/v1", "1.32",
	 NULL, NULL},
};

static bool speaks_of(const struct removed *entry, const char *api_version, const char *kind)
{
	return !strcmp(entry->api_version, api_version) &&
	       (!*entry->kind || !strcmp(entry->kind, kind));
}

static const struct removed *find(const char *api_version, const char *kind)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (speaks_of(&table[i], api_version, kind))
			return &table[i];
	return NULL;
}

static int rewrite(json_t *body, const struct removed *entry, const char *kind,
		   struct list *warnings, struct err *err)
{
	if (entry->hint && !(entry->needs && tree_path_get(body, entry->needs))) {
		(void)err_set(err, ERR_INVALID, "%s %s was removed in Kubernetes %s%s%s",
			      entry->api_version, kind, entry->in, entry->now ? "; use " : "",
			      entry->now ? entry->now : "");
		return err_hint(err, "%s", entry->hint);
	}
	list_printf(warnings, "%s %s was removed in Kubernetes %s; read as %s", entry->api_version,
		    kind, entry->in, entry->now);
	json_object_set_new(body, "apiVersion", json_string(entry->now));
	return 0;
}

/* The body is left as it should be, so that a second look finds what else is wrong with it. */
static int refuse_old_traefik(json_t *body, const char *api_version, const char *kind,
			      struct err *err)
{
	(void)err_set(err, ERR_INVALID, "%s %s is gone since Traefik 3; use traefik.io/v1alpha1",
		      api_version, kind);
	json_object_set_new(body, "apiVersion", json_string("traefik.io/v1alpha1"));
	if (!strcmp(kind, "MiddlewareTCP") || !strcmp(kind, "Middleware"))
		return err_hint(err, "write apiVersion: traefik.io/v1alpha1; ipWhiteList became "
				     "ipAllowList, sslRedirect became redirectScheme");
	return err_hint(err, "write apiVersion: traefik.io/v1alpha1");
}

/* A kind that its group does not have: the right group, or the nearest kind. One that resembles
 * nothing may be newer than this program: the server decides. */
static int check_unknown(const char *api_version, const char *kind, struct err *err)
{
	const struct manifest_kind *meant = manifest_kind_elsewhere(kind);
	const char *names[128];
	const char *nearest = name_nearest(kind, names, manifest_kind_names(names, 128));

	if (!meant && !nearest)
		return 0;
	(void)err_set(err, ERR_INVALID, "there is no kind %s in %s", kind, api_version);
	if (!meant)
		return err_hint(err, "did you mean '%s'?", nearest);
	return err_hint(err, "write apiVersion: %s%s%s", meant->group, *meant->group ? "/" : "",
			!strcmp(meant->group, "autoscaling") ? "v2" : "v1");
}

int manifest_upgrade(json_t *body, struct list *warnings, struct err *err)
{
	const char *api_version = json_string_value(json_object_get(body, "apiVersion"));
	const char *kind = json_string_value(json_object_get(body, "kind"));

	if (!api_version || !kind)
		return 0;
	const struct removed *entry = find(api_version, kind);
	if (entry)
		return rewrite(body, entry, kind, warnings, err);
	if (!strncmp(api_version, "traefik.containo.us/", strlen("traefik.containo.us/")))
		return refuse_old_traefik(body, api_version, kind, err);

	const char *slash = strchr(api_version, '/');
	cleanup_free char *group =
		slash ? mem_strndup(api_version, (size_t)(slash - api_version)) : mem_strdup("");
	bool ours = manifest_kind_group_known(group) || !strcmp(group, "extensions");
	if (ours && !manifest_kind_find(group, kind))
		return check_unknown(api_version, kind, err);
	return 0;
}
