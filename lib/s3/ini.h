/*
 * ini: a file of the AWS tools, read as they read it (Python's RawConfigParser): `key = value` or
 * `key: value`, keys in any case, `#` and `;` at the start of a line, lines that are indented go on
 * with the value before. Values are taken as they stand. Messages name the line and never quote it:
 * it may be a secret.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"

struct s3_ini {
	char *path;
	struct map sections; /* by "default", "profile backup" ...: struct map * of texts by key */
};

/* ERR_NOT_FOUND, ERR_DENIED, ERR_IO; ERR_INVALID with line. */
int s3_ini_read(const char *path, struct s3_ini *ret, struct err *err);

/* A value by section and key in lower case, or NULL. Borrowed. */
const char *s3_ini_get(const struct s3_ini *ini, const char *section, const char *key);

/* The lines of a value that is itself indented `key = value`, such as those of `s3 =`. NULL gives
 * none. */
void s3_ini_nested(const char *value, struct map *ret);

void s3_ini_done(struct s3_ini *ini);
#define cleanup_s3_ini __attribute__((cleanup(s3_ini_done)))
