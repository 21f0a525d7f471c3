/*
 * apiserver: a small API server in memory, for tests of what writes.
 *
 * Objects live under their paths ("/api/v1/namespaces/default/pods/a"). It answers GET, apply
 * (PATCH makes or replaces, with a new UID for what is new), merge patches, POST, DELETE with its
 *preconditions, JSON patches that replace managedFields, lists of pods, and the lists that a test
 *gives. A test puts objects in, says what goes wrong, and reads the log: what was asked, in order,
 *without the query: "DELETE /apis/apps/v1/...".
 *
 *	struct apiserver *api = apiserver_start();
 *	apiserver_put(api, "/apis/apps/v1/namespaces/default/deployments/web", body_stolen);
 *	... api->client ...
 *	apiserver_stop(api);
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/list.h"
#include "kube/client.h"

struct apiserver {
	struct server *server;
	struct http *http;
	struct kube_client *client;
	json_t *objects; /* path -> object */
	json_t *lists; /* path -> [path of an object]: what a list of all has, whatever is there */
	struct list log;  /* lines, but those about Events */
	json_t *events;	  /* an array of what was posted as Events */
	json_t *last;	  /* the body of the last write */
	int version, uid; /* the last ones given */

	/* Asked before each answer, if set: may change objects, or look at the disk. */
	void (*watch)(void *context, const char *line);
	void *context;
	char *refused;	   /* a line that is answered with status and message below; or NULL */
	int refused_times; /* how often; -1: always */
	int refused_status;
	const char *refused_message;
};

struct apiserver *apiserver_start(void);
void apiserver_stop(struct apiserver *api);

/* Puts an object in, with a UID and a resourceVersion unless it has them. Takes body over. */
void apiserver_put(struct apiserver *api, const char *path, json_t *body_stolen);
/* A plain text, as a pod's log is. */
void apiserver_put_text(struct apiserver *api, const char *path, const char *text);
void apiserver_remove(struct apiserver *api, const char *path);
/* From now on a list at `path` ("/api/v1/configmaps") also has that object. */
void apiserver_list(struct apiserver *api, const char *path, const char *object_path);
/* Borrowed; NULL. */
json_t *apiserver_get(const struct apiserver *api, const char *path);

void apiserver_refuse(struct apiserver *api, const char *line, int times, int status,
		      const char *message);

/* Where a line stands in the log (from 0), or -1; and how often. */
int apiserver_find(const struct apiserver *api, const char *line);
int apiserver_count(const struct apiserver *api, const char *line);
