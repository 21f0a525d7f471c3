/*
 * kube/connection: HTTP to whatever API server of the kubeconfig answers.
 *
 * Glossary
 *	access	 one reading of the kubeconfig and the peers made from it; requests and streams that
 *		 began with it keep it alive, new ones get the newest
 *	endpoint one server of it; the one in use stays in use until it gives no answer
 *
 * The kubeconfig is read again as soon as its file (or one it names) was replaced, and what was
 * answered with 401 meanwhile is asked once more. Safe for use by many threads.
 */
#pragma once

#include <stddef.h>

#include "base/deadline.h"
#include "base/err.h"
#include "http/http.h"

struct kube_connection;
struct kube_stream;

/* Reads the kubeconfig; makes no request. Errors of kube_kubeconfig_read(). */
int kube_connection_new(struct http *http, const char *kubeconfig, struct kube_connection **ret,
			struct err *err);
/* All streams must be closed before. */
void kube_connection_free(struct kube_connection *connection);

/* As http_batch(): 0 when every request got an answer, whatever it says. */
int kube_connection_batch(struct kube_connection *connection, const struct http_request *requests,
			  struct http_response *responses, size_t count,
			  const struct deadline *deadline, struct err *err);
int kube_connection_call(struct kube_connection *connection, const struct http_request *request,
			 struct http_response *ret, const struct deadline *deadline,
			 struct err *err);

/* As http_stream_open(), on the endpoint in use. */
int kube_connection_open(struct kube_connection *connection,
			 const struct http_stream_options *options, struct kube_stream **ret,
			 struct err *err);
/* NULL is fine. Not from the I/O thread. */
void kube_connection_close(struct kube_connection *connection, struct kube_stream *stream);

/* Calls for the endpoint in use, which stays as it is meanwhile: for what is neither a batch nor a
 * stream. Returns what it returns. */
int kube_connection_use(struct kube_connection *connection,
			int (*use)(void *context, struct http_peer *peer, struct err *err),
			void *context, struct err *err);

/* Changes whenever somebody else may answer from now on: the kubeconfig was read again, an endpoint
 * gave no answer, or kube_connection_doubt() was called (a stream was lost). What was learned in
 * another turn (the cluster's identity) is asked again. */
unsigned kube_connection_turn(const struct kube_connection *connection);
void kube_connection_doubt(struct kube_connection *connection);
/* URL of the endpoint in use; caller frees. */
char *kube_connection_server(struct kube_connection *connection);
/* Of our client certificate; see kube_certificate_days(). */
int kube_connection_certificate_days(struct kube_connection *connection, int *ret_days,
				     struct err *err);
/* Every try of a request since the start, without streams. */
unsigned long kube_connection_requests(const struct kube_connection *connection);
