/*
 * manifest/object: one Kubernetes object that the files describe, and its identity.
 *
 * Identity is group, kind, namespace and name; the version is how it is written, not what it is.
 * The *key* is "group/Kind/namespace/name" ("core" for the legacy group, an empty namespace for
 * cluster scope) and names an object in the ledger, the plan and the journal.
 *
 * An object is immutable once it is part of a set and lives as long as its app.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "tree/yaml.h"

#define MANIFEST_MANAGER	   "desired" /* our field manager */
#define MANIFEST_LABEL		   "applyset.kubernetes.io/part-of"
#define MANIFEST_SOURCE_ANNOTATION "desired.dev/source"

/* The ApplySet id of the one set of a cluster, parent ConfigMap kube-system/desired (KEP-3659):
 * "applyset-<base64url(sha256("desired.kube-system.ConfigMap."))>-v1". Static. */
const char *manifest_set_id(void);

struct manifest_id {
	char *group; /* "" for the legacy group */
	char *version;
	char *kind;
	char *ns; /* "" for cluster scope */
	char *name;
};

/* From apiVersion, kind, metadata; ERR_INVALID says what is missing. ns is "" when none is
 * written. */
int manifest_id_of(const json_t *body, struct manifest_id *ret, struct err *err);
void manifest_id_copy(struct manifest_id *to, const struct manifest_id *from);
void manifest_id_done(struct manifest_id *id);
char *manifest_id_key(const struct manifest_id *id);
/* Back from a key; version stays "". False when it is none. */
bool manifest_id_of_key(const char *key, struct manifest_id *ret);
/* "v1" or "apps/v1"; caller frees. */
char *manifest_id_api_version(const struct manifest_id *id);
/* "Deployment default/ghost" or "Namespace traefik": as messages say it. Caller frees. */
char *manifest_id_text(const struct manifest_id *id);

enum manifest_redeploy {
	MANIFEST_REDEPLOY_AUTO, /* replace when old and new pods cannot coexist */
	MANIFEST_REDEPLOY_APPLY,
	MANIFEST_REDEPLOY_REPLACE,
};

enum manifest_prune {
	MANIFEST_PRUNE_AUTO,
	MANIFEST_PRUNE_ASK,
	MANIFEST_PRUNE_NEVER,
};

/* The text an object came from: kept so that a field can be traced to the template's line. */
struct manifest_text;

struct manifest_object {
	struct manifest_id id;
	char *key;
	bool namespaced;
	bool scope_guessed; /* neither built in nor a CRD of the set: discovery decides */
	json_t *body;	    /* normalised, with label and source annotation: what is sent */
	char *hash;	    /* of body without the source annotation */
	char *file;	    /* "ghost/deployment.yml.j2", relative to the directory */
	int line, column;   /* where the document begins in that file */
	enum manifest_redeploy redeploy;
	enum manifest_prune prune;
	bool suspend;
	struct manifest_text *text; /* shared by the objects of one file; NULL after a revision */
	const struct tree_yaml_node *node; /* root of this object in text; NULL likewise, and when
					    * the text was forgotten: then it is found again by */
	int text_line, text_column;	   /* its place in the text */
};

void manifest_object_free(struct manifest_object *object);

/* Where a field stands in the file the user wrote: path as tree/path.h writes it, NULL for the
 * object itself. May read the text again. Falls back to
 * the nearest parent and then to the object's own place. ret_file is borrowed. */
void manifest_object_place(const struct manifest_object *object, const char *path,
			   const char **ret_file, int *ret_line, int *ret_column);

/* The same for the key itself: `key` of the mapping at path. */
void manifest_object_key_place(const struct manifest_object *object, const char *path,
			       const char *key, const char **ret_file, int *ret_line,
			       int *ret_column);

/* The same for a word in the text that stands at path. False, with the place of the text, where the
 * word cannot be told apart: blocks of a template shift columns. */
bool manifest_object_word_place(const struct manifest_object *object, const char *path,
				const char *word, const char **ret_file, int *ret_line,
				int *ret_column);
