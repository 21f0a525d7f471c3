/*
 * plan: desired + live + ledger (+ answers) in, ordered steps out. Pure: no network, no clock, no
 * files; the rules of the product are here, each a golden test under test/golden/plan.
 *
 * Glossary
 *	step      one thing to do with one object, and why
 *	question  what only the server can answer; reconcile asks and plans again with the answers
 *	wait      a step that is done when its object is ready (or a CRD Established)
 *	clash     old and new pods cannot coexist on one node (manifest/coexist.h): replace
 *	proof     what shows, before anything is deleted, that the new object can take its place
 *	put back  a replace that failed: the object it took down returns (state/saved.h)
 *	prune     delete of what the ledger owns and the files no longer want
 *	brake     deletes that wait for `desired approve ID`
 *
 * A plan is for one app (an instance). Steps carry the indexes of the steps that must be done
 * before them; independent ones may run at once. Everything a step points to is borrowed from the
 * input except its own strings, body and diff: a plan must not outlive its input.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "manifest/coexist.h"
#include "manifest/live.h"
#include "manifest/manager.h"
#include "manifest/set.h"
#include "state/ledger.h"
#include "tree/diff.h"

enum plan_action {
	PLAN_NONE, /* as it should be */
	PLAN_CREATE,
	PLAN_PATCH,    /* apply onto what is there */
	PLAN_ADOPT,    /* the same, but somebody else (kubectl, Ansible) made it */
	PLAN_REPLACE,  /* delete, create, wait */
	PLAN_PUT_BACK, /* what a replace took down, from state/saved.h */
	PLAN_DELETE,
	PLAN_KEEP,   /* left the files but bears data (or prune: never): stays, no longer touched */
	PLAN_FORGET, /* left the files and is gone already: only the ledger changes */
	PLAN_WAIT,
	PLAN_REFUSE, /* not done; why says what to do */
	PLAN_HOLD,   /* a delete that waits for approval, or for other apps to load */
};

/* The order of a replace (design.md promise 2). */
enum plan_replace {
	PLAN_REPLACE_PORTS,   /* delete, create at once: the scheduler serialises */
	PLAN_REPLACE_WRITERS, /* delete, wait until the old pods are gone, create */
};

struct plan_step {
	enum plan_action action;
	enum plan_replace replace; /* also of a delete whose successor waits for it: WRITERS means
				    * that its pods must be gone before the delete is done */
	struct manifest_id id;	   /* own copy */
	char *key;
	const struct manifest_object *object; /* NULL for prunes and namespaces nobody declared */
	json_t *body;			      /* what is sent; NULL when nothing is */
	char *hash;  /* of body, for the ledger; NULL when nothing is sent */
	char *uid;   /* of the live object: precondition of a delete; NULL: not there */
	char *why;   /* "host ports 80 443 cannot roll on one node"; NULL when it needs no reason */
	char *proof; /* of a replace: "create accepted (dry run), image present on kube1 ..." */
	char *caution; /* what will keep it from working: "host port 80/TCP is held by nginx ..." */
	json_t *pull;  /* of a replace, or of a delete that makes room for a new workload: the pod
			* that pulls the new images first; NULL: all are there */
	bool trial;    /* of a create: it took the place of another object; when it does not become
			* ready, the version is refused */
	bool release;  /* of an adoption: who claims the object loses it, as somebody asked */
	bool drift;    /* the files did not change, the object did */
	bool unseen;   /* drift that left no mark on the object: only a sweep finds it */
	char *culprit; /* drift: the managers that own fields now, "kubectl-edit"; or NULL */
	struct manifest_manager *by; /* drift: who set each field of diff (name NULL: nobody
				      * knows); borrowed from the live object. NULL: no drift */
	bool established;	     /* wait: for condition Established of a CRD, not for health */
	bool prune;		     /* of what left the files */
	bool to_approve;       /* hold: until `desired approve`; else until what why says is over */
	int64_t downtime_ms;   /* expected, roughly; 0: none */
	struct tree_diff diff; /* what changes; empty where it is not known */
	size_t *after;	       /* steps that must be done before */
	size_t after_count;
};

struct plan_question {
	enum {
		PLAN_ASK_FULL,	   /* the whole live object */
		PLAN_ASK_DRY_RUN,  /* what an apply would make of it */
		PLAN_ASK_CREATE,   /* whether `body` could be created (a dry run) */
		PLAN_ASK_NODE,	   /* what the node has and holds */
		PLAN_ASK_SERVICES, /* who has which address */
	} ask;
	struct manifest_id id; /* with key, all that ASK_FULL needs; empty for the last two */
	char *key;	       /* under which the answer is kept */
	const struct manifest_object *object; /* what to dry-run; NULL: no longer in the files */
	json_t *body;			      /* of a dry run: what to send; own */
};

/* Answers, by the question's key. A dry run that was refused has code and message instead of a
 * tree. That of ASK_NODE is {nodes: ["kube1"], images: ["docker.io/library/traefik:v3"],
 * listeners: [{port, protocol, ip, and either pod, namespace, labels, or process, pid}]}, that of
 * ASK_SERVICES {"10.43.0.10": "kube-system/kube-dns"}. */
struct plan_answer {
	json_t *tree; /* dry run: the object as it would be */
	enum err_code code;
	char *message;
	char *field;
};

struct plan {
	const struct manifest_app *app;
	struct plan_step *steps;
	size_t count;
	struct plan_question *questions; /* not empty: ask, then plan again */
	size_t question_count;
	char *approval; /* id that `desired approve` takes when deletes are held; NULL */
};

struct plan_input {
	const struct manifest_app *app; /* objects; an app that left the files has none */
	const struct manifest_live *live;
	const struct map *ledger;  /* key -> struct state_entry: of this app and of its keys */
	const struct map *answers; /* key -> struct plan_answer; may be empty */
	const struct list *wanted_elsewhere; /* keys that other apps of the set want now: these are
					      * moved, never pruned; may be NULL */
	const struct list *inherited; /* keys of workloads that left the files of other apps, and
				       * whose host ports or directories this app's new ones need:
				       * pruned here, for one plan must have both; may be NULL */
	const struct list *keep_kinds;
	const struct map *contested; /* key -> struct list of places (tree/path.h) that are left to
				      * others until the files are read again; may be NULL */
	bool show;		   /* diffs for people: ask a dry run for everything that changes */
	bool prune_allowed;	   /* every app loaded; the directory is there and not empty */
	const char *prune_blocked; /* else: why, for the steps ("commento failed to load") */
	bool pinned;		   /* the app is a revision that somebody chose: a rollback */
	bool adopt; /* desired adopt: take over what Helm, a k3s Addon or the like claims */
	const char *adopt_key;	  /* of these only this one; NULL: all */
	bool purge;		  /* desired purge: what left the files goes, data and all */
	size_t deletes_elsewhere; /* prunes that other apps of this pass plan: for the brake */
	bool apps_elsewhere;	  /* ... of at least one other app */
	bool insist; /* its deletes waited before, and others beside them were approved: these still
		      * wait */
	size_t ledger_size;   /* entries in all: for the brake's 30 % */
	const char *only_key; /* repair one object: steps for this key only; or NULL */
	bool force_replace;   /* desired apply --replace */
	bool force;    /* desired apply --force: replace although the new one cannot be proven, and
			* write a generated value over another one */
	bool put_back; /* an earlier version is in force again: what failed replaces took down
			* comes back */
	bool frozen;   /* no version of the app can be enforced: that and nothing else is done */
	bool sweep;    /* all objects were fetched whole: compare every field, whatever their marks
			* say */
	bool settle;   /* the app was not ready when it was last seen: wait for all its workloads */
};

/* Never fails: what cannot be done is a PLAN_REFUSE step. */
void plan_make(const struct plan_input *input, struct plan **ret);
void plan_free(struct plan *plan);

void plan_answer_free(struct plan_answer *answer);

/* Whether a refused write speaks of a field that cannot be changed: asked again with that answer,
 * the plan replaces the object. */
bool plan_is_immutable(enum err_code code, const char *message);
/* How pods of the one follow pods of the other. */
enum plan_replace plan_replace_of(const json_t *old_body, const json_t *new_body);
/* Whether pods of the one need a host port or a directory of the other's, so that both cannot run.
 */
bool plan_bodies_meet(const json_t *old_body, const json_t *new_body);
/* Whether a new version of that kind shows by becoming ready that it works: workloads that run for
 * ever. */
bool plan_kind_is_tried(const struct manifest_id *id);

/* True when the app has no objects any more: it left the files. */
bool plan_app_gone(const struct plan *plan);
/* True when a step would write (not NONE, WAIT, KEEP, FORGET, HOLD, REFUSE). */
bool plan_step_writes(const struct plan_step *step);
bool plan_step_is_job(const struct plan_step *step);
/* "create", "patch", "replace", "recreate" (replace of writers), "delete" ... Static. */
const char *plan_action_name(const struct plan_step *step);
/* One line about the step without the app: "Deployment default/ghost: spec.replicas 1 -> 0". */
char *plan_step_text(const struct plan_step *step);
