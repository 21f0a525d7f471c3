#include "template/version.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Numbers as they come from versions: of any length, compared without converting. */
static int compare_digits(const char *a, size_t n, const char *b, size_t m)
{
	for (; n > 1 && *a == '0'; n--)
		a++;
	for (; m > 1 && *b == '0'; m--)
		b++;
	if (n != m)
		return n < m ? -1 : 1;
	return memcmp(a, b, n);
}

static size_t digits(const char *text)
{
	size_t n = 0;

	while (isdigit((unsigned char)text[n]))
		n++;
	return n;
}

static size_t letters(const char *text)
{
	size_t n = 0;

	while (text[n] >= 'a' && text[n] <= 'z')
		n++;
	return n;
}

/* The next piece of a loose version: digits, small letters, or anything else; points only part. */
static size_t piece(const char **text, bool *ret_number)
{
	while (**text == '.')
		(*text)++;
	size_t n = digits(*text);
	*ret_number = n > 0;
	if (!n)
		n = letters(*text);
	if (n || !**text)
		return n;
	while ((*text)[n] && (*text)[n] != '.' && !isdigit((unsigned char)(*text)[n]) &&
	       !((*text)[n] >= 'a' && (*text)[n] <= 'z'))
		n++;
	return n;
}

static int compare_text(const char *a, size_t n, const char *b, size_t m)
{
	int order = memcmp(a, b, n < m ? n : m);

	return order ? order : n == m ? 0 : n < m ? -1 : 1;
}

static int compare_loose(const char *a, const char *b, int *ret, struct err *err)
{
	bool a_number, b_number;

	for (*ret = 0; *ret == 0;) {
		size_t n = piece(&a, &a_number), m = piece(&b, &b_number);
		if (!n || !m) {
			*ret = n ? 1 : m ? -1 : 0;
			return 0;
		}
		if (a_number != b_number)
			return err_set(err, ERR_INVALID,
				       "versions cannot be compared: '%.*s' against '%.*s'", (int)n,
				       a, (int)m, b);
		*ret = a_number ? compare_digits(a, n, b, m) : compare_text(a, n, b, m);
		a += n;
		b += m;
	}
	return 0;
}

/* 1.2[.3][(a|b)4] */
struct strict {
	long number[3];
	char stage; /* 'a', 'b' or 'z' for a release */
	long stage_number;
};

static bool parse_strict(const char *text, struct strict *ret)
{
	int parts = 0;

	*ret = (struct strict){.stage = 'z'};
	do {
		size_t n = digits(text);
		if (!n || parts == 3)
			return false;
		ret->number[parts++] = strtol(text, NULL, 10);
		text += n;
	} while (*text == '.' && *++text);
	if (*text == 'a' || *text == 'b') {
		ret->stage = *text++;
		size_t n = digits(text);
		ret->stage_number = strtol(text, NULL, 10);
		text += n;
		if (!n)
			return false;
	}
	return parts >= 2 && !*text;
}

static int sign(long difference)
{
	return difference < 0 ? -1 : difference > 0;
}

static int compare_strict(const char *a, const char *b, int *ret, struct err *err)
{
	struct strict x, y;

	if (!parse_strict(a, &x) || !parse_strict(b, &y))
		return err_set(err, ERR_INVALID, "'%s' is no strict version such as 1.2.3b1",
			       parse_strict(a, &x) ? b : a);
	*ret = 0;
	for (int i = 0; i < 3 && !*ret; i++)
		*ret = sign(x.number[i] - y.number[i]);
	if (!*ret)
		*ret = sign(x.stage - y.stage);
	if (!*ret)
		*ret = sign(x.stage_number - y.stage_number);
	return 0;
}

/* MAJOR.MINOR.PATCH[-pre.release][+build] */
static bool valid_semver(const char *text, const char **ret_pre)
{
	for (int part = 0; part < 3; part++) {
		size_t n = digits(text);
		if (!n || (n > 1 && *text == '0') || (part < 2 && text[n] != '.'))
			return false;
		text += n + (part < 2);
	}
	*ret_pre = *text == '-' ? text + 1 : "";
	return !*text || *text == '-' || *text == '+';
}

static int compare_identifier(const char *a, size_t n, const char *b, size_t m)
{
	bool x = digits(a) >= n, y = digits(b) >= m;

	if (x && y)
		return compare_digits(a, n, b, m);
	return x != y ? (x ? -1 : 1) : compare_text(a, n, b, m);
}

static int compare_prerelease(const char *a, const char *b)
{
	if (!*a || !*b || *a == '+' || *b == '+')
		return (!*a || *a == '+') - (!*b || *b == '+');
	for (;;) {
		size_t n = strcspn(a, ".+"), m = strcspn(b, ".+");
		int order = compare_identifier(a, n, b, m);
		if (order || a[n] != '.' || b[m] != '.')
			return order ? order : (a[n] == '.') - (b[m] == '.');
		a += n + 1;
		b += m + 1;
	}
}

static int compare_semver(const char *a, const char *b, int *ret, struct err *err)
{
	const char *pre_a, *pre_b;

	if (!valid_semver(a, &pre_a) || !valid_semver(b, &pre_b))
		return err_set(err, ERR_INVALID, "'%s' is no semantic version such as 1.2.3-rc.1",
			       valid_semver(a, &pre_a) ? b : a);
	*ret = 0;
	for (int part = 0; part < 3 && !*ret; part++) {
		size_t n = digits(a), m = digits(b);
		*ret = compare_digits(a, n, b, m);
		a += n + 1;
		b += m + 1;
	}
	if (!*ret)
		*ret = compare_prerelease(pre_a, pre_b);
	return 0;
}

int template_version_compare(const char *a, const char *b, const char *type, int *ret,
			     struct err *err)
{
	if (!strcmp(type, "loose"))
		return compare_loose(a, b, ret, err);
	if (!strcmp(type, "strict"))
		return compare_strict(a, b, ret, err);
	if (!strcmp(type, "semver") || !strcmp(type, "semantic"))
		return compare_semver(a, b, ret, err);
	if (!strcmp(type, "pep440"))
		return template_version_pep440(a, b, ret, err);
	return err_set(err, ERR_INVALID,
		       "there is no version_type '%s' (loose, strict, semver, semantic, pep440)",
		       type);
}
