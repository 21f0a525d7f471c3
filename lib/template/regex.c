#include "template/regex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/text.h"

#define MOST_STEPS 1000000
#define MOST_HEAP  20000 /* KiB */

/* \Z means the very end in Python, and in PCRE2 also the place before a last newline. */
static void translate(const char *pattern, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		if (pattern[i] == '\\' && i + 1 < length) {
			buf_addch(out, '\\');
			i++;
			buf_addch(out, pattern[i] == 'Z' ? 'z' : pattern[i]);
		} else {
			buf_addch(out, pattern[i]);
		}
	}
}

int template_regex_compile(const char *pattern, size_t length, bool ignore_case, bool multiline,
			   struct regex *ret, struct err *err)
{
	struct buf translated = BUF_INIT;
	PCRE2_SIZE offset;
	int code;
	uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;

	if (ignore_case)
		options |= PCRE2_CASELESS;
	if (multiline)
		options |= PCRE2_MULTILINE;
	translate(pattern, length, &translated);
	*ret = (struct regex){.code = pcre2_compile((PCRE2_SPTR)buf_str(&translated),
						    translated.len, options, &code, &offset, NULL)};
	buf_done(&translated);
	if (!ret->code) {
		unsigned char message[128];
		pcre2_get_error_message(code, message, sizeof(message));
		return err_set(err, ERR_INVALID, "regular expression '%.*s': %s at character %zu",
			       (int)(length < 100 ? length : 100), pattern, (char *)message,
			       template_text_count(pattern, offset < length ? offset : length) + 1);
	}
	ret->match = pcre2_match_data_create_from_pattern(ret->code, NULL);
	ret->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(ret->context, MOST_STEPS);
	pcre2_set_heap_limit(ret->context, MOST_HEAP);
	return 0;
}

void template_regex_done(struct regex *regex)
{
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->match);
	pcre2_code_free(regex->code);
	*regex = (struct regex){0};
}

int template_regex_find(struct regex *regex, const char *text, size_t length, size_t at,
			bool anchored, bool not_empty, struct err *err)
{
	uint32_t options = anchored ? PCRE2_ANCHORED : 0;

	if (not_empty)
		options |= PCRE2_NOTEMPTY_ATSTART;
	int r = pcre2_match(regex->code, (PCRE2_SPTR)text, length, at, options, regex->match,
			    regex->context);
	if (r > 0)
		return 1;
	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	unsigned char message[128];
	pcre2_get_error_message(r, message, sizeof(message));
	return err_set(err, ERR_INVALID, "regular expression gave up: %s", (char *)message);
}

bool template_regex_group(const struct regex *regex, size_t i, size_t *ret_begin, size_t *ret_end)
{
	const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->match);

	if (i >= pcre2_get_ovector_count(regex->match) || places[2 * i] == PCRE2_UNSET)
		return false;
	*ret_begin = places[2 * i];
	*ret_end = places[2 * i + 1];
	return *ret_begin <= *ret_end;
}

size_t template_regex_groups(const struct regex *regex)
{
	return pcre2_get_ovector_count(regex->match) - 1;
}

int template_regex_group_number(const struct regex *regex, const char *name)
{
	int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);

	return number < 0 ? -1 : number;
}

static int put_group(const struct regex *regex, const char *text, int64_t group, struct buf *out,
		     struct err *err)
{
	size_t begin, end;

	if (group < 0 || (size_t)group > template_regex_groups(regex))
		return err_set(err, ERR_INVALID,
			       "the replacement speaks of a group that is not there");
	if (template_regex_group(regex, (size_t)group, &begin, &end))
		buf_add(out, text + begin, end - begin);
	return 0;
}

/* \g<name> or \g<1>; *at is behind the g. */
static int expand_named(const struct regex *regex, const char *text, const char *replacement,
			size_t length, size_t *at, struct buf *out, struct err *err)
{
	const char *open = replacement + *at;
	const char *close = *at < length ? memchr(open, '>', length - *at) : NULL;

	if (!close || *open != '<')
		return err_set(err, ERR_INVALID, "\\g in a replacement needs <name>");
	cleanup_free char *name = mem_strndup(open + 1, (size_t)(close - open) - 1);
	*at = (size_t)(close - replacement) + 1;
	int64_t group = isdigit((unsigned char)*name) ? atoi(name)
						      : template_regex_group_number(regex, name);
	return put_group(regex, text, group, out, err);
}

int template_regex_expand(const struct regex *regex, const char *text, const char *replacement,
			  size_t length, struct buf *out, struct err *err)
{
	static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";

	for (size_t at = 0; at < length;) {
		const char *known;
		int r = 0;
		if (replacement[at] != '\\' || at + 1 == length) {
			buf_addch(out, replacement[at++]);
			continue;
		}
		char c = replacement[at + 1];
		at += 2;
		if (c == 'g') {
			r = expand_named(regex, text, replacement, length, &at, out, err);
		} else if (isdigit((unsigned char)c)) {
			int64_t group = c - '0';
			if (at < length && isdigit((unsigned char)replacement[at]))
				group = group * 10 + (replacement[at++] - '0');
			r = group ? put_group(regex, text, group, out, err)
				  : (buf_addch(out, '\0'), 0);
		} else if (c && (known = strchr(letters, c))) {
			buf_addch(out, meanings[known - letters]);
		} else if (isalpha((unsigned char)c)) {
			r = err_set(err, ERR_INVALID, "bad escape \\%c in a replacement", c);
		} else {
			buf_printf(out, "\\%c", c);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
