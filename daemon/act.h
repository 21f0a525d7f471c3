/*
 * act: verbs whose work is done by passes: apply, and the changes of change.h. Through the daemon
 * when one serves these files, else alone; either way until the first outcome of every app, which
 * is printed.
 */
#pragma once

#include <jansson.h>

#include "change.h"
#include "command.h"

struct act {
	const struct options *options;
	const char *path;	 /* of the daemon's call: "/v1/apply" */
	json_t *body;		 /* what is asked for */
	change_prepare *prepare; /* the change, for when no daemon runs; NULL: an apply of the
				  * files */
	const json_t *beside;	 /* what the verb found out by itself: its "messages" are told
				  * first, the rest is in its JSON; NULL */
};

enum command_exit act_run(const struct act *act);

/* For bodies. New reference. */
json_t *act_texts(const struct list *list);
