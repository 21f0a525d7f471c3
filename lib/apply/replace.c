/*
 * Replace: delete and create again, because old and new pods cannot share the node.
 *
 * Host ports: the new object is created the moment the old one is gone from the API; the
 * scheduler holds its pods until the port is free, so waiting first would only add downtime.
 * Writers: the old pods must be gone before the new object exists, or two processes would write one
 * directory.
 *
 * Everything that can fail comes before the delete: the proofs of the plan, the pull of the images,
 * the copy of the old object on disk. Between delete and create nobody's cancel is heard, and
 * nothing is written to disk. What a crash cuts off the next start finishes (stage.c).
 */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/point.h"
#include "tree/path.h"

static int64_t now_of(const struct apply_run *run)
{
	return run->context->clock->now(run->context->clock);
}

bool apply_is_half_done(const struct apply_run *run, size_t index)
{
	const struct plan_step *step = &run->plan->steps[index];
	const struct apply_progress *progress = &run->steps[index];

	if (progress->state != STEP_PENDING)
		return false;
	if (step->trial)
		return apply_runnable(run, index);
	return (step->action == PLAN_REPLACE || step->action == PLAN_PUT_BACK) &&
	       (progress->stage == STAGE_GONE || progress->stage == STAGE_CREATE);
}

/* --- before the delete --- */

static void say_pull(struct apply_run *run, const struct plan_step *step)
{
	cleanup_list struct list images = LIST_INIT;
	size_t i;
	json_t *container;

	json_array_foreach (tree_path_get(step->pull, "spec.containers"), i, container)
		list_add(&images, tree_path_string(container, "image"));
	cleanup_free char *names = list_join(&images, " and ");
	apply_say(run, step, EVENT_WAITING, "pulls %s before the old one is deleted", names);
}

static int begin(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];

	progress->began = now_of(run);
	progress->tries_until = progress->began + run->context->timeout_ms;
	/* What it takes the place of had another name, and was deleted by a step of its own. */
	progress->stage = step->action == PLAN_CREATE ? STAGE_CREATE : STAGE_DELETE;
	if (!step->pull)
		return 1;
	int r = apply_pull_start(run, step, err);
	if (r < 0)
		return r;
	progress->stage = STAGE_PULL;
	say_pull(run, step);
	return 1;
}

static int pull(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	int r = apply_pull_look(run, step, run->steps[index].began, err);

	if (r <= 0)
		return r;
	apply_pull_end(run, step);
	run->steps[index].stage = STAGE_DELETE;
	return 1;
}

/* So that what they say is not taken for the new ones' fault. */
static int note_old_pods(struct apply_run *run, struct apply_progress *progress, struct err *err)
{
	json_auto_t *pods = NULL;
	size_t i;
	json_t *pod;
	int r = apply_pods_of(run, progress->old, &pods, err);

	json_array_foreach (pods, i, pod)
		list_add(&progress->old_pods, tree_path_string(pod, "metadata.uid"));
	return r;
}

/* The old object as it is now. Positive when somebody deleted it meanwhile. */
static int read_old(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);

	json_decref(progress->old);
	progress->old = NULL;
	int r = kube_client_get(run->context->client, &step->id, &deadline, &progress->old, err);
	if (r == -ERR_NOT_FOUND)
		return 1;
	if (r < 0)
		return r;
	const char *uid = tree_path_string(progress->old, "metadata.uid");
	if (step->uid && uid && strcmp(step->uid, uid) != 0)
		return err_set(err, ERR_CONFLICT, "somebody created it anew meanwhile");
	return 0;
}

static int delete_old(struct apply_run *run, const struct plan_step *step, const json_t *old,
		      struct err *err)
{
	struct deadline deadline = apply_uninterrupted(run);
	const struct kube_precondition only = {
		.uid = tree_path_string(old, "metadata.uid"),
		.version = tree_path_string(old, "metadata.resourceVersion"),
	};

	return kube_client_delete(run->context->client, &step->id, &only, "Background", &deadline,
				  err);
}

/* The last moment at which nothing has happened. What is saved is what is deleted, to the version:
 * when somebody (its controller) has just written to it, it is read and saved again. */
static int take_down(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];

	if (cancel_raised(run->context->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	int r = read_old(run, index, err);
	if (r < 0)
		return r;
	if (r > 0) {
		progress->stage = STAGE_CREATE;
		return 1;
	}
	if ((r = apply_stage_begin(run, step, progress->old, err)) < 0 ||
	    (r = note_old_pods(run, progress, err)) < 0)
		return r;
	point_reached("replace-before-delete");
	progress->began = now_of(run);
	r = delete_old(run, step, progress->old, err);
	if (r == -ERR_CONFLICT && progress->began < progress->tries_until)
		return 0;
	if (r < 0)
		return r;
	point_reached("replace-after-delete");
	progress->tries_until = progress->began + run->context->timeout_ms;
	progress->stage = step->replace == PLAN_REPLACE_WRITERS ? STAGE_GONE : STAGE_CREATE;
	return 1;
}

/* --- after it --- */

static int wait_gone(struct apply_run *run, size_t index, struct err *err)
{
	struct apply_progress *progress = &run->steps[index];
	int r = apply_pods_gone(run, progress->old, err);

	if (r > 0) {
		point_reached("replace-pods-gone");
		progress->stage = STAGE_CREATE;
		return 1;
	}
	if (now_of(run) < progress->tries_until)
		return 0;
	return err_set(err, ERR_TIMEOUT,
		       "its old pods do not end, and new ones would write the same data: it is "
		       "created as soon as they are gone");
}

bool apply_may_pass(const struct err *why)
{
	return why->code == ERR_CONFLICT || why->code == ERR_UNREACHABLE ||
	       why->code == ERR_TIMEOUT ||
	       (why->code == ERR_DENIED && strstr(why->message, "exceeded quota"));
}

static int make_new(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);
	struct kube_result result = {0};
	json_t *body = step->body;

	int r = kube_client_apply(run->context->client, &body, 1, &(struct kube_apply_options){0},
				  &deadline, &result, err);
	if (r >= 0) {
		point_reached("replace-after-create");
		r = apply_record(run, &step, &result.object, 1, err);
		point_reached("replace-recorded");
		progress->uid = mem_strdup(tree_path_string(result.object, "metadata.uid"));
		progress->stage = STAGE_END;
		r = r < 0 ? r : 1;
	} else if (apply_may_pass(err) && now_of(run) < progress->tries_until) {
		r = 0;
	}
	kube_result_done(&result);
	return r;
}

/* --- all of it --- */

static int advance(struct apply_run *run, size_t index, struct err *err)
{
	switch (run->steps[index].stage) {
	case STAGE_BEGIN:
		return begin(run, index, err);
	case STAGE_PULL:
		return pull(run, index, err);
	case STAGE_DELETE:
		return take_down(run, index, err);
	case STAGE_GONE:
		return wait_gone(run, index, err);
	default:
		return make_new(run, index, err);
	}
}

bool apply_is_awaited(const struct apply_run *run, const char *key)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->plan->steps[i].action == PLAN_WAIT &&
		    !strcmp(run->plan->steps[i].key, key))
			return true;
	return false;
}

static void succeed(struct apply_run *run, size_t index)
{
	const struct plan_step *step = &run->plan->steps[index];

	run->steps[index].state = STEP_DONE;
	run->result->written++;
	if (step->action == PLAN_CREATE) {
		apply_say(run, step, EVENT_CREATED, "created: %s", step->why);
		return;
	}
	run->result->replaced++;
	/* Else the wait tells, with the downtime. */
	if (!apply_is_awaited(run, step->key)) {
		apply_say(run, step, EVENT_REPLACED, "replaced: %s",
			  step->why ? step->why : "forced");
		apply_tell(run, step, NULL, "Replaced", "deleted and created again");
	}
}

/* The server refuses, after all, what it had accepted in the dry run: the old one has to come back.
 * Not so a Job, which would run again. */
static bool is_lost(const struct apply_run *run, size_t index, const struct err *why)
{
	return run->steps[index].stage == STAGE_CREATE && !apply_may_pass(why) &&
	       strcmp(run->plan->steps[index].id.kind, "Job") != 0;
}

int apply_replace(struct apply_run *run, size_t index)
{
	cleanup_err struct err why = ERR_INIT;
	int r, moved = 0;

	do {
		r = advance(run, index, &why);
		moved |= r > 0;
	} while (r > 0 && run->steps[index].stage != STAGE_END);
	if (r > 0) {
		succeed(run, index);
	} else if (r < 0) {
		if (run->steps[index].stage == STAGE_PULL)
			apply_pull_end(run, &run->plan->steps[index]);
		if (is_lost(run, index, &why))
			apply_reject(run, index, "was refused after all", why.message);
		else
			apply_fail(run, index, &why);
	}
	return r ? 1 : moved;
}
