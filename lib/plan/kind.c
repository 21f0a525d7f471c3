/* What the rules want to know of a kind. */
#include <string.h>

#include "manifest/scope.h"
#include "plan/internal.h"

struct kind {
	const char *group, *kind;
};

bool plan_kind_is(const struct manifest_id *id, const char *group, const char *kind)
{
	return !strcmp(id->kind, kind) && !strcmp(id->group, group);
}

static bool is_among(const struct manifest_id *id, const struct kind *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (plan_kind_is(id, kinds[i].group, kinds[i].kind))
			return true;
	return false;
}

#define among(id, kinds) is_among((id), (kinds), sizeof(kinds) / sizeof(*(kinds)))

bool plan_kind_rolls(const struct manifest_id *id)
{
	static const struct kind kinds[] = {
		{"apps", "Deployment"},
		{"apps", "StatefulSet"},
		{"apps", "DaemonSet"},
	};

	return among(id, kinds);
}

bool plan_kind_has_pods(const struct manifest_id *id)
{
	static const struct kind kinds[] = {
		{"apps", "ReplicaSet"},
		{"batch", "Job"},
		{"", "Pod"},
		{"", "ReplicationController"},
	};

	return plan_kind_rolls(id) || among(id, kinds);
}

bool plan_kind_is_config(const struct manifest_id *id)
{
	static const struct kind kinds[] = {
		{"", "ServiceAccount"},
		{"", "ConfigMap"},
		{"", "Secret"},
		{"", "PersistentVolume"},
		{"", "PersistentVolumeClaim"},
		{"", "LimitRange"},
		{"", "ResourceQuota"},
		{"rbac.authorization.k8s.io", "Role"},
		{"rbac.authorization.k8s.io", "RoleBinding"},
		{"rbac.authorization.k8s.io", "ClusterRole"},
		{"rbac.authorization.k8s.io", "ClusterRoleBinding"},
		{"storage.k8s.io", "StorageClass"},
		{"scheduling.k8s.io", "PriorityClass"},
		{"node.k8s.io", "RuntimeClass"},
	};

	return among(id, kinds);
}

bool plan_kind_is_late(const struct manifest_id *id)
{
	static const struct kind kinds[] = {
		{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
		{"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
		{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
		{"apiregistration.k8s.io", "APIService"},
	};

	return among(id, kinds);
}

bool plan_kind_is_rigid(const struct manifest_id *id)
{
	static const struct kind kinds[] = {
		{"batch", "Job"},
		{"", "Service"},
		{"", "Pod"},
		{"apps", "StatefulSet"},
		{"rbac.authorization.k8s.io", "RoleBinding"},
		{"rbac.authorization.k8s.io", "ClusterRoleBinding"},
		{"storage.k8s.io", "StorageClass"},
		{"scheduling.k8s.io", "PriorityClass"},
	};

	return among(id, kinds);
}

bool plan_kind_has_fixed_name(const struct manifest_id *id)
{
	static const struct kind kinds[] = {
		{"apiextensions.k8s.io", "CustomResourceDefinition"},
		{"apiregistration.k8s.io", "APIService"},
		{"storage.k8s.io", "CSINode"},
		{"", "Node"},
	};

	return among(id, kinds);
}

/* A Job that failed keeps its pods and their logs; what it took the place of had ended. */
bool plan_kind_is_tried(const struct manifest_id *id)
{
	return plan_kind_has_pods(id) && !plan_kind_is(id, "batch", "Job");
}

bool plan_kind_bears_data(const struct manifest_id *id, const struct list *keep_kinds)
{
	size_t n = strlen(id->kind);

	for (size_t i = 0; keep_kinds && i < keep_kinds->n; i++) {
		const char *kept = keep_kinds->items[i];
		if (!strncmp(kept, id->kind, n) &&
		    (!kept[n] || (kept[n] == '.' && !strcmp(kept + n + 1, id->group))))
			return true;
	}
	return manifest_kind_bears_data(id->group, id->kind);
}
