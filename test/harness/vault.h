/* vault: text as ansible-vault encrypts it, for tests of whoever reads it. */
#pragma once

/* label NULL: format 1.1, which names none. The salt is always the same. Caller frees. */
char *vault_encrypt(const char *text, const char *password, const char *label);

/* The same as the value of a YAML key: "!vault |" and indented lines. Caller frees. */
char *vault_inline(const char *text, const char *password);
