/*
 * template/call: calling what is built in: filters, tests, global functions, methods.
 *
 * A table entry names its parameters; template_call_run puts the arguments where they belong, so
 * that a function finds argument i at a[i], or NULL there when it was left out. What a call returns
 * is a new reference, or NULL after template_call_fail.
 */
#pragma once

#include "template/eval.h"

#define CALL_MOST 12 /* parameters of a builtin */

enum call_flags {
	CALL_UNDEFINED = 1, /* takes undefined arguments */
	CALL_LAZY = 2,	    /* containers may hold templates and undefined values */
	CALL_REST = 4,	    /* takes any number of further arguments, by place and by name */
	CALL_RAISES = 8,    /* its failure is an error at once, not a value */
};

struct call {
	struct eval *eval;
	const struct node *node;
	const char *name;
	struct value **args;
	size_t count, cap;
	struct value *few[6]; /* args, while they fit */
	struct value **names, **values;
	size_t named, named_cap, values_cap;
};

struct builtin {
	const char *name;
	struct value *(*run)(struct call *call, struct value **a);
	const char *parameters; /* "s width first blank" */
	unsigned required;	/* how many of them must be given */
	unsigned flags;		/* enum call_flags */
};

/* Evaluates arguments behind a first one (NULL: none; taken over). Negative when one failed. */
int template_call_gather(struct eval *eval, const struct node *node,
			 const struct arguments *arguments, struct value *first, struct call *ret);
void template_call_add(struct call *call, struct value *value_stolen);
void template_call_add_named(struct call *call, struct value *name_stolen,
			     struct value *value_stolen);
void template_call_done(struct call *call);
#define cleanup_call __attribute__((cleanup(template_call_done)))

/* Calls a builtin. Undefined arguments and failures become an undefined value as the result,
 * unless a limit was hit: NULL. */
struct value *template_call_run(struct call *call, const struct builtin *builtin);
/* The same for a method; the first argument is what it belongs to. */
struct value *template_call_method(struct call *call, const struct builtin *builtin);
/* Calls a value: function, method, macro, loop. */
struct value *template_call_value(struct call *call, struct value *function);
/* A filter or test by its table entry on arguments at hand (map, select); borrowed arguments. */
struct value *template_call_builtin(struct call *from, const struct builtin *builtin,
				    struct value *first, struct value **more, size_t count);

/* Raises an error at the call; always NULL. */
struct value *template_call_fail(const struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Arguments as C types; `otherwise` when left out or none. False after template_call_fail. */
bool template_call_int(struct call *call, struct value *arg, int64_t otherwise, int64_t *ret);
bool template_call_text(struct call *call, struct value *arg, const char *otherwise,
			const char **ret, size_t *ret_length);
bool template_call_truth(struct value *arg, bool otherwise);

/* A table's entry by name, or the name nearest to it. */
const struct builtin *template_call_find(const struct builtin *table, size_t count,
					 const char *name);

/* A function as a value; with `self` a method of it, which comes as the first argument. */
extern const struct object_class template_call_function;
struct value *template_call_bound(const struct builtin *builtin, struct value *self);
