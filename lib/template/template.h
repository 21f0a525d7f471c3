/*
 * template: the Jinja2 language as Ansible runs it, in C. The public face.
 *
 *	struct template *t;
 *	r = template_compile(&(struct template_source){.name = "ghost/deployment.yml.j2", ...}, &t,
 *err); r = template_render(t, scope, &limits, &output, err);
 *
 * A compiled template is immutable and may be rendered by several threads at once. Rules R1 to
 * R14 of templates.md hold; what is not supported is refused by its name at compile time.
 *
 * Glossary: *source* the text and its name; *scope* what names mean (template/scope.h); *value*
 * what an expression gives (template/value.h); *output* the rendered bytes and the *map* from
 * their lines back to the template's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

struct template;
struct template_cache;
struct template_scope;

#define TEMPLATE_DEEPEST 400 /* of limits.depth: the stacks of threads are finite */

/* What one rendering may take; 0: the default. Errors name the limit and desired.yaml's key. */
struct template_limits {
	size_t output;	/* bytes of output, and of any string or list; 8 MiB */
	uint64_t steps; /* nodes evaluated, items gone through; 10,000,000 */
	int depth;	/* includes, macros, variables in one another; 64 */
	uint32_t regex; /* steps of one search; 1,000,000 */
	int digits;	/* of an integer that is printed; 4,300, as Python has it */
};

/* Where include, import and lookup('file'), lookup('template') find their files. */
struct template_loader {
	/* Finds a file by the name a template wrote. `purpose` is "template" or "file". The name
	 * that errors should show and the content are the caller's to free. ERR_NOT_FOUND with a
	 * hint of what was searched; ERR_DENIED for a path that leaves the app. */
	int (*load)(void *context, const char *name, const char *purpose, char **ret_shown,
		    char **ret_text, size_t *ret_length, struct err *err);
	/* The names of files that match ("conf/x*.cnf"), as load takes them, in order; none is no
	 * error. ERR_DENIED as above. */
	int (*list)(void *context, const char *pattern, struct list *ret, struct err *err);
	/* The value of an environment variable that settings allow, or NULL; asked for at a place
	 * in a template. */
	const char *(*environment)(void *context, const char *name, const char *file, int line);
	/* A variable out of an encrypted file was rendered to this; may be NULL. */
	void (*secret)(void *context, const char *text, size_t length);
	void *context;
	/* Whom it is for ("ghost@tfe-fr"): random and shuffle give each its own; NULL: nobody. */
	const char *identity;
	const struct template_limits *limits; /* unless others are given; NULL: the defaults */
	/* Keeps what is included and looked up compiled, over all renderings; one thread at a time
	 * uses it. NULL: each rendering compiles for itself. */
	struct template_cache *cache;
};

struct template_cache *template_cache_new(void);
void template_cache_free(struct template_cache *cache);

/* What wrote the output from a byte on, up to the next mark: a piece of a template's own text, or
 * an expression. */
struct template_mark {
	uint32_t at;	       /* byte of the output */
	uint32_t line, column; /* of the template, where the piece or the expression begins */
	uint32_t printed : 1;  /* by an expression */
	uint32_t file : 31;    /* of output->files */
};

struct template_output {
	struct buf text;
	struct template_mark *marks; /* ascending */
	size_t mark_count, mark_cap;
	struct buf files; /* names of templates, a NUL behind each */
};

/* Compiles. `name` is what errors show; the text is copied. A "#jinja2:" first line is obeyed.
 * ERR_INVALID with file:line:column, the source line and a caret. */
int template_compile(const char *name, const char *text, size_t length, struct template **ret,
		     struct err *err);

/* Renders into ret (released with template_output_done). ERR_INVALID with the place in the
 * template, the variable's name and the nearest known one; the include chain is in err->trail. */
int template_render(const struct template *template, const struct template_scope *scope,
		    const struct template_loader *loader, const struct template_limits *limits,
		    struct template_output *ret, struct err *err);

/* The template place that wrote a place of the output. Column 0 asks for the line: the last
 * expression that was printed on it, else what began it. False when the line is past the end; file
 * is borrowed. */
bool template_output_origin(const struct template_output *output, int line, int column,
			    const char **ret_file, int *ret_line, int *ret_column);

void template_output_done(struct template_output *output);
void template_free(struct template *template);

/* Renders one string that stands in a variable file or in app.yaml: text with markup, or a single
 * expression that keeps its native type (rule R6). The result is a value (template/value.h). */
struct value;
int template_evaluate(const char *name, const char *text, int line, int column,
		      const struct template_scope *scope, const struct template_loader *loader,
		      struct value **ret, struct err *err);

/* True when text contains markup ({{, {% or {#). */
bool template_has_markup(const char *text, size_t length);
