/* requests: what the files that serve the control socket's calls share; not for others. */
#pragma once

#include <stdbool.h>

#include "daemon.h"

#define REQUESTS_OK 200

/* Answers with the error and the HTTP status that goes with its code. */
void requests_fail(struct control_call *call, const struct err *err);

/* Serves the call when it is one of change.h; false: it is none. */
bool requests_change(struct daemon *daemon, struct control_call *call);
