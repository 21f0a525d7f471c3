/*
 * reconcile/rollback: another version than that of the files.
 *
 * An app is *pinned* to one of its revisions by a rollback or by an undo. From then on every pass
 * is made for that revision, drift repaired and replaced and pruned objects included, until the
 * files give another set than they gave then, or until somebody lifts the pin. Nothing here talks
 * to the API server: a pin is set, and the next pass over the app does the rest.
 */
#pragma once

#include "base/event.h"
#include "manifest/set.h"
#include "state/ledger.h"

struct reconcile_rollback {
	struct state_ledger *ledger;
	const char *state_dir;
	const struct manifest_set *set; /* what the files say now */
	struct event_sink *sink;
	const char *app; /* "ghost@tfe-fr" */
	int number;	 /* of the revision; 0: the newest healthy one that differs from what is in
			  * force */
	const char *who;
	const char *why; /* why desired does it by itself; NULL: somebody wants it */
};

/* Pins the app, or unpins it when that revision is what the files say. ret_number is its revision
 * from now on. ERR_NOT_FOUND when there is no such revision, or none to go back to. */
int reconcile_rollback(const struct reconcile_rollback *rollback, int *ret_number, struct err *err);

/* Lifts the pin: the next pass is made for the files. 1 when there was one. */
int reconcile_unpin(struct state_ledger *ledger, const char *app, struct event_sink *sink,
		    struct err *err);

/* True while the pin is in force: the files cannot be read, or give the set they gave when it was
 * made. `app` NULL: they have none of that name. */
bool reconcile_pin_holds(const struct state_pin *pin, const struct manifest_app *app, bool broken);

/* True when the files cannot tell what an app is to be, or whether it is there. */
bool reconcile_files_broken(const struct manifest_set *set, const char *name);
