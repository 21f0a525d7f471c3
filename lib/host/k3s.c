#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/mem.h"
#include "host/facts.h"

#define PATIENCE_MS 5000
#define LENGTH_MAX  4096

extern char **environ;

static bool start(const char *program, int output, pid_t *ret)
{
	char *argv[] = {(char *)program, "--version", NULL};
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
	int r = posix_spawn(ret, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0;
}

/* What it writes until it ends, at most so much and for so long. */
static void collect(int input, char *text)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, PATIENCE_MS);
	struct pollfd polled = {.fd = input, .events = POLLIN};
	size_t length = 0;

	while (length < LENGTH_MAX - 1 && !deadline_passed(&deadline)) {
		if (poll(&polled, 1, 100) <= 0)
			continue;
		ssize_t n = read(input, text + length, LENGTH_MAX - 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
}

/* "k3s version v1.35.4+k3s1 (a1b2c3d4)" */
char *host_k3s_version(const char *program)
{
	char text[LENGTH_MAX] = "", words[] = "k3s version ";
	int ends[2];
	pid_t pid;

	if (access(program, X_OK) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return mem_strdup("");
	bool started = start(program, ends[1], &pid);
	close(ends[1]);
	if (started) {
		collect(ends[0], text);
		kill(pid, SIGKILL); /* it has said what it had to say */
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	const char *version = strncmp(text, words, strlen(words)) ? "" : text + strlen(words);
	return mem_strndup(version, strcspn(version, " \n"));
}
