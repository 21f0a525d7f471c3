/* Questions and answers. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"

static struct plan_question *add(struct plan_run *run, int what, char *key_stolen)
{
	struct plan *plan = run->plan;

	mem_grow(plan->questions, &run->question_cap, plan->question_count + 1);
	struct plan_question *question = &plan->questions[plan->question_count++];
	*question = (struct plan_question){.key = key_stolen};
	question->ask = what;
	return question;
}

static bool is_asked(const struct plan *plan, int what, const char *key)
{
	for (size_t i = 0; i < plan->question_count; i++)
		if ((int)plan->questions[i].ask == what && !strcmp(plan->questions[i].key, key))
			return true;
	return false;
}

/* The step may move or be dropped before the question is asked. */
static void ask(struct plan_run *run, int what, const struct plan_step *step)
{
	if (is_asked(run->plan, what, step->key))
		return;
	struct plan_question *question = add(run, what, mem_strdup(step->key));
	question->object = step->object;
	if (what == PLAN_ASK_DRY_RUN)
		question->body = json_incref((json_t *)plan_wanted(step));
	manifest_id_copy(&question->id, &step->id);
}

void plan_ask_full(struct plan_run *run, const struct plan_step *step)
{
	ask(run, PLAN_ASK_FULL, step);
}

void plan_ask_dry_run(struct plan_run *run, const struct plan_step *step)
{
	ask(run, PLAN_ASK_DRY_RUN, step);
}

static const struct plan_answer *answer(const struct plan_run *run, const char *key)
{
	return run->input->answers ? map_get(run->input->answers, key) : NULL;
}

const struct plan_answer *plan_answer_of(const struct plan_run *run, const char *key)
{
	return answer(run, key);
}

bool plan_know(struct plan_run *run, const char *kind, const char *ns, const char *name,
	       const json_t **ret)
{
	struct manifest_id id = {(char *)"", (char *)"v1", (char *)kind, (char *)ns, (char *)name};
	cleanup_free char *key = manifest_id_key(&id);
	const struct manifest_object *wanted = map_get(&run->wanted, key);
	const struct manifest_live_object *live = manifest_live_get(run->input->live, key);

	*ret = wanted ? wanted->body : live ? live->body : NULL;
	if (wanted || (live && live->full))
		return true;
	if (!live && manifest_live_looked(run->input->live, key))
		return true;
	if (!is_asked(run->plan, PLAN_ASK_FULL, key)) {
		struct plan_question *question = add(run, PLAN_ASK_FULL, steal(&key));
		manifest_id_copy(&question->id, &id);
	}
	return false;
}

const struct plan_answer *plan_know_create(struct plan_run *run, const struct plan_step *step,
					   json_t *body_stolen)
{
	cleanup_free char *key = mem_printf("create %s", step->key);
	const struct plan_answer *known = answer(run, key);

	if (known || is_asked(run->plan, PLAN_ASK_CREATE, key)) {
		json_decref(body_stolen);
		return known;
	}
	struct plan_question *question = add(run, PLAN_ASK_CREATE, steal(&key));
	manifest_id_copy(&question->id, &step->id);
	question->object = step->object;
	question->body = body_stolen;
	return NULL;
}

static const json_t *know(struct plan_run *run, int what, const char *key)
{
	const struct plan_answer *known = answer(run, key);

	if (!known && !is_asked(run->plan, what, key))
		(void)add(run, what, mem_strdup(key));
	return known ? known->tree : NULL;
}

const json_t *plan_know_node(struct plan_run *run)
{
	return know(run, PLAN_ASK_NODE, "node");
}

const json_t *plan_know_services(struct plan_run *run)
{
	return know(run, PLAN_ASK_SERVICES, "services");
}

void plan_answer_free(struct plan_answer *answer)
{
	if (!answer)
		return;
	json_decref(answer->tree);
	free(answer->message);
	free(answer->field);
	free(answer);
}
