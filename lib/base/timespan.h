/* timespan: durations as systemd.time(7) writes them, and times as people and RFC 3339 do. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

/* "5min", "1h 30min", "90" (seconds), "250ms" into milliseconds. ERR_INVALID. */
int timespan_parse(const char *text, int64_t *ret_milliseconds, struct err *err);

/* "250 ms", "3.8 s", "41 s", "5 min", "2 h": as the journal says it. Caller frees. */
char *timespan_text(int64_t milliseconds);

/* "2026-11-22T15:45:41Z"; caller frees. */
char *timespan_rfc3339(time_t when);
/* The same back; -1 when it is not one. */
time_t timespan_parse_rfc3339(const char *text);
