/*
 * state/ledger: what we own, written before it is made (write-ahead inventory).
 *
 * One file, STATE/ledger.json, keyed by object key and bound to the cluster's identity: bound to
 * another cluster it is empty (the old one is kept beside it as ledger-<uid>.json, until that
 * cluster comes back). It grows before
 * the first write of a pass and shrinks after a delete was confirmed, so a crash can leave an entry
 * too many, never an object that nobody tracks.
 *
 * Thread safe: one lock; entries handed out are copies.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "manifest/object.h"

struct state_ledger;

/* How far a replace of an object has come; what it took down is in state/saved.h until SETTLED. */
enum state_stage {
	STATE_SETTLED,
	STATE_REPLACING, /* stands before the delete, or between delete and create */
	STATE_ON_TRIAL,	 /* created, and has not become ready yet */
	STATE_PUT_BACK,	 /* did not become ready: the old one has to come back */
};

struct state_entry {
	struct manifest_id id;
	char *key;
	char *app;    /* "ghost@tfe-fr" */
	char *uid;    /* NULL: announced, not made yet (or not confirmed) */
	char *hash;   /* of the body that was applied last; NULL as uid */
	char *owned;  /* digest of our managedFields entry after that (manifest/live.h) */
	char *source; /* "ghost/deployment.yml.j2" */
	enum manifest_prune prune;
	bool keep; /* bears data */
	bool kept; /* left the files, and that it stays was said */
	bool done; /* a Job that was seen complete: not run again while hash is the same */
	enum state_stage stage;
	bool approved; /* its delete was approved */
	char *size;    /* kept: how large it was then, "4.1 GB, 1203 files"; NULL */
	char *from;    /* the app that had it before this one; NULL */
};

/* What keeps an app at one of its revisions although the files say something else. */
struct state_pin {
	int revision; /* 0: not pinned */
	char *hash;   /* of the set that the files gave then ("" for none): another one ends it */
	char *verb;   /* "rollback", "undo" */
	char *who, *when;
	char *why; /* "revision 15 was not ready: ..."; NULL: somebody wanted it so */
};

/* Deletes that wait. */
struct state_pending {
	char *why; /* NULL: none do */
	char *id;  /* for `desired approve`; NULL: they wait for something else to be over */
	struct list keys;
	bool insist; /* others that waited beside them were approved, and these were not */
};

struct state_app {
	char *name;
	int revision;  /* in force; 0: none */
	char *health;  /* "ready", "waiting", "failed", "broken", "refused" ...; state words of
			* status */
	char *note;    /* the reason or remark of status */
	char *since;   /* RFC 3339 */
	char *hash;    /* of the app as applied last */
	char *refused; /* hash that is not tried again; or NULL */
	char *refused_why;
	struct state_pin pin;
	struct state_pending pending;
};

/* Opens (creating STATE 0700) and reads; a damaged file is moved aside with a warning in err (r =
 * 1) and the ledger starts empty. */
int state_ledger_open(const char *state_dir, struct state_ledger **ret, struct err *err);
void state_ledger_free(struct state_ledger *ledger);

/* Binds to the cluster with that UID. Returns 1 when another cluster's ledger was put aside; what
 * was put aside of this one is taken up again. */
int state_ledger_bind(struct state_ledger *ledger, const char *cluster_uid, struct err *err);
const char *state_ledger_cluster(const struct state_ledger *ledger); /* "" before the first bind */

/* A copy, or NULL. Release with state_entry_free(). */
struct state_entry *state_ledger_get(struct state_ledger *ledger, const char *key);
/* Copies of all entries (key -> struct state_entry, released with the map), of one app or of all
 * (app NULL), plus those of `also` (keys; may be NULL). */
void state_ledger_entries(struct state_ledger *ledger, const char *app, const struct list *also,
			  struct map *ret);
/* How many entries there are. */
size_t state_ledger_size(struct state_ledger *ledger);
/* The names of all apps that own an entry or have a state_app. */
void state_ledger_apps(struct state_ledger *ledger, struct list *ret);
/* All "group/Kind" that entries have, sorted. */
void state_ledger_kinds(struct state_ledger *ledger, struct list *ret);
/* All namespaces that entries have, sorted. */
void state_ledger_namespaces(struct state_ledger *ledger, struct list *ret);

/* Copies the entries in, and writes the file once. */
int state_ledger_put(struct state_ledger *ledger, const struct state_entry *const *entries,
		     size_t count, struct err *err);
int state_ledger_remove(struct state_ledger *ledger, const struct list *keys, struct err *err);

struct state_app *state_ledger_app(struct state_ledger *ledger,
				   const char *name); /* copy or NULL */
/* Everything but pin and pending, which are left as they are. */
int state_ledger_put_app(struct state_ledger *ledger, const struct state_app *app, struct err *err);
int state_ledger_remove_app(struct state_ledger *ledger, const char *name, struct err *err);

/* Pins an app (NULL: unpins it), making it known when it was not. Returns 1 when that changed
 * anything. */
int state_ledger_pin(struct state_ledger *ledger, const char *name, const struct state_pin *pin,
		     struct err *err);

/* The objects of `keys` did not become ready, so that version of the app (its hash) is refused and
 * what they took the place of has to come back (STATE_PUT_BACK). One write. */
int state_ledger_refuse(struct state_ledger *ledger, const char *app, const char *hash,
			const char *why, const struct list *keys, struct err *err);

/* Pods that only pull an image (apply/pull.c): noted before they are made, by key, until they are
 * gone. ret: keys, of one app. */
int state_ledger_note_pod(struct state_ledger *ledger, const char *key, const char *app,
			  struct err *err);
int state_ledger_forget_pod(struct state_ledger *ledger, const char *key, struct err *err);
void state_ledger_pods(struct state_ledger *ledger, const char *app, struct list *ret);

/* Notes which deletes of an app wait; NULL: none any more. */
int state_ledger_pend(struct state_ledger *ledger, const char *name,
		      const struct state_pending *pending, struct err *err);
/* The ids of all deletes that wait for approval, in the order of the apps' names. */
void state_ledger_pending(struct state_ledger *ledger, struct list *ret);

/* Approves the deletes that wait under an id, object by object, so that what is left of them when
 * some were done needs no second approval. 1, or 0 when none wait under it: then the id is
 * remembered for a plan that comes to it. */
int state_ledger_approve(struct state_ledger *ledger, const char *id, struct err *err);
/* Approves these entries when the id was remembered: 1, and it is forgotten; else 0. */
int state_ledger_take_approval(struct state_ledger *ledger, const char *id, const struct list *keys,
			       struct err *err);

struct state_entry *state_entry_new(const struct manifest_object *object, const char *app);
struct state_entry *state_entry_copy(const struct state_entry *entry);
void state_entry_free(struct state_entry *entry);
void state_app_free(struct state_app *app);
void state_pin_copy(struct state_pin *to, const struct state_pin *from);
void state_pin_done(struct state_pin *pin);
void state_pending_copy(struct state_pending *to, const struct state_pending *from);
void state_pending_done(struct state_pending *pending);
