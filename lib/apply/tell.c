/* Events on the objects that a run touched by itself, posted when the run is over: nothing waits
 * for them, and one that is lost is no failure. */
#include <stdarg.h>
#include <stdlib.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "kube/tell.h"

#define TELL_MS 3000

static const char *uid_of(const struct apply_run *run, const struct plan_step *step,
			  const json_t *object)
{
	const char *uid = object ? json_string_value(json_object_get(
					   json_object_get(object, "metadata"), "uid"))
				 : run->steps[step - run->plan->steps].uid;

	return uid ? uid : "";
}

void apply_tell(struct apply_run *run, const struct plan_step *step, const json_t *object,
		const char *reason, const char *format, ...)
{
	struct apply_notices *notices = &run->notices;
	va_list args;

	mem_grow(notices->steps, &notices->cap, notices->texts.n / 3 + 1);
	notices->steps[notices->texts.n / 3] = step;
	list_add(&notices->texts, uid_of(run, step, object));
	list_add(&notices->texts, reason);
	va_start(args, format);
	list_take(&notices->texts, mem_vprintf(format, args));
	va_end(args);
}

void apply_tell_all(struct apply_run *run)
{
	struct apply_notices *told = &run->notices;
	size_t count = told->texts.n / 3;
	cleanup_free struct kube_notice *notices = mem_zalloc((count + 1) * sizeof(*notices));
	struct deadline deadline = deadline_in(run->context->clock, NULL, TELL_MS);
	cleanup_err struct err ignored = ERR_INIT;

	for (size_t i = 0; i < count; i++)
		notices[i] = (struct kube_notice){
			.id = &told->steps[i]->id,
			.uid = told->texts.items[3 * i],
			.reason = told->texts.items[3 * i + 1],
			.message = told->texts.items[3 * i + 2],
		};
	if (!run->result->unreachable)
		(void)kube_client_tell(run->context->client, notices, count, &deadline, &ignored);
	free(told->steps);
	list_done(&told->texts);
	*told = (struct apply_notices){0};
}
