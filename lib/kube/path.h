/* kube/path: pieces of request URLs, percent-encoded as RFC 3986 wants them. */
#pragma once

#include "base/buf.h"

/* "/" and a segment. Names of objects may hold ":" (RBAC), which stays. */
void kube_path_add(struct buf *path, const char *segment);

/* "?key=value", or "&key=value" when there is a query already. */
void kube_path_query(struct buf *path, const char *key, const char *value);
