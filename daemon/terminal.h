/*
 * terminal: what people read of a verb.
 *
 * Results go to stdout, errors and progress to stderr. Colour and progress only where a person
 * looks: on a terminal, and no colour when NO_COLOR is set.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/event.h"
#include "command.h"

bool terminal_colour(void);   /* stdout may have colour */
bool terminal_progress(void); /* somebody watches stderr */

void terminal_print(const char *text);
void terminal_print_json(const json_t *tree);

/* "desired: MESSAGE" and what to do about it, on stderr. */
void terminal_error(const struct err *err);
/* The exit code that says what kind of error it was. */
enum command_exit terminal_fail(const struct err *err);

/* Prints events as the journal has them, one line each, on stderr. Any thread. */
struct event_sink *terminal_sink(void);

/* One event as a line: "ghost: Deployment default/ghost created". Caller frees. */
char *terminal_event_line(const char *app, const char *message);
