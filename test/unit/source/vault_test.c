#include "source/vault.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/vault.h"

/* Written by ansible-vault of ansible-core 2.19.14 with the password "testpw". */
static const char by_ansible[] =
	"$ANSIBLE_VAULT;1.1;AES256\n"
	"63613336373333393238306332663436613634646633623837646661386266343832346231353766\n"
	"3066323236636433663661316635656430353136333234340a303633633134383133346463626666\n"
	"34646166316131636233373738353638373639663038316666336230376366306634383163626536\n"
	"3763653166326431620a643865623633333330363464626263643061356264623831316431636539\n"
	"6163\n";

/* The same with the password "labpw" and the label "prod". */
static const char by_ansible_prod[] =
	"$ANSIBLE_VAULT;1.2;AES256;prod\n"
	"30333463306235636163313762346661363732336263353666343536333739343763363462346566\n"
	"3230616630383262383233336239656538313266653138310a393261303662396231666437303065\n"
	"63633934303836313733623335643237613237343532303937376439396138363531666165323362\n"
	"6561373530303063630a326466643239396162323430613361623739353434613664653562323464\n"
	"3539\n";

static int open_with(const char *text, const struct source_vault_passwords *passwords,
		     struct buf *ret, struct err *err)
{
	struct source_vault_envelope envelope;
	int r = source_vault_parse(text, strlen(text), "vars.yaml", 1, &envelope, err);

	if (r < 0)
		return r;
	r = source_vault_open(&envelope, passwords, ret, err);
	source_vault_envelope_done(&envelope);
	return r;
}

static int open_one(const char *text, const char *password, struct buf *ret, struct err *err)
{
	struct source_vault_passwords passwords = {0};

	source_vault_passwords_add(&passwords, "default", password, strlen(password));
	int r = open_with(text, &passwords, ret, err);
	source_vault_passwords_done(&passwords);
	return r;
}

START_TEST(test_source_vault__opens_what_ansible_wrote)
{
	cleanup_buf struct buf one = BUF_INIT, two = BUF_INIT;
	struct err err = ERR_INIT;

	ck_assert(source_vault_is(by_ansible, strlen(by_ansible)));
	must(open_one(by_ansible, "testpw", &one, &err), &err);
	ck_assert_str_eq(buf_str(&one), "correct horse");
	must(open_one(by_ansible_prod, "labpw", &two, &err), &err);
	ck_assert_str_eq(buf_str(&two), "with a label\n");
}
END_TEST

START_TEST(test_source_vault__reads_lines_as_ansible_does)
{
	cleanup_buf struct buf text = BUF_INIT, plain = BUF_INIT;
	struct err err = ERR_INIT;

	buf_addstr(&text, "\n  ");
	for (const char *c = by_ansible; *c; c++) {
		if (*c == '\n')
			buf_addstr(&text, " \r");
		buf_addch(&text, *c);
	}
	must(open_one(buf_str(&text), "testpw", &plain, &err), &err);
	ck_assert_str_eq(buf_str(&plain), "correct horse");
}
END_TEST

START_TEST(test_source_vault__plain_text_is_none)
{
	ck_assert(!source_vault_is("", 0));
	ck_assert(!source_vault_is("$ANSIBLE_VAUL", 13));
	ck_assert(!source_vault_is("a: $ANSIBLE_VAULT", 17));
}
END_TEST

START_TEST(test_source_vault__any_password_may_fit)
{
	struct source_vault_passwords passwords = {0};
	cleanup_buf struct buf plain = BUF_INIT;
	struct err err = ERR_INIT;

	source_vault_passwords_add(&passwords, "prod", "wrong", 5);
	source_vault_passwords_add(&passwords, "dev", "labpw", 5);
	must(open_with(by_ansible_prod, &passwords, &plain, &err), &err);
	ck_assert_str_eq(buf_str(&plain), "with a label\n");
	source_vault_passwords_done(&passwords);
}
END_TEST

START_TEST(test_source_vault__what_is_wrong_is_told_apart)
{
	struct source_vault_passwords none = {0}, two = {0};
	cleanup_buf struct buf plain = BUF_INIT;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(open_with(by_ansible, &none, &plain, &err), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "encrypted by ansible-vault, and there is no password");
	ck_assert_int_eq(open_one(by_ansible, "testpW", &plain, &err), -ERR_DENIED);
	ck_assert_str_eq(err.message, "the vault password does not fit this text");
	source_vault_passwords_add(&two, "a", "x", 1);
	source_vault_passwords_add(&two, "b", "y", 1);
	ck_assert_int_eq(open_with(by_ansible_prod, &two, &plain, &err), -ERR_DENIED);
	ck_assert_str_eq(err.message, "none of the 2 vault passwords fits this text (its label is "
				      "'prod')");
	source_vault_passwords_done(&two);
}
END_TEST

static const struct {
	const char *text, *message;
	int line;
} broken[] = {
	{"$ANSIBLE_VAULT", "the header of an ansible-vault text is damaged", 7},
	{"$ANSIBLE_VAULT;1.1\n61", "the header of an ansible-vault text is damaged", 7},
	{"$ANSIBLE_VAULTS;1.1;AES256\n61", "the header of an ansible-vault text is damaged", 7},
	{"$ANSIBLE_VAULT;1.0;AES256\n61", "ansible-vault format 1.0 is not known", 7},
	{"$ANSIBLE_VAULT;1.1;AES\n61", "ansible-vault cipher AES is not known", 7},
	{"$ANSIBLE_VAULT;1.1;AES256\n61\n6x\n", "damaged ansible-vault text: not a hexadecimal", 9},
	{"$ANSIBLE_VAULT;1.1;AES256\n61\n6\n", "damaged ansible-vault text: its end is missing",
	 10},
	{"$ANSIBLE_VAULT;1.1;AES256\n", "damaged ansible-vault text: its end is missing", 7},
	{"$ANSIBLE_VAULT;1.1;AES256\n616", "damaged ansible-vault text: its end is missing", 8},
	{"$ANSIBLE_VAULT;1.1;AES256\n2a2a", "damaged ansible-vault text: it is not of salt", 7},
};

START_TEST(test_source_vault__damage_has_a_place)
{
	cleanup_err struct err err = ERR_INIT;
	struct source_vault_envelope envelope;

	ck_assert_int_eq(source_vault_parse(broken[_i].text, strlen(broken[_i].text), "v.yaml", 7,
					    &envelope, &err),
			 -ERR_INVALID);
	ck_assert_msg(!strncmp(err.message, broken[_i].message, strlen(broken[_i].message)), "%s",
		      err.message);
	ck_assert_str_eq(err.place.file, "v.yaml");
	ck_assert_int_eq(err.place.line, broken[_i].line);
}
END_TEST

/* Wherever it was cut off, and whichever digit was changed, it is noticed. */
START_TEST(test_source_vault__nothing_altered_is_opened)
{
	cleanup_free char *text = vault_encrypt("a secret", "pw", NULL);
	size_t length = strlen(text), header = strcspn(text, "\n") + 1;

	for (size_t i = header; i < length; i += 17) {
		cleanup_err struct err err = ERR_INIT;
		cleanup_buf struct buf plain = BUF_INIT;
		cleanup_free char *cut = mem_strndup(text, i), *changed = mem_strdup(text);
		ck_assert_int_lt(open_one(cut, "pw", &plain, &err), 0);
		if (changed[i] == '\n')
			continue;
		changed[i] = changed[i] == '3' ? '2' : '3';
		ck_assert_int_lt(open_one(changed, "pw", &plain, &err), 0);
	}
}
END_TEST

START_TEST(test_source_vault__every_length_is_padded)
{
	char text[40] = "";

	for (size_t n = 0; n < sizeof(text) - 1; n += 3) {
		struct err err = ERR_INIT;
		cleanup_buf struct buf plain = BUF_INIT;
		memset(text, 'x', n);
		cleanup_free char *encrypted = vault_encrypt(text, "pw", "prod");
		must(open_one(encrypted, "pw", &plain, &err), &err);
		ck_assert_str_eq(buf_str(&plain), text);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/vault");
	TCase *tests = tcase_create("vault");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_source_vault__opens_what_ansible_wrote);
	tcase_add_test(tests, test_source_vault__reads_lines_as_ansible_does);
	tcase_add_test(tests, test_source_vault__plain_text_is_none);
	tcase_add_test(tests, test_source_vault__any_password_may_fit);
	tcase_add_test(tests, test_source_vault__what_is_wrong_is_told_apart);
	tcase_add_loop_test(tests, test_source_vault__damage_has_a_place, 0,
			    (int)(sizeof(broken) / sizeof(*broken)));
	tcase_add_test(tests, test_source_vault__nothing_altered_is_opened);
	tcase_add_test(tests, test_source_vault__every_length_is_padded);
	suite_add_tcase(suite, tests);
	return suite;
}
