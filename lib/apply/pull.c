/*
 * The images of a new version are pulled before the old one is deleted, by a pod that cannot do
 * anything (plan/image.c makes it): its command is in no image, so the kubelet pulls, fails to
 * start it, and says so. Any state behind the pull means that the image is there.
 *
 * The ledger knows the pod before it exists, so that none is left behind by a crash.
 */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/point.h"
#include "base/timespan.h"
#include "kube/pod.h"
#include "tree/path.h"

/* A kubelet that is there says something of a pod within seconds. */
#define SILENCE_MS 30000
#define REMOVE_MS  5000

static struct manifest_id id_of(const struct plan_step *step)
{
	return (struct manifest_id){
		.group = (char *)"",
		.version = (char *)"v1",
		.kind = (char *)"Pod",
		.ns = (char *)tree_path_string(step->pull, "metadata.namespace"),
		.name = (char *)tree_path_string(step->pull, "metadata.name"),
	};
}

int apply_pull_start(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	const struct manifest_id id = id_of(step);
	cleanup_free char *key = manifest_id_key(&id);
	struct deadline deadline = apply_deadline(run);
	struct kube_result result = {0};
	json_t *body = step->pull;

	int r = state_ledger_note_pod(run->context->ledger, key, run->plan->app->name, err);
	if (r < 0)
		return r;
	point_reached("pull-noted");
	r = kube_client_apply(run->context->client, &body, 1, &(struct kube_apply_options){0},
			      &deadline, &result, err);
	kube_result_done(&result);
	if (r < 0)
		return err_wrap(err, "the pod that pulls its images cannot be made");
	point_reached("pull-created");
	return 0;
}

/* --- what the kubelet says --- */

enum pull {
	PULL_UNKNOWN,
	PULL_GOES_ON,
	PULL_DONE,
	PULL_FAILED,
};

static enum pull state_of_waiting(const char *reason)
{
	static const char *const failures[] = {
		"ErrImagePull",	       "ImagePullBackOff",	    "InvalidImageName",
		"ErrImageNeverPull",   "ImageInspectError",	    "RegistryUnavailable",
		"ErrInvalidImageName", "SignatureValidationFailed",
	};

	if (!*reason || !strcmp(reason, "ContainerCreating") || !strcmp(reason, "PodInitializing"))
		return PULL_GOES_ON;
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		if (!strcmp(reason, failures[i]))
			return PULL_FAILED;
	return PULL_DONE;
}

static enum pull state_of_container(const json_t *status)
{
	const char *image = tree_path_string(status, "imageID");
	const char *reason = tree_path_string(status, "state.waiting.reason");

	if (tree_path_get(status, "state.running") || tree_path_get(status, "state.terminated") ||
	    (image && *image))
		return PULL_DONE;
	return tree_path_get(status, "state.waiting") ? state_of_waiting(reason ? reason : "")
						      : PULL_UNKNOWN;
}

/* The worst of its containers. */
static enum pull state_of(const json_t *pod)
{
	const json_t *all = tree_path_get(pod, "status.containerStatuses");
	enum pull worst = json_array_size(all) ? PULL_DONE : PULL_UNKNOWN;
	size_t i;
	json_t *status;

	json_array_foreach (all, i, status) {
		enum pull one = state_of_container(status);
		if (one == PULL_FAILED)
			return one;
		if (one < worst)
			worst = one;
	}
	return worst;
}

static const json_t *failed_container(const json_t *pod)
{
	size_t i;
	json_t *status;

	json_array_foreach (tree_path_get(pod, "status.containerStatuses"), i, status)
		if (state_of_container(status) == PULL_FAILED)
			return status;
	return NULL;
}

static int fail(const json_t *pod, struct err *err)
{
	const json_t *status = failed_container(pod);
	const char *image = tree_path_string(status, "image");
	const char *reason = tree_path_string(status, "state.waiting.reason");
	const char *message = tree_path_string(status, "state.waiting.message");

	return err_set(err, ERR_INVALID,
		       "image %s cannot be pulled: %s%s%s; not replaced, the old one stays",
		       image ? image : "?", reason ? reason : "", message ? ": " : "",
		       message ? message : "");
}

static int time_out(const json_t *pod, int64_t waited, struct err *err)
{
	bool hopeless;
	cleanup_free char *trouble = kube_pod_trouble(pod, &hopeless);
	cleanup_free char *time = timespan_text(waited);
	const char *node = tree_path_string(pod, "spec.nodeName");

	if (!trouble && state_of(pod) == PULL_UNKNOWN)
		trouble = node ? mem_printf("the kubelet of %s says nothing about its pod", node)
			       : mem_strdup("its pod is not scheduled");
	return err_set(err, ERR_TIMEOUT,
		       "its images were not pulled within %s: %s; not replaced, the old one stays",
		       time, trouble ? trouble : "the pull goes on");
}

int apply_pull_look(struct apply_run *run, const struct plan_step *step, int64_t since,
		    struct err *err)
{
	const struct manifest_id id = id_of(step);
	struct deadline deadline = apply_deadline(run);
	int64_t waited = run->context->clock->now(run->context->clock) - since;
	json_auto_t *pod = NULL;

	int r = kube_client_get(run->context->client, &id, &deadline, &pod, err);
	if (r < 0)
		return err_wrap(err, "the pod that pulls its images is gone");
	enum pull state = state_of(pod);
	if (state == PULL_DONE)
		return 1;
	if (state == PULL_FAILED)
		return fail(pod, err);
	if (waited >= run->context->timeout_ms || (state == PULL_UNKNOWN && waited >= SILENCE_MS))
		return time_out(pod, waited, err);
	return 0;
}

/* --- its end --- */

/* Only what says that it is ours, under the UID that was seen. */
static int remove_pod(const struct apply_context *context, const struct manifest_id *id,
		      struct err *err)
{
	struct deadline deadline = deadline_in(context->clock, NULL, REMOVE_MS);
	json_auto_t *pod = NULL;

	int r = kube_client_get(context->client, id, &deadline, &pod, err);
	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return r;
	if (!tree_path_get(pod, "metadata.annotations[\"desired.dev/pulls-for\"]"))
		return 0;
	const struct kube_precondition only = {.uid = tree_path_string(pod, "metadata.uid")};
	return kube_client_delete(context->client, id, &only, "Background", &deadline, err);
}

static int end(const struct apply_context *context, const struct manifest_id *id, const char *key,
	       struct err *err)
{
	int r = remove_pod(context, id, err);

	point_reached("pull-removed");
	return r < 0 ? r : state_ledger_forget_pod(context->ledger, key, err);
}

void apply_pull_end(struct apply_run *run, const struct plan_step *step)
{
	const struct manifest_id id = id_of(step);
	cleanup_free char *key = manifest_id_key(&id);
	cleanup_err struct err ignored = ERR_INIT;

	(void)end(run->context, &id, key, &ignored);
}

int apply_clean_up(const struct apply_context *context, const char *app, struct err *err)
{
	cleanup_list struct list keys = LIST_INIT;
	int r = 0;

	state_ledger_pods(context->ledger, app, &keys);
	for (size_t i = 0; r >= 0 && i < keys.n; i++) {
		struct manifest_id id;
		if (!manifest_id_of_key(keys.items[i], &id))
			continue;
		r = end(context, &id, keys.items[i], err);
		manifest_id_done(&id);
	}
	return r < 0 ? r : 0;
}
