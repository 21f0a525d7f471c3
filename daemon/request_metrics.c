/* What Prometheus asks for: at the control socket, and at the address of `metrics:`. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "metrics.h"
#include "requests.h"

#define HTTP_NOT_FOUND 404

struct errand {
	struct daemon *daemon;
	struct control_call *call;
	size_t files_changed;
	struct buf text;
};

static void build(void *context)
{
	struct errand *errand = context;
	json_auto_t *status = requests_status(errand->daemon, errand->files_changed);

	metrics_print(status, &errand->text);
}

static void answer(void *context)
{
	struct errand *errand = context;

	control_answer_text(errand->call, METRICS_TYPE, buf_str(&errand->text));
	buf_done(&errand->text);
	free(errand);
}

void requests_answer_metrics(struct daemon *daemon, struct control_call *call)
{
	struct errand *errand = mem_new(struct errand);

	errand->daemon = daemon;
	errand->call = call;
	errand->files_changed = follow_changed(daemon->follow);
	daemon_work(daemon, build, answer, errand);
}

void requests_metrics(void *context, struct control_call *call)
{
	struct daemon *daemon = context;
	cleanup_err struct err err = ERR_INIT;

	if (!strcmp(control_method(call), "GET") && !strcmp(control_path(call), "/metrics") &&
	    !daemon->stopping) {
		requests_answer_metrics(daemon, call);
		return;
	}
	(void)err_set(&err, ERR_NOT_FOUND, "only GET /metrics is served here");
	control_fail(call, HTTP_NOT_FOUND, &err);
}
