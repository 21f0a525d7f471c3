#include "tree/scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "tree/number.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

static const struct word {
	const char *text;
	struct tree_scalar value;
} words[] = {
#define IS_TRUE                                         \
	{                                               \
		.kind = TREE_SCALAR_BOOL, .truth = true \
	}
#define IS_FALSE                                         \
	{                                                \
		.kind = TREE_SCALAR_BOOL, .truth = false \
	}
#define IS_NULL                          \
	{                                \
		.kind = TREE_SCALAR_NULL \
	}
#define IS_REAL(value)                                    \
	{                                                 \
		.kind = TREE_SCALAR_REAL, .real = (value) \
	}
	{"y", IS_TRUE},
	{"Y", IS_TRUE},
	{"yes", IS_TRUE},
	{"Yes", IS_TRUE},
	{"YES", IS_TRUE},
	{"true", IS_TRUE},
	{"True", IS_TRUE},
	{"TRUE", IS_TRUE},
	{"on", IS_TRUE},
	{"On", IS_TRUE},
	{"ON", IS_TRUE},
	{"n", IS_FALSE},
	{"N", IS_FALSE},
	{"no", IS_FALSE},
	{"No", IS_FALSE},
	{"NO", IS_FALSE},
	{"false", IS_FALSE},
	{"False", IS_FALSE},
	{"FALSE", IS_FALSE},
	{"off", IS_FALSE},
	{"Off", IS_FALSE},
	{"OFF", IS_FALSE},
	{"~", IS_NULL},
	{"null", IS_NULL},
	{"Null", IS_NULL},
	{"NULL", IS_NULL},
	{".nan", IS_REAL(NAN)},
	{".NaN", IS_REAL(NAN)},
	{".NAN", IS_REAL(NAN)},
	{".inf", IS_REAL(INFINITY)},
	{".Inf", IS_REAL(INFINITY)},
	{".INF", IS_REAL(INFINITY)},
	{"+.inf", IS_REAL(INFINITY)},
	{"+.Inf", IS_REAL(INFINITY)},
	{"+.INF", IS_REAL(INFINITY)},
	{"-.inf", IS_REAL(-INFINITY)},
	{"-.Inf", IS_REAL(-INFINITY)},
	{"-.INF", IS_REAL(-INFINITY)},
};

static const struct word *find_word(const char *text, size_t length)
{
	if (length > 5 || !strchr("yYnNtTfFoO~.+-", text[0]))
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].text, text))
			return &words[i];
	return NULL;
}

static struct tree_scalar string_value(void)
{
	return (struct tree_scalar){.kind = TREE_SCALAR_STRING};
}

static struct tree_scalar integer_value(int64_t value)
{
	return (struct tree_scalar){.kind = TREE_SCALAR_INTEGER, .integer = value};
}

static struct tree_scalar unsigned_value(uint64_t value)
{
	return (struct tree_scalar){.kind = TREE_SCALAR_UNSIGNED, .size = value};
}

static struct tree_scalar real_value(double value)
{
	return (struct tree_scalar){.kind = TREE_SCALAR_REAL, .real = value};
}

/* What strconv.ParseInt refuses and go-yaml tries once more: "0b-101" is -5 there. */
static struct tree_scalar resolve_binary(char *text)
{
	int64_t value;
	uint64_t size;

	if (!strncmp(text, "0b", 2)) {
		if (tree_number_signed(text + 2, 2, &value))
			return integer_value(value);
		if (tree_number_unsigned(text + 2, 2, &size))
			return unsigned_value(size);
	} else if (!strncmp(text, "-0b", 3)) {
		text[2] = '-';
		if (tree_number_signed(text + 2, 2, &value))
			return integer_value(value);
	}
	return string_value();
}

static struct tree_scalar resolve_number(const char *text, size_t length)
{
	char small[64];
	cleanup_free char *large = length < sizeof(small) ? NULL : mem_alloc(length + 1);
	char *plain = large ? large : small, *to = plain;
	int64_t value;
	uint64_t size;
	double real;

	for (const char *from = text; *from; from++)
		if (*from != '_')
			*to++ = *from;
	*to = '\0';
	if (tree_number_signed(plain, 0, &value))
		return integer_value(value);
	if (tree_number_unsigned(plain, 0, &size))
		return unsigned_value(size);
	if (tree_number_real(plain, &real))
		return real_value(real);
	return resolve_binary(plain);
}

/* ".5": here go-yaml leaves the underscores to strconv.ParseFloat, which wants a digit on both
 * sides of each. */
static struct tree_scalar resolve_fraction(const char *text, size_t length)
{
	for (const char *at = strchr(text, '_'); at; at = strchr(at + 1, '_'))
		if (!isdigit((unsigned char)at[-1]) || !isdigit((unsigned char)at[1]))
			return string_value();
	struct tree_scalar value = resolve_number(text, length);
	return value.kind == TREE_SCALAR_REAL ? value : string_value();
}

struct tree_scalar tree_scalar_resolve(const char *text, size_t length)
{
	if (!length)
		return (struct tree_scalar){.kind = TREE_SCALAR_NULL};
	const struct word *word = find_word(text, length);
	if (word)
		return word->value;
	if (text[0] == '.')
		return resolve_fraction(text, length);
	if (isdigit((unsigned char)text[0]) || text[0] == '+' || text[0] == '-')
		return resolve_number(text, length);
	return string_value();
}

/* "int" of "tag:yaml.org,2002:int"; NULL for a tag that is not YAML's own. */
static const char *core_tag(const char *tag)
{
	size_t prefix = strlen(TAG_PREFIX);

	return strncmp(tag, TAG_PREFIX, prefix) ? NULL : tag + prefix;
}

/* 2021-1-2, with or without a time behind it */
static bool is_date(const char *text)
{
	int year, month, day, end = 0;

	return sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && year > 999 &&
	       month > 0 && day > 0 && strchr("Tt ", text[end]);
}

static int refuse(const struct tree_yaml_node *node, const char *tag, struct err *err)
{
	return err_set(err, ERR_INVALID, "'%.60s' is not a value of !!%s", node->text, tag);
}

static bool fits_tag(const char *tag, struct tree_scalar *value)
{
	bool integer = value->kind == TREE_SCALAR_INTEGER;

	if (!strcmp(tag, "int"))
		return integer || value->kind == TREE_SCALAR_UNSIGNED;
	if (!strcmp(tag, "bool"))
		return value->kind == TREE_SCALAR_BOOL;
	if (!strcmp(tag, "null"))
		return value->kind == TREE_SCALAR_NULL;
	if (!strcmp(tag, "float") && integer)
		*value = real_value((double)value->integer);
	return !strcmp(tag, "float") && value->kind == TREE_SCALAR_REAL;
}

static bool known_tag(const char *tag)
{
	static const char *const known[] = {"int", "bool",	"null",	 "float",
					    "str", "timestamp", "binary"};

	for (size_t i = 0; tag && i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(tag, known[i]))
			return true;
	return false;
}

static int resolve_tagged(const struct tree_yaml_node *node, struct tree_scalar *ret,
			  struct err *err)
{
	const char *tag = core_tag(node->tag);
	struct tree_scalar value = string_value();

	if (!known_tag(tag))
		return err_set(err, ERR_INVALID, "the tag %s%.60s means nothing in a manifest",
			       tag ? "!!" : "", tag ? tag : node->tag);
	if (!strcmp(tag, "timestamp")) {
		if (!is_date(node->text))
			return refuse(node, tag, err);
	} else if (strcmp(tag, "str") && strcmp(tag, "binary")) {
		value = tree_scalar_resolve(node->text, node->length);
		if (!fits_tag(tag, &value))
			return refuse(node, tag, err);
	}
	*ret = value;
	return 0;
}

static int resolve_node(const struct tree_yaml_node *node, struct tree_scalar *ret, struct err *err)
{
	if (node->tag)
		return resolve_tagged(node, ret, err);
	*ret = node->plain ? tree_scalar_resolve(node->text, node->length) : string_value();
	return 0;
}

static bool is_binary(const struct tree_yaml_node *node)
{
	return node->tag && !strcmp(node->tag, TAG_PREFIX "binary");
}

static int text_of(const struct tree_yaml_node *node, json_t **ret, struct err *err)
{
	cleanup_free char *bytes = NULL;
	size_t length;

	if (!is_binary(node)) {
		*ret = json_stringn(node->text, node->length);
		return 0;
	}
	int r = digest_base64_decode(node->text, node->length, &bytes, &length, err);
	if (r < 0)
		return r;
	*ret = memchr(bytes, '\0', length) ? NULL : json_stringn(bytes, length);
	if (*ret)
		return 0;
	(void)err_set(err, ERR_INVALID, "!!binary holds bytes that are not text");
	return err_hint(err, "leave the tag away where Kubernetes wants base64");
}

/* The server keeps int64 and float64 apart by how the number is written: 1.0 is 1 there. */
static int real_of(double real, json_t **ret, struct err *err)
{
	int64_t integer;

	if (!isfinite(real))
		return err_set(err, ERR_INVALID, "JSON has no infinity and no 'not a number'");
	cleanup_free char *text = tree_number_text(real);
	bool whole = !strpbrk(text, ".e") && tree_number_signed(text, 10, &integer);
	*ret = whole ? json_integer(integer) : json_real(real);
	return 0;
}

int tree_scalar_value(const struct tree_yaml_node *node, json_t **ret, struct err *err)
{
	struct tree_scalar value;

	int r = resolve_node(node, &value, err);
	if (r < 0)
		return r;
	switch (value.kind) {
	case TREE_SCALAR_NULL:
		*ret = json_null();
		return 0;
	case TREE_SCALAR_BOOL:
		*ret = json_boolean(value.truth);
		return 0;
	case TREE_SCALAR_INTEGER:
		*ret = json_integer(value.integer);
		return 0;
	case TREE_SCALAR_UNSIGNED:
		*ret = json_real((double)value.size);
		return 0;
	case TREE_SCALAR_REAL:
		return real_of(value.real, ret, err);
	default:
		return text_of(node, ret, err);
	}
}

int tree_scalar_key(const struct tree_yaml_node *node, char **ret, struct err *err)
{
	struct tree_scalar value;

	int r = resolve_node(node, &value, err);
	if (r < 0)
		return r;
	switch (value.kind) {
	case TREE_SCALAR_NULL:
		return err_set(err, ERR_INVALID, "a key is empty or null");
	case TREE_SCALAR_UNSIGNED:
		return err_set(err, ERR_INVALID, "the key %.60s is too large a number", node->text);
	case TREE_SCALAR_BOOL:
		*ret = mem_strdup(value.truth ? "true" : "false");
		return 0;
	case TREE_SCALAR_INTEGER:
		*ret = mem_printf("%lld", (long long)value.integer);
		return 0;
	case TREE_SCALAR_REAL:
		*ret = tree_number_key(value.real);
		return 0;
	default:
		break;
	}
	json_auto_t *text = NULL;
	r = text_of(node, &text, err);
	if (r < 0)
		return r;
	*ret = mem_strdup(json_string_value(text));
	return 0;
}
