/* findings: what is wrong with the files, as JSON (answers, --output json) and back. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/diag.h"

json_t *findings_to_json(const struct diag_list *findings); /* new reference */
void findings_from_json(const json_t *list, struct diag_list *ret);

/* As `check` prints them. */
void findings_print(const struct diag_list *findings, struct buf *out);
/* Only what keeps an app from being taken up: for verbs that act. Advice is check's. */
void findings_print_errors(const struct diag_list *findings, struct buf *out);
