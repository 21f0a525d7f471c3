/*
 * backup/gate: stands before an app whose data may be missing.
 *
 *	its paths, all there                        -> open
 *	missing, and this node had them             -> held: a person decides
 *	missing, and new to this node, first apply  -> the newest set that has them -> restored,
 *open no set has them -> a first install, open the store does not answer -> wait
 *
 * Its claims are looked at before the first apply only: one that the cluster does not have and a
 * set does comes back as a volume that waits for it (backup/volume.h).
 *
 * So data comes back before the first pod writes into an empty directory, and a disk that is not
 * mounted or a directory that was wiped is never filled without a word. `restore: never` in the
 * app's `backup:` opens it always; without a target there is no gate.
 *
 * Jobs of several apps may ask at once: only one of them talks to the store and restores, the
 * others are told to come again, so that a slow store or a large restore holds up nobody else.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/event.h"
#include "http/http.h"
#include "kube/client.h"
#include "manifest/set.h"

enum backup_gate_verdict {
	BACKUP_GATE_OPEN,
	BACKUP_GATE_BUSY, /* another app is at it: again in a moment */
	BACKUP_GATE_WAIT, /* the store does not answer, or a restore failed: again later */
	BACKUP_GATE_HELD, /* until somebody decides; looked at again later, too */
};

/* What is to be brought back. */
struct backup_gate_restore {
	const char *node, *set, *path;
};

struct backup_gate_options {
	const char *state_dir;
	struct http *http;
	/* Brings a path back to its place; a process of its own, so that nothing of it can harm
	 * this one. */
	int (*restore)(void *context, const struct backup_gate_restore *what, struct cancel *cancel,
		       struct err *err);
	void *context;
	int64_t patience_ms; /* with the store, at each question; 0: 10 s */
};

struct backup_gate;

/* Borrows the options' texts. */
struct backup_gate *backup_gate_new(const struct backup_gate_options *options);
void backup_gate_free(struct backup_gate *gate); /* NULL is fine */

struct backup_gate_question {
	const json_t *settings; /* `backup:` of desired.yaml; NULL: no target */
	const struct manifest_app *app;
	bool first;		    /* nothing of the app was applied to this cluster yet */
	struct kube_client *client; /* NULL: its claims are not looked at */
	struct cancel *cancel;
	struct event_sink *sink;
};

/* ret_why: one line for status and journal; NULL when it is open. Caller frees. Errors only of the
 * machine itself. */
int backup_gate_ask(struct backup_gate *gate, const struct backup_gate_question *question,
		    enum backup_gate_verdict *ret, char **ret_why, struct err *err);

/* The app may start without its data: somebody said so. */
int backup_gate_allow(struct backup_gate *gate, const char *app, struct err *err);
/* Its data was deleted because somebody said so. */
int backup_gate_forget(struct backup_gate *gate, const char *app, struct err *err);
