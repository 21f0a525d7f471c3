/*
 * template/trouble: what an undefined value knows about itself.
 *
 * As in ansible-core 2.19 a mistake is a value first and an error only when somebody looks at
 * it: "undefined | default('x')" is fine, printing it is not. A trouble remembers the place; the
 * message and the nearest known name are worked out when it is reported.
 */
#pragma once

#include "template/ast.h"

struct trouble {
	bool error;   /* something failed; `default` and `is defined` do not forgive it */
	bool lenient; /* an inline if without else: prints as nothing */
	bool circle;  /* variables that need each other */
	bool fatal;   /* a limit: nothing may set it aside */
	const struct template *template; /* borrowed: outlives the evaluation */
	const struct node *node;
	struct value *name;	      /* the variable or attribute that is not there */
	struct value *object;	      /* NULL: a variable */
	struct trouble *next, **link; /* those with an object that live; see below */
	struct err err; /* message, hint, trail; the place when it is not that of node */
};

/* A value that stands for a trouble; new reference, filled by the caller. */
struct value *template_trouble_value(const struct template *template, const struct node *node);
void template_trouble_free(struct trouble *trouble);

/* Remembers what the name was looked for in. The trouble may come to stand inside that object: so
 * that the two do not keep each other alive, all let go of it when the evaluation ends. */
void template_trouble_of(struct trouble *trouble, struct value *name, struct value *object,
			 struct trouble **list);
void template_trouble_let_go(struct trouble **list);

/* "included from a.j2:3" behind what the trail says already. */
void template_trouble_trail(struct trouble *trouble, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct eval;
/* The error to show: message, place, source line, caret, nearest name. Returns -err->code. */
int template_trouble_report(struct trouble *trouble, const struct eval *eval, struct err *err);
