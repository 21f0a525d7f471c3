/*
 * remote: the verbs' side of the control socket.
 *
 * A verb that acts goes through the daemon when one serves the same --dir and --state, and acts
 * alone otherwise.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "options.h"

struct remote;

/* 1 and a remote when a daemon serves this directory and state; 0 when none does. An error when one
 * is there and does not answer, or may not be asked. */
int remote_open(const struct options *options, struct remote **ret, struct err *err);

/* What the daemon said of itself when it was opened: GET /v1/status. Borrowed. */
const json_t *remote_status(const struct remote *remote);

/* One call; body may be NULL, and gets the "who". An answer that is an error comes back as err. New
 * reference. */
int remote_call(struct remote *remote, const char *method, const char *path, json_t *body,
		int64_t timeout_ms, json_t **ret_answer, struct err *err);

/* Reads lines of JSON until the answer ends, calling `line` for each on another thread. */
int remote_follow(struct remote *remote, const char *path,
		  void (*line)(void *context, const json_t *tree), void *context, struct err *err);

void remote_free(struct remote *remote);
void remote_cleanup(struct remote **remote);
#define cleanup_remote __attribute__((cleanup(remote_cleanup)))
