/*
 * The rules of Traefik's routes: what version 2 understood, as version 3 wants it.
 *
 * Works on the bytes as they are written, line breaks and all, because a route's rule often comes
 * out of a loop of the template. A matcher takes one value now: "Host(`a`, `b`)" becomes
 * "(Host(`a`) || Host(`b`))". Expressions in braces, and Query, must be written anew by a person.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"

#define SYNTAX "write it as Traefik 3 wants it, or add syntax: v2 to the route for the time being"

static const struct matcher {
	const char *old, *now;
	bool one; /* takes one value now, and took many */
	enum expression {
		EXPRESSION_NONE,
		EXPRESSION_BRACED, /* "{name:expression}" among plain text */
		EXPRESSION_ALWAYS,
	} expression;
} matchers[] = {
	{"Host", "Host", true, EXPRESSION_NONE},
	{"HostHeader", "Host", true, EXPRESSION_NONE},
	{"HostSNI", "HostSNI", true, EXPRESSION_NONE},
	{"HostRegexp", "HostRegexp", true, EXPRESSION_ALWAYS},
	{"HostSNIRegexp", "HostSNIRegexp", true, EXPRESSION_ALWAYS},
	{"Path", "Path", true, EXPRESSION_BRACED},
	{"PathPrefix", "PathPrefix", true, EXPRESSION_BRACED},
	{"Method", "Method", true, EXPRESSION_NONE},
	{"ClientIP", "ClientIP", true, EXPRESSION_NONE},
	{"Headers", "Header", false, EXPRESSION_NONE},
	{"HeadersRegexp", "HeaderRegexp", false, EXPRESSION_NONE},
};

/* One call: "Host(`a`, `b`)" from name to behind the closing parenthesis. */
struct call {
	size_t name, open, close;
	const struct matcher *matcher;
	size_t separators[32][2]; /* between values: from the quote on, to the next quote */
	size_t values;
	bool braces;
};

struct reader {
	const struct migrate_rule *rule;
	const struct tree_yaml_node *node;
	const char *bytes;
	size_t at, end;
	bool old; /* of the old group */
};

static const struct matcher *find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(matchers) / sizeof(*matchers); i++)
		if (strlen(matchers[i].old) == length && !strncmp(matchers[i].old, name, length))
			return &matchers[i];
	return NULL;
}

static void refuse(const struct reader *reader, const char *what)
{
	migrate_rule_refuse(reader->rule, reader->node, SYNTAX, "%s", what);
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && isspace((unsigned char)reader->bytes[reader->at]))
		reader->at++;
}

/* A value in backticks or quotes; false when there is none. */
static bool read_value(struct reader *reader, struct call *call)
{
	char quote = reader->at < reader->end ? reader->bytes[reader->at] : '\0';
	const char *close;

	if (quote != '`' && quote != '"' && quote != '\'')
		return false;
	size_t from = reader->at + 1;
	close = memchr(reader->bytes + from, quote, reader->end - from);
	if (!close)
		return false;
	call->braces |=
		memchr(reader->bytes + from, '{', (size_t)(close - reader->bytes) - from) != NULL;
	reader->at = (size_t)(close - reader->bytes) + 1;
	return true;
}

/* What stands between the parentheses. False when it cannot be understood. */
static bool read_values(struct reader *reader, struct call *call)
{
	for (call->values = 0; call->values < 32;) {
		skip_blanks(reader);
		if (call->values)
			call->separators[call->values - 1][1] = reader->at;
		if (!read_value(reader, call))
			return false;
		call->separators[call->values++][0] = reader->at;
		skip_blanks(reader);
		char next = reader->at < reader->end ? reader->bytes[reader->at++] : '\0';
		if (next == ')') {
			call->close = reader->at - 1;
			return true;
		}
		if (next != ',')
			return false;
	}
	return false;
}

static void replace(const struct reader *reader, size_t from, size_t to, const char *now)
{
	migrate_rule_replace_bytes(reader->rule, from, to - from, now);
}

/* Several values of what takes one now. */
static void split(const struct reader *reader, const struct call *call)
{
	cleanup_free char *name = mem_printf("(%s", call->matcher->now);
	cleanup_free char *between = mem_printf(") || %s(", call->matcher->now);

	replace(reader, call->name, call->open, name);
	for (size_t i = 0; i + 1 < call->values; i++)
		replace(reader, call->separators[i][0], call->separators[i][1], between);
	replace(reader, call->close, call->close + 1, "))");
}

static void migrate_call(const struct reader *reader, const struct call *call)
{
	const struct matcher *matcher = call->matcher;

	bool expression = matcher->expression == EXPRESSION_ALWAYS ||
			  (matcher->expression == EXPRESSION_BRACED && call->braces);

	if (reader->old && expression)
		refuse(reader, "expressions look otherwise since Traefik 3");
	else if (matcher->one && call->values > 1)
		split(reader, call);
	else if (strcmp(matcher->old, matcher->now) != 0)
		replace(reader, call->name, call->open, matcher->now);
}

/* At the begin of a word: behind it, or behind the call that it names. */
static void read_word(struct reader *reader)
{
	struct call call = {.name = reader->at};

	while (reader->at < reader->end && isalnum((unsigned char)reader->bytes[reader->at]))
		reader->at++;
	size_t length = reader->at - call.name;
	call.open = reader->at;
	skip_blanks(reader);
	if (reader->at >= reader->end || reader->bytes[reader->at] != '(')
		return;
	reader->at++;
	if (reader->old && length == strlen("Query") &&
	    !strncmp(reader->bytes + call.name, "Query", length)) {
		refuse(reader, "Query takes a name and a value since Traefik 3");
		return;
	}
	call.matcher = find(reader->bytes + call.name, length);
	if (!call.matcher)
		return; /* of version 3, or none that anybody knows */
	if (read_values(reader, &call))
		migrate_call(reader, &call);
	else
		refuse(reader, "this rule cannot be read");
}

/* A comment behind the rule is none of it. */
static bool begins_comment(const struct reader *reader)
{
	return reader->bytes[reader->at] == '#' && reader->at &&
	       isspace((unsigned char)reader->bytes[reader->at - 1]);
}

void migrate_matchers(const struct migrate_rule *rule, const struct tree_yaml_node *match)
{
	struct reader reader = {
		.rule = rule, .node = match, .bytes = rule->bytes, .old = rule->change->traefik};

	migrate_rule_extent(rule, match, &reader.at, &reader.end);
	while (reader.at < reader.end && !begins_comment(&reader)) {
		if (isalpha((unsigned char)reader.bytes[reader.at]))
			read_word(&reader);
		else
			reader.at++;
	}
}
