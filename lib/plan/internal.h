/* plan/internal: what the files of lib/plan share; not for others. */
#pragma once

#include "plan/plan.h"

#define PLAN_NOT_KNOWN                                                                         \
	"nobody can say whether it exists: what serves its kind does not answer (see kubectl " \
	"get apiservices)"

/* One plan in the making. */
struct plan_run {
	const struct plan_input *input;
	struct plan *plan;
	struct map wanted; /* key -> object of the app */
	size_t step_cap, question_cap;
	struct plan_heir {
		size_t delete_, create; /* steps: what is created needs what the other one holds */
	} * heirs;
	size_t heir_count, heir_cap;
	json_t *shared_claims; /* "ns/name" of those that many pods may write; NULL: none */
};

/* Takes the step into the plan; returns its index. Pointers to steps are stale after that. */
size_t plan_add(struct plan_run *run, struct plan_step *step_stolen);
void plan_step_done(struct plan_step *step);
/* Replaces the reason; takes it over. */
void plan_say(struct plan_step *step, char *why_stolen);
/* Makes it a step that is not done, because of `why` (taken over). */
void plan_refuse(struct plan_step *step, char *why_stolen);
/* What is sent: nothing of it stays in a step that writes nothing. */
void plan_send(struct plan_step *step);
void plan_send_nothing(struct plan_step *step);
/* What the files want of the object, without the fields that are left to others. */
const json_t *plan_wanted(const struct plan_step *step);

/* The same, with the place of a field (NULL: of the object) behind it. */
void plan_refuse_at(struct plan_step *step, const char *field, char *why_stolen);

/* --- question.c --- */

void plan_ask_full(struct plan_run *run, const struct plan_step *step);
void plan_ask_dry_run(struct plan_run *run, const struct plan_step *step);
/* The answer to a dry run of that object; NULL when it was not asked. */
const struct plan_answer *plan_answer_of(const struct plan_run *run, const char *key);
/* A whole object that the step's pods name. False: asked, not known yet; else ret is it, or NULL
 * when it is not there. */
bool plan_know(struct plan_run *run, const char *kind, const char *ns, const char *name,
	       const json_t **ret);
/* NULL when it has to be asked first, which this does. */
const struct plan_answer *plan_know_create(struct plan_run *run, const struct plan_step *step,
					   json_t *body_stolen);
const json_t *plan_know_node(struct plan_run *run);
const json_t *plan_know_services(struct plan_run *run);

const struct state_entry *plan_entry_of(const struct plan_run *run, const char *key);
const char *plan_uid_of(const json_t *body);
bool plan_is_leaving(const json_t *body); /* deletionTimestamp is set */
bool plan_bears_our_label(const json_t *body);
bool plan_same(const char *a, const char *b);			   /* both there and equal */
bool plan_only_other(const struct plan_run *run, const char *key); /* only_key names another */

/* --- kind.c: what the rules want to know of a kind --- */

/* Pods are made from it and their health is its own: worth a wait. */
bool plan_kind_has_pods(const struct manifest_id *id);
/* A changed pod template makes new pods at once. */
bool plan_kind_rolls(const struct manifest_id *id);
/* What workloads read: ServiceAccount, RBAC, ConfigMap, Secret, claims ... */
bool plan_kind_is_config(const struct manifest_id *id);
/* What can turn away every other write while its own pods are not there. */
bool plan_kind_is_late(const struct manifest_id *id);
bool plan_kind_is(const struct manifest_id *id, const char *group, const char *kind);
/* Fields of it are immutable, so a change is proven first. */
bool plan_kind_is_rigid(const struct manifest_id *id);
/* What is sent, under a throw-away name: for asking whether, and as what, it would be created. New
 * reference. */
json_t *plan_throw_away(const struct plan_step *step, const json_t *old);
/* --- adopt.c --- */

/* `body` (what is there, or what a dry run made of it) as the adoption leaves it: without what
 * goes, where the server does not say the same by default. NULL until that is known. New reference.
 */
json_t *plan_adopted(struct plan_run *run, const struct plan_step *step, const json_t *live,
		     const json_t *body);

/* Created once under a name that follows from its contents: no throw-away name can prove it. */
bool plan_kind_has_fixed_name(const struct manifest_id *id);
/* By kind or by the user's keepKinds ("Kind" or "Kind.group"). */
bool plan_kind_bears_data(const struct manifest_id *id, const struct list *keep_kinds);

/* --- meet.c: what pods hold on the node --- */

struct plan_meeting {
	bool ports, writers;
};
/* What pods of the two bodies cannot share. */
struct plan_meeting plan_meet(const struct plan_run *run, const json_t *old_body,
			      const json_t *new_body);
/* Pods that share a host port share no moment either: the scheduler places the new one only when
 * the old one is gone, so their directories are safe without waiting first. */
enum plan_replace plan_replace_order(struct plan_meeting meeting);
/* Whether pods of it hold anything that others could need. */
bool plan_holds(const struct plan_run *run, const json_t *body);

/* Whether pods of the new one hold ports that those of the old one did not. */
bool plan_brings_ports(const json_t *old_body, const json_t *new_body);
/* Learns which of the claims that pods of the object name may be written by many. False: asked. */
bool plan_learn_claims(struct plan_run *run, const json_t *body);

/* --- the rules, in the order in which plan_make tells them --- */

void plan_namespaces(struct plan_run *run);
/* True when the namespace or the CRD of the object is made by this plan. */
bool plan_is_simulated(const struct plan_run *run, const struct manifest_object *object);

void plan_decide(struct plan_run *run, const struct manifest_object *object);

/* A Secret that holds another generated value than the one we remember: ours was made anew because
 * the state was lost, and somebody (a database) knows the other one. True when the step is settled
 * by that, or the whole object has to be asked for. */
bool plan_guards_generated(struct plan_run *run, struct plan_step *step,
			   const struct manifest_live_object *live);

/* Takes out of what is sent what a controller owns by its trade, and what is contested. */
void plan_yield(const struct plan_run *run, struct plan_step *step,
		const struct manifest_live_object *live);

/* An object that is there and not as it should be: step is a PATCH or ADOPT so far. */
void plan_change(struct plan_run *run, struct plan_step *step,
		 const struct manifest_live_object *live);
/* Whether a change of its pods may have to be a replace; only a dry run tells. */
bool plan_may_not_roll(const struct plan_run *run, const struct plan_step *step);
/* A dry run that was refused. live NULL: the object is not there. */
void plan_judge(struct plan_run *run, struct plan_step *step, const struct plan_answer *answer,
		const struct manifest_live_object *live);
enum manifest_redeploy plan_redeploy_of(const struct plan_run *run,
					const struct manifest_object *object);
/* Delete and create; how follows from what the old and the new pods write. Takes over why. */
void plan_replace(const struct plan_run *run, struct plan_step *step, const json_t *old_body,
		  const json_t *new_body, char *why_stolen);

/* What a failed or interrupted replace took down, where nothing else brings it back. */
void plan_put_backs(struct plan_run *run);
/* Whether that is all that happens to the object. */
bool plan_is_put_back(const struct plan_run *run, const char *key);
void plan_prunes(struct plan_run *run);
/* New objects that need what a pruned one holds: the delete comes first. */
void plan_heirs(struct plan_run *run);
/* Nothing is deleted that has not been shown to be creatable: a replace that is not is refused. */
void plan_proofs(struct plan_run *run);
/* Parts of it, each with a problem (caller frees), or NULL; complete is false while a question is
 * open. */
char *plan_prove_references(struct plan_run *run, const struct plan_step *step, bool *complete);
/* Also fills the step's pull, and adds to proof. */
char *plan_prove_images(struct plan_run *run, struct plan_step *step, const json_t *old,
			bool *complete, struct list *proof);
char *plan_prove_ports(struct plan_run *run, const struct plan_step *step, const json_t *old,
		       bool *complete, char **ret_field);
char *plan_prove_address(struct plan_run *run, const struct plan_step *step, bool *complete);
/* The waits, and then the edges of the graph. */
void plan_waits(struct plan_run *run);
void plan_order(struct plan_run *run);
/* Whether the pods of a workload name this object (ConfigMap, Secret, claim, ServiceAccount). */
bool plan_pods_name(const json_t *workload, const struct manifest_id *id);
