/*
 * backup/keys: who may read what is backed up, from `backup:` of desired.yaml.
 *
 *	encrypt: [age1..., age1...]	everything is encrypted for each of them (age/age.h)
 *	encrypt: none			nothing is
 *	identity: FILE			where secret keys are, on a node that shall be able to read
 *its own
 *
 * A node needs no secret key: who takes it over cannot read its older backups. Who restores gives
 * one: --identity, else the credential `backup-identity` of systemd, else /etc/credstore's, else
 * `identity`.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "age/age.h"
#include "base/list.h"

/* ERR_INVALID when nothing is said: the unit with the configuration, the state and the tokens must
 * not leave the node by mistake. settings may be NULL. */
int backup_keys_recipients(const json_t *settings, struct age_recipients *ret, struct err *err);

/* None is no error: what is not encrypted needs none. path: of --identity; or NULL. */
int backup_keys_identities(const json_t *settings, const char *path, struct age_identities *ret,
			   struct err *err);

/* "age1..." of each, sorted. */
void backup_keys_names(const struct age_recipients *recipients, struct list *ret);

/* True when one of the identities belongs to one of these recipients. */
bool backup_keys_fit(const struct age_identities *identities, const struct list *recipients);
