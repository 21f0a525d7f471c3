/*
 * source/password: where the passwords of ansible-vault come from.
 *
 *	$CREDENTIALS_DIRECTORY/vault-password, vault-password.LABEL    what systemd loaded for us
 *	/etc/credstore/vault-password, vault-password.LABEL            where it found that; for
 *verbs that systemd did not start vault: {passwordFile: FILE, passwordFiles: {LABEL: FILE}}
 *desired.yaml
 *
 * A file must be ours alone: owned by root or by who runs this, and open to nobody else. White
 * space around a password does not count, as in Ansible.
 */
#pragma once

#include "source/settings.h"
#include "source/vault.h"

/* Fills ret with all that can be read. `err` says what could not, the first of it: ERR_NOT_FOUND
 * (nothing is named at all, or a file is missing), ERR_DENIED (not ours to read), ERR_INVALID (open
 * to others, empty, a program); 0 when all were read. */
int source_password_read(const struct source_settings *settings, struct source_vault_passwords *ret,
			 struct err *err);
