/*
 * journal: events as journal entries, which are the user interface of the daemon.
 *
 * Fields besides MESSAGE, PRIORITY and MESSAGE_ID (messages.h): DESIRED_APP, DESIRED_INSTANCE,
 * DESIRED_KIND, DESIRED_NAMESPACE, DESIRED_NAME, DESIRED_STEP, DESIRED_REVISION. When stderr is not
 * the journal (a terminal, a container), the same lines go to stderr.
 */
#pragma once

#include "base/event.h"

/* Static; any thread. */
struct event_sink *journal_sink(void);
