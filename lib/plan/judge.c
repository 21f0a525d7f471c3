/* What a refused dry run means for the step. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"
#include "tree/path.h"

/* Words of the API server's validation (k8s.io/apimachinery .../validation/objectmeta.go, and those
 * kinds that have their own). */
bool plan_is_immutable(enum err_code code, const char *message)
{
	static const char *const words[] = {
		"field is immutable",
		"is immutable",
		"are immutable",
		"may not change fields other than",
		"updates to statefulset spec for fields other than",
		"cannot change roleRef",
		"updates to parameters are forbidden",
		"may not be changed once set",
		"may not change once set",
	};

	for (size_t i = 0; code == ERR_INVALID && message && i < sizeof(words) / sizeof(*words);
	     i++)
		if (strstr(message, words[i]))
			return true;
	return false;
}

/* "spec.selector" out of `Deployment.apps "x" is invalid: spec.selector: Invalid value: ...`. */
static char *field_of(const struct plan_answer *answer)
{
	const char *start = strstr(answer->message, " is invalid: ");

	if (answer->field && *answer->field)
		return mem_strdup(answer->field);
	if (!start)
		return NULL;
	start += strlen(" is invalid: ");
	size_t n = strcspn(start, ": ");
	return n && start[n] == ':' ? mem_strndup(start, n) : NULL;
}

static char *immutable_text(const struct plan_answer *answer)
{
	cleanup_free char *field = field_of(answer);

	return field ? mem_printf("field %s is immutable", field)
		     : mem_strdup("it cannot be changed in place");
}

static bool has_claims(const json_t *body)
{
	return json_array_size(tree_path_get(body, "spec.volumeClaimTemplates")) > 0;
}

static bool is_named(const struct plan_run *run, const struct plan_step *step)
{
	return manifest_options_replace(&run->input->app->options, &step->id);
}

static char *remedy(const struct plan_run *run, const struct plan_step *step)
{
	if (plan_kind_is(&step->id, "apps", "StatefulSet") && has_claims(plan_wanted(step)) &&
	    !is_named(run, step))
		return mem_printf("it has volumeClaimTemplates; keep its pods and data with: "
				  "kubectl -n %s delete statefulset %s --cascade=orphan, or allow "
				  "it in app.yaml: replace: [{kind: StatefulSet, name: %s}]",
				  step->id.ns, step->id.name, step->id.name);
	if (plan_kind_bears_data(&step->id, run->input->keep_kinds) && !is_named(run, step))
		return mem_printf("it holds data: put the old value back, or save the data and "
				  "allow it in app.yaml: replace: [{kind: %s, name: %s}]",
				  step->id.kind, step->id.name);
	if (plan_redeploy_of(run, step->object) == MANIFEST_REDEPLOY_APPLY)
		return mem_strdup("redeploy: apply forbids to replace it");
	if (step->object->prune == MANIFEST_PRUNE_NEVER)
		return mem_strdup("prune: never forbids to replace it; delete it yourself");
	return NULL;
}

static void judge_immutable(struct plan_run *run, struct plan_step *step,
			    const struct plan_answer *answer,
			    const struct manifest_live_object *live)
{
	cleanup_free char *what = immutable_text(answer);
	cleanup_free char *how = remedy(run, step);

	if (how)
		plan_refuse_at(step, answer->field, mem_printf("%s; %s", what, how));
	else if (live->full)
		plan_replace(run, step, live->body, plan_wanted(step), steal(&what));
	else
		plan_ask_full(run, step);
}

void plan_judge(struct plan_run *run, struct plan_step *step, const struct plan_answer *answer,
		const struct manifest_live_object *live)
{
	/* On its way out, its kind or namespace is not there yet, a webhook does not work: no
	 * verdict on the object. */
	bool unknown = answer->code == ERR_CONFLICT || answer->code == ERR_NOT_FOUND;

	if (unknown && live && !plan_is_leaving(live->body) && plan_may_not_roll(run, step))
		plan_refuse_at(step, NULL,
			       mem_printf("nobody can tell now whether its pods may be rolled: %s",
					  answer->message));
	else if (unknown)
		plan_say(step, mem_strdup(answer->message));
	else if (live && plan_is_immutable(answer->code, answer->message))
		judge_immutable(run, step, answer, live);
	else
		plan_refuse_at(step, answer->field, mem_strdup(answer->message));
}
