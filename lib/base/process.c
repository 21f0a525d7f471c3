#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define ERRORS_LIMIT 4096
#define SLICE_MS     100 /* a raised cancel flag is felt after at most so long */

extern char **environ;

struct running {
	const char *name;
	pid_t pid;
	int output, errors; /* our ends of the pipes; -1: it closed them */
	size_t limit;
	struct process_result *result;
};

void process_result_done(struct process_result *result)
{
	buf_done(&result->output);
	buf_done(&result->errors);
}

static void reset_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETPGROUP);
}

static int spawn(const char *const *argv, int output, int errors, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	reset_signals(&attributes);
	int number =
		posix_spawnp(ret, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return number;
}

static int start(const char *const *argv, struct running *running, struct err *err)
{
	int output[2], errors[2];

	if (pipe2(output, O_CLOEXEC) < 0)
		return err_errno(err, errno, "%s: no pipe", argv[0]);
	running->output = output[0];
	cleanup_fd int output_end = output[1];
	if (pipe2(errors, O_CLOEXEC) < 0)
		return err_errno(err, errno, "%s: no pipe", argv[0]);
	running->errors = errors[0];
	cleanup_fd int errors_end = errors[1];
	int number = spawn(argv, output_end, errors_end, &running->pid);
	if (number)
		return err_errno(err, number, "%s could not be started", argv[0]);
	return 0;
}

/* Takes what is in the pipe; 0 at its end. */
static ssize_t take(int *fd, struct buf *into)
{
	char bytes[4096];
	ssize_t n = read(*fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_add(into, bytes, (size_t)n);
	else if (n == 0 || errno != EINTR)
		file_close(fd);
	return n;
}

static int read_ready(struct running *running, const struct pollfd *polled, struct err *err)
{
	struct process_result *result = running->result;

	if (polled[0].revents)
		take(&running->output, &result->output);
	if (polled[1].revents)
		take(&running->errors, &result->errors);
	if (result->errors.len > ERRORS_LIMIT)
		buf_truncate(&result->errors, ERRORS_LIMIT);
	if (result->output.len > running->limit)
		return err_set(err, ERR_INVALID, "%s printed more than %zu bytes", running->name,
			       running->limit);
	return 0;
}

static int check_end(const struct running *running, const struct deadline *deadline,
		     struct err *err)
{
	if (cancel_raised(deadline->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (deadline_passed(deadline))
		return err_set(err, ERR_TIMEOUT, "%s did not end in the time given", running->name);
	return 0;
}

/* 1 once it has ended. */
static int reap(struct running *running)
{
	int status;

	if (waitpid(running->pid, &status, WNOHANG) != running->pid)
		return 0;
	running->pid = 0;
	running->result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 1;
}

/* Until both pipes are closed and the command has ended. What it left behind in the background
 * may keep the pipes open: its end counts, and what was printed until then. */
static int follow(struct running *running, const struct deadline *deadline, struct err *err)
{
	for (bool ended = false;;) {
		struct pollfd polled[2] = {{.fd = running->output, .events = POLLIN},
					   {.fd = running->errors, .events = POLLIN}};
		int n = poll(polled, 2, ended ? 0 : running->output < 0 ? 5 : SLICE_MS);
		if (ended && n <= 0)
			return 0;
		int r = n > 0 ? read_ready(running, polled, err) : 0;
		if (r >= 0)
			r = check_end(running, deadline, err);
		if (r < 0)
			return r;
		if (!ended)
			ended = reap(running);
	}
}

static void finish(struct running *running)
{
	if (running->pid > 0) {
		kill(-running->pid, SIGKILL);
		waitpid(running->pid, NULL, 0);
	}
	file_close(&running->output);
	file_close(&running->errors);
}

int process_run(const char *const *argv, size_t limit, const struct deadline *deadline,
		struct process_result *ret, struct err *err)
{
	cleanup_process struct process_result result = {0};
	__attribute__((cleanup(finish))) struct running running = {
		.name = argv[0], .output = -1, .errors = -1, .limit = limit, .result = &result};

	int r = start(argv, &running, err);
	if (r < 0)
		return r;
	r = follow(&running, deadline, err);
	if (r < 0)
		return r;
	*ret = result;
	memset(&result, 0, sizeof(result));
	return 0;
}
