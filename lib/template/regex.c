#include "template/regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/regex_python.h"
#include "template/text.h"

#define MOST_HEAP 20000 /* KiB */

static pcre2_code *compile(const struct regex_python *python, const struct regex_style *style,
			   int *ret_code, size_t *ret_offset)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

	if (!python->ascii)
		options |= PCRE2_UCP;
	if (style->ignore_case)
		options |= PCRE2_CASELESS;
	if (style->multiline)
		options |= PCRE2_MULTILINE;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)buf_str(&python->pattern), python->pattern.len,
					 options, ret_code, ret_offset, context);
	pcre2_compile_context_free(context);
	return code;
}

int template_regex_compile(const char *pattern, size_t length, const struct regex_style *style,
			   struct regex *ret, struct err *err)
{
	struct regex_python python;
	size_t offset;
	int code;

	*ret = (struct regex){0};
	int r = template_regex_python(pattern, length, &python, err);
	if (r < 0)
		return r;
	ret->code = compile(&python, style, &code, &offset);
	if (!ret->code) {
		unsigned char message[128];
		pcre2_get_error_message(code, message, sizeof(message));
		template_regex_python_done(&python);
		return err_set(err, ERR_INVALID, "regular expression '%.*s': %s",
			       (int)(length < 100 ? length : 100), pattern, (char *)message);
	}
	ret->names = python.names;
	python.names = LIST_INIT;
	template_regex_python_done(&python);
	ret->match = pcre2_match_data_create_from_pattern(ret->code, NULL);
	ret->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(ret->context, style->effort ? style->effort : REGEX_EFFORT);
	pcre2_set_heap_limit(ret->context, MOST_HEAP);
	return 0;
}

void template_regex_done(struct regex *regex)
{
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->match);
	pcre2_code_free(regex->code);
	list_done(&regex->names);
	*regex = (struct regex){0};
}

int template_regex_find(struct regex *regex, const char *text, size_t length, size_t at,
			unsigned how, struct err *err)
{
	uint32_t options = how & REGEX_ANCHORED ? PCRE2_ANCHORED : 0;

	if (how & REGEX_WHOLE)
		options |= PCRE2_ENDANCHORED;
	if (how & REGEX_NOT_EMPTY)
		options |= PCRE2_NOTEMPTY_ATSTART;
	if (at && regex->checked == text)
		options |= PCRE2_NO_UTF_CHECK;
	int r = pcre2_match(regex->code, (PCRE2_SPTR)text, length, at, options, regex->match,
			    regex->context);
	regex->checked = at == 0 || regex->checked == text ? text : NULL;
	if (r > 0)
		return 1;
	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	if (r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_HEAPLIMIT ||
	    r == PCRE2_ERROR_DEPTHLIMIT) {
		err_set(err, ERR_DENIED, "the regular expression takes too many steps");
		return err_hint(err, "if that is meant, raise limits.regex in desired.yaml");
	}
	unsigned char message[128];
	pcre2_get_error_message(r, message, sizeof(message));
	regex->checked = NULL;
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
	for (size_t i = 0; *name && i < regex->names.n; i++)
		if (!strcmp(regex->names.items[i], name))
			return (int)i + 1;
	return -1;
}
