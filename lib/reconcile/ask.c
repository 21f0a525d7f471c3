/* Questions of a plan, asked of the server. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reconcile/internal.h"

#define ASK_MS 120000
/* Full objects, then dry runs, then the proofs, then what these made necessary; more would be a
 * loop. */
#define ROUNDS 6

static int ask_full(const struct reconcile_world *world, const struct plan *plan,
		    const struct deadline *deadline, struct manifest_live *live, struct err *err)
{
	cleanup_free const struct manifest_id **ids =
		mem_alloc(plan->question_count * sizeof(const struct manifest_id *));
	size_t count = 0;

	for (size_t i = 0; i < plan->question_count; i++)
		if (plan->questions[i].ask == PLAN_ASK_FULL)
			ids[count++] = &plan->questions[i].id;
	return count ? kube_client_get_all(world->client, ids, count, deadline, live, err) : 0;
}

static struct plan_answer *answer_of(struct kube_result *result)
{
	struct plan_answer *answer = mem_new(struct plan_answer);

	answer->code = result->err.code;
	if (!answer->code)
		answer->tree = json_incref(result->object);
	answer->message = mem_strdup(result->err.message);
	answer->field = mem_strdup(result->field);
	return answer;
}

/* `what`: PLAN_ASK_DRY_RUN, an apply onto what is there, or PLAN_ASK_CREATE. */
static int ask_dry_runs(const struct reconcile_world *world, const struct plan *plan, int what,
			const struct deadline *deadline, struct map *answers, struct err *err)
{
	const struct kube_apply_options options = {
		.dry_run = true,
		.create = what == PLAN_ASK_CREATE,
	};
	cleanup_free json_t **bodies = mem_alloc(plan->question_count * sizeof(*bodies));
	cleanup_free struct kube_result *results =
		mem_zalloc(plan->question_count * sizeof(*results));
	cleanup_free const char **keys = mem_alloc(plan->question_count * sizeof(*keys));
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < plan->question_count; i++) {
		if ((int)plan->questions[i].ask != what)
			continue;
		keys[count] = plan->questions[i].key;
		bodies[count++] = plan->questions[i].body;
	}
	if (!count)
		return 0;
	cleanup_err struct err first = ERR_INIT;
	(void)kube_client_apply(world->client, bodies, count, &options, deadline, results, &first);
	for (size_t i = 0; i < count; i++) {
		enum err_code code = results[i].err.code;
		/* No verdict at all: not an answer, the pass is tried again. */
		if (r >= 0 &&
		    (code == ERR_UNREACHABLE || code == ERR_TIMEOUT || code == ERR_CANCELED))
			r = err_move(err, &results[i].err);
		else
			map_put(answers, keys[i], answer_of(&results[i]));
		kube_result_done(&results[i]);
	}
	return r;
}

/* What concerns no object. */
static int ask_facts(const struct reconcile_world *world, const struct plan *plan, int what,
		     const struct deadline *deadline, struct map *answers, struct err *err)
{
	json_t *tree = NULL;
	const char *key = NULL;

	for (size_t i = 0; i < plan->question_count; i++)
		if ((int)plan->questions[i].ask == what)
			key = plan->questions[i].key;
	if (!key)
		return 0;
	int r = what == PLAN_ASK_NODE ? reconcile_ask_node(world, deadline, &tree, err)
				      : reconcile_ask_services(world, deadline, &tree, err);
	if (r < 0)
		return r;
	struct plan_answer *answer = mem_new(struct plan_answer);
	answer->tree = tree;
	map_put(answers, key, answer);
	return 0;
}

static int ask(const struct reconcile_world *world, const struct plan *plan,
	       const struct deadline *deadline, struct manifest_live *live, struct map *answers,
	       struct err *err)
{
	int r = ask_full(world, plan, deadline, live, err);

	if (r >= 0)
		r = ask_dry_runs(world, plan, PLAN_ASK_DRY_RUN, deadline, answers, err);
	if (r >= 0)
		r = ask_dry_runs(world, plan, PLAN_ASK_CREATE, deadline, answers, err);
	if (r >= 0)
		r = ask_facts(world, plan, PLAN_ASK_SERVICES, deadline, answers, err);
	return r < 0 ? r : ask_facts(world, plan, PLAN_ASK_NODE, deadline, answers, err);
}

int reconcile_plan(const struct reconcile_world *world, struct plan_input *input,
		   struct manifest_live *live, struct map *answers, struct cancel *cancel,
		   struct plan **ret, struct err *err)
{
	struct deadline deadline = deadline_in(world->clock, cancel, ASK_MS);

	input->live = live;
	input->answers = answers;
	for (int i = 0; i < ROUNDS; i++) {
		struct plan *plan;
		plan_make(input, &plan);
		if (!plan->question_count) {
			*ret = plan;
			return 0;
		}
		int r = ask(world, plan, &deadline, live, answers, err);
		plan_free(plan);
		if (r < 0)
			return r;
	}
	return err_set(err, ERR_INTERNAL, "%s: the plan did not come to an end", input->app->name);
}
