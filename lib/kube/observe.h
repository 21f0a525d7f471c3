/*
 * kube/observe: watches of our objects, so that an unchanged world asks nothing
 * (performance.md section 3).
 *
 * One watch a kind, by our label, kept alive over restarts of the server: INIT -> LIVE -> BACKOFF;
 * 410 inside a stream means a new snapshot, never "all deleted". For each object whose
 * resourceVersion moved, or that is gone or lost its label, `changed` is called with its key and
 * its metadata (NULL: gone). Kinds with health are watched whole, all others as metadata.
 *
 * The functions below run on the I/O thread of lib/http or on observe's own, never two at once, and
 * must only queue.
 */
#pragma once

#include <jansson.h>

#include "base/list.h"
#include "kube/client.h"

struct kube_observe;

struct kube_observe_options {
	struct kube_client *client;
	void (*changed)(void *context, const char *key, json_t *object);
	/* The server is out of reach (err says why) or back (err NULL); once for each turn. */
	void (*connection)(void *context, const struct err *err);
	/* One kind ("group/Kind") cannot be watched though the server is there (forbidden ...);
	 * once for each reason. May be NULL. */
	void (*trouble)(void *context, const char *kind, const struct err *err);
	void *context;
};

struct kube_observe *kube_observe_new(const struct kube_observe_options *options);

/* Watches exactly these kinds ("group/Kind") from now on. Returns at once; snapshots come by
 * `changed` (also for objects that did not change since: the caller compares). */
void kube_observe_kinds(struct kube_observe *observe, const struct list *kinds);

/* The kinds whose watch is live now, for status. */
int kube_observe_live(const struct kube_observe *observe);

/* Whether the kind ("group/Kind") is watched now and the object is in view: then whatever happens
 * to it comes by `changed`. */
bool kube_observe_sees(struct kube_observe *observe, const char *kind, const char *key);

/* Nothing is called any more when it returns. Not from one of the functions above. */
void kube_observe_free(struct kube_observe *observe);
