/* requests: what the files that serve the control socket's calls share; not for others. */
#pragma once

#include <stdbool.h>

#include "daemon.h"

#define REQUESTS_OK 200

/* Answers with the error and the HTTP status that goes with its code. */
void requests_fail(struct control_call *call, const struct err *err);

/* Serves the call when it is one of change.h; false: it is none. */
bool requests_change(struct daemon *daemon, struct control_call *call);

/* The daemon's own status (status.h); new reference. files_changed as follow_changed() has it. Any
 * thread. */
json_t *requests_status(struct daemon *daemon, size_t files_changed);

/* GET /metrics, at the address of `metrics:`; context is a struct daemon. */
void requests_metrics(void *context, struct control_call *call);
/* The same for GET /v1/metrics at the control socket. */
void requests_answer_metrics(struct daemon *daemon, struct control_call *call);
