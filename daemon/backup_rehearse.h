/* backup_rehearse: `desired backup rehearse [SET]`: a restore that nobody needs yet. */
#pragma once

#include "command.h"
#include "store.h"

enum command_exit backup_rehearse_run(struct store *store, const struct options *options);
