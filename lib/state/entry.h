/* state/entry: how entries and apps of the ledger are written; inside lib/state only. */
#pragma once

#include <jansson.h>

#include "state/ledger.h"

json_t *state_entry_to_json(const struct state_entry *entry); /* new reference */
/* NULL when key or tree are none of ours. */
struct state_entry *state_entry_from_json(const char *key, const json_t *tree);

json_t *state_app_to_json(const struct state_app *app); /* new reference */
struct state_app *state_app_from_json(const char *name, const json_t *tree);
struct state_app *state_app_copy(const struct state_app *app);
