/*
 * quiet: an event sink in front of another that says a lasting trouble once.
 *
 * Passes are repeated: a failing step would be told at each try. Here the same words about the same
 * object of the same app pass once, until the app is well again or quiet_forget() is called (a
 * reload: the user wants to hear it again). Thread safe.
 */
#pragma once

#include "base/event.h"

struct quiet;

struct quiet *quiet_new(struct event_sink *behind);
struct event_sink *quiet_sink(struct quiet *quiet);
void quiet_forget(struct quiet *quiet);
/* Why an app is not ready yet, as it was said last; NULL. Caller frees. */
char *quiet_waiting(struct quiet *quiet, const char *app);
void quiet_free(struct quiet *quiet);
