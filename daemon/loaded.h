/*
 * loaded: one reading of the files: settings, apps, findings, and when it was.
 *
 * Immutable and shared by reference count; rounds, jobs and answers keep the reading they began
 * with.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/diag.h"
#include "base/err.h"
#include "manifest/set.h"
#include "masking.h"
#include "source/settings.h"
#include "source/vault_cache.h"

struct link;

struct loaded_options {
	const char *dir, *config;
	const char *state_dir;		  /* of generated secrets; NULL: placeholders */
	bool make_secrets;		  /* false: only those that are kept already */
	bool lint;			  /* as `check` */
	int kube_release;		  /* of source_options */
	struct masking *masking;	  /* is told what is secret; or NULL */
	struct source_vault_cache *vault; /* of earlier readings; or NULL */
	/* Cached discovery, a new reference; may return NULL, may be NULL. */
	json_t *(*kinds_of)(void *context, const struct source_settings *settings);
	/* A connection to the API server, a new reference, to ask for generated values that the
	 * state directory does not have; may return NULL, may be NULL. */
	struct link *(*link_of)(void *context, const struct source_settings *settings);
	void *context;
	const char *who; /* "reload by root" */
};

struct loaded {
	int references; /* atomic */
	struct source_settings settings;
	struct manifest_set *set;
	struct diag_list findings; /* of settings and set, by place */
	bool fatal;		   /* nothing of it is to be taken up */
	char *fingerprint;
	char *who;
	time_t when;
	int64_t took_ms;
};

/* Reads everything. Negative only when nothing can be said at all. */
int loaded_read(const struct loaded_options *options, struct loaded **ret, struct err *err);

struct loaded *loaded_ref(struct loaded *loaded);
void loaded_unref(struct loaded *loaded);

/* What --app, --tags and --skip-tags say. */
struct loaded_selection {
	const char *app;
	const struct list *tags, *skip_tags;
};

/* Takes up only what is selected of a new reading; the other apps stay as they were before. To be
 * called before anybody else sees `now`. */
void loaded_keep_rest(struct loaded *now, const struct loaded *before,
		      const struct loaded_selection *selection);
