/*
 * backup/target: where the backups of this node are, and the name that it has there, from `backup:`
 * of desired.yaml.
 *
 * The name is what the settings say, else the one that a bootstrap kept (a machine that took the
 * place of another goes on under its name), else the host's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "s3/store.h"

/* Opens the target, or `url` in its place; asks it nothing. ERR_NOT_FOUND when neither is there,
 * with what to write into `config` (a file's name). settings may be NULL. */
int backup_target_open(const json_t *settings, const char *url, const char *config,
		       struct http *http, struct s3_store **ret, struct err *err);

/* The name of this node. ret_chosen (may be NULL): somebody gave it, it is not just the host's.
 * Caller frees. */
char *backup_target_node(const json_t *settings, const char *state_dir, bool *ret_chosen);

/* Keeps a name in the state directory, for backup_target_node(). */
int backup_target_keep_node(const char *state_dir, const char *node, struct err *err);
