/*
 * control: the socket RUNTIME/control, HTTP with JSON, for root only (0600).
 *
 * libmicrohttpd parses, the loop polls its epoll descriptor. A call is answered now or later from
 * the loop's thread; meanwhile its connection sleeps, so that no client, however slow, holds up
 * anything.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mask.h"
#include "loop.h"

struct control;

/* One request; valid until it is answered. */
struct control_call;
const char *control_method(const struct control_call *call);
const char *control_path(const struct control_call *call);
const json_t *control_body(const struct control_call *call); /* NULL: none */
const char *control_who(const struct control_call *call);    /* "root": by the socket's peer */

/* Answers; exactly once for each call, on the loop's thread. The JSON is taken over. */
void control_answer(struct control_call *call, int status, json_t *json_stolen);
/* Answers with a text of another type; masked, too. */
void control_answer_text(struct control_call *call, const char *type, const char *text);
/* Answers with {"error": {code, message, hint}}. */
void control_fail(struct control_call *call, int status, const struct err *err);
/* Answers with lines: `read` returns one (which control frees), or NULL when there is none yet or
 * (*ret_end) none any more; control_wake() has it asked again. */
void control_stream(struct control_call *call,
		    char *(*read)(void *context, int number, size_t *position, bool *ret_end),
		    void *context, int number);
void control_wake(struct control *control);

/* Opens the socket (its folder is made, 0755; a stale socket is removed). `handle` is called on the
 * loop's thread and must answer the call, then or later. Answers are masked; mask may be NULL. */
int control_open(struct loop *loop, const char *path, struct mask *mask,
		 void (*handle)(void *context, struct control_call *call), void *context,
		 struct control **ret, struct err *err);

/* The same at "127.0.0.1:9477" or "[::1]:9477", for whoever can reach it: `handle` gives out
 * nothing that not everybody may see. */
int control_open_tcp(struct loop *loop, const char *address, struct mask *mask,
		     void (*handle)(void *context, struct control_call *call), void *context,
		     struct control **ret, struct err *err);

/* Answers what is open with 503, removes the socket. */
void control_close(struct control *control);
