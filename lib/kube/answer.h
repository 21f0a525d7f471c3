/*
 * kube/answer: what an answer of the API server means.
 *
 * Status codes alone lie (performance.md section 7): a typo is a 500, a namespace on its way out a
 * 403, and a 409 has three meanings. Here the Status document is read, and the error says what to
 * do now, naming the object.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "http/http.h"

/* 0 for 2xx. Else the error; `what` ("Deployment default/ghost", "discovery") begins its message.
 * `body` is what was sent, or NULL: it helps to write the field's path as tree/path.h reads it,
 * and values are left out of messages about a Secret. ret_field (may be NULL) gets that path of
 * ERR_INVALID, or NULL; caller frees. */
int kube_answer_check(const struct http_response *response, const char *what, const json_t *body,
		      char **ret_field, struct err *err);

/* The same, and the JSON of a 2xx: a body that is cut off is ERR_UNREACHABLE, whatever the status
 * says. New reference. */
int kube_answer_json(const struct http_response *response, const char *what, const json_t *body,
		     char **ret_field, json_t **ret, struct err *err);

/* A 404 about the kind's path, not about one object or its namespace. */
bool kube_answer_no_kind(const struct http_response *response);

/* A 403 because the namespace is being deleted. */
bool kube_answer_namespace_ends(const struct http_response *response);
