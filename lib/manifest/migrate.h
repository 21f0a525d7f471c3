/*
 * manifest/migrate: how the files must change where more than an apiVersion did.
 *
 * Works on the rendered text of a manifest and finds, through the template's marks, the words in
 * the user's file that are to be changed (manifest/edit.h). What cannot be done by changing words
 * at their places (they come out of an expression, two renderings want different things, only the
 * user knows what is meant) is refused for the whole object, with what a person must do.
 *
 * Rules: migrate_kube.c those of Kubernetes, migrate_traefik.c those of Traefik 3; all speak
 * through migrate_rule.h.
 */
#pragma once

#include "base/diag.h"
#include "base/list.h"
#include "manifest/api.h"
#include "manifest/edit.h"
#include "manifest/text.h"

/* What one object of one rendering needs. */
struct manifest_change {
	char *what; /* "Ingress blog: extensions/v1beta1 -> networking.k8s.io/v1" */
	char *app, *file;
	int line, column;  /* of the object, in a file of the user */
	size_t document;   /* of the text, from 0 */
	bool traefik;	   /* it is of Traefik's old group */
	bool of_traefik;   /* it runs Traefik 2: to be done only beside one that is */
	struct list paths; /* what may differ in that document afterwards; nothing else may */
	struct manifest_edits edits;
	struct err refusal;	/* filled: nothing of the edits is to be done */
	struct diag_list notes; /* what is left to a person although the edits are done */
};

struct manifest_changes {
	struct manifest_change *items;
	size_t n, cap;
};

/* Adds what the objects of a text need, and what may change in those that are as they should be,
 * because another rendering of the same lines is not. */
void manifest_migrate(const struct manifest_text *text, const char *app,
		      const struct manifest_served *served, struct manifest_changes *changes);
/* Whether an object has to be changed at all, or a person has to be told something. */
bool manifest_change_is_due(const struct manifest_change *change);
void manifest_changes_done(struct manifest_changes *changes);
