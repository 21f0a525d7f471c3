#include "manifest/scope.h"

#include <string.h>

/* Kubernetes 1.35 and what k3s adds. */
static const struct manifest_kind kinds[] = {
	{"", "Binding", "bindings", true},
	{"", "ConfigMap", "configmaps", true},
	{"", "Endpoints", "endpoints", true},
	{"", "Event", "events", true},
	{"", "LimitRange", "limitranges", true},
	{"", "Namespace", "namespaces", false},
	{"", "Node", "nodes", false},
	{"", "PersistentVolume", "persistentvolumes", false},
	{"", "PersistentVolumeClaim", "persistentvolumeclaims", true},
	{"", "Pod", "pods", true},
	{"", "PodTemplate", "podtemplates", true},
	{"", "ReplicationController", "replicationcontrollers", true},
	{"", "ResourceQuota", "resourcequotas", true},
	{"", "Secret", "secrets", true},
	{"", "Service", "services", true},
	{"", "ServiceAccount", "serviceaccounts", true},
	{"admissionregistration.k8s.io", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
	 false},
	{"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding",
	 "mutatingadmissionpolicybindings", false},
	{"admissionregistration.k8s.io", "MutatingWebhookConfiguration",
	 "mutatingwebhookconfigurations", false},
	{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies",
	 false},
	{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding",
	 "validatingadmissionpolicybindings", false},
	{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration",
	 "validatingwebhookconfigurations", false},
	{"apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false},
	{"apiregistration.k8s.io", "APIService", "apiservices", false},
	{"apps", "ControllerRevision", "controllerrevisions", true},
	{"apps", "DaemonSet", "daemonsets", true},
	{"apps", "Deployment", "deployments", true},
	{"apps", "ReplicaSet", "replicasets", true},
	{"apps", "StatefulSet", "statefulsets", true},
	{"autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true},
	{"batch", "CronJob", "cronjobs", true},
	{"batch", "Job", "jobs", true},
	{"certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", false},
	{"certificates.k8s.io", "ClusterTrustBundle", "clustertrustbundles", false},
	{"coordination.k8s.io", "Lease", "leases", true},
	{"discovery.k8s.io", "EndpointSlice", "endpointslices", true},
	{"events.k8s.io", "Event", "events", true},
	{"flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas", false},
	{"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration",
	 "prioritylevelconfigurations", false},
	{"helm.cattle.io", "HelmChart", "helmcharts", true},
	{"helm.cattle.io", "HelmChartConfig", "helmchartconfigs", true},
	{"k3s.cattle.io", "Addon", "addons", true},
	{"k3s.cattle.io", "ETCDSnapshotFile", "etcdsnapshotfiles", false},
	{"networking.k8s.io", "IPAddress", "ipaddresses", false},
	{"networking.k8s.io", "Ingress", "ingresses", true},
	{"networking.k8s.io", "IngressClass", "ingressclasses", false},
	{"networking.k8s.io", "NetworkPolicy", "networkpolicies", true},
	{"networking.k8s.io", "ServiceCIDR", "servicecidrs", false},
	{"node.k8s.io", "RuntimeClass", "runtimeclasses", false},
	{"policy", "PodDisruptionBudget", "poddisruptionbudgets", true},
	{"rbac.authorization.k8s.io", "ClusterRole", "clusterroles", false},
	{"rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", false},
	{"rbac.authorization.k8s.io", "Role", "roles", true},
	{"rbac.authorization.k8s.io", "RoleBinding", "rolebindings", true},
	{"resource.k8s.io", "DeviceClass", "deviceclasses", false},
	{"resource.k8s.io", "ResourceClaim", "resourceclaims", true},
	{"resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates", true},
	{"resource.k8s.io", "ResourceSlice", "resourceslices", false},
	{"scheduling.k8s.io", "PriorityClass", "priorityclasses", false},
	{"storage.k8s.io", "CSIDriver", "csidrivers", false},
	{"storage.k8s.io", "CSINode", "csinodes", false},
	{"storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities", true},
	{"storage.k8s.io", "StorageClass", "storageclasses", false},
	{"storage.k8s.io", "VolumeAttachment", "volumeattachments", false},
	{"storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", false},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct manifest_kind *manifest_kind_find(const char *group, const char *kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].kind, kind) && !strcmp(kinds[i].group, group))
			return &kinds[i];
	return NULL;
}

const struct manifest_kind *manifest_kind_elsewhere(const char *kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].kind, kind))
			return &kinds[i];
	return NULL;
}

bool manifest_kind_group_known(const char *group)
{
	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i].group, group))
			return true;
	return false;
}

size_t manifest_kind_names(const char **ret, size_t room)
{
	size_t n = 0;

	for (; n < KINDS && n < room; n++)
		ret[n] = kinds[n].kind;
	return n;
}

/* Cluster-scoped kinds of add-ons that are often there without their CRDs being in the files. */
static const struct {
	const char *group, *kind;
} cluster_add_ons[] = {
	{"cert-manager.io", "ClusterIssuer"},
	{"gateway.networking.k8s.io", "GatewayClass"},
	{"snapshot.storage.k8s.io", "VolumeSnapshotClass"},
	{"snapshot.storage.k8s.io", "VolumeSnapshotContent"},
};

static const char *const add_on_groups[] = {
	"traefik.io",
	"cert-manager.io",
	"acme.cert-manager.io",
	"monitoring.coreos.com",
	"gateway.networking.k8s.io",
	"snapshot.storage.k8s.io",
};

bool manifest_kind_add_on(const char *group, const char *kind, bool *ret_namespaced)
{
	for (size_t i = 0; i < sizeof(cluster_add_ons) / sizeof(cluster_add_ons[0]); i++)
		if (!strcmp(cluster_add_ons[i].group, group) &&
		    !strcmp(cluster_add_ons[i].kind, kind)) {
			*ret_namespaced = false;
			return true;
		}
	for (size_t i = 0; i < sizeof(add_on_groups) / sizeof(add_on_groups[0]); i++)
		if (!strcmp(add_on_groups[i], group)) {
			*ret_namespaced = true;
			return true;
		}
	return false;
}

struct group_kind {
	const char *group, *kind;
};

static bool among(const struct group_kind *table, size_t count, const char *group, const char *kind)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].kind, kind) && !strcmp(table[i].group, group))
			return true;
	return false;
}

bool manifest_kind_bears_data(const char *group, const char *kind)
{
	static const struct group_kind table[] = {
		{"", "PersistentVolumeClaim"},
		{"", "PersistentVolume"},
		{"", "Namespace"},
		{"apiextensions.k8s.io", "CustomResourceDefinition"},
		{"helm.cattle.io", "HelmChart"},
	};

	return among(table, sizeof(table) / sizeof(table[0]), group, kind);
}

bool manifest_kind_has_health(const char *group, const char *kind)
{
	static const struct group_kind table[] = {
		{"apps", "Deployment"},
		{"apps", "StatefulSet"},
		{"apps", "DaemonSet"},
		{"apps", "ReplicaSet"},
		{"batch", "Job"},
		{"batch", "CronJob"},
		{"", "PersistentVolumeClaim"},
		{"", "Pod"},
	};

	return among(table, sizeof(table) / sizeof(table[0]), group, kind);
}
