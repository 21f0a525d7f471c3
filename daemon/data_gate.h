/*
 * data_gate: the gate of lib/backup for this process. What it restores, a process of its own does:
 * `desired backup fetch`.
 */
#pragma once

#include "backup/gate.h"
#include "site.h"

/* Borrows the site. Released with backup_gate_free(). */
struct backup_gate *data_gate_new(const struct site *site);
