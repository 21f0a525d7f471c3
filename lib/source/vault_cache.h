/*
 * source/vault_cache: what vault texts held when they were opened before.
 *
 * Trying a password costs milliseconds for each text; a daemon that reads the same files again need
 * not pay again. Entries are found by text and password together, so that nothing is opened without
 * the password, and those that a reading did not ask for are forgotten at its end.
 */
#pragma once

#include "source/vault.h"

struct source_vault_cache;

struct source_vault_cache *source_vault_cache_new(void);
void source_vault_cache_free(struct source_vault_cache *cache); /* wipes; NULL is fine */

/* source_vault_parse and source_vault_open; cache may be NULL. Any thread. */
int source_vault_cache_open(struct source_vault_cache *cache, const char *text, size_t length,
			    const char *file, int line,
			    const struct source_vault_passwords *passwords, struct buf *ret,
			    struct err *err);

/* A reading has ended. */
void source_vault_cache_sweep(struct source_vault_cache *cache);
