#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/mem.h"
#include "template/filter.h"
#include "template/ast.h"
#include "template/date.h"
#include "template/number.h"
#include "template/text.h"
#include "template/trouble.h"

/* Only what is merely undefined is forgiven, not what failed (ansible-core 2.19). */
static struct value *do_default(struct call *call, struct value **a)
{
	const struct trouble *trouble = a[0]->kind == VALUE_UNDEFINED ? a[0]->trouble : NULL;
	bool yes;

	if (a[2] && a[2]->kind != VALUE_BOOL)
		return template_call_fail(call,
					  "the second argument of default must be true or false");
	if (trouble && !trouble->error && !trouble->lenient)
		return a[1] ? value_keep(a[1]) : value_string("", 0);
	if (template_call_truth(a[2], false)) {
		if (template_eval_truth(call->eval, a[0], &yes) < 0)
			return NULL;
		if (!yes)
			return a[1] ? value_keep(a[1]) : value_string("", 0);
	}
	return value_keep(a[0]);
}

static struct value *do_mandatory(struct call *call, struct value **a)
{
	const struct trouble *trouble = a[0]->kind == VALUE_UNDEFINED ? a[0]->trouble : NULL;

	if (!trouble || trouble->error || trouble->lenient)
		return value_keep(a[0]);
	if (a[1] && a[1]->kind == VALUE_STRING)
		return template_call_fail(call, "%s", a[1]->string.text);
	if (trouble->name && trouble->name->kind == VALUE_STRING)
		return template_call_fail(call, "mandatory variable '%s' is not defined",
					  trouble->name->string.text);
	return template_call_fail(call, "a mandatory variable is not defined");
}

static struct value *do_ternary(struct call *call, struct value **a)
{
	bool yes;

	if (a[0]->kind == VALUE_NONE && a[3] && a[3]->kind != VALUE_NONE)
		return value_keep(a[3]);
	if (template_eval_truth(call->eval, a[0], &yes) < 0)
		return NULL;
	return value_keep(a[yes ? 1 : 2]);
}

/* Rule R12: yes, on, true and 1 in any case; everything else is false. */
static struct value *do_bool(struct call *call, struct value **a)
{
	static const char *const words[] = {"yes", "on", "true", "1"};
	cleanup_value struct value *word = NULL, *text = NULL;

	(void)call;
	if (a[0]->kind == VALUE_FLOAT)
		return value_bool(a[0]->real == 1);
	if (a[0]->kind != VALUE_STRING && !value_is_number(a[0]))
		return value_bool(false);
	text = template_filter_string(a[0]);
	word = template_filter_fold(text);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (value_is_text(word, words[i]))
			return value_bool(true);
	return value_bool(false);
}

static struct value *hashed(struct call *call, struct value *value, const char *algorithm)
{
	cleanup_value struct value *string = template_filter_string(value);
	cleanup_free char *name = NULL;

	/* Python writes sha3_256 and blake2b, OpenSSL SHA3-256 and BLAKE2b512 */
	if (!strncasecmp(algorithm, "shake", 5))
		return template_call_fail(call, "'%s' needs a length, which hash has no place for",
					  algorithm);
	if (!strcmp(algorithm, "blake2b"))
		algorithm = "blake2b512";
	else if (!strcmp(algorithm, "blake2s"))
		algorithm = "blake2s256";
	name = mem_strdup(algorithm);
	for (char *p = name; *p; p++)
		*p = *p == '_' ? '-' : *p;
	cleanup_free char *hex = digest_hex(name, string->string.text, string->string.length);
	return hex ? value_text_of(hex) : template_call_fail(call, "unknown hash '%s'", algorithm);
}

static struct value *do_hash(struct call *call, struct value **a)
{
	const char *algorithm;
	size_t length;

	return template_call_text(call, a[1], "sha1", &algorithm, &length)
		       ? hashed(call, a[0], algorithm)
		       : NULL;
}

static struct value *do_sha1(struct call *call, struct value **a)
{
	return hashed(call, a[0], "sha1");
}

static struct value *do_md5(struct call *call, struct value **a)
{
	return hashed(call, a[0], "md5");
}

static bool parse_uuid(const char *text, unsigned char *ret)
{
	size_t n = 0;

	for (; *text && n < 32; text++) {
		const char *digit = strchr("0123456789abcdef", *text | 0x20);
		if (*text == '-' || *text == '{' || *text == '}')
			continue;
		if (!digit)
			return false;
		size_t value = (size_t)(digit - "0123456789abcdef");
		ret[n / 2] = (unsigned char)(n % 2 ? ret[n / 2] << 4 | value : value);
		n++;
	}
	return n == 32;
}

/* UUID version 5 in Ansible's namespace. */
static struct value *do_to_uuid(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	unsigned char space[16], hash[SHA_DIGEST_LENGTH];
	struct buf bytes = BUF_INIT, out = BUF_INIT;
	const char *namespace;
	size_t length;

	if (!template_call_text(call, a[1], "361E6D51-FAEC-444A-9079-341386DA8E2E", &namespace,
				&length))
		return NULL;
	if (!parse_uuid(namespace, space))
		return template_call_fail(call, "'%s' is no UUID", namespace);
	buf_add(&bytes, space, sizeof(space));
	buf_add(&bytes, string->string.text, string->string.length);
	SHA1((const unsigned char *)bytes.data, bytes.len, hash);
	buf_done(&bytes);
	hash[6] = (hash[6] & 0x0F) | 0x50;
	hash[8] = (hash[8] & 0x3F) | 0x80;
	for (size_t i = 0; i < 16; i++)
		buf_printf(&out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			   hash[i]);
	return value_take_buf(&out);
}

static struct value *do_type_debug(struct call *call, struct value **a)
{
	const struct trouble *trouble = a[0]->kind == VALUE_UNDEFINED ? a[0]->trouble : NULL;

	(void)call;
	if (!trouble || trouble->lenient)
		return value_text_of(value_type(a[0]));
	return value_text_of(trouble->error ? "CapturedExceptionMarker" : "UndefinedMarker");
}

/* The moment must be given: what it is now would make each rendering another one. */
static struct value *do_strftime(struct call *call, struct value **a)
{
	cleanup_value struct value *seconds = NULL;
	struct buf text = BUF_INIT;
	struct tm parts;

	if (a[0]->kind != VALUE_STRING || !a[1] || a[1]->kind == VALUE_NONE)
		return template_call_fail(call,
					  "strftime needs a format and the seconds since 1970");
	seconds = a[1]->kind == VALUE_STRING
			  ? template_number_parse_float(a[1]->string.text, a[1]->string.length)
			  : value_keep(a[1]);
	if (!seconds || !value_is_number(seconds))
		return template_call_fail(call, "strftime needs a number of seconds");
	time_t moment = (time_t)template_number_double(seconds);
	if (!(template_call_truth(a[2], false) ? gmtime_r : localtime_r)(&moment, &parts))
		return template_call_fail(call, "strftime cannot tell a date that far away");
	template_date_strftime(a[0]->string.text, a[0]->string.length, &parts, &text);
	return value_take_buf(&text);
}

static struct value *do_to_datetime(struct call *call, struct value **a)
{
	const char *format;
	size_t length;

	if (a[0]->kind != VALUE_STRING)
		return template_call_fail(call, "to_datetime needs a string, not a %s",
					  value_type(a[0]));
	return template_call_text(call, a[1], "%Y-%m-%d %H:%M:%S", &format, &length)
		       ? template_date_parse(call, a[0], format)
		       : NULL;
}

static struct value *refuse(struct call *call, struct value **a)
{
	(void)a;
	return template_call_fail(call, "filter '%s' is not supported", call->name);
}

static const struct builtin entries[] = {
	{"default", do_default, "value default_value boolean", 1, CALL_UNDEFINED | CALL_LAZY},
	{"d", do_default, "value default_value boolean", 1, CALL_UNDEFINED | CALL_LAZY},
	{"mandatory", do_mandatory, "a msg", 1, CALL_UNDEFINED | CALL_LAZY},
	{"ternary", do_ternary, "value true_val false_val none_val", 3, CALL_UNDEFINED | CALL_LAZY},
	{"bool", do_bool, "value", 1, 0},
	{"hash", do_hash, "data hashtype", 1, 0},
	{"sha1", do_sha1, "data", 1, 0},
	{"checksum", do_sha1, "data", 1, 0},
	{"md5", do_md5, "data", 1, 0},
	{"to_uuid", do_to_uuid, "string namespace", 1, 0},
	{"type_debug", do_type_debug, "obj", 1, CALL_UNDEFINED | CALL_LAZY},
	{"strftime", do_strftime, "string_format second utc", 1, 0},
	{"to_datetime", do_to_datetime, "string format", 1, 0},
	{"vault", refuse, "data", 1, CALL_REST},
	{"unvault", refuse, "vault", 1, CALL_REST},
};

const struct filter_table template_filter_ansible_table = {entries,
							   sizeof(entries) / sizeof(*entries)};
