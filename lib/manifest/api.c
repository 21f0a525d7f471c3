#include "manifest/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"

#define NEWEST 36 /* the release that the table was made from */

#define SELECTOR "write apiVersion: apps/v1 and add spec.selector.matchLabels"
#define WEBHOOK                                                                                  \
	"write apiVersion: admissionregistration.k8s.io/v1; each webhook needs sideEffects and " \
	"admissionReviewVersions"
#define INGRESS                                                                               \
	"write apiVersion: networking.k8s.io/v1; paths need pathType, backends are service: " \
	"{name: ..., port: {number: ...}}"
#define PSP	     "delete it; label namespaces with pod-security.kubernetes.io/enforce instead"
#define NO_SUCCESSOR "it is not final yet; expect to write it anew"

static const struct manifest_api table[] = {
	{"rbac.authorization.k8s.io/v1beta1", "", "rbac.authorization.k8s.io/v1", 22, NULL, NULL,
	 true},
	{"rbac.authorization.k8s.io/v1alpha1", "", "rbac.authorization.k8s.io/v1", 22, NULL, NULL,
	 true},
	{"batch/v1beta1", "CronJob", "batch/v1", 25, NULL, NULL, true},
	{"batch/v2alpha1", "CronJob", "batch/v1", 21, NULL, NULL, true},
	{"apps/v1beta1", "", "apps/v1", 16, SELECTOR, "spec.selector", true},
	{"apps/v1beta2", "", "apps/v1", 16, SELECTOR, "spec.selector", true},
	{"extensions/v1beta1", "Deployment", "apps/v1", 16, SELECTOR, "spec.selector", true},
	{"extensions/v1beta1", "DaemonSet", "apps/v1", 16, SELECTOR, "spec.selector", true},
	{"extensions/v1beta1", "ReplicaSet", "apps/v1", 16, SELECTOR, "spec.selector", true},
	{"extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1", 16, NULL, NULL, true},
	{"extensions/v1beta1", "Ingress", "networking.k8s.io/v1", 22, INGRESS, NULL, true},
	{"networking.k8s.io/v1beta1", "Ingress", "networking.k8s.io/v1", 22, INGRESS, NULL, true},
	{"networking.k8s.io/v1beta1", "IngressClass", "networking.k8s.io/v1", 22, NULL, NULL, true},
	{"networking.k8s.io/v1beta1", "IPAddress", "networking.k8s.io/v1", 37, NULL, NULL, true},
	{"networking.k8s.io/v1beta1", "ServiceCIDR", "networking.k8s.io/v1", 37, NULL, NULL, true},
	{"extensions/v1beta1", "PodSecurityPolicy", NULL, 16, PSP, NULL, false},
	{"policy/v1beta1", "PodSecurityPolicy", NULL, 25, PSP, NULL, false},
	{"policy/v1beta1", "PodDisruptionBudget", "policy/v1", 25, NULL, NULL, true},
	{"apiextensions.k8s.io/v1beta1", "", "apiextensions.k8s.io/v1", 22,
	 "write apiVersion: apiextensions.k8s.io/v1 with spec.versions[].schema.openAPIV3Schema, "
	 "best by taking the project's current CRD file",
	 NULL, false},
	{"admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration",
	 "admissionregistration.k8s.io/v1", 22, WEBHOOK, NULL, false},
	{"admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration",
	 "admissionregistration.k8s.io/v1", 22, WEBHOOK, NULL, false},
	{"admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy",
	 "admissionregistration.k8s.io/v1", 34, NULL, NULL, true},
	{"admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicyBinding",
	 "admissionregistration.k8s.io/v1", 34, NULL, NULL, true},
	{"apiregistration.k8s.io/v1beta1", "", "apiregistration.k8s.io/v1", 22, NULL, NULL, true},
	{"certificates.k8s.io/v1beta1", "CertificateSigningRequest", "certificates.k8s.io/v1", 22,
	 "write apiVersion: certificates.k8s.io/v1; spec.signerName and spec.usages are required",
	 NULL, false},
	{"scheduling.k8s.io/v1beta1", "", "scheduling.k8s.io/v1", 22, NULL, NULL, true},
	{"scheduling.k8s.io/v1alpha1", "PriorityClass", "scheduling.k8s.io/v1", 22, NULL, NULL,
	 true},
	{"storage.k8s.io/v1beta1", "StorageClass", "storage.k8s.io/v1", 22, NULL, NULL, true},
	{"storage.k8s.io/v1beta1", "CSIDriver", "storage.k8s.io/v1", 22, NULL, NULL, true},
	{"storage.k8s.io/v1beta1", "CSINode", "storage.k8s.io/v1", 22, NULL, NULL, true},
	{"storage.k8s.io/v1beta1", "VolumeAttachment", "storage.k8s.io/v1", 22, NULL, NULL, true},
	{"storage.k8s.io/v1beta1", "CSIStorageCapacity", "storage.k8s.io/v1", 27, NULL, NULL, true},
	{"storage.k8s.io/v1beta1", "VolumeAttributesClass", "storage.k8s.io/v1", 37, NULL, NULL,
	 true},
	{"coordination.k8s.io/v1beta1", "Lease", "coordination.k8s.io/v1", 22, NULL, NULL, true},
	{"node.k8s.io/v1beta1", "RuntimeClass", "node.k8s.io/v1", 25, NULL, NULL, true},
	{"autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2", 26, NULL, NULL, true},
	{"autoscaling/v2beta1", "HorizontalPodAutoscaler", "autoscaling/v2", 25,
	 "write apiVersion: autoscaling/v2; each metric has a target block now", NULL, true},
	{"discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1", 25,
	 "write apiVersion: discovery.k8s.io/v1; topology became deprecatedTopology, nodeName and "
	 "zone",
	 NULL, false},
	{"flowcontrol.apiserver.k8s.io/v1beta1", "", "flowcontrol.apiserver.k8s.io/v1", 26,
	 "write apiVersion: flowcontrol.apiserver.k8s.io/v1; assuredConcurrencyShares became "
	 "nominalConcurrencyShares",
	 NULL, false},
	{"flowcontrol.apiserver.k8s.io/v1beta2", "", "flowcontrol.apiserver.k8s.io/v1", 29,
	 "write apiVersion: flowcontrol.apiserver.k8s.io/v1; assuredConcurrencyShares became "
	 "nominalConcurrencyShares",
	 NULL, false},
	{"flowcontrol.apiserver.k8s.io/v1beta3", "", "flowcontrol.apiserver.k8s.io/v1", 32, NULL,
	 NULL, true},
	{"resource.k8s.io/v1beta1", "", "resource.k8s.io/v1", 38,
	 "write apiVersion: resource.k8s.io/v1; what a request asks for stands below exactly:",
	 NULL, false},
	{"resource.k8s.io/v1beta2", "", "resource.k8s.io/v1", 39, NULL, NULL, true},
	{"coordination.k8s.io/v1alpha2", "LeaseCandidate", NULL, 38, NO_SUCCESSOR, NULL, false},
};

const struct manifest_api *manifest_api_find(const char *api_version, const char *kind)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].api_version, api_version) &&
		    (!*table[i].kind || !strcmp(table[i].kind, kind)))
			return &table[i];
	return NULL;
}

/* The versions of "apps/v1beta1"'s kind that are served, or NULL when nothing is known of it. */
static const json_t *versions_of(const struct manifest_served *served, const char *group,
				 size_t length, const char *kind)
{
	cleanup_free char *key = length ? mem_printf("%.*s/%s", (int)length, group, kind)
					: mem_printf("core/%s", kind);

	return json_object_get(json_object_get(served->kinds, key), "versions");
}

static bool has_version(const json_t *versions, const char *version)
{
	json_t *item;
	size_t i;

	json_array_foreach (versions, i, item)
		if (!strcmp(json_string_value(item), version))
			return true;
	return false;
}

enum manifest_api_state manifest_api_state(const struct manifest_api *api, const char *kind,
					   const struct manifest_served *served)
{
	int release = served->release ? served->release : NEWEST;

	if (!api)
		return MANIFEST_API_FINE;
	const char *slash = strchr(api->api_version, '/');
	const json_t *versions =
		versions_of(served, api->api_version, (size_t)(slash - api->api_version), kind);
	if (json_array_size(versions) && !served->release)
		return has_version(versions, slash + 1) ? MANIFEST_API_ENDING : MANIFEST_API_GONE;
	return api->removed <= release ? MANIFEST_API_GONE : MANIFEST_API_ENDING;
}

int manifest_api_release(const char *text)
{
	int major, minor, end = 0;

	text += *text == 'v';
	if (sscanf(text, "%d.%d%n", &major, &minor, &end) != 2 || major != 1 || minor <= 0)
		return 0;
	return !text[end] || strchr(".+-", text[end]) ? minor : 0;
}

char *manifest_api_other_versions(const struct manifest_served *served, const char *group,
				  const char *version, const char *kind)
{
	const json_t *versions = versions_of(served, group, strlen(group), kind);
	cleanup_list struct list names = LIST_INIT;
	json_t *item;
	size_t i;

	if (!json_array_size(versions) || served->release || has_version(versions, version))
		return NULL;
	json_array_foreach (versions, i, item)
		list_add(&names, json_string_value(item));
	return list_join(&names, ", ");
}
