#include "alone.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data_gate.h"
#include "findings.h"
#include "messages.h"
#include "pass.h"
#include "quiet.h"
#include "site.h"
#include "terminal.h"
#include "tree/path.h"

#define ANSWER_MS   10000
#define PATIENCE_MS 60000 /* with an API server that is not there yet */
#define PAUSE_MS    1000

/* Everything that one apply holds. */
struct alone {
	const struct alone_options *asked;
	const struct options *options;
	struct site site;
	struct loaded *loaded;
	struct link *link;
	struct quiet *quiet;
	struct job_pool *jobs;
	struct pass_round *round;
	struct backup_gate *gate;
	struct event_sink progress;
	int signals, finished; /* descriptors */
};

/* On a terminal everything, else only what went wrong. */
static void tell(struct event_sink *sink, const struct event *event)
{
	(void)sink;
	if (terminal_progress() || message_is_trouble(event->kind))
		terminal_sink()->emit(terminal_sink(), event);
}

static enum job_outcome run_job(void *context, const struct job *job)
{
	enum pass_contact contact;
	enum job_outcome outcome = pass_run(job, &contact);

	(void)context;
	return outcome == JOB_POSTPONED ? outcome : JOB_DONE; /* one try; the verb reports */
}

static void release_job(void *context, void *work)
{
	(void)context;
	pass_release(work);
}

static void on_finished(void *context, struct pass_round *round)
{
	const struct alone *alone = context;
	uint64_t one = 1;

	(void)round;
	(void)!write(alone->finished, &one, sizeof(one));
}

/* --- signals are read, not handled: before any thread is made --- */

static int catch_signals(struct alone *alone, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	alone->signals = signalfd(-1, &set, SFD_CLOEXEC);
	alone->finished = eventfd(0, EFD_CLOEXEC);
	if (alone->signals < 0 || alone->finished < 0)
		return err_set(err, ERR_IO, "cannot wait for signals");
	return 0;
}

/* True when a signal came within so long (-1: no end), false when the round finished or the time
 * went by. */
static bool wait_signal(const struct alone *alone, int milliseconds)
{
	struct pollfd polled[] = {{.fd = alone->signals, .events = POLLIN},
				  {.fd = alone->finished, .events = POLLIN}};

	(void)poll(polled, 2, milliseconds);
	return polled[0].revents;
}

/* --- steps --- */

/* Warnings about the files are check's; one about no file is about what desired itself did. */
static void tell_warnings(const struct diag_list *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->items[i].severity == DIAG_WARNING &&
		    !findings->items[i].err.place.file)
			fprintf(stderr, "desired: %s\n", findings->items[i].err.message);
}

static int load(struct alone *alone, json_t **ret_findings, struct err *err)
{
	const struct options *options = alone->options;
	int r = loaded_read(
		&(struct loaded_options){
			.dir = options->dir,
			.config = options->config,
			.state_dir = options->state,
			.make_secrets = true,
			.masking = options->masking,
			.kinds_of = link_kinds,
			.link_of = link_once,
			.context = &alone->site,
		},
		&alone->loaded, err);

	if (r < 0)
		return r;
	tell_warnings(&alone->loaded->findings);
	*ret_findings = findings_to_json(&alone->loaded->findings);
	alone->asked->found(*ret_findings);
	if (!alone->loaded->fatal || alone->asked->prepare)
		return 0;
	(void)err_set(err, ERR_INVALID, "nothing was done: what all apps share is broken");
	return err_hint(err, "correct what is named above");
}

static int try_begin(struct alone *alone, const struct pass_request *request, struct err *err)
{
	int r = alone->link ? 0
			    : link_open(&alone->site, &alone->loaded->settings, &alone->link, err);

	if (r < 0)
		return r;
	return pass_round_begin(
		&(struct pass_round_options){
			.site = &alone->site,
			.loaded = alone->loaded,
			.link = alone->link,
			.sink = quiet_sink(alone->quiet),
			.clock = job_clock(alone->jobs),
			.gate = alone->gate,
			.request = request,
			.timeout_ms = ANSWER_MS,
			.finished = on_finished,
			.context = alone,
		},
		&alone->round, err);
}

/* A kubeconfig that k3s has not written yet comes; one that was named on the command line and is
 * not there was mistyped. */
static bool is_worth_waiting(const struct alone *alone, int r)
{
	return r == -ERR_UNREACHABLE || r == -ERR_TIMEOUT ||
	       (r == -ERR_NOT_FOUND && !alone->options->kubeconfig);
}

/* An API server that is not there yet is normal while a machine starts. */
static int begin(struct alone *alone, const struct pass_request *request, struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, PATIENCE_MS);
	bool told = false;
	int r;

	while ((r = try_begin(alone, request, err)) < 0) {
		if (!is_worth_waiting(alone, r) || deadline_passed(&deadline))
			return r;
		if (!told)
			fprintf(stderr, "Waiting for the API server: %s\n", err->message);
		told = true;
		if (wait_signal(alone, PAUSE_MS))
			return err_set(err, ERR_CANCELED, "interrupted; nothing was done");
	}
	return 0;
}

static void wait_for_all(struct alone *alone)
{
	pass_round_submit(alone->round, alone->jobs);
	if (!wait_signal(alone, -1))
		return;
	fputs("Interrupted; a replace that has begun is finished\n", stderr);
	job_cancel_all(alone->jobs);
}

static int apply(struct alone *alone, const struct pass_request *request, json_t **ret_result,
		 struct err *err)
{
	alone->jobs =
		job_pool_new(&(struct job_pool_options){.run = run_job, .release = release_job});
	int r = begin(alone, request, err);
	if (r < 0)
		return r;
	wait_for_all(alone);
	job_pool_free(steal(&alone->jobs)); /* every app has reported now */
	*ret_result = pass_round_result(alone->round);
	return 0;
}

/* What is asked for beside an apply of the files; true in "done" when that was all. */
static int prepare(struct alone *alone, struct pass_request *request, json_t **ret_answer,
		   struct err *err)
{
	cleanup_free char *person = site_person();
	cleanup_free char *whom = mem_printf("%s by %s", alone->options->verb, person);
	struct change change = {
		.site = &alone->site,
		.loaded = alone->loaded,
		.sink = quiet_sink(alone->quiet),
		.body = alone->asked->body,
		.who = person,
	};

	if (!alone->asked->prepare) {
		pass_request_from_json(alone->asked->body, whom, request);
		return 0;
	}
	request->who = steal(&whom);
	int r = link_open(&alone->site, &alone->loaded->settings, &alone->link, err);
	if (r < 0)
		return r;
	change.link = alone->link;
	return alone->asked->prepare(&change, request, ret_answer, err);
}

static int work(struct alone *alone, json_t **ret_answer, json_t **ret_result, struct err *err)
{
	struct pass_request request = {0};

	alone->progress.emit = tell;
	alone->quiet = quiet_new(&alone->progress);
	alone->gate = data_gate_new(&alone->site);
	int r = prepare(alone, &request, ret_answer, err);
	if (r >= 0 && !tree_path_true(*ret_answer, "done"))
		r = apply(alone, &request, ret_result, err);
	pass_request_done(&request);
	return r;
}

static void release(struct alone *alone)
{
	job_pool_free(alone->jobs);
	pass_round_unref(alone->round);
	backup_gate_free(alone->gate);
	link_unref(alone->link);
	loaded_unref(alone->loaded);
	quiet_free(alone->quiet);
	site_close(&alone->site);
	file_close(&alone->signals);
	file_close(&alone->finished);
}

int alone_run(const struct alone_options *asked, json_t **ret_findings, json_t **ret_answer,
	      json_t **ret_result, struct err *err)
{
	struct alone alone = {.asked = asked,
			      .options = asked->options,
			      .site = SITE_INIT,
			      .signals = -1,
			      .finished = -1};
	int r = catch_signals(&alone, err);

	if (r >= 0)
		r = site_open(asked->options, asked->purpose, &alone.site, err);
	if (r >= 0)
		r = load(&alone, ret_findings, err);
	if (r >= 0)
		r = work(&alone, ret_answer, ret_result, err);
	release(&alone);
	return r;
}
