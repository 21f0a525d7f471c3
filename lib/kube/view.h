/*
 * kube/view: what a watch has shown of one kind; the part of kube/observe that needs no wire.
 *
 * A snapshot is taken by mark and sweep: objects that do not come in it are gone, but only once it
 * is complete; until then the old view stands. An object whose resourceVersion was told already is
 * not told again.
 *
 * Used by one thread at a time.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"

struct kube_view {
	char *group, *kind;
	/* object NULL: gone, or no longer ours. Borrowed. */
	void (*changed)(void *context, const char *key, json_t *object);
	void *context;

	struct map known;   /* key -> struct seen */
	unsigned int round; /* of snapshots */
	char *version;	    /* to resume from; NULL until a snapshot is complete */
	bool snapshot;	    /* one is being taken */
	bool dead;	    /* what still comes on this stream is not read */
};

enum kube_view_verdict {
	KUBE_VIEW_FINE,
	KUBE_VIEW_LIVE,	   /* the snapshot is complete now */
	KUBE_VIEW_EXPIRED, /* 410: a new snapshot is due */
	KUBE_VIEW_BROKEN,  /* not understood: the same, after a pause */
};

void kube_view_init(struct kube_view *view, const char *group, const char *kind);
void kube_view_done(struct kube_view *view);

/* A stream begins: with a snapshot, or where the last one ended (needs `version`). */
void kube_view_begin(struct kube_view *view, bool snapshot);

/* One line of a watch: {"type": "ADDED", "object": {...}}. */
enum kube_view_verdict kube_view_frame(struct kube_view *view, const char *line, size_t length);

/* The same by a list: each object, then the end with the list's resourceVersion. */
void kube_view_put(struct kube_view *view, json_t *object);
void kube_view_complete(struct kube_view *view, const char *version);
