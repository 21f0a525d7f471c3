/*
 * An object that is there and is to become different. Most are simply applied: one write. A
 * workload that holds something on the node is proven first, because whether its pod template
 * really changes, and so whether old and new pods meet, only the server can tell (defaults,
 * quantities in another notation, fields of others).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/pod.h"
#include "plan/internal.h"
#include "tree/path.h"

/* What a replace costs on a small node: the old pod ends, the new one starts from an image that
 * is there; with writers one after the other, and the application opens its data again. */
#define PORTS_MS   4000
#define WRITERS_MS 12000

enum manifest_redeploy plan_redeploy_of(const struct plan_run *run,
					const struct manifest_object *object)
{
	if (object->redeploy != MANIFEST_REDEPLOY_AUTO)
		return object->redeploy;
	return run->input->app->options.redeploy;
}

/* Pods with claims of their own are never replaced by a wish that speaks of the whole app. */
static bool keeps_claims(const struct plan_run *run, const struct plan_step *step)
{
	return json_array_size(tree_path_get(step->object->body, "spec.volumeClaimTemplates")) >
		       0 &&
	       !manifest_options_replace(&run->input->app->options, &step->id);
}

static bool is_forced(const struct plan_run *run, const struct plan_step *step)
{
	return plan_kind_rolls(&step->id) && !keeps_claims(run, step) &&
	       (run->input->force_replace ||
		plan_redeploy_of(run, step->object) == MANIFEST_REDEPLOY_REPLACE);
}

bool plan_may_not_roll(const struct plan_run *run, const struct plan_step *step)
{
	return is_forced(run, step) ||
	       (plan_kind_rolls(&step->id) && plan_holds(run, plan_wanted(step)));
}

/* Whether the change must be shown to be harmless before it is made. */
static bool needs_proof(const struct plan_run *run, const struct plan_step *step)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);
	bool same_object = entry && plan_same(entry->uid, step->uid);

	if (run->input->show || plan_may_not_roll(run, step))
		return true;
	/* What cannot be changed cannot have drifted either. */
	return plan_kind_is_rigid(&step->id) && !(step->drift && same_object);
}

static bool takes_claims_along(const json_t *body)
{
	return plan_same(
		tree_path_string(body, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"),
		"Delete");
}

void plan_replace(const struct plan_run *run, struct plan_step *step, const json_t *old_body,
		  const json_t *new_body, char *why_stolen)
{
	if (takes_claims_along(old_body)) {
		plan_refuse(step, mem_printf("%s, but a delete would take its claims along; set "
					     "persistentVolumeClaimRetentionPolicy.whenDeleted: "
					     "Retain first",
					     why_stolen));
		free(why_stolen);
		return;
	}
	step->action = PLAN_REPLACE;
	step->replace = plan_replace_order(plan_meet(run, old_body, new_body));
	if (plan_kind_rolls(&step->id))
		step->downtime_ms = step->replace == PLAN_REPLACE_WRITERS ? WRITERS_MS : PORTS_MS;
	plan_say(step, why_stolen);
}

static bool template_changes(const json_t *from, const json_t *to)
{
	json_t *before = manifest_pod_template(from, NULL);
	json_t *after = manifest_pod_template(to, NULL);

	return before && after && !json_equal(before, after);
}

/* Nothing runs that a new pod could meet. */
static bool is_at_rest(const json_t *live)
{
	return tree_path_integer(live, "spec.replicas", 1) == 0 &&
	       tree_path_integer(live, "status.replicas", 0) == 0;
}

static char *clash_text(enum manifest_coexist clash, const char *what)
{
	if (clash == MANIFEST_CLASH_PORTS)
		return mem_printf("%s cannot roll on one node", what);
	return mem_strdup(what);
}

/* The template changes: roll it, or replace it. */
static void decide_rollout(const struct plan_run *run, struct plan_step *step, const json_t *live,
			   const json_t *wanted)
{
	cleanup_free char *what = NULL;
	enum manifest_coexist clash = manifest_coexists(live, wanted, run->shared_claims, &what);
	enum manifest_redeploy redeploy = plan_redeploy_of(run, step->object);

	if (is_forced(run, step)) {
		plan_replace(run, step, live, wanted,
			     clash ? clash_text(clash, what)
				   : mem_strdup(run->input->force_replace ? "replace was asked for"
									  : "redeploy: replace"));
		return;
	}
	if (!clash)
		return;
	cleanup_free char *why = clash_text(clash, what);
	if (redeploy == MANIFEST_REDEPLOY_APPLY)
		plan_say(step, mem_printf("redeploy: apply, although %s", why));
	else
		plan_replace(run, step, live, wanted, steal(&why));
}

/* A body without the label and the annotation that are ours by right: of an adoption, only the
 * rest is news. Shares everything else with `body`. */
static json_t *unmarked(const json_t *body)
{
	static const char *const marks[][2] = {
		{"labels", MANIFEST_LABEL},
		{"annotations", MANIFEST_SOURCE_ANNOTATION},
		/* kubectl's own memory, which goes with kubectl. */
		{"annotations", "kubectl.kubernetes.io/last-applied-configuration"},
	};
	json_t *copy = json_copy((json_t *)body);
	json_t *metadata = json_copy(json_object_get(body, "metadata"));

	json_object_set_new(copy, "metadata", metadata);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		json_t *marked = json_copy(json_object_get(metadata, marks[i][0]));
		if (!marked)
			continue;
		json_object_del(marked, marks[i][1]);
		if (json_object_size(marked))
			json_object_set(metadata, marks[i][0], marked);
		else
			json_object_del(metadata, marks[i][0]);
		json_decref(marked);
	}
	return copy;
}

static void find_culprits(struct plan_step *step, const json_t *live)
{
	step->by = mem_zalloc((step->diff.n + 1) * sizeof(*step->by));
	for (size_t i = 0; i < step->diff.n; i++)
		(void)manifest_manager_of(live, step->diff.items[i].place, &step->by[i]);
}

static void take_dry_run(struct plan_run *run, struct plan_step *step, const json_t *live,
			 const json_t *dry_run)
{
	/* A dry run cannot show what an adoption takes out. */
	json_auto_t *after = step->action == PLAN_ADOPT ? plan_adopted(run, step, live, dry_run)
							: json_incref((json_t *)dry_run);
	if (!after)
		return;
	json_auto_t *from = unmarked(live), *to = unmarked(after);

	tree_diff(from, to, &step->diff);
	if (step->drift)
		find_culprits(step, live);
	if (plan_kind_rolls(&step->id) && template_changes(live, after) && !is_at_rest(live) &&
	    plan_learn_claims(run, live) && plan_learn_claims(run, after))
		decide_rollout(run, step, live, after);
}

/* The journal says what an adoption takes out. */
static void tell_adopted(struct plan_run *run, struct plan_step *step,
			 const struct manifest_live_object *live)
{
	if (!live->full) {
		plan_ask_full(run, step);
		return;
	}
	json_auto_t *after = plan_adopted(run, step, live->body, live->body);
	if (!after)
		return;
	json_auto_t *from = unmarked(live->body), *to = unmarked(after);
	tree_diff(from, to, &step->diff);
}

/* The journal says which field somebody changed from what to what. */
static void tell_drift(struct plan_run *run, struct plan_step *step,
		       const struct manifest_live_object *live)
{
	if (!step->drift)
		return;
	if (!live->full) {
		plan_ask_full(run, step);
		return;
	}
	tree_diff_wanted(live->body, plan_wanted(step), &step->diff);
	find_culprits(step, live->body);
}

void plan_change(struct plan_run *run, struct plan_step *step,
		 const struct manifest_live_object *live)
{
	const struct plan_answer *answer = plan_answer_of(run, step->key);

	/* Which claims many may write decides whether anything has to be proven. */
	if (plan_kind_rolls(&step->id) && !plan_learn_claims(run, step->object->body))
		return;
	bool proof = needs_proof(run, step);

	if (answer && answer->code) {
		plan_judge(run, step, answer, live);
		return;
	}
	if (proof && !answer)
		plan_ask_dry_run(run, step);
	if (proof && !live->full)
		plan_ask_full(run, step);
	if (proof && answer && live->full)
		take_dry_run(run, step, live->body, answer->tree);
	else if (!proof && step->action == PLAN_ADOPT)
		tell_adopted(run, step, live);
	else if (!proof)
		tell_drift(run, step, live);
}
