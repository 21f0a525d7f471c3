/*
 * change: what decides otherwise than the files: rollback, undo, purge, adopt.
 *
 * Each is a request, a JSON object with the verb's arguments. Here it becomes something that the
 * ledger remembers and a request for passes, which do the rest; the same for the daemon and for a
 * verb without one.
 */
#pragma once

#include <jansson.h>

#include "base/event.h"
#include "loaded.h"
#include "pass.h"
#include "site.h"

struct change {
	const struct site *site;
	const struct loaded *loaded;
	struct link *link; /* NULL: the API server was not met yet */
	struct event_sink *sink;
	const json_t *body; /* "app", "revision" ... */
	const char *who;
};

/* Fills the request for passes (its app may stay NULL: all). *ret_answer is what the verb shows:
 * its "messages" are lines for people; with "done": true no pass is needed. New reference. */
typedef int change_prepare(const struct change *change, struct pass_request *ret_request,
			   json_t **ret_answer, struct err *err);

/* By the verb's name; NULL. Static. */
change_prepare *change_find(const char *verb);

/* The one app that is meant: a name, or the folder of a single instance. ERR_NOT_FOUND with the
 * nearest name, ERR_INVALID with the instances when there are several. Caller frees. */
int change_app(const struct change *change, const char *name, char **ret, struct err *err);

/* change_adopt.c */
int change_adopt(const struct change *change, struct pass_request *ret_request, json_t **ret_answer,
		 struct err *err);
/* Lines for people, as JSON. */
json_t *change_lines(const struct list *lines);

/* An answer with one line for people. */
json_t *change_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));
