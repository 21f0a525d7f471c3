#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/regex.h"

static struct value *option(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name))
			return call->values[i];
	return NULL;
}

static bool compile(struct call *call, struct value *pattern, struct value *ignore_case,
		    struct value *multiline, struct regex *ret)
{
	cleanup_err struct err err = ERR_INIT;
	const char *text;
	size_t length;

	if (!template_call_text(call, pattern, "", &text, &length))
		return false;
	const struct regex_style style = {
		.ignore_case = template_call_truth(ignore_case, false),
		.multiline = template_call_truth(multiline, false),
		.effort = call->eval->limits.regex,
	};
	if (template_regex_compile(text, length, &style, ret, &err) < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	return true;
}

/* Goes over all matches as Python does: behind an empty one the next must not be empty there. */
struct walk {
	struct regex *regex;
	const char *text;
	size_t length, at;
	bool not_empty;
};

static int next_match(struct walk *walk, size_t *ret_begin, size_t *ret_end, struct err *err)
{
	if (walk->at > walk->length)
		return 0;
	int r = template_regex_find(walk->regex, walk->text, walk->length, walk->at,
				    walk->not_empty ? REGEX_NOT_EMPTY : 0, err);
	if (r <= 0)
		return r;
	template_regex_group(walk->regex, 0, ret_begin, ret_end);
	walk->not_empty = *ret_begin == *ret_end;
	walk->at = *ret_end;
	return 1;
}

/* Replaces; how many times in *ret_count. */
static int substitute(struct walk *walk, const struct regex_replacement *replacement, int64_t most,
		      struct buf *out, int64_t *ret_count, struct err *err)
{
	size_t done = 0, begin, end;
	int r = 0;

	*ret_count = 0;
	while ((most <= 0 || *ret_count < most) && (r = next_match(walk, &begin, &end, err)) > 0) {
		buf_add(out, walk->text + done, begin - done);
		template_regex_expand(walk->regex, walk->text, replacement, out);
		done = end;
		(*ret_count)++;
	}
	buf_add(out, walk->text + done, walk->length - done);
	return r;
}

static struct value *do_replace(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	cleanup_value struct value *replacement =
		a[2] ? template_filter_string(a[2]) : value_string("", 0);
	cleanup_replacement struct regex_replacement parts = {0};
	cleanup_regex struct regex regex = {0};
	cleanup_err struct err err = ERR_INIT;
	struct buf out = BUF_INIT;
	int64_t most, mandatory, count = 0;

	if (!template_call_int(call, a[5], 0, &most) ||
	    !template_call_int(call, a[6], 0, &mandatory) ||
	    !compile(call, a[1], a[3], a[4], &regex))
		return NULL;
	struct walk walk = {&regex, string->string.text, string->string.length, 0, false};
	int r = template_regex_parse(&regex, replacement->string.text, replacement->string.length,
				     &parts, &err);
	if (r >= 0)
		r = substitute(&walk, &parts, most, &out, &count, &err);
	if (r >= 0 && mandatory && mandatory != count)
		r = err_set(&err, ERR_INVALID,
			    "the pattern should match %lld times, but matches %lld times",
			    (long long)mandatory, (long long)count);
	if (r >= 0)
		return value_take_buf(&out);
	buf_done(&out);
	return template_eval_fail_err(call->eval, call->node, &err);
}

static struct value *group_value(const struct walk *walk, size_t i, bool or_none)
{
	size_t begin, end;

	if (template_regex_group(walk->regex, i, &begin, &end))
		return value_string(walk->text + begin, end - begin);
	return or_none ? value_none() : value_string("", 0);
}

/* The match, its only group, or all its groups, as re.findall has it. */
static struct value *found(const struct walk *walk)
{
	size_t groups = template_regex_groups(walk->regex);

	if (groups < 2)
		return group_value(walk, groups, false);
	struct value *tuple = value_tuple(groups);
	for (size_t i = 1; i <= groups; i++)
		value_list_add(tuple, group_value(walk, i, false));
	return tuple;
}

static struct value *do_findall(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]), *list = value_list();
	cleanup_regex struct regex regex = {0};
	cleanup_err struct err err = ERR_INIT;
	size_t begin, end;
	int r;

	if (!compile(call, a[1], a[3], a[2], &regex))
		return NULL;
	struct walk walk = {&regex, string->string.text, string->string.length, 0, false};
	while ((r = next_match(&walk, &begin, &end, &err)) > 0)
		value_list_add(list, found(&walk));
	return r < 0 ? template_eval_fail_err(call->eval, call->node, &err) : steal(&list);
}

/* '\\1' or '\\g<name>' as an argument of regex_search; -1 after template_call_fail. */
static int wanted_group(struct call *call, const struct regex *regex, struct value *arg)
{
	const char *text = arg->kind == VALUE_STRING ? arg->string.text : "";
	int group = -1;

	if (text[0] == '\\' && isdigit((unsigned char)text[1])) {
		group = atoi(text + 1);
	} else if (!strncmp(text, "\\g<", 3)) {
		cleanup_free char *name = mem_strndup(text + 3, strcspn(text + 3, ">"));
		group = template_regex_group_number(regex, name);
	}
	if (group < 0 || (size_t)group > template_regex_groups(regex)) {
		template_call_fail(call, "regex_search: '%s' names no group", text);
		return -1;
	}
	return group;
}

static struct value *do_search(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]), *groups = value_list();
	cleanup_regex struct regex regex = {0};
	cleanup_err struct err err = ERR_INIT;

	if (!compile(call, a[1], option(call, "ignorecase"), option(call, "multiline"), &regex))
		return NULL;
	int r = template_regex_find(&regex, string->string.text, string->string.length, 0, 0, &err);
	if (r < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	if (!r)
		return value_none();
	struct walk walk = {&regex, string->string.text, string->string.length, 0, false};
	if (call->count == 2)
		return group_value(&walk, 0, true);
	for (size_t i = 2; i < call->count; i++) {
		int group = wanted_group(call, &regex, call->args[i]);
		if (group < 0)
			return NULL;
		value_list_add(groups, group_value(&walk, (size_t)group, true));
	}
	return steal(&groups);
}

static struct value *do_escape(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	bool posix = a[1] && value_is_text(a[1], "posix_basic");
	const char *special = posix ? "].[^$*\\" : "()[]{}?*+-|^$\\.&~# \t\n\r\v\f";
	struct buf out = BUF_INIT;

	if (a[1] && !posix && !value_is_text(a[1], "python"))
		return template_call_fail(call,
					  "regex_escape knows the types python and posix_basic");
	for (size_t i = 0; i < string->string.length; i++) {
		char c = string->string.text[i];
		if (c && strchr(special, c))
			buf_addch(&out, '\\');
		buf_addch(&out, c);
	}
	return value_take_buf(&out);
}

static const struct builtin entries[] = {
	{"regex_replace", do_replace,
	 "value pattern replacement ignorecase multiline count mandatory_count", 1, 0},
	{"regex_findall", do_findall, "value regex multiline ignorecase", 2, 0},
	{"regex_search", do_search, "value regex", 2, CALL_REST},
	{"regex_escape", do_escape, "string re_type", 1, 0},
};

const struct filter_table template_filter_regex_table = {entries,
							 sizeof(entries) / sizeof(*entries)};
