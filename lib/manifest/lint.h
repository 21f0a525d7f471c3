/*
 * manifest/lint: what can be told about manifests without a server.
 *
 * Findings carry the place in the file the user wrote. Errors are what the server, or the program
 * that reads the object, would refuse; warnings are what it accepts and the user hardly meant.
 */
#pragma once

#include "base/diag.h"
#include "manifest/object.h"
#include "manifest/set.h"

/* About one object by itself. `app` is whom the findings name. */
void manifest_lint_object(const struct manifest_object *object, const char *app,
			  struct diag_list *findings);

/* Traefik's own rules, which the API server does not know; called by manifest_lint_object. */
void manifest_lint_traefik(const struct manifest_object *object, const char *app,
			   struct diag_list *findings);

/* About objects beside one another: host ports that two workloads claim, Services that select
 * nothing. Looks at apps that are not broken. */
void manifest_lint_set(const struct manifest_set *set, struct diag_list *findings);

/* Adds one finding at a field of an object; hint may be NULL. For the files of lint. */
void manifest_lint_add(struct diag_list *findings, enum diag_severity severity, const char *app,
		       const struct manifest_object *object, const char *path, const char *hint,
		       const char *format, ...) __attribute__((format(printf, 7, 8)));
