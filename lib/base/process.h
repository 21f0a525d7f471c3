/* process: runs a command of the user and waits for it. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"

struct process_result {
	int status;	   /* its exit code; 128 + the signal that ended it */
	struct buf output; /* what it printed */
	struct buf errors; /* the first 4 KiB of what it wrote to standard error */
};

void process_result_done(struct process_result *result);
#define cleanup_process __attribute__((cleanup(process_result_done)))

/* Runs argv (NULL-terminated; looked up in PATH) without a shell and without input, in a process
 * group of its own, which is killed as a whole when the deadline passes or cancel is raised. A
 * status other than 0 is no error here. ERR_NOT_FOUND and ERR_DENIED (the command), ERR_TIMEOUT,
 * ERR_CANCELED, ERR_INVALID (more than `limit` bytes of output). Messages name argv[0] only:
 * arguments may be secret. */
int process_run(const char *const *argv, size_t limit, const struct deadline *deadline,
		struct process_result *ret, struct err *err);
