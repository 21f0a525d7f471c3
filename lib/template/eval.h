/*
 * template/eval: walking the tree.
 *
 * An eval is one rendering: scope, limits, what was rendered already. Expressions give new
 * references; NULL means that eval->raised holds what went wrong (an undefined value). What
 * happens to something undefined: see template/trouble.h.
 *
 * Files: eval.c runs (templates, variables, limits), expression values are in eval_value.c,
 * operators in eval_operator.c, attributes in eval_access.c, statements in exec.c, loops in
 * loop.c, macros in macro.c, include and import in include.c, printing in sink.c.
 */
#pragma once

#include "template/ast.h"
#include "template/dict.h"
#include "template/object.h"
#include "template/scope.h"
#include "template/trouble.h"

#define FRAME_FEW 4

/* Names that a template sets; the chain of frames ends in the scope's variables. */
struct frame {
	struct frame *parent;
	struct frame *all; /* the frame made before, for clearing up */
	bool captured;	   /* a macro may come back to it: lives until the end */
	struct frame_binding {
		struct value *name, *value;
	} * bindings;
	size_t n, cap;
	struct frame_binding few[FRAME_FEW]; /* bindings, while they fit */
};

/* Where prints go. One node alone keeps its type (rule R2). */
struct sink {
	struct buf text;
	size_t room;			 /* how long text may get without further ado */
	size_t count;			 /* how many nodes were printed */
	struct value *single;		 /* the only one so far, when it is no string */
	bool lazy;			 /* a container that stays alone is not looked into */
	struct value *marker;		 /* the first undefined one */
	struct template_output *output;	 /* marks are kept for; NULL: none */
	const struct template *template; /* that printed last, */
	uint32_t file;			 /* and where the output has its name */
};

/* A template that was included, by the name that was written for it. */
struct unit {
	char *wanted;
	const struct template *template;
	struct unit *next;
};

#define EVAL_FOUND 64

struct eval {
	const struct template_scope *scope;
	const struct template_loader *loader;
	struct template_limits limits;
	uint64_t steps; /* that are left */
	int depth;
	struct value *raised;
	const struct template *template; /* the one that is being run */
	struct frame *frame;
	struct sink *sink;
	struct frame first;	      /* spares most renderings an allocation */
	struct frame *frames, *spare; /* all of them; those to use again */
	struct trouble *missing;   /* undefined values that remember what they were looked for in */
	struct dict variables;	   /* what the scope's names gave that had to be rendered */
	const struct value *extra; /* dict of variables above the scope's (lookup('template')) */
	struct unit *units;
	struct template_cache *cache; /* own one, when the loader has none */
	const struct node *use;	      /* the name that was asked for last, in template */
	bool mutates;		      /* variables must be copied before use */
	bool long_integers;	      /* one came up; template/digits.h */
	bool isolated;		      /* imported without context: variables are out of sight */
	struct value *drawn;	      /* dict: how often an expression asked for something random */
	int busy_count;
	const struct lazy *busy[TEMPLATE_DEEPEST]; /* being rendered, outermost first */
	const struct template *main;
	struct value *found[EVAL_FOUND]; /* its first variables, raw; NULL when nobody set them */
};

/* scope.c: a variable as it was set, not rendered; borrowed, NULL when nobody set it. */
struct value *template_scope_raw(const struct template_scope *scope, const struct value *name);

/* Raises that there were too many steps; always false. */
bool template_eval_too_long(struct eval *eval, const struct node *node);
/* Counts n steps. False when the limit is reached: raised. */
static inline bool template_eval_step(struct eval *eval, const struct node *node, uint64_t n)
{
	if (n > eval->steps)
		return template_eval_too_long(eval, node);
	eval->steps -= n;
	return true;
}
/* What stands for what nobody set; NULL: nothing does. Borrowed. */
struct value *template_scope_guessed(const struct template_scope *scope);
/* What template_scope_explain said of a name; or NULL. Borrowed. */
const char *template_scope_hint(const struct template_scope *scope, const char *name);

/* eval.c */
void template_eval_init(struct eval *eval, const struct template_scope *scope,
			const struct template_loader *loader, const struct template_limits *limits);
void template_eval_done(struct eval *eval);
/* Runs a template into a sink, in a frame on top of `parent` (NULL: sees no locals). The frame is
 * handed out when ret_frame is not NULL. */
int template_eval_template(struct eval *eval, const struct template *template, struct frame *parent,
			   struct sink *sink, struct frame **ret_frame);
/* The same for the template that was asked to be rendered, once in the life of eval. */
int template_eval_main(struct eval *eval, const struct template *template, struct sink *sink,
		       struct frame **ret_frame);
/* The value of a template, its type kept (rule R6), newlines topped up (rule R1). What is in a
 * container may wait to be rendered (and be wrong) when `lazy`. */
struct value *template_eval_result(struct eval *eval, const struct template *template, bool lazy);
/* Compiles a template that came up; it lives as long as eval at least. */
int template_eval_compile(struct eval *eval, const struct template_text *text,
			  const struct template **ret, struct err *err);
/* What a name means: frames, variables, globals; an undefined value otherwise. */
struct value *template_eval_name(struct eval *eval, const struct node *node);
/* The same without an error for nothing: NULL when nobody set it. New reference. */
struct value *template_eval_variable(struct eval *eval, const struct value *name);
/* Goes one level deeper (include, macro, variable); negative when the limit is reached. */
int template_eval_enter(struct eval *eval, const struct node *node);
void template_eval_leave(struct eval *eval);

/* Raises an error at a node; always NULL. */
struct value *template_eval_fail(struct eval *eval, const struct node *node, const char *format,
				 ...) __attribute__((format(printf, 3, 4)));
/* The same with what a callee found out; err is emptied. */
struct value *template_eval_fail_err(struct eval *eval, const struct node *node, struct err *err);
/* A limit was hit, which no template can set aside; `limit` is its key in desired.yaml. */
struct value *template_eval_fail_limit(struct eval *eval, const struct node *node,
				       const char *limit, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Raises an undefined value (borrowed); always NULL. */
struct value *template_eval_trip(struct eval *eval, struct value *undefined);
/* What was raised as a value again; NULL when it must not be set aside. */
struct value *template_eval_catch(struct eval *eval);
/* A value that is undefined because of `format` ("no first item ..."). */
struct value *template_eval_undefined(struct eval *eval, const struct node *node,
				      const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* frame.c */
struct frame *template_frame_push(struct eval *eval, struct frame *parent);
void template_frame_pop(struct eval *eval, struct frame *frame);
void template_frame_clear(struct frame *frame);
void template_frame_set(struct frame *frame, struct value *name, struct value *value_stolen);
struct value *template_frame_get(const struct frame *frame,
				 const struct value *name); /* borrowed */
/* Something keeps a pointer to it: it and those below live until the end. */
void template_frame_capture(struct frame *frame);

/* eval_value.c */
struct value *template_eval_expression(struct eval *eval, const struct node *node);
/* Python's truth; negative when the value is undefined (raised). */
int template_eval_truth(struct eval *eval, struct value *value, bool *ret);
int template_eval_condition(struct eval *eval, const struct node *node, bool *ret);
/* Assigns to a name, a tuple of names or a namespace's attribute. */
int template_eval_assign(struct eval *eval, const struct node *target, struct value *value_stolen);

/* eval_operator.c */
struct value *template_eval_calculate(struct eval *eval, const struct node *node);
/* a + b, for sum. */
struct value *template_eval_add(struct eval *eval, const struct node *node, struct value *a,
				struct value *b);
struct value *template_eval_compare(struct eval *eval, const struct node *node);
struct value *template_eval_concat(struct eval *eval, const struct node *node);
struct value *template_eval_negate(struct eval *eval, const struct node *node);
/* One comparison; negative after an error. */
int template_eval_compare_values(struct eval *eval, const struct node *node,
				 enum compare_operator op, struct value *left, struct value *right,
				 bool *ret);

/* eval_access.c */
/* a.name and a[key]; undefined when it is not there. */
struct value *template_eval_attribute(struct eval *eval, const struct node *node,
				      struct value *object, struct value *name);
struct value *template_eval_item(struct eval *eval, const struct node *node, struct value *object,
				 struct value *key);
struct value *template_eval_slice(struct eval *eval, const struct node *node, struct value *object,
				  struct value *start, struct value *stop, struct value *step);

/* eval_lazy.c */
/* A value as it comes out of a scope, ready for use: rendered, or a copy that renders its items
 * when they are asked for. New reference. */
struct value *template_eval_ready(struct eval *eval, struct value *value);
/* Item i of a list or tuple, or value of pair i of a dict, rendered. Borrowed. */
struct value *template_eval_list_at(struct eval *eval, struct value *list, size_t index);
struct value *template_eval_dict_at(struct eval *eval, struct value *dict, size_t index);
struct value *template_eval_dict_get(struct eval *eval, struct value *dict,
				     const struct value *key);
/* Renders everything inside. NULL, or the first undefined value in it (borrowed). */
struct value *template_eval_settle(struct eval *eval, struct value *value);
/* Settles and raises what is undefined; negative then. */
int template_eval_settled(struct eval *eval, struct value *value);
/* The items of anything that can be iterated, as a list or tuple. New reference. */
struct value *template_eval_items(struct eval *eval, const struct node *node, struct value *value);
/* A copy that belongs to nobody else: for what leaves the evaluation. Tuples become lists.
 * Undefined values and things that are no data raise. */
struct value *template_eval_export(struct eval *eval, const struct node *node, struct value *value);

/* exec.c */
int template_exec_body(struct eval *eval, const struct node *body);
/* A body into a value of its own (macro, block set, filter block). */
struct value *template_exec_captured(struct eval *eval, const struct node *body);

/* loop.c, macro.c, include.c */
int template_loop_run(struct eval *eval, const struct node *node);
struct value *template_macro_new(struct eval *eval, const struct node *node,
				 const struct macro *macro);
int template_macro_call_block(struct eval *eval, const struct node *node);
int template_include_run(struct eval *eval, const struct node *node);
int template_include_import(struct eval *eval, const struct node *node);
int template_include_from(struct eval *eval, const struct node *node);
/* What an imported template printed; NULL when value is no imported template. Borrowed. */
struct value *template_include_printed(const struct value *value);

/* sink.c */
void template_sink_init(struct sink *sink, struct template_output *output);
int template_sink_text(struct eval *eval, const struct node *node, const char *text, size_t length);
int template_sink_print(struct eval *eval, const struct node *node, struct value *value);
/* What was printed as a value: none, the single node, or text. New reference; the sink is empty
 * afterwards. */
struct value *template_sink_result(struct sink *sink);
void template_sink_done(struct sink *sink);
