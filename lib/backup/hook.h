/*
 * backup/hook: what an app's `backup:` has run: hooks before and after, and programs that dump a
 * database, here or in a pod.
 *
 *	before, after, onFailure: [[cmd, arg], {command: [cmd, arg], timeout: 2min}]
 *	dumps:
 *	- {name: blog.sql, command: [mysqldump, ...], timeout: 1h}
 *	- {name: pg.sql, exec: {selector: {app: db} | pod: NAME, namespace, container, command:
 *[..]}}
 */
#pragma once

#include <jansson.h>

#include "base/deadline.h"
#include "kube/client.h"

struct backup_hook_options {
	const json_t *backup;	    /* the app's block; may be NULL */
	struct kube_client *client; /* NULL: there is none for exec */
	const char *ns;		    /* of the app: where its pods are unless it is said */
	const struct deadline *deadline;
};

/* All of `key` ("before", "after", "onFailure"), in order; the first that fails ends it. `after`
 * and `onFailure` put things right: no cancel ends them. */
int backup_hook_run(const struct backup_hook_options *options, const char *key, struct err *err);

/* What one dump prints goes to fd. ERR_* when it ends otherwise than with 0, prints nothing, or
 * takes too long; of an exec also when nobody says how it ended. */
int backup_hook_dump(const struct backup_hook_options *options, const json_t *dump, int fd,
		     struct err *err);
