#include "manifest/upgrade.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "manifest/scope.h"
#include "tree/path.h"

#define REWRITE "desired upgrade-manifests"

/* policy/v1beta1 selected nothing with {}, policy/v1 selects everything. */
static bool means_another_thing(const json_t *body)
{
	const json_t *selector = tree_path_get(body, "spec.selector");

	return !strcmp(tree_path_string(body, "kind"), "PodDisruptionBudget") &&
	       json_is_object(selector) && !json_object_size(selector);
}

bool manifest_upgrade_is_plain(const json_t *body, const struct manifest_api *api)
{
	if (!api->now || means_another_thing(body))
		return false;
	return !api->hint || (api->needs && tree_path_get(body, api->needs));
}

static int refuse(const json_t *body, const struct manifest_api *api, const char *kind,
		  struct err *err)
{
	(void)err_set(err, ERR_INVALID, "%s %s was removed in Kubernetes 1.%d%s%s",
		      api->api_version, kind, api->removed, api->now ? "; use " : "",
		      api->now ? api->now : "");
	if (means_another_thing(body))
		return err_hint(err, "an empty selector selected no pod and now selects every one; "
				     "say which are meant");
	if (api->migrates)
		return err_hint(err, "run '" REWRITE "', or %s", api->hint);
	return err_hint(err, "%s", api->hint);
}

static void warn_of_end(const struct manifest_api *api, const char *kind, struct list *warnings)
{
	list_printf(warnings, "%s %s ends with Kubernetes 1.%d%s%s", api->api_version, kind,
		    api->removed, api->now ? "; write " : "", api->now ? api->now : "");
}

static int replace(json_t *body, const struct manifest_api *api, const char *kind,
		   struct list *warnings, struct err *err)
{
	if (!manifest_upgrade_is_plain(body, api))
		return refuse(body, api, kind, err);
	list_printf(warnings, "%s %s was removed in Kubernetes 1.%d; read as %s", api->api_version,
		    kind, api->removed, api->now);
	json_object_set_new(body, "apiVersion", json_string(api->now));
	return 0;
}

/* The body is left as it should be, so that a second look finds what else is wrong with it. */
static int refuse_old_traefik(json_t *body, const char *api_version, const char *kind,
			      struct err *err)
{
	(void)err_set(err, ERR_INVALID, "%s %s is gone since Traefik 3; use traefik.io/v1alpha1",
		      api_version, kind);
	json_object_set_new(body, "apiVersion", json_string("traefik.io/v1alpha1"));
	return err_hint(err, "run '" REWRITE "', or write apiVersion: traefik.io/v1alpha1 and what "
			     "else changed with it");
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

int manifest_upgrade(json_t *body, const struct manifest_served *served, struct list *warnings,
		     struct err *err)
{
	const char *api_version = json_string_value(json_object_get(body, "apiVersion"));
	const char *kind = json_string_value(json_object_get(body, "kind"));

	if (!api_version || !kind)
		return 0;
	const struct manifest_api *api = manifest_api_find(api_version, kind);
	enum manifest_api_state state = manifest_api_state(api, kind, served);
	if (state == MANIFEST_API_GONE)
		return replace(body, api, kind, warnings, err);
	if (state == MANIFEST_API_ENDING) {
		warn_of_end(api, kind, warnings);
		return 0;
	}
	if (!strncmp(api_version, MANIFEST_OLD_TRAEFIK "/", strlen(MANIFEST_OLD_TRAEFIK "/")))
		return refuse_old_traefik(body, api_version, kind, err);

	const char *slash = strchr(api_version, '/');
	cleanup_free char *group =
		slash ? mem_strndup(api_version, (size_t)(slash - api_version)) : mem_strdup("");
	bool ours = manifest_kind_group_known(group) || !strcmp(group, "extensions");
	if (ours && !manifest_kind_find(group, kind))
		return check_unknown(api_version, kind, err);
	return 0;
}
