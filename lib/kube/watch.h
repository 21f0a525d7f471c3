/*
 * kube/watch: the watch of one kind, kept alive.
 *
 *	IDLE -> SNAPSHOT -> LIVE -> IDLE (a pause) -> ...
 *
 * The worker of kube/observe settles what ended and runs what is due; frames come on the I/O thread
 * of lib/http. A stream that the server ended in good order goes on where it stopped; after
 * anything else a new snapshot is taken, and the old view stands until that is complete.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/err.h"
#include "kube/client.h"

struct kube_watch;

/* Whom it works for. The functions must outlive the watch; they are called from the I/O thread and
 * from the worker. */
struct kube_watch_host {
	struct kube_client *client;
	struct cancel *cancel;
	void (*changed)(void *context, const char *key, json_t *object);
	void (*trouble)(void *context, const char *kind, const struct err *err);
	void (*wake)(void *context); /* there is something to settle */
	void *context;
};

enum kube_watch_verdict {
	KUBE_WATCH_FINE,
	KUBE_WATCH_LOST, /* the connection broke, or the server gave no answer */
};

/* kind: "apps/Deployment", "core/ConfigMap". Due at once. */
struct kube_watch *kube_watch_new(const struct kube_watch_host *host, const char *kind);
/* Not from the I/O thread. */
void kube_watch_free(struct kube_watch *watch);

/* Closes a stream that ended and decides when and how to go on. */
enum kube_watch_verdict kube_watch_settle(struct kube_watch *watch);

/* Opens the stream if it is due. May wait for the server. */
enum kube_watch_verdict kube_watch_run(struct kube_watch *watch);

/* When kube_watch_run() has something to do; INT64_MAX while a stream is open. */
int64_t kube_watch_due(const struct kube_watch *watch);

/* The server is back: due at once, unless the server refused this kind. */
void kube_watch_hurry(struct kube_watch *watch);

/* Somebody asks for this kind anew: due at once if it was refused some time ago. */
void kube_watch_retry(struct kube_watch *watch);

/* From any thread. */
bool kube_watch_is_live(const struct kube_watch *watch);

/* Whether it is live and has the object in view. From any thread but the I/O thread. */
bool kube_watch_sees(struct kube_watch *watch, const char *key);
