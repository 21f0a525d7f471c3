/*
 * manifest/lint: what can be told about manifests without a server.
 *
 * Findings carry the place in the file the user wrote. Errors are what the server, or the program
 * that reads the object, would refuse; warnings are what it accepts and the user hardly meant.
 */
#pragma once

#include "base/diag.h"
#include "manifest/coexist.h"
#include "manifest/object.h"
#include "manifest/set.h"

/* About one object by itself. `app` is whom the findings name. */
void manifest_lint_object(const struct manifest_object *object, const char *app,
			  struct diag_list *findings);

/* Traefik's own rules, which the API server does not know; called by manifest_lint_object. */
void manifest_lint_traefik(const struct manifest_object *object, const char *app,
			   struct diag_list *findings);

/* About objects beside one another: what they want of the one node, Services that select nothing.
 * Looks at apps that are not broken. */
void manifest_lint_set(const struct manifest_set *set, struct diag_list *findings);

/* Parts of it: ports of the node that two claim; rolling updates that cannot work on one node. */
void manifest_lint_ports(const struct manifest_set *set, struct diag_list *findings);
void manifest_lint_rolling(const struct manifest_set *set, struct diag_list *findings);

/* What is known of the node that the files are for, when this machine is it. */
struct manifest_listener {
	struct manifest_port port;
	const char *holder; /* "nginx (pid 812)" */
};

struct manifest_node {
	bool traefik, servicelb; /* k3s runs the ones that it brings */
	struct manifest_listener *listeners;
	size_t count;
};

/* Ports that the set claims and that are taken on the node. */
void manifest_lint_on_node(const struct manifest_set *set, const struct manifest_node *node,
			   struct diag_list *findings);

/* Whom and what findings are about. */
struct manifest_lint {
	const struct manifest_object *object;
	const char *app;
	struct diag_list *findings;
};

/* A finding at a field of the object; hint may be NULL. */
void manifest_lint_error(const struct manifest_lint *about, const char *path, const char *hint,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));
void manifest_lint_warning(const struct manifest_lint *about, const char *path, const char *hint,
			   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same at a word of the text that stands there. */
void manifest_lint_word(const struct manifest_lint *about, const char *path, const char *word,
			const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* An error at a key that should not be in the mapping at path. */
void manifest_lint_unknown(const struct manifest_lint *about, const char *path, const char *key,
			   const char *hint);
