/*
 * manifest/set: what the files want, app by app.
 *
 * An app here is one *instance* of an app folder ("ghost@tfe-fr"): the unit that is loaded,
 * reconciled, refused and rolled back as one. A broken app has no objects; what was in force stays.
 *
 * Sets and apps are immutable after loading and shared between threads by reference count.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/list.h"
#include "manifest/object.h"

struct manifest_directory {
	char *path;
	unsigned int mode; /* 0755 when none was given */
	long uid, gid;	   /* -1: as created */
};

struct manifest_options {
	char *ns; /* for objects that name none; NULL: default. Created when nothing declares it */
	struct list depends_on; /* app names, an instance ("ghost@tfe-fr") or all ("ghost") */
	enum manifest_redeploy redeploy;
	enum manifest_prune prune;
	bool suspend;
	bool rollback_automatic;
	struct list tags;
	int64_t timeout_ms; /* 5 min when none was given */
	struct manifest_directory *directories;
	size_t directory_count;
	json_t *ignore;	 /* array of {kind, name?, fields: [path]}; or NULL */
	json_t *replace; /* array of {kind, name}: may be replaced although it holds data, or
			  * although the new one cannot be proven; or NULL */
	json_t *backup;	 /* the backup block as written, rendered; or NULL */
};

struct manifest_app {
	int references;
	char *name;	/* "ghost@tfe-fr" or "traefik" */
	char *app;	/* "ghost" */
	char *instance; /* "tfe-fr" or NULL */
	bool broken;
	struct manifest_options options;
	struct manifest_object **objects;
	size_t count;
	char *hash;   /* of all objects and what of the options changes behaviour */
	char *source; /* digest of the files that it came from; NULL: not known */
};

struct manifest_set {
	int references;
	struct manifest_app **apps; /* by name */
	size_t count;
	struct diag_list findings;
	bool fatal; /* desired.yaml or a shared variable file is broken: keep everything as it was
		     */
	bool empty; /* the directory is missing, empty or unreadable: prune nothing */
	bool unnamed_apps; /* an app failed before its instances were known: any app of its folder's
			      name may be missing from the set */
	struct list broken_folders; /* the names of those folders */
	char *git_head; /* short commit of the directory when it is a checkout, with "+dirty"; NULL
			 */
	size_t file_count;
};

/* For whoever fills a set (source): a new one, an app into it, and in order at the end. */
struct manifest_set *manifest_set_new(void);
void manifest_set_add(struct manifest_set *set, struct manifest_app *app_stolen);
void manifest_set_sort(struct manifest_set *set);

struct manifest_set *manifest_set_ref(struct manifest_set *set);
void manifest_set_unref(struct manifest_set *set);
struct manifest_app *manifest_set_find(const struct manifest_set *set, const char *name);

struct manifest_app *manifest_app_new(const char *app, const char *instance);
struct manifest_app *manifest_app_ref(struct manifest_app *app);
void manifest_app_unref(struct manifest_app *app);
void manifest_app_add(struct manifest_app *app, struct manifest_object *object_stolen);
/* Takes an object out (the caller owns it), or releases all of them. */
struct manifest_object *manifest_app_take(struct manifest_app *app, size_t index);
void manifest_app_clear(struct manifest_app *app);
const struct manifest_object *manifest_app_find(const struct manifest_app *app, const char *key);

/* Computes hash once all objects are in. */
void manifest_app_seal(struct manifest_app *app);

/* The options as a revision stores them. */
json_t *manifest_options_to_json(const struct manifest_options *options);

/* Whether `replace` names the object. */
bool manifest_options_replace(const struct manifest_options *options, const struct manifest_id *id);

/* What a revision stores, and back. The JSON holds bodies, places and options: everything a
 * later pass needs when the files are gone. */
json_t *manifest_app_to_json(const struct manifest_app *app);
int manifest_app_from_json(const json_t *tree, struct manifest_app **ret, struct err *err);

/* True when the app is selected by --app (name, folder or instance) and tags; NULL selects all. */
bool manifest_app_selected(const struct manifest_app *app, const char *selected,
			   const struct list *tags, const struct list *skip_tags);
