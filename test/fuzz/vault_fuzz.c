/* vault: any text as one that ansible-vault encrypted. What can be read spells the same envelope
 * when it is written again, and opening it with a wrong password says so. */
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "source/vault.h"

static void add_field(const struct buf *field, struct buf *out)
{
	for (size_t i = 0; i < field->len; i++)
		buf_printf(out, "%02x", (unsigned char)field->data[i]);
}

/* As ansible-vault writes it, in one line. */
static char *spell(const struct source_vault_envelope *envelope)
{
	cleanup_buf struct buf inner = BUF_INIT;
	struct buf text = BUF_INIT;

	add_field(&envelope->salt, &inner);
	buf_addch(&inner, '\n');
	add_field(&envelope->hmac, &inner);
	buf_addch(&inner, '\n');
	add_field(&envelope->ciphertext, &inner);
	buf_printf(&text, "$ANSIBLE_VAULT;1.2;AES256;%s\n", envelope->label);
	add_field(&inner, &text);
	return buf_steal(&text);
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && !memcmp(buf_str(a), buf_str(b), a->len);
}

static void expect_round_trip(const struct source_vault_envelope *envelope)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = spell(envelope);
	struct source_vault_envelope again;

	fuzz_expect(source_vault_parse(text, strlen(text), "again", 1, &again, &err) == 0, "%s: %s",
		    err.message, text);
	fuzz_expect(!strcmp(envelope->label, again.label), "%s", text);
	fuzz_expect(same(&envelope->salt, &again.salt) && same(&envelope->hmac, &again.hmac) &&
			    same(&envelope->ciphertext, &again.ciphertext),
		    "%s", text);
	source_vault_envelope_done(&again);
}

static void open_it(const struct source_vault_envelope *envelope)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf plain = BUF_INIT;
	struct source_vault_passwords passwords = {0};

	source_vault_passwords_add(&passwords, "default", "testpw", strlen("testpw"));
	int r = source_vault_open(envelope, &passwords, &plain, &err);
	fuzz_expect(r == 0 || r == -ERR_DENIED || r == -ERR_INVALID, "%d: %s", r, err.message);
	source_vault_passwords_done(&passwords);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct fuzz_source source = {"vars.yaml", (const char *)bytes, length,
					   FUZZ_BREAKS_JSON};
	cleanup_err struct err err = ERR_INIT;
	struct source_vault_envelope envelope;

	if (source_vault_parse(source.text, length, source.name, 1, &envelope, &err) < 0) {
		fuzz_expect_told(&source, &err);
		return 0;
	}
	fuzz_expect(source_vault_is(source.text, length), "it was read");
	expect_round_trip(&envelope);
	open_it(&envelope);
	source_vault_envelope_done(&envelope);
	return 0;
}
