/* manifest/selector: which pods a workload calls its own. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The selector of a workload as the API takes it in a query, "app=web,tier in (a,b)": matchLabels
 * and matchExpressions, or the plain labels of a ReplicationController. NULL when it selects
 * nothing. Caller frees. */
char *manifest_selector_text(const json_t *workload);

/* Whether it selects pods with these labels (NULL: none). */
bool manifest_selector_matches(const json_t *workload, const json_t *labels);
