#include "kube/watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/answer.h"
#include "kube/path.h"
#include "kube/private.h"
#include "kube/view.h"
#include "manifest/scope.h"

#define PAUSE_FIRST_MS 800 /* as client-go */
#define PAUSE_MAX_MS   30000
#define PAUSE_GONE_MS  600000 /* a kind that is not served: kube_watch_retry() is sooner */
#define STEADY_MS      5000   /* a stream that lived so long ended for a reason of its own */
#define RETRY_MS       5000
#define ASK_MS	       30000
#define ACCEPT_PARTIAL "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

/* How a stream ended; told by the I/O thread, read by the worker. */
struct ending {
	bool over;
	int status;
	struct err err;
	enum kube_view_verdict verdict; /* of the last frame */
};

struct kube_watch {
	const struct kube_watch_host *host;
	char *name;		 /* "apps/Deployment" */
	pthread_mutex_t viewing; /* whoever changes the view, or looks from elsewhere */
	struct kube_view view;
	atomic_bool live;

	/* The worker's own. */
	struct kube_resource resource;
	struct kube_stream *stream;
	bool list_first; /* the server cannot begin a watch with a snapshot */
	bool resume;
	bool refused; /* by the server, this kind: waits for its own pause */
	int64_t due, pause, tried_at, opened_at;
	char *trouble; /* the last one told */

	pthread_mutex_t lock;
	struct ending ending;
};

static int64_t now(void)
{
	return clock_real.now(&clock_real);
}

/* --- on the I/O thread --- */

static void note_end(struct kube_watch *watch, int status, struct err *err,
		     enum kube_view_verdict verdict)
{
	watch->live = false;
	pthread_mutex_lock(&watch->lock);
	if (!watch->ending.over) {
		watch->ending.over = true;
		watch->ending.status = status;
		watch->ending.verdict = verdict;
		if (err)
			err_copy(&watch->ending.err, err);
	}
	pthread_mutex_unlock(&watch->lock);
	watch->host->wake(watch->host->context);
}

static void take_frame(void *context, const char *line, size_t length)
{
	struct kube_watch *watch = context;

	pthread_mutex_lock(&watch->viewing);
	enum kube_view_verdict verdict = kube_view_frame(&watch->view, line, length);
	pthread_mutex_unlock(&watch->viewing);
	switch (verdict) {
	case KUBE_VIEW_FINE:
		break;
	case KUBE_VIEW_LIVE:
		watch->live = true;
		break;
	case KUBE_VIEW_EXPIRED:
		note_end(watch, 200, NULL, KUBE_VIEW_EXPIRED);
		break;
	case KUBE_VIEW_BROKEN:
		note_end(watch, 200, NULL, KUBE_VIEW_BROKEN);
		break;
	}
}

static void take_end(void *context, int status, const char *body, struct err *err)
{
	struct kube_watch *watch = context;
	cleanup_err struct err why = ERR_INIT;

	if (body) {
		struct http_response response = {.status = status};
		buf_addstr(&response.body, body);
		(void)kube_answer_check(&response, watch->name, NULL, NULL, &why);
		http_response_done(&response);
	} else if (err) {
		err_copy(&why, err);
	}
	note_end(watch, status, &why, KUBE_VIEW_FINE);
}

/* --- when to go on --- */

static void go_on_at_once(struct kube_watch *watch)
{
	watch->due = now();
	watch->pause = PAUSE_FIRST_MS;
}

static void pause_up_to(struct kube_watch *watch, int64_t max)
{
	if (watch->pause > max)
		watch->pause = max;
	watch->due = now() + watch->pause / 2 + random() % watch->pause;
	watch->pause *= 2;
}

static void go_on_later(struct kube_watch *watch)
{
	pause_up_to(watch, PAUSE_MAX_MS);
}

/* Its CRD is gone, or not there yet: no trouble, and nothing to hurry for. */
static void go_on_when_served(struct kube_watch *watch)
{
	watch->refused = true;
	pause_up_to(watch, PAUSE_GONE_MS);
}

/* What ends as soon as it was opened must not be opened in a circle. */
static void go_on(struct kube_watch *watch)
{
	if (now() - watch->opened_at >= STEADY_MS)
		go_on_at_once(watch);
	else
		go_on_later(watch);
}

static void tell_trouble(struct kube_watch *watch, const struct err *err)
{
	if (watch->trouble && !strcmp(watch->trouble, err->message))
		return;
	free(watch->trouble);
	watch->trouble = mem_strdup(err->message);
	watch->host->trouble(watch->host->context, watch->name, err);
}

/* Some servers cannot begin a watch with a snapshot, and say so with one 4xx or another. */
static bool is_about_the_snapshot(const struct kube_watch *watch, int status)
{
	return !watch->list_first && status >= 400 && status < 500 && status != 401 &&
	       status != 403 && status != 404 && status != 410 && status != 429;
}

/* The server has a word against this watch. */
static enum kube_watch_verdict settle_refusal(struct kube_watch *watch, const struct ending *ending)
{
	if (ending->status == 404) {
		kube_client_rediscover(watch->host->client);
		go_on_when_served(watch);
		return KUBE_WATCH_FINE;
	}
	if (is_about_the_snapshot(watch, ending->status)) {
		watch->list_first = true;
		watch->due = now();
		return KUBE_WATCH_FINE;
	}
	go_on_later(watch);
	if (ending->status >= 500)
		return KUBE_WATCH_LOST;
	if (ending->status != 410 && ending->status != 429) {
		watch->refused = true;
		tell_trouble(watch, &ending->err);
	}
	return KUBE_WATCH_FINE;
}

/* A resumed stream may have been away for too long: the snapshot follows at once. */
static bool is_too_old(const struct ending *ending)
{
	return ending->verdict == KUBE_VIEW_EXPIRED || ending->status == 410;
}

static enum kube_watch_verdict decide(struct kube_watch *watch, const struct ending *ending)
{
	bool in_order = ending->status == 200 && ending->err.code == ERR_NONE &&
			ending->verdict == KUBE_VIEW_FINE;
	bool resumed = watch->resume;

	watch->resume = in_order && !watch->view.snapshot && watch->view.version;
	watch->refused = false;
	if (resumed && is_too_old(ending)) {
		watch->due = now();
		return KUBE_WATCH_FINE;
	}
	if (ending->status >= 400)
		return settle_refusal(watch, ending);
	go_on(watch);
	return in_order || ending->verdict != KUBE_VIEW_FINE ? KUBE_WATCH_FINE : KUBE_WATCH_LOST;
}

enum kube_watch_verdict kube_watch_settle(struct kube_watch *watch)
{
	struct ending ending;

	pthread_mutex_lock(&watch->lock);
	ending = watch->ending;
	if (ending.over)
		watch->ending = (struct ending){0};
	pthread_mutex_unlock(&watch->lock);
	if (!ending.over)
		return KUBE_WATCH_FINE;
	kube_connection_close(watch->host->client->connection, steal(&watch->stream));
	pthread_mutex_lock(&watch->lock); /* it may have ended once more while it was closed */
	err_done(&watch->ending.err);
	watch->ending = (struct ending){0};
	pthread_mutex_unlock(&watch->lock);
	enum kube_watch_verdict verdict = decide(watch, &ending);
	err_done(&ending.err);
	return verdict;
}

/* --- opening --- */

static char *watch_path(const struct kube_watch *watch, const char *selector, bool snapshot)
{
	cleanup_free char *base = kube_resource_path(&watch->resource, NULL, NULL);
	struct buf path = BUF_INIT;

	buf_addstr(&path, base);
	kube_path_query(&path, "watch", "true");
	kube_path_query(&path, "allowWatchBookmarks", "true");
	kube_path_query(&path, "labelSelector", selector);
	if (snapshot) {
		kube_path_query(&path, "sendInitialEvents", "true");
		kube_path_query(&path, "resourceVersionMatch", "NotOlderThan");
	} else {
		kube_path_query(&path, "resourceVersion", watch->view.version);
	}
	return buf_steal(&path);
}

static bool is_whole(const struct kube_watch *watch)
{
	return manifest_kind_has_health(watch->view.group, watch->view.kind);
}

/* The snapshot of a server that cannot send it in the watch. */
static int list_snapshot(struct kube_watch *watch, const char *selector,
			 const struct deadline *deadline, struct err *err)
{
	const struct kube_list_query query = {
		.label_selector = selector,
		.metadata = !is_whole(watch),
	};
	cleanup_free char *version = NULL;
	json_auto_t *items = NULL;
	json_t *item;
	size_t i;

	int r = kube_private_list(watch->host->client, &watch->resource, &query, deadline, &items,
				  &version, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&watch->viewing);
	kube_view_begin(&watch->view, true);
	json_array_foreach (items, i, item)
		kube_view_put(&watch->view, item);
	kube_view_complete(&watch->view, version);
	pthread_mutex_unlock(&watch->viewing);
	return 0;
}

static int open_stream(struct kube_watch *watch, const char *selector, bool snapshot,
		       struct err *err)
{
	cleanup_free char *path = watch_path(watch, selector, snapshot);
	const struct http_stream_options options = {
		.path = path,
		.accept = is_whole(watch) ? NULL : ACCEPT_PARTIAL,
		.frame = take_frame,
		.ended = take_end,
		.context = watch,
	};

	kube_view_begin(&watch->view, snapshot);
	watch->opened_at = now();
	watch->live = !snapshot;
	watch->due = INT64_MAX;
	int r = kube_connection_open(watch->host->client->connection, &options, &watch->stream,
				     err);
	if (r < 0)
		watch->live = false;
	return r;
}

static int open_watch(struct kube_watch *watch, struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, watch->host->cancel, ASK_MS);
	cleanup_free char *selector = mem_printf("%s=%s", MANIFEST_LABEL, manifest_set_id());
	bool snapshot = !watch->resume;

	kube_resource_done(&watch->resource);
	int r = kube_catalog_find(watch->host->client->catalog, watch->view.group, "",
				  watch->view.kind, KUBE_FIND_SIMPLY, &deadline, &watch->resource,
				  err);
	if (r < 0)
		return r;
	if (snapshot && watch->list_first) {
		if ((r = list_snapshot(watch, selector, &deadline, err)) < 0)
			return r;
		snapshot = false;
	}
	return open_stream(watch, selector, snapshot, err);
}

enum kube_watch_verdict kube_watch_run(struct kube_watch *watch)
{
	cleanup_err struct err err = ERR_INIT;

	if (watch->stream || now() < watch->due)
		return KUBE_WATCH_FINE;
	watch->refused = false;
	watch->tried_at = now();
	int r = open_watch(watch, &err);
	if (r >= 0)
		return KUBE_WATCH_FINE;
	if (r == -ERR_NOT_FOUND) {
		go_on_when_served(watch);
		return KUBE_WATCH_FINE;
	}
	go_on_later(watch);
	if (r == -ERR_UNREACHABLE || r == -ERR_TIMEOUT || r == -ERR_CANCELED)
		return KUBE_WATCH_LOST;
	watch->refused = true;
	tell_trouble(watch, &err);
	return KUBE_WATCH_FINE;
}

/* --- the rest --- */

int64_t kube_watch_due(const struct kube_watch *watch)
{
	return watch->due;
}

void kube_watch_hurry(struct kube_watch *watch)
{
	if (!watch->stream && !watch->refused)
		watch->due = now();
}

void kube_watch_retry(struct kube_watch *watch)
{
	if (!watch->stream && watch->refused && now() - watch->tried_at >= RETRY_MS) {
		watch->due = now();
		watch->pause = PAUSE_FIRST_MS;
	}
}

bool kube_watch_is_live(const struct kube_watch *watch)
{
	return watch->live;
}

bool kube_watch_sees(struct kube_watch *watch, const char *key)
{
	pthread_mutex_lock(&watch->viewing);
	bool sees = watch->live && map_has(&watch->view.known, key);
	pthread_mutex_unlock(&watch->viewing);
	return sees;
}

struct kube_watch *kube_watch_new(const struct kube_watch_host *host, const char *kind)
{
	struct kube_watch *watch = mem_new(struct kube_watch);
	const char *slash = strrchr(kind, '/');
	cleanup_free char *group = mem_strndup(kind, slash ? (size_t)(slash - kind) : 0);

	watch->host = host;
	watch->name = mem_strdup(kind);
	kube_view_init(&watch->view, strcmp(group, "core") ? group : "", slash ? slash + 1 : kind);
	watch->view.changed = host->changed;
	watch->view.context = host->context;
	watch->due = now();
	watch->pause = PAUSE_FIRST_MS;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_mutex_init(&watch->viewing, NULL);
	return watch;
}

void kube_watch_free(struct kube_watch *watch)
{
	if (!watch)
		return;
	kube_connection_close(watch->host->client->connection, watch->stream);
	kube_view_done(&watch->view);
	kube_resource_done(&watch->resource);
	err_done(&watch->ending.err);
	pthread_mutex_destroy(&watch->lock);
	pthread_mutex_destroy(&watch->viewing);
	free(watch->trouble);
	free(watch->name);
	free(watch);
}
