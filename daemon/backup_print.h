/* backup_print: sets as people read them. */
#pragma once

#include <jansson.h>

#include "backup/catalog.h"
#include "base/buf.h"

/* One line a set, newest first. */
void backup_print_list(const struct backup_catalog *catalog, const char *store, const char *node,
		       struct buf *out);
json_t *backup_list_to_json(const struct backup_catalog *catalog);
/* One set: unit by unit, with paths and notes. */
void backup_print_set(const struct backup_set *set, struct buf *out);

/* "4.1 GB". Caller frees. */
char *backup_size_text(uint64_t bytes);
/* What a set sent by itself. */
uint64_t backup_set_sent(const struct backup_set *set);
