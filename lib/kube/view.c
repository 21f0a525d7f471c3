#include "kube/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "manifest/object.h"
#include "tree/json.h"
#include "tree/path.h"

/* One object. */
struct seen {
	unsigned int round; /* the last snapshot it came in */
	char version[];
};

static const char *text(const json_t *object, const char *path)
{
	const char *found = tree_path_string(object, path);

	return found ? found : "";
}

void kube_view_init(struct kube_view *view, const char *group, const char *kind)
{
	*view = (struct kube_view){
		.group = mem_strdup(group),
		.kind = mem_strdup(kind),
		.known = MAP_INIT(free),
	};
}

void kube_view_done(struct kube_view *view)
{
	free(view->group);
	free(view->kind);
	free(view->version);
	map_done(&view->known);
}

void kube_view_begin(struct kube_view *view, bool snapshot)
{
	view->dead = false;
	view->snapshot = snapshot;
	if (snapshot)
		view->round++;
}

static char *key_of(const struct kube_view *view, const json_t *object)
{
	const struct manifest_id id = {
		.group = view->group,
		.version = (char *)"",
		.kind = view->kind,
		.ns = (char *)text(object, "metadata.namespace"),
		.name = (char *)text(object, "metadata.name"),
	};

	return *id.name ? manifest_id_key(&id) : NULL;
}

static void set_version(struct kube_view *view, const char *version)
{
	if (!*version)
		return;
	free(view->version);
	view->version = mem_strdup(version);
}

static void remember(struct kube_view *view, const char *key, const char *version)
{
	size_t length = strlen(version);
	struct seen *seen = mem_alloc(sizeof(*seen) + length + 1);

	seen->round = view->round;
	memcpy(seen->version, version, length + 1);
	map_put(&view->known, key, seen);
}

void kube_view_put(struct kube_view *view, json_t *object)
{
	cleanup_free char *key = key_of(view, object);
	const char *version = text(object, "metadata.resourceVersion");
	struct seen *seen = key ? map_get(&view->known, key) : NULL;

	if (!key)
		return;
	if (seen && !strcmp(seen->version, version)) {
		seen->round = view->round;
		return;
	}
	remember(view, key, version);
	view->changed(view->context, key, object);
}

void kube_view_complete(struct kube_view *view, const char *version)
{
	cleanup_list struct list gone = LIST_INIT;
	const struct seen *seen;
	const char *key;

	map_foreach (&view->known, key, seen)
		if (seen->round != view->round)
			list_add(&gone, key);
	for (size_t i = 0; i < gone.n; i++) {
		map_remove(&view->known, gone.items[i]);
		view->changed(view->context, gone.items[i], NULL);
	}
	view->snapshot = false;
	set_version(view, version);
}

static void remove_object(struct kube_view *view, const json_t *object)
{
	cleanup_free char *key = key_of(view, object);

	if (!key || !map_has(&view->known, key))
		return;
	map_remove(&view->known, key);
	view->changed(view->context, key, NULL);
}

/* Bookmarks say how far the stream is; one of them that the snapshot has ended. */
static enum kube_view_verdict take_bookmark(struct kube_view *view, const json_t *object)
{
	const char *version = text(object, "metadata.resourceVersion");
	const char *end = text(object, "metadata.annotations[\"k8s.io/initial-events-end\"]");

	if (view->snapshot && !strcmp(end, "true")) {
		kube_view_complete(view, version);
		return KUBE_VIEW_LIVE;
	}
	if (!view->snapshot)
		set_version(view, version);
	return KUBE_VIEW_FINE;
}

static enum kube_view_verdict take_object(struct kube_view *view, const char *type, json_t *object)
{
	/* A metadata watch calls everything PartialObjectMetadata. */
	if (!strcmp(type, "DELETED"))
		remove_object(view, object);
	else
		kube_view_put(view, object);
	/* The objects of a snapshot come in no order of time. */
	if (!view->snapshot)
		set_version(view, text(object, "metadata.resourceVersion"));
	return KUBE_VIEW_FINE;
}

static enum kube_view_verdict take_event(struct kube_view *view, const json_t *event)
{
	const char *type = text(event, "type");
	json_t *object = json_object_get(event, "object");

	if (!strcmp(type, "ERROR"))
		return tree_path_integer(object, "code", 0) == 410 ? KUBE_VIEW_EXPIRED
								   : KUBE_VIEW_BROKEN;
	if (!json_is_object(object))
		return KUBE_VIEW_BROKEN;
	if (!strcmp(type, "BOOKMARK"))
		return take_bookmark(view, object);
	if (!strcmp(type, "ADDED") || !strcmp(type, "MODIFIED") || !strcmp(type, "DELETED"))
		return take_object(view, type, object);
	return KUBE_VIEW_FINE;
}

enum kube_view_verdict kube_view_frame(struct kube_view *view, const char *line, size_t length)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *event = NULL;
	enum kube_view_verdict verdict;

	if (view->dead)
		return KUBE_VIEW_FINE;
	if (tree_json_parse(line, length, "watch", false, &event, &ignored) < 0)
		verdict = KUBE_VIEW_BROKEN;
	else
		verdict = take_event(view, event);
	view->dead = verdict == KUBE_VIEW_EXPIRED || verdict == KUBE_VIEW_BROKEN;
	return verdict;
}
