#include "backup/workload.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/path.h"

#define GIVE_BACK_TRIES 20
#define GIVE_BACK_MS	50

/* How each kind is stopped: by this field having this value. */
static const struct way {
	const char *kind, *group;
	const char *place;   /* tree/path.h */
	const char *stopped; /* JSON */
} ways[] = {
	{"Deployment", "apps", "spec.replicas", "0"},
	{"StatefulSet", "apps", "spec.replicas", "0"},
	{"ReplicaSet", "apps", "spec.replicas", "0"},
	{"ReplicationController", "", "spec.replicas", "0"},
	{"CronJob", "batch", "spec.suspend", "true"},
	{"Job", "batch", "spec.suspend", "true"},
	{"DaemonSet", "apps", "spec.template.spec.nodeSelector[\"desired.dev/stopped\"]",
	 "\"true\""},
};

static const struct way *way_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].kind, kind))
			return &ways[i];
	return NULL;
}

static const char *text(const json_t *tree, const char *key)
{
	const char *found = json_string_value(json_object_get(tree, key));

	return found ? found : "";
}

static struct manifest_id id_of(const struct way *way, const char *ns, const char *name)
{
	return (struct manifest_id){
		.group = (char *)way->group,
		.version = (char *)"v1",
		.kind = (char *)way->kind,
		.ns = (char *)ns,
		.name = (char *)name,
	};
}

char *backup_workload_text(const json_t *workload)
{
	return mem_printf("%s %s/%s", text(workload, "kind"), text(workload, "namespace"),
			  text(workload, "name"));
}

static int no_way(const char *kind, const char *ns, const char *name, struct err *err)
{
	bool bare = !strcmp(kind, "Pod");

	(void)err_set(err, ERR_INVALID,
		      bare ? "%s %s/%s is made by nobody who would make it again: it is not stopped"
			   : "%s %s/%s makes the pods, and desired knows no way to stop it",
		      kind, ns, name);
	return err_hint(err, "stop and start it by hooks (backup.before, backup.after), or take "
			     "dumps instead of a cold copy");
}

int backup_workload_read(struct kube_client *client, const char *kind, const char *ns,
			 const char *name, const struct deadline *deadline, json_t **ret,
			 struct err *err)
{
	const struct way *way = way_of(kind);
	json_auto_t *object = NULL;

	if (!way)
		return no_way(kind, ns, name, err);
	const struct manifest_id id = id_of(way, ns, name);
	int r = kube_client_get(client, &id, deadline, &object, err);
	if (r < 0)
		return r;
	const json_t *before = tree_path_get(object, way->place);
	const json_t *managed = tree_path_get(object, "metadata.managedFields");
	const char *uid = tree_path_string(object, "metadata.uid");
	*ret = json_pack("{s:s, s:s, s:s, s:s, s:O?, s:O?}", "kind", kind, "namespace", ns, "name",
			 name, "uid", uid ? uid : "", "before", before, "managed", managed);
	return 0;
}

/* --- stop --- */

static json_t *value_of(const struct way *way)
{
	return json_loads(way->stopped, JSON_DECODE_ANY, NULL);
}

/* A merge patch that sets the field. */
static int set_field(struct kube_client *client, const struct way *way, const json_t *workload,
		     json_t *value_stolen, const struct deadline *deadline, struct err *err)
{
	const struct manifest_id id =
		id_of(way, text(workload, "namespace"), text(workload, "name"));
	json_auto_t *patch = json_object();

	tree_path_set(patch, way->place, value_stolen);
	tree_path_set(patch, "metadata.uid", json_string(text(workload, "uid")));
	return kube_client_patch(client, &id, patch, deadline, NULL, err);
}

int backup_workload_stop(struct kube_client *client, const json_t *workload,
			 const struct deadline *deadline, struct err *err)
{
	const struct way *way = way_of(text(workload, "kind"));

	int r = set_field(client, way, workload, value_of(way), deadline, err);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	return r;
}

/* --- start --- */

static bool same_entry(const json_t *a, const json_t *b)
{
	return !strcmp(text(a, "manager"), text(b, "manager")) &&
	       !strcmp(text(a, "operation"), text(b, "operation")) &&
	       !strcmp(text(a, "subresource"), text(b, "subresource"));
}

static const json_t *find_entry(const json_t *entries, const json_t *like)
{
	json_t *entry;
	size_t i;

	json_array_foreach (entries, i, entry)
		if (same_entry(entry, like))
			return entry;
	return NULL;
}

/* The patches that stopped and started it are of this entry. */
static bool is_our_patch(const json_t *entry)
{
	return !strcmp(text(entry, "manager"), MANIFEST_MANAGER) &&
	       !strcmp(text(entry, "operation"), "Update") && !*text(entry, "subresource");
}

json_t *backup_workload_managed(const json_t *before, const json_t *now)
{
	json_t *entries = json_array(), *entry;
	size_t i;

	json_array_foreach (now, i, entry) {
		const json_t *was = find_entry(before, entry);
		if (is_our_patch(entry) && !was)
			continue;
		/* Whoever owned the field lost it to our patch, without having written. */
		bool quiet = was && (is_our_patch(entry) ||
				     !strcmp(text(was, "time"), text(entry, "time")));
		json_array_append(entries, quiet ? (json_t *)was : entry);
	}
	json_array_foreach (before, i, entry)
		if (!find_entry(now, entry))
			json_array_append(entries, entry);
	return entries;
}

/* A controller may write at the same time: then it is refused, and not done. */
static int give_back_once(struct kube_client *client, const struct manifest_id *id,
			  const json_t *workload, const struct deadline *deadline, struct err *err)
{
	json_auto_t *object = NULL;
	int r = kube_client_get(client, id, deadline, &object, err);

	if (r < 0)
		return r;
	json_t *managed = backup_workload_managed(json_object_get(workload, "managed"),
						  tree_path_get(object, "metadata.managedFields"));
	json_auto_t *patch = json_pack("[{s:s, s:s, s:o}, {s:s, s:s, s:O?}]", "op", "replace",
				       "path", "/metadata/managedFields", "value", managed, "op",
				       "replace", "path", "/metadata/resourceVersion", "value",
				       tree_path_get(object, "metadata.resourceVersion"));
	return kube_client_patch(client, id, patch, deadline, NULL, err);
}

/* Only who owns what; a failure means one look more at an object that is as it should be. */
static void give_back(struct kube_client *client, const struct manifest_id *id,
		      const json_t *workload, const struct deadline *deadline)
{
	struct deadline wait = *deadline;
	int r = -1;

	for (int i = 0; r < 0 && i < GIVE_BACK_TRIES; i++) {
		cleanup_err struct err err = ERR_INIT;
		r = give_back_once(client, id, workload, deadline, &err);
		err_done(&err);
		if (r < 0 && deadline_pause(&wait, GIVE_BACK_MS, &err) < 0)
			return;
	}
}

/* 1 when it stands still as it was left. */
static int is_stopped(struct kube_client *client, const struct way *way, const json_t *workload,
		      const struct deadline *deadline, struct err *err)
{
	const struct manifest_id id =
		id_of(way, text(workload, "namespace"), text(workload, "name"));
	json_auto_t *object = NULL, *stopped = value_of(way);

	int r = kube_client_get(client, &id, deadline, &object, err);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	if (r < 0)
		return r;
	const char *uid = tree_path_string(object, "metadata.uid");
	return uid && !strcmp(uid, text(workload, "uid")) &&
	       json_equal(tree_path_get(object, way->place), stopped);
}

int backup_workload_start(struct kube_client *client, const json_t *workload,
			  const struct deadline *deadline, struct err *err)
{
	const struct way *way = way_of(text(workload, "kind"));
	json_t *before = json_object_get(workload, "before");

	if (!way)
		return 0;
	int r = is_stopped(client, way, workload, deadline, err);
	if (r <= 0)
		return r;
	r = set_field(client, way, workload, before ? json_incref(before) : json_null(), deadline,
		      err);
	if (r < 0)
		return r;
	const struct manifest_id id =
		id_of(way, text(workload, "namespace"), text(workload, "name"));
	give_back(client, &id, workload, deadline);
	return 1;
}
