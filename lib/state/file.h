/*
 * state/file: the JSON files of the state directory.
 *
 * Each carries `schema: 1`, is written atomically with mode 0600, and is only trusted when it reads
 * back whole: a damaged or unknown one is moved aside, said, and treated as missing.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

#define STATE_SCHEMA 1

/* 0 and the tree, or 0 and NULL when there is no such file. 1, NULL and a warning in err when it
 * was damaged and has been moved aside. New reference. */
int state_file_read(const char *path, json_t **ret, struct err *err);

int state_file_write(const char *path, const json_t *tree, struct err *err);

/* Adds key: text unless text is NULL. */
void state_file_set_text(json_t *tree, const char *key, const char *text);
/* A copy of the text at key; NULL when there is none. */
char *state_file_get_text(const json_t *tree, const char *key);
