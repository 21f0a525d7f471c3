/*
 * reconcile/purge: the end of what an app left behind: kept claims, namespaces and the like, and
 *the host directories that only it used.
 *
 *	look    what a purge would take, and what forbids it; nothing is changed
 *	(pass)  a pass with options.purge deletes the objects, through the plan
 *	folders when that is through and no pod uses them any more, the directories
 *
 * Only directories that app.yaml named under `directories:` are ever removed, and of these only
 * those that nothing else names (purge_use.c) and lib/host lets go (host/tree.h).
 */
#pragma once

#include "base/list.h"
#include "kube/client.h"
#include "manifest/set.h"
#include "reconcile/reconcile.h"

struct reconcile_purge {
	const struct reconcile_world *world;
	const struct manifest_set *set; /* what the files say now */
	const char *app;
};

struct reconcile_purge_view {
	struct list lines;   /* for people: what goes, what stays and why */
	size_t objects;	     /* that would be deleted */
	struct list folders; /* that would be removed */
	size_t in_use;	     /* directories that a pod still uses */
	char *forbidden;     /* why nothing may be purged; NULL */
};

int reconcile_purge_look(const struct reconcile_purge *purge, const struct deadline *deadline,
			 struct reconcile_purge_view *ret, struct err *err);
void reconcile_purge_view_done(struct reconcile_purge_view *view);

/* Removes the directories of an app that left the files and the cluster; tells what it did. */
int reconcile_purge_folders(const struct reconcile_purge *purge, struct deadline *deadline,
			    struct err *err);
