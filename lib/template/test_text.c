#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/regex.h"
#include "template/test.h"
#include "template/url.h"
#include "template/version.h"

/* match: at the beginning; search: anywhere; fullmatch: all of it. */
static struct value *matches(struct call *call, struct value **a, unsigned how)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	cleanup_regex struct regex regex = {0};
	cleanup_err struct err err = ERR_INIT;
	const char *pattern;
	size_t length;

	if (!template_call_text(call, a[1], "", &pattern, &length))
		return NULL;
	const struct regex_style style = {
		.ignore_case = template_call_truth(a[2], false),
		.multiline = template_call_truth(a[3], false),
		.effort = call->eval->limits.regex,
	};
	int r = template_regex_compile(pattern, length, &style, &regex, &err);
	if (r == 0)
		r = template_regex_find(&regex, string->string.text, string->string.length, 0, how,
					&err);
	if (r < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	return value_bool(r);
}

static struct value *do_match(struct call *call, struct value **a)
{
	return matches(call, a, REGEX_ANCHORED);
}

static struct value *do_search(struct call *call, struct value **a)
{
	return matches(call, a, 0);
}

static struct value *do_regex(struct call *call, struct value **a)
{
	const char *type;
	size_t length;

	if (!template_call_text(call, a[4], "search", &type, &length))
		return NULL;
	if (!strcmp(type, "match"))
		return matches(call, a, REGEX_ANCHORED);
	if (!strcmp(type, "fullmatch"))
		return matches(call, a, REGEX_ANCHORED | REGEX_WHOLE);
	if (!strcmp(type, "search"))
		return matches(call, a, 0);
	return template_call_fail(call, "regex knows the match_type search, match and fullmatch");
}

static const struct {
	const char *name;
	bool less, equal, greater;
} orders[] = {
	{"==", false, true, false}, {"=", false, true, false},	{"eq", false, true, false},
	{"<", true, false, false},  {"lt", true, false, false}, {"<=", true, true, false},
	{"le", true, true, false},  {">", false, false, true},	{"gt", false, false, true},
	{">=", false, true, true},  {"ge", false, true, true},	{"!=", true, false, true},
	{"<>", true, false, true},  {"ne", true, false, true},
};

static struct value *do_version(struct call *call, struct value **a)
{
	cleanup_value struct value *left = template_filter_string(a[0]),
				   *right = template_filter_string(a[1]);
	cleanup_err struct err err = ERR_INIT;
	const char *operator, * type;
	size_t length;
	int order;

	if (!template_call_text(call, a[2], "eq", &operator, & length) ||
	    !template_call_text(call, a[4], template_call_truth(a[3], false) ? "strict" : "loose",
				&type, &length))
		return NULL;
	if (a[3] && a[3]->kind != VALUE_NONE && a[4] && a[4]->kind != VALUE_NONE)
		return template_call_fail(call, "version takes strict or version_type, not both");
	if (!value_true(a[0]) || !value_true(a[1]))
		return template_call_fail(call, "version cannot compare something empty");
	if (template_version_compare(left->string.text, right->string.text, type, &order, &err) < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (!strcmp(orders[i].name, operator))
			return value_bool(order < 0   ? orders[i].less
					  : order > 0 ? orders[i].greater
						      : orders[i].equal);
	return template_call_fail(call, "version knows no operator '%s'", operator);
}

static struct value *do_url(struct call *call, struct value **a)
{
	cleanup_url struct url url = {0};
	bool valid = true;

	if (a[0]->kind != VALUE_STRING)
		return value_bool(false);
	template_url_split(a[0]->string.text, &url);
	if (!strcmp(call->name, "urn"))
		return value_bool(!strcmp(url.scheme, "urn"));
	if (a[1] && value_true(a[1])) {
		cleanup_value struct value *scheme = value_text_of(url.scheme);
		if (!value_contains(a[1], scheme, &valid))
			return value_bool(false);
	}
	return value_bool(!strcmp(call->name, "uri") || *url.netloc || !strcmp(url.scheme, "file"));
}

static struct value *do_absolute(struct call *call, struct value **a)
{
	const char *path;
	size_t length;

	return template_call_text(call, a[0], NULL, &path, &length) ? value_bool(*path == '/')
								    : NULL;
}

/* Values of vault files are deciphered before a template sees them. */
static struct value *do_vault_encrypted(struct call *call, struct value **a)
{
	(void)call;
	(void)a;
	return value_bool(false);
}

/* What speaks of the machine would come out differently in `check` and in the daemon. */
static struct value *refuse(struct call *call, struct value **a)
{
	(void)a;
	return template_call_fail(
		call, "test '%s' looks at files of this machine, which templates must not",
		call->name);
}

/* The item of a result, rendered. NULL: not there, or raised. */
static struct value *result_item(struct call *call, struct value *result, const char *key)
{
	cleanup_value struct value *name = value_text_of(key);

	return template_eval_dict_get(call->eval, result, name);
}

/* Whether any item of a loop's results is changed. */
static bool any_changed(struct call *call, struct value *result)
{
	struct value *items = result_item(call, result, "results");

	for (size_t i = 0; items && value_is_list(items) && i < items->list.n; i++) {
		struct value *item = template_eval_list_at(call->eval, items, i);
		if (!item || (i == 0 && item->kind != VALUE_DICT))
			return false;
		struct value *changed =
			item->kind == VALUE_DICT ? result_item(call, item, "changed") : NULL;
		if (changed && value_true(changed))
			return true;
	}
	return false;
}

/* What a result without the key is taken for. */
static bool result_without(struct call *call, struct value *result, const char *key)
{
	if (!strcmp(key, "changed"))
		return any_changed(call, result);
	return !strcmp(key, "started") || !strcmp(key, "finished");
}

/* A timeout tells its period. */
static bool result_truth(struct call *call, struct value *item, const char *key)
{
	bool timeout = item->kind == VALUE_DICT && !strcmp(key, "timedout");
	struct value *period = timeout ? result_item(call, item, "period") : item;

	return value_true(item) && period && value_true(period);
}

static const struct {
	const char *name, *key;
	bool wanted;
} results[] = {
	{"failed", "failed", true},	     {"failure", "failed", true},
	{"succeeded", "failed", false},	     {"success", "failed", false},
	{"successful", "failed", false},     {"changed", "changed", true},
	{"change", "changed", true},	     {"skipped", "skipped", true},
	{"skip", "skipped", true},	     {"unreachable", "unreachable", true},
	{"reachable", "unreachable", false}, {"started", "started", true},
	{"finished", "finished", true},	     {"timedout", "timedout", true},
};

/* The tests of task results: a dict with that key set. */
static struct value *do_result(struct call *call, struct value **a)
{
	size_t i = 0;

	if (a[0]->kind != VALUE_DICT)
		return template_call_fail(call, "test '%s' needs a dict, not a %s", call->name,
					  value_type(a[0]));
	while (strcmp(results[i].name, call->name) != 0)
		i++;
	struct value *item = result_item(call, a[0], results[i].key);
	if (item && item->kind == VALUE_UNDEFINED)
		return template_eval_trip(call->eval, item);
	bool is = item ? result_truth(call, item, results[i].key)
		       : result_without(call, a[0], results[i].key);
	return call->eval->raised ? NULL : value_bool(is == results[i].wanted);
}

const struct builtin template_test_text_table[] = {
	{"match", do_match, "value pattern ignorecase multiline", 1, 0},
	{"search", do_search, "value pattern ignorecase multiline", 1, 0},
	{"regex", do_regex, "value pattern ignorecase multiline match_type", 1, 0},
	{"version", do_version, "value version operator strict version_type", 2, 0},
	{"version_compare", do_version, "value version operator strict version_type", 2, 0},
	{"uri", do_url, "value schemes", 1, 0},
	{"url", do_url, "value schemes", 1, 0},
	{"urn", do_url, "value", 1, 0},
	{"abs", do_absolute, "path", 1, 0},
	{"is_abs", do_absolute, "path", 1, 0},
	{"exists", refuse, "path", 1, 0},
	{"file", refuse, "path", 1, 0},
	{"is_file", refuse, "path", 1, 0},
	{"directory", refuse, "path", 1, 0},
	{"is_dir", refuse, "path", 1, 0},
	{"link", refuse, "path", 1, 0},
	{"is_link", refuse, "path", 1, 0},
	{"link_exists", refuse, "path", 1, 0},
	{"mount", refuse, "path", 1, 0},
	{"is_mount", refuse, "path", 1, 0},
	{"same_file", refuse, "path other", 1, 0},
	{"is_same_file", refuse, "path other", 1, 0},
	{"vaulted_file", refuse, "path", 1, 0},
	{"vault_encrypted", do_vault_encrypted, "value", 1, 0},
	{"started", do_result, "result", 1, CALL_LAZY},
	{"finished", do_result, "result", 1, CALL_LAZY},
	{"timedout", do_result, "result", 1, CALL_LAZY},
	{"failed", do_result, "result", 1, CALL_LAZY},
	{"failure", do_result, "result", 1, CALL_LAZY},
	{"succeeded", do_result, "result", 1, CALL_LAZY},
	{"success", do_result, "result", 1, CALL_LAZY},
	{"successful", do_result, "result", 1, CALL_LAZY},
	{"changed", do_result, "result", 1, CALL_LAZY},
	{"change", do_result, "result", 1, CALL_LAZY},
	{"skipped", do_result, "result", 1, CALL_LAZY},
	{"skip", do_result, "result", 1, CALL_LAZY},
	{"unreachable", do_result, "result", 1, CALL_LAZY},
	{"reachable", do_result, "result", 1, CALL_LAZY},
};

const size_t template_test_text_count =
	sizeof(template_test_text_table) / sizeof(*template_test_text_table);
