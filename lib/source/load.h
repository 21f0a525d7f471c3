/*
 * source/load: from /etc/desired to the desired set, in one pass with all errors.
 *
 *	scan (names, ownership, a stable snapshot of every file)
 *	  -> variables and instances -> render -> parse -> normalise -> manifest_set
 *
 * Loading reads files and nothing else: no network, no state. What is broken is a finding in
 * set->findings and an app marked broken; other apps are not affected. It is deterministic.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/list.h"
#include "base/mask.h"
#include "manifest/set.h"
#include "source/settings.h"
#include "source/vault_cache.h"

/* A key of a Secret whose value is made up once. */
struct source_generated {
	const char *app, *ns, *secret, *key;
	int length;
};

struct source_options {
	const char *dir;
	const struct source_settings *settings;
	bool lint; /* check as any user: ownership is a warning, hints about unread files are given
		    */
	json_t *kinds; /* cached discovery: {"group/Kind": {"namespaced": bool, "versions": [..]}};
			* or NULL */
	int kube_release; /* look ahead: as if the server were of Kubernetes 1.N; 0: as kinds say */
	/* Facts; NULL: the host is asked. */
	const char *node_name, *k3s_version;
	json_t *facts; /* as host_facts() gives them */
	/* The value of a generated secret, made when it is missing; caller frees. NULL:
	 * placeholders are used. */
	char *(*generated)(void *context, const struct source_generated *wanted);
	void *context;
	struct mask *mask;		  /* is told what was decrypted; or NULL */
	struct source_vault_cache *vault; /* of earlier readings; or NULL */
	bool reveal;			  /* source_render: encrypted files too */
	const struct map *instead; /* path -> struct buf: what counts instead of what is in these
				    * files; or NULL */
};

/* Loads everything. Negative only when nothing can be said at all (out of descriptors ...). */
int source_load(const struct source_options *options, struct manifest_set **ret, struct err *err);

/* Every rendered text of the selected apps, as `render` prints it: called for each file in
 * order. Rendering goes on after an error; findings are in ret_findings. */
int source_render(const struct source_options *options, const char *selected,
		  void (*rendered)(void *context, const char *app, const char *file,
				   const char *text, size_t length),
		  void *context, struct diag_list *ret_findings, struct err *err);

/* One variable of an app, for `vars`: where it was set and what it overrode. */
struct source_variable {
	const char *name;
	const char *value;	       /* JSON, rendered; or the error of rendering it */
	const char *origin;	       /* "ghost/vars.yaml:5" */
	const struct list *overridden; /* origins that lost */
};
int source_vars(const struct source_options *options, const char *app,
		void (*each)(void *context, const struct source_variable *variable), void *context,
		struct diag_list *ret_findings, struct err *err);

/* A digest of names, sizes and times of everything under dir: changed files are counted with it.
 * Cheap; hashes of contents decide, this only hints. */
int source_fingerprint(const char *dir, char **ret, struct err *err);

/* All folders below dir that are worth watching, symlink targets included. */
int source_folders(const char *dir, struct list *ret, struct err *err);
