/* alone: an apply without a daemon, under the state lock: the same rounds and jobs, until the first
 * outcome of every app. SIGINT and SIGTERM end its waits. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "change.h"
#include "options.h"

struct alone_options {
	const struct options *options;
	const char *purpose;		       /* "desired apply": who has the lock */
	void (*found)(const json_t *findings); /* told what is wrong with the files, before
						* anything is done */
	change_prepare *prepare;	       /* a change that comes first, also of files that
						* are broken as a whole; or NULL */
	const json_t *body;		       /* its request */
};

/* ret_result is as pass_round_result() has it, ret_answer the change's (NULL without one; with
 * "done" in it there is no result). New references. ERR_BUSY when somebody has the lock;
 * ERR_INVALID when nothing of the files can be taken up. */
int alone_run(const struct alone_options *alone, json_t **ret_findings, json_t **ret_answer,
	      json_t **ret_result, struct err *err);
