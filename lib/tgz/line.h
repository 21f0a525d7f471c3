/* line: the fields of a line of the index. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Appends a tab and the text, with \t \n \\ \xHH for what would break the line or is not UTF-8. */
void tgz_line_add_text(struct buf *line, const char *text);
void tgz_line_add_number(struct buf *line, uint64_t number);

/* Cuts the line into at most `max` fields, in place and unescaped; how many there are. */
int tgz_line_split(char *line, char **ret_fields, int max);

/* False when the field is no number. */
bool tgz_line_number(const char *field, int base, uint64_t *ret);

/* Compares paths as the walk sorts them: name by name, a directory before what is in it. */
int tgz_line_compare_paths(const char *a, const char *b);

/* Whether path is `above` or below it. */
bool tgz_line_is_below(const char *path, const char *above);
