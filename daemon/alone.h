/* alone: an apply without a daemon, under the state lock: the same rounds and jobs, until the first
 * outcome of every app. SIGINT and SIGTERM end its waits. */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "options.h"

/* `found` is told the findings of the files before anything is done. ret_result is as
 * pass_round_result() has it. New references. ERR_BUSY when somebody has the lock; ERR_INVALID when
 * nothing of the files can be taken up. */
int alone_apply(const struct options *options, void (*found)(const json_t *findings),
		json_t **ret_findings, json_t **ret_result, struct err *err);
