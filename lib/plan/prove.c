/*
 * The proof before a replace (design.md section 6): the server would create the new object, what
 * its pods name is there, its images are on the node or are pulled first, and nobody else holds its
 * ports. What cannot be proven is refused unless somebody insists: `desired apply --force`, or the
 * object is named under `replace:` in app.yaml.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "plan/internal.h"
#include "tree/path.h"

#define NAME_MAX_LENGTH 63

static bool insists(const struct plan_run *run, const struct plan_step *step)
{
	return run->input->force || manifest_options_replace(&run->input->app->options, &step->id);
}

/* --- could it be created? --- */

/* "traefik-proof-1a2b3c": near the real one, for policies that look at names. */
static char *throw_away_name(const struct plan_step *step)
{
	cleanup_free char *digest = digest_sha256_hex(step->hash, strlen(step->hash));
	cleanup_free char *end = mem_printf("-proof-%.6s", digest);
	size_t room = NAME_MAX_LENGTH - strlen(end), n = strlen(step->id.name);

	return mem_printf("%.*s%s", (int)(n < room ? n : room), step->id.name, end);
}

/* Of a Service, what the old one holds would be refused as taken, and is free once it is gone. */
static void release_held(json_t *body, const json_t *old)
{
	static const char *const fields[] = {"clusterIP", "clusterIPs", "healthCheckNodePort"};
	json_t *spec = json_object_get(body, "spec"), *port;
	size_t i, j;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *text = json_string_value(json_object_get(spec, fields[i]));
		if (text && !strcmp(text, "None"))
			return;
		const json_t *held = json_object_get(json_object_get(old, "spec"), fields[i]);
		if (json_equal(json_object_get(spec, fields[i]), held))
			json_object_del(spec, fields[i]);
	}
	json_array_foreach (json_object_get(spec, "ports"), i, port) {
		json_t *other;
		json_array_foreach (tree_path_get(old, "spec.ports"), j, other)
			if (json_equal(json_object_get(port, "nodePort"),
				       json_object_get(other, "nodePort")))
				json_object_del(port, "nodePort");
	}
}

json_t *plan_throw_away(const struct plan_step *step, const json_t *old)
{
	json_t *body = json_deep_copy(step->body);
	cleanup_free char *name = throw_away_name(step);

	tree_path_set(body, "metadata.name", json_string(name));
	if (plan_kind_is(&step->id, "", "Service"))
		release_held(body, old);
	return body;
}

/* The server speaks of the throw-away name. */
static char *in_its_own_name(const struct plan_step *step, const char *message)
{
	cleanup_free char *name = throw_away_name(step);
	struct buf text = BUF_INIT;
	size_t n = strlen(name);

	for (const char *found; (found = strstr(message, name)); message = found + n) {
		buf_add(&text, message, (size_t)(found - message));
		buf_addstr(&text, step->id.name);
	}
	buf_addstr(&text, message);
	return buf_steal(&text);
}

/* Refusals that say nothing about the object itself. */
static bool proves_nothing(const struct plan_answer *answer)
{
	return strstr(answer->message, "exceeded quota") ||
	       strstr(answer->message, "does not support dry run");
}

static char *unproven(const struct plan_run *run, const struct plan_step *step, const char *why,
		      struct list *proof)
{
	if (insists(run, step)) {
		list_printf(proof, "not proven, but asked for: %s", why);
		return NULL;
	}
	return mem_printf("it cannot be proven that the new one can be created: %s; desired apply "
			  "--force replaces it all the same",
			  why);
}

static char *prove_create(struct plan_run *run, const struct plan_step *step, const json_t *old,
			  bool *complete, struct list *proof, char **ret_field)
{
	if (plan_kind_has_fixed_name(&step->id))
		return unproven(run, step, "its name cannot be another", proof);
	const struct plan_answer *answer = plan_know_create(run, step, plan_throw_away(step, old));
	if (!answer) {
		*complete = false;
		return NULL;
	}
	if (!answer->code) {
		list_add(proof, "create accepted (dry run)");
		return NULL;
	}
	cleanup_free char *message = in_its_own_name(step, answer->message);
	if (proves_nothing(answer))
		return unproven(run, step, message, proof);
	*ret_field = mem_strdup(answer->field);
	return mem_printf("the new one cannot be created: %s", message);
}

/* --- all of it --- */

static char *join_proof(const struct plan_step *step, struct list *proof)
{
	if (step->pull)
		list_add(proof, "images are pulled first");
	if (!proof->n)
		return NULL;
	list_add(proof, plan_kind_is_tried(&step->id) ? "old object kept until ready"
						      : "old object kept until created");
	return list_join(proof, ", ");
}

static char *prove_pods(struct plan_run *run, struct plan_step *step, const json_t *old,
			bool *complete, struct list *proof, char **ret_field)
{
	char *problem = plan_prove_references(run, step, complete);

	if (!problem)
		problem = plan_prove_images(run, step, old, complete, proof);
	if (!problem)
		problem = plan_prove_ports(run, step, old, complete, ret_field);
	return problem;
}

/* A dry run gives out no addresses, so it does not notice that one is taken. */
char *plan_prove_address(struct plan_run *run, const struct plan_step *step, bool *complete)
{
	const char *address = tree_path_string(step->body, "spec.clusterIP");

	if (!plan_kind_is(&step->id, "", "Service") || !address || !*address ||
	    !strcmp(address, "None"))
		return NULL;
	const json_t *services = plan_know_services(run);
	cleanup_free char *own = mem_printf("%s/%s", step->id.ns, step->id.name);
	const char *owner = json_string_value(json_object_get(services, address));
	if (!services)
		*complete = false;
	if (!owner || !strcmp(owner, own))
		return NULL;
	return mem_printf("its clusterIP %s belongs to Service %s", address, owner);
}

static void prove_replace(struct plan_run *run, struct plan_step *step)
{
	const struct manifest_live_object *live = manifest_live_get(run->input->live, step->key);
	cleanup_list struct list proof = LIST_INIT;
	cleanup_free char *field = NULL;
	bool complete = true;
	char *problem = prove_create(run, step, live->body, &complete, &proof, &field);

	if (!problem)
		problem = plan_prove_address(run, step, &complete);
	if (!problem && plan_kind_has_pods(&step->id))
		problem = prove_pods(run, step, live->body, &complete, &proof, &field);
	if (problem) {
		plan_refuse_at(step, field,
			       mem_printf("%s, but not replaced, the old one stays: %s",
					  step->why ? step->why : "it changes", problem));
		free(problem);
		return;
	}
	step->proof = complete ? join_proof(step, &proof) : NULL;
}

static bool is_inherited(const struct plan_run *run, const char *key)
{
	return run->input->inherited && list_has(run->input->inherited, key);
}

/* What a new workload takes over from a pruned one; that it could be created was asked before. */
static void prove_heir(struct plan_run *run, const struct plan_heir *heir)
{
	struct plan_step *create = &run->plan->steps[heir->create];
	struct plan_step *delete_ = &run->plan->steps[heir->delete_];
	const struct manifest_live_object *old = manifest_live_get(run->input->live, delete_->key);
	cleanup_list struct list proof = LIST_INIT;
	cleanup_free char *field = NULL;
	bool complete = true;

	if (create->action != PLAN_CREATE || delete_->action != PLAN_DELETE || !old)
		return;
	char *problem = prove_pods(run, create, old->body, &complete, &proof, &field);
	/* What another app had does not come back by itself: there is no version of this one with
	 * it. */
	create->trial = plan_kind_is_tried(&create->id) && !is_inherited(run, delete_->key);
	if (create->pull) {
		json_decref(delete_->pull);
		delete_->pull = steal(&create->pull);
	}
	if (!problem)
		return;
	plan_refuse_at(create, field, mem_printf("%s, but not yet: %s", create->why, problem));
	plan_say(delete_, mem_printf("%s %s is refused", create->id.kind, create->id.name));
	delete_->action = PLAN_HOLD;
	free(problem);
}

static bool is_heir(const struct plan_run *run, size_t index)
{
	for (size_t i = 0; i < run->heir_count; i++)
		if (run->heirs[i].create == index)
			return true;
	return false;
}

/* Nothing is lost when the new pods of a workload cannot start beside the old ones, or where none
 * were: so it is done, and said. */
static void warn_of_ports(struct plan_run *run, size_t index)
{
	struct plan_step *step = &run->plan->steps[index];
	const struct manifest_live_object *live = manifest_live_get(run->input->live, step->key);
	const struct state_entry *entry = plan_entry_of(run, step->key);
	bool writes = step->action == PLAN_CREATE || step->action == PLAN_PATCH ||
		      step->action == PLAN_ADOPT;
	bool complete = true;

	if (!writes || !step->body || !plan_kind_has_pods(&step->id) || is_heir(run, index) ||
	    (live && !live->full))
		return;
	/* Else its own pods hold them, also when it was there a moment ago. */
	if (live ? !plan_brings_ports(live->body, step->body) : entry && entry->uid)
		return;
	cleanup_free char *field = NULL;
	step->caution = plan_prove_ports(run, step, live ? live->body : NULL, &complete, &field);
}

void plan_proofs(struct plan_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->plan->steps[i].action == PLAN_REPLACE)
			prove_replace(run, &run->plan->steps[i]);
	for (size_t i = 0; i < run->heir_count; i++)
		prove_heir(run, &run->heirs[i]);
	for (size_t i = 0; i < run->plan->count; i++)
		warn_of_ports(run, i);
}
