/*
 * template/ast: a compiled template: the tree that eval walks.
 *
 * Everything lives in the template's arena; constants are values whose refs are below zero. A
 * node knows the stretch of the source that it came from, so that any error can show its line and
 * underline it.
 */
#pragma once

#include "template/arena.h"
#include "template/options.h"
#include "template/template.h"
#include "template/types.h"

enum node_kind {
	/* statements */
	NODE_TEXT,
	NODE_PRINT,
	NODE_FOR,
	NODE_IF,
	NODE_SET,
	NODE_SET_BLOCK,
	NODE_WITH,
	NODE_MACRO,
	NODE_CALL_BLOCK,
	NODE_FILTER_BLOCK,
	NODE_INCLUDE,
	NODE_IMPORT,
	NODE_FROM_IMPORT,
	/* expressions */
	NODE_CONSTANT,
	NODE_NAME,
	NODE_LIST,
	NODE_TUPLE,
	NODE_DICT,
	NODE_ATTRIBUTE, /* a.b */
	NODE_ITEM,	/* a[b] */
	NODE_SLICE,	/* the b of a[b] when it has colons */
	NODE_CALL,
	NODE_FILTER,
	NODE_TEST,
	NODE_NOT,
	NODE_NEGATIVE,
	NODE_POSITIVE,
	NODE_CALCULATE,
	NODE_AND,
	NODE_OR,
	NODE_COMPARE,
	NODE_CONCAT,
	NODE_CONDITIONAL,
	NODE_MEMBER, /* namespace.name as a target of set */
};

enum compare_operator {
	COMPARE_EQUAL,
	COMPARE_UNEQUAL,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_GREATER,
	COMPARE_GREATER_EQUAL,
	COMPARE_IN,
	COMPARE_NOT_IN,
};

struct builtin;

/* What stands between the parentheses of a call. */
struct arguments {
	struct node **items;
	size_t count;
	struct value **names; /* of the keyword arguments */
	struct node **values;
	size_t named;
	struct node *spread;	   /* *args */
	struct node *spread_named; /* **kwargs */
};

struct macro_parameter {
	struct value *name;
	struct node *otherwise; /* NULL: none */
};

/* A macro, or the body of a call block. */
struct macro {
	struct value *name;
	struct macro_parameter *parameters;
	size_t count;
	struct node *body;
	bool wants_caller, wants_varargs, wants_kwargs;
};

struct import_name {
	struct value *name, *alias;
};

struct node {
	uint8_t kind;
	uint32_t begin, end;   /* in the template's source */
	uint32_t line, column; /* of begin, as the user counts them */
	struct node *next;     /* statement */
	union {
		struct {
			const char *text;
			size_t length;
		} text;
		struct value *constant;
		struct {
			struct value *name;
			size_t variable; /* which of template->variables */
		};
		struct node *operand; /* print, not, negative, positive */
		struct {
			struct node *target, *sequence, *condition, *body, *otherwise;
			bool recursive;
			bool extended; /* the body uses `loop` */
		} loop;
		struct {
			struct node *condition, *body, *otherwise;
		} branch; /* and conditional */
		struct {
			struct node *target, *value; /* value: the body of a set block */
			struct node *filter;	     /* of a set block */
		} set;
		struct {
			struct node **targets, **values;
			size_t count;
			struct node *body;
		} with;
		struct macro macro;
		struct {
			struct macro macro;
			struct node *call;
		} caller;
		struct {
			struct node *filter, *body;
		} filter_block;
		struct {
			struct node *name;
			struct value *target;	   /* import */
			struct import_name *names; /* from import */
			size_t count;
			bool ignore_missing, with_context;
		} import; /* and include */
		struct {
			struct node **items;
			size_t count;
		} list; /* tuple, concat */
		struct {
			struct node **keys, **values;
			size_t count;
		} dict;
		struct {
			struct node *object;
			struct value *name;
			bool dict_method; /* dicts have a method of that name */
		} attribute;		  /* and member, whose object is a name */
		struct {
			struct node *object, *key;
		} item;
		struct {
			struct node *start, *stop, *step;
		} slice;
		struct {
			struct node *function; /* the value of a filter or test; NULL in a filter
						  block */
			struct arguments arguments;
			const struct builtin *builtin; /* the filter or test */
		} call;
		struct {
			struct node *left, *right;
			int op; /* enum number_operator */
		} binary;
		struct {
			struct node *first;
			struct node **operands;
			enum compare_operator *ops;
			size_t count;
		} compare;
	};
};

/* Numbers beyond 64 bits: what the arena cannot hold. */
struct big_constant {
	BIGNUM *number;
	struct big_constant *next;
};

struct template
{
	struct arena arena;
	struct big_constant *bigs;
	char *name;
	const char *source; /* newlines are \n; the #jinja2: line is still there */
	size_t length;
	int first_line, first_column; /* where the source begins in the user's file */
	struct options options;
	bool plain;	  /* no markup: the text is the output, untouched (rule R5) */
	const char *text; /* of a plain one */
	size_t text_length;
	size_t newlines; /* at the end of the text (rule R1) */
	struct node *body;
	struct value **variables; /* the names that it uses, each once */
	size_t variable_count;
	size_t pieces; /* texts and prints, wherever they stand */
	bool mutates;  /* calls something like append: variables must be copied */
};

/* How a text is compiled. */
struct template_text {
	const char *name;
	const char *text;
	size_t length;
	int line, column; /* where it begins in the file; 0 means 1 */
	const struct options *options;
	bool header; /* a #jinja2: line is obeyed, text without markup stays untouched (rule R5) */
};

/* ERR_INVALID with place, source line and caret. */
int template_build(const struct template_text *text, struct template **ret, struct err *err);

/* Fills in the place, the source line and the caret of [begin, end). Returns -err->code. */
int template_point(const struct template *template, uint32_t begin, uint32_t end, struct err *err);

/* The source of a node. */
const char *template_source(const struct template *template, const struct node *node,
			    size_t *ret_length);
