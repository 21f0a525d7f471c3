/*
 * manifest/api: apiVersions that Kubernetes removed or will remove, and what took their place.
 *
 * What a server serves is best known by its discovery; offline, by a release. The releases are
 * those of k8s.io/api's APILifecycleRemoved.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct manifest_api {
	const char *api_version;
	const char *kind;  /* "" for every kind of that version */
	const char *now;   /* what to write instead; NULL: nothing replaces it */
	int removed;	   /* the release without it: 22 is Kubernetes 1.22 */
	const char *hint;  /* what else changed; NULL: only the version did */
	const char *needs; /* only the version is to be changed when this field is there; or NULL */
	bool migrates;	   /* desired upgrade-manifests knows how */
};

/* What is known of a server. */
struct manifest_served {
	const json_t *kinds; /* discovery: {"group/Kind": {"versions": ["v1"]}}; NULL: not asked */
	int release;	     /* --kube-version: looks ahead, whatever kinds say; 0: not given */
};

enum manifest_api_state {
	MANIFEST_API_FINE,
	MANIFEST_API_ENDING, /* it is served, and will not be */
	MANIFEST_API_GONE,
};

/* The entry, or NULL. Static. */
const struct manifest_api *manifest_api_find(const char *api_version, const char *kind);

/* What discovery does not tell is as in the newest release that this program knows. */
enum manifest_api_state manifest_api_state(const struct manifest_api *api, const char *kind,
					   const struct manifest_served *served);

/* "1.35" or "v1.35.4+k3s1" into 35; 0 when it is no such release. */
int manifest_api_release(const char *text);

/* The versions of a kind that discovery tells, when this one is not among them: "v1, v2"; else
 * NULL. Caller frees. */
char *manifest_api_other_versions(const struct manifest_served *served, const char *group,
				  const char *version, const char *kind);
