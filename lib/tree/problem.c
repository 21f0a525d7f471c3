#include "tree/problem.h"

#include <stdlib.h>
#include <string.h>

static const struct advice {
	const char *problem; /* libyaml's words */
	const char *message; /* ours; NULL: libyaml's are good enough */
	const char *hint;
} advice[] = {
	{"mapping values are not allowed in this context", "a ':' is not expected here",
	 "put a value that contains ': ' in quotes, or mend the indentation"},
	{"could not find expected ':'", "this line is no 'key: value'",
	 "add the ':', or indent it like its neighbours"},
	{"did not find expected key", "this does not fit what stands above it",
	 "indent the keys of one mapping alike; close quotes and brackets"},
	{"did not find expected '-' indicator", "this line is no item of the list above it",
	 "begin all items of a list with '-' in one column"},
	{"found character that cannot start any token", "a value cannot begin with this character",
	 "put the value in quotes"},
	{"found unexpected end of stream", "a quote is never closed", NULL},
	{"found unexpected document indicator", "a quote is not closed before '---' or '...'",
	 NULL},
	{"did not find expected ',' or ']'", "a '[' is not closed properly",
	 "write ',' between its items and ']' at its end"},
	{"did not find expected ',' or '}'", "a '{' is not closed properly",
	 "write ',' between its pairs and '}' at its end"},
	{"did not find expected <document start>", "this does not belong to the document above it",
	 "separate documents with '---'"},
	{"block sequence entries are not allowed in this context",
	 "a list cannot begin on the line of its key", "begin it on a line of its own"},
	{"found unknown escape character", "there is no such escape in a double-quoted text",
	 "write \\\\ for a backslash, or use single quotes"},
};

static const struct advice *find_advice(const char *problem)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(*advice); i++)
		if (!strcmp(advice[i].problem, problem))
			return &advice[i];
	return NULL;
}

/* An open quote or bracket is mended where it begins, not where the file ends; and a key without
 * its ':' on its own line. */
static yaml_mark_t place_of(const yaml_parser_t *parser)
{
	bool quoted = parser->context && strstr(parser->context, "quoted scalar");
	bool flow = parser->context && strstr(parser->context, "flow");
	bool key = parser->context && strstr(parser->context, "simple key");

	if (quoted && strstr(parser->problem, "unexpected"))
		return parser->context_mark;
	return flow || key ? parser->context_mark : parser->problem_mark;
}

/* "while parsing a block mapping" is worth telling when it began somewhere else. */
static void add_context(const yaml_parser_t *parser, int line, struct err *err)
{
	int began = (int)parser->context_mark.line + 1;

	if (parser->context && parser->context_mark.index && began != line)
		(void)err_wrap(err, "in what begins on line %d", began);
}

int tree_problem_report(const yaml_parser_t *parser, const struct tree_text *text, struct err *err)
{
	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		abort();
	yaml_mark_t mark = place_of(parser);
	int line = (int)mark.line + 1, column = (int)mark.column + 1;
	int from = parser->context_mark.line && (int)parser->context_mark.line < line
			   ? (int)parser->context_mark.line
			   : line - 1;
	if (tree_text_blames_blank(text, from, line, err))
		return -(int)err->code;

	const struct advice *known = find_advice(parser->problem);
	(void)tree_text_fail(text, line, column, 1, err, "%s",
			     known && known->message ? known->message : parser->problem);
	if (known && known->hint)
		(void)err_hint(err, "%s", known->hint);
	add_context(parser, line, err);
	return -(int)err->code;
}
