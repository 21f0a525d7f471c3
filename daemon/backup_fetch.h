/* backup_fetch: `desired backup fetch SET PATH`: one path of a set back to its place. What the gate
 * does for an app that is not there yet, in a process of its own: no app is held or stopped. */
#pragma once

#include "command.h"
#include "store.h"

enum command_exit backup_fetch(struct store *store, const struct options *options);
