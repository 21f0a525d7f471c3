/*
 * tasks: applies that somebody waits for, and the lines they are told.
 *
 * An event sink in front of another: while a task is open, each event about its app is also kept as
 * a line of JSON for its reader, who may be slow, late or gone. The last line of a task is its
 * result. Bounded: a reader that is too slow loses lines, never the result. Thread safe.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/event.h"

struct tasks;

/* `news` is called, on any thread, when a reader has something to read. */
struct tasks *tasks_new(struct event_sink *behind, void (*news)(void *context), void *context);
struct event_sink *tasks_sink(struct tasks *tasks);

/* Opens one; `app` (name or folder) limits what it is told, NULL: all. Its number, from 1. */
int tasks_open(struct tasks *tasks, const char *app);
/* Closes it with a result (taken over). 0 is no task. */
void tasks_finish(struct tasks *tasks, int number, json_t *result_stolen);

/* The line at *position, which then moves on; NULL when there is none yet, or (ret_end) none any
 * more. Caller frees. An unknown number is at its end. */
char *tasks_read(struct tasks *tasks, int number, size_t *position, bool *ret_end);

/* Ends all readers: the daemon stops. */
void tasks_end(struct tasks *tasks);
void tasks_free(struct tasks *tasks);
