#include <crypt.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/random.h"
#include "template/text.h"

/* password_hash, as Ansible does it with passlib, whose rounds these are. */
static const struct scheme {
	const char *name, *alias;
	const char *prefix;
	int64_t rounds; /* 0: it has none */
	int64_t silent; /* so many rounds are not written down */
	int64_t least, most;
	size_t salt, most_salt; /* characters */
} schemes[] = {
	{"sha512", "sha512_crypt", "$6$", 656000, 5000, 1000, 5000000, 16, 16},
	{"sha256", "sha256_crypt", "$5$", 535000, 5000, 1000, 5000000, 16, 16},
	{"md5", "md5_crypt", "$1$", 0, 0, 0, 0, 8, 8},
	{"blowfish", "bcrypt", "$2b$", 12, 0, 4, 16, 22, 22},
};

#define SCHEMES	     (sizeof(schemes) / sizeof(*schemes))
#define BCRYPT	     3
#define ROUNDS_STEPS 10 /* rounds that count as one step of the rendering */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./";

static const struct scheme *find_scheme(struct call *call, struct value *name)
{
	const char *text;
	size_t length;

	if (!template_call_text(call, name, "sha512", &text, &length))
		return NULL;
	for (size_t i = 0; i < SCHEMES; i++)
		if (!strcmp(schemes[i].name, text) || !strcmp(schemes[i].alias, text))
			return &schemes[i];
	template_call_fail(call, "password_hash knows md5, blowfish, sha256 and sha512, not '%s'",
			   text);
	return NULL;
}

/* Without one it is drawn like everything random: the same for an instance as long as the
 * expression stays. Caller frees; NULL after template_call_fail. */
static char *make_salt(struct call *call, size_t length)
{
	struct random random;
	struct buf salt = BUF_INIT;

	if (!template_random_init(call, NULL, "give it a salt", &random))
		return NULL;
	while (salt.len < length)
		buf_addch(&salt, letters[template_random_below(&random, sizeof(letters) - 1)]);
	return buf_steal(&salt);
}

/* A salt that was given. Caller frees; NULL after template_call_fail. */
static char *read_salt(struct call *call, const struct scheme *scheme, struct value *given)
{
	cleanup_value struct value *text = template_filter_string(given);
	size_t length = text->string.length;
	bool exact = scheme == &schemes[BCRYPT];

	if (strspn(text->string.text, letters) != length)
		template_call_fail(call, "a salt has letters, digits, '.' and '/' only");
	else if (length > scheme->most_salt || (exact && length < scheme->salt))
		template_call_fail(call, "a salt of %s has %s %zu characters, not %zu",
				   scheme->name, exact ? "exactly" : "at most", scheme->most_salt,
				   length);
	return call->eval->raised ? NULL : mem_strndup(text->string.text, length);
}

/* The last character of bcrypt's salt holds two bits: the others become zero, as passlib has it. */
static void repair_bcrypt(char *salt)
{
	static const char alphabet[] =
		"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char *last = &salt[schemes[BCRYPT].salt - 1];

	*last = alphabet[(size_t)(strchr(alphabet, *last) - alphabet) & 0x30];
}

static bool read_rounds(struct call *call, const struct scheme *scheme, struct value *given,
			int64_t *ret)
{
	if (!template_call_int(call, given, scheme->rounds, ret))
		return false;
	if (!scheme->rounds && given && given->kind != VALUE_NONE)
		return template_call_fail(call, "%s has no rounds", scheme->name);
	if (*ret < scheme->least || *ret > scheme->most)
		return template_call_fail(call, "%s takes %lld to %lld rounds here", scheme->name,
					  (long long)scheme->least, (long long)scheme->most);
	uint64_t steps = scheme == &schemes[BCRYPT] ? UINT64_C(64) << *ret : (uint64_t)*ret;
	return template_eval_step(call->eval, call->node, steps / ROUNDS_STEPS);
}

/* "$6$rounds=656000$salt": what crypt(3) wants to know. Caller frees; NULL: failed. */
static char *setting(struct call *call, const struct scheme *scheme, const char *salt,
		     int64_t rounds, struct value *ident)
{
	static const char *const idents[] = {"2a", "2b", "2y"};
	const char *version = "2b";
	size_t length;
	bool known = false;

	if (scheme != &schemes[BCRYPT]) {
		if (!scheme->rounds || rounds == scheme->silent)
			return mem_printf("%s%s", scheme->prefix, salt);
		return mem_printf("%srounds=%lld$%s", scheme->prefix, (long long)rounds, salt);
	}
	if (!template_call_text(call, ident, "2b", &version, &length))
		return NULL;
	for (size_t i = 0; i < 3; i++)
		known = known || !strcmp(idents[i], version);
	if (!known)
		return (void *)template_call_fail(
			call, "blowfish has the idents 2a, 2b and 2y, not '%s'", version);
	return mem_printf("$%s$%02lld$%s", version, (long long)rounds, salt);
}

static struct value *do_password_hash(struct call *call, struct value **a)
{
	const struct scheme *scheme = find_scheme(call, a[1]);
	const char *password;
	int64_t rounds, size;
	size_t length;

	if (!scheme || !template_call_text(call, a[0], NULL, &password, &length) ||
	    !read_rounds(call, scheme, a[4], &rounds) ||
	    !template_call_int(call, a[3], (int64_t)scheme->salt, &size))
		return NULL;
	if (strlen(password) != length || length > CRYPT_MAX_PASSPHRASE_SIZE)
		return template_call_fail(call, "this cannot be a password: it is too long, or "
						"holds a NUL");
	if (size < 1 || size > (int64_t)scheme->most_salt)
		return template_call_fail(call, "a salt of %s has 1 to %zu characters",
					  scheme->name, scheme->most_salt);
	bool given = a[2] && value_true(a[2]);
	cleanup_free char *salt =
		given ? read_salt(call, scheme, a[2]) : make_salt(call, (size_t)size);
	if (salt && scheme == &schemes[BCRYPT])
		repair_bcrypt(salt);
	cleanup_free char *how = salt ? setting(call, scheme, salt, rounds, a[5]) : NULL;
	if (!how)
		return NULL;
	cleanup_free struct crypt_data *data = mem_new(struct crypt_data);
	const char *hash = crypt_r(password, how, data);
	return hash && *hash != '*'
		       ? value_text_of(hash)
		       : template_call_fail(call, "the C library knows no %s", scheme->name);
}

static const struct builtin entries[] = {
	{"password_hash", do_password_hash, "password hashtype salt salt_size rounds ident", 1, 0},
};

const struct filter_table template_filter_crypt_table = {entries, 1};
