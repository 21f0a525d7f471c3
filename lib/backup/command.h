/* backup/command: a program that is run for a backup: a hook, or one that dumps a database. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/err.h"

/* Runs argv (an array of texts; argv[0] is looked up in PATH) with stdin empty and stdout going to
 * `fd` (-1: nowhere), and waits for its end. ERR_IO with the last line of its stderr when it ends
 * otherwise than with 0, ERR_TIMEOUT; it and what it started are killed then. */
int backup_command_run(const json_t *argv, int fd, struct deadline *deadline, struct err *err);

/* "pg_dump -Fc blog": for messages. Caller frees. */
char *backup_command_text(const json_t *argv);
