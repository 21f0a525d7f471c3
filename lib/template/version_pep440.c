#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/number.h"
#include "template/regex.h"
#include "template/types.h"
#include "template/version.h"

/* The versions of Python's packages (PEP 440): 1!1.2.3rc1.post2.dev3+local.4 */
static const char pattern[] =
	"\\s*v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\\.[0-9]+)*)"
	"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_number>[0-9]+)?)?"
	"(?P<post>-(?P<post_bare>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>[0-9]+)?)?"
	"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]+)?)?"
	"(?:\\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\\s*";

/* What is not there comes before or behind everything that is. */
enum {
	BEFORE = -1,
	THERE = 0,
	BEHIND = 1
};

struct version {
	char *epoch, *release, *local;
	int pre, post, dev; /* BEFORE, THERE or BEHIND */
	char pre_kind;	    /* 'a', 'b' or 'r' */
	char *pre_number, *post_number, *dev_number;
};

static void version_done(struct version *version)
{
	free(version->epoch);
	free(version->release);
	free(version->local);
	free(version->pre_number);
	free(version->post_number);
	free(version->dev_number);
}

#define cleanup_version __attribute__((cleanup(version_done)))

static char *group(const struct regex *regex, const char *text, const char *name)
{
	size_t begin, end;
	int number = template_regex_group_number(regex, name);

	return template_regex_group(regex, (size_t)number, &begin, &end)
		       ? mem_strndup(text + begin, end - begin)
		       : NULL;
}

static int read(const char *text, struct regex *regex, struct version *ret, struct err *err)
{
	int r = template_regex_find(regex, text, strlen(text), 0, REGEX_ANCHORED | REGEX_WHOLE,
				    err);

	*ret = (struct version){0};
	if (r < 0)
		return r;
	if (!r)
		return err_set(err, ERR_INVALID, "'%s' is no version of PEP 440", text);
	cleanup_free char *pre = group(regex, text, "pre"), *post = group(regex, text, "post"),
			  *dev = group(regex, text, "dev"), *bare = group(regex, text, "post_bare");
	ret->epoch = group(regex, text, "epoch");
	ret->release = group(regex, text, "release");
	ret->local = group(regex, text, "local");
	ret->pre_number = group(regex, text, "pre_number");
	ret->post_number = bare ? steal(&bare) : group(regex, text, "post_number");
	ret->dev_number = group(regex, text, "dev_number");
	int kind = pre ? tolower((unsigned char)*pre) : 0;
	ret->pre_kind = (char)(kind == 'c' || kind == 'p' ? 'r' : kind);
	ret->pre = pre ? THERE : !post && dev ? BEFORE : BEHIND;
	ret->post = post ? THERE : BEFORE;
	ret->dev = dev ? THERE : BEHIND;
	return 0;
}

/* Digits of any number; nothing is 0. */
static int compare_digits(const char *a, size_t a_length, const char *b, size_t b_length)
{
	while (a_length && *a == '0') {
		a++;
		a_length--;
	}
	while (b_length && *b == '0') {
		b++;
		b_length--;
	}
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

static int compare_numbers(const char *a, const char *b)
{
	return compare_digits(a ? a : "", a ? strlen(a) : 0, b ? b : "", b ? strlen(b) : 0);
}

/* 1.2 is 1.2.0 */
static int compare_releases(const char *a, const char *b)
{
	while (*a || *b) {
		size_t n = strcspn(a, "."), m = strcspn(b, ".");
		int order = compare_digits(a, n, b, m);
		if (order)
			return order;
		a += n + (a[n] == '.');
		b += m + (b[m] == '.');
	}
	return 0;
}

static bool is_number(const char *text, size_t length)
{
	return strspn(text, "0123456789") >= length;
}

/* Words come before numbers, a shorter one before a longer one that begins with it. */
static int compare_locals(const char *a, const char *b)
{
	while (a && b && *a && *b) {
		size_t n = strcspn(a, "-_."), m = strcspn(b, "-_.");
		bool left = is_number(a, n), right = is_number(b, m);
		int order = left != right ? (left ? 1 : -1)
			    : left	  ? compare_digits(a, n, b, m)
					  : strncasecmp(a, b, n < m ? n : m);
		if (!order && !left)
			order = n < m ? -1 : n > m;
		if (order)
			return order;
		a += n + (a[n] != '\0');
		b += m + (b[m] != '\0');
	}
	return (a && *a) - (b && *b);
}

static int compare(const struct version *a, const struct version *b)
{
	int order = compare_numbers(a->epoch, b->epoch);

	if (!order)
		order = compare_releases(a->release, b->release);
	if (!order)
		order = a->pre - b->pre;
	if (!order && a->pre == THERE)
		order = a->pre_kind - b->pre_kind;
	if (!order && a->pre == THERE)
		order = compare_numbers(a->pre_number, b->pre_number);
	if (!order)
		order = a->post - b->post;
	if (!order)
		order = compare_numbers(a->post_number, b->post_number);
	if (!order)
		order = a->dev - b->dev;
	if (!order)
		order = compare_numbers(a->dev_number, b->dev_number);
	return order ? order : compare_locals(a->local, b->local);
}

int template_version_pep440(const char *a, const char *b, int *ret, struct err *err)
{
	cleanup_regex struct regex regex = {0};
	cleanup_version struct version left = {0}, right = {0};

	int r = template_regex_compile(pattern, strlen(pattern),
				       &(struct regex_style){.ignore_case = true}, &regex, err);
	if (r == 0)
		r = read(a, &regex, &left, err);
	if (r == 0)
		r = read(b, &regex, &right, err);
	if (r == 0)
		*ret = compare(&left, &right);
	return r;
}
