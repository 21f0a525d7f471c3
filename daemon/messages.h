/* messages: the MESSAGE_ID and the priority of each kind of event. systemd/desired.catalog explains
 * every id to `journalctl -x`; a test compares the two. */
#pragma once

#include <stdbool.h>

#include "base/event.h"

struct message {
	const char *id; /* 32 hex digits */
	int priority;	/* syslog(3) */
};

const struct message *message_of(enum event_kind kind);

/* True for what somebody should look at, also when nobody watches the progress. */
bool message_is_trouble(enum event_kind kind);
