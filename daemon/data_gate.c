#include "data_gate.h"

#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/process.h"

#define BUDGET_MS  (12LL * 3600 * 1000)
#define OUTPUT_MAX (1 << 20)

/* "desired: MESSAGE\n         HINT\n" as one line. Caller frees. */
static char *one_line(const char *said)
{
	struct buf line = BUF_INIT;

	if (!strncmp(said, "desired: ", 9))
		said += 9;
	while (*said) {
		size_t n = strcspn(said, "\n");
		if (line.len && n)
			buf_addstr(&line, "; ");
		buf_add(&line, said, n);
		said += n;
		said += strspn(said, "\n ");
	}
	return buf_steal(&line);
}

static int restore(void *context, const struct backup_gate_restore *what, struct cancel *cancel,
		   struct err *err)
{
	const struct site *site = context;
	const struct options *options = site->options;
	const char *argv[] = {
		"/proc/self/exe",
		"backup",
		"fetch",
		what->set,
		what->path,
		"--node",
		what->node,
		"--dir",
		options->dir,
		"--state",
		options->state,
		"--runtime",
		options->runtime,
		"--config",
		options->config,
		options->kubeconfig ? "--kubeconfig" : NULL,
		options->kubeconfig,
		NULL,
	};
	struct deadline deadline = deadline_in(&clock_real, cancel, BUDGET_MS);
	cleanup_process struct process_result result = {0};

	int r = process_run(argv, OUTPUT_MAX, &deadline, &result, err);
	if (r < 0 || !result.status)
		return r;
	cleanup_free char *said = one_line(buf_str(&result.errors));
	return err_set(err, ERR_IO, "%s", *said ? said : "the restore ended early");
}

struct backup_gate *data_gate_new(const struct site *site)
{
	return backup_gate_new(&(struct backup_gate_options){
		.state_dir = site->options->state,
		.http = site->http,
		.restore = restore,
		.context = (void *)site,
	});
}
