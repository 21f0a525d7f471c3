/*
 * reconcile/upgrade: data is saved before another version of an app touches it.
 *
 * New images may migrate the data they find, and the old ones cannot read it then. So a pass that
 * would bring other images to an app first has its data saved, once for each change of version, and
 * the revision that comes into force remembers as which set. Not for a rollback or an undo: who
 * goes back must not wait for a bucket.
 */
#pragma once

#include "base/deadline.h"
#include "base/err.h"

/* Who saves; part of the world of passes. */
struct reconcile_saver {
	/* Saves the data of an app. ret_set: the set it is in, caller frees; NULL: it has none. */
	int (*save)(void *context, const char *app, struct cancel *cancel, char **ret_set,
		    struct err *err);
	void *context;
};

/* The first revision after `number` before which data was saved: what that version may have done
 * to it. ret_revision 0 and ret_set NULL when there is none. Caller frees *ret_set. */
int reconcile_migrated(const char *state_dir, const char *app, int number, int *ret_revision,
		       char **ret_set, struct err *err);
