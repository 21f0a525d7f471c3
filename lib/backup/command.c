#include "backup/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"

#define LOOK_MS	   50
#define STDERR_MAX 4096

extern char **environ;

char *backup_command_text(const json_t *argv)
{
	cleanup_list struct list words = LIST_INIT;
	json_t *word;
	size_t i;

	json_array_foreach (argv, i, word)
		list_add(&words, json_is_string(word) ? json_string_value(word) : "?");
	return list_join(&words, " ");
}

static int words_of(const json_t *argv, struct list *ret, struct err *err)
{
	json_t *word;
	size_t i;

	json_array_foreach (argv, i, word) {
		if (!json_is_string(word))
			break;
		list_add(ret, json_string_value(word));
	}
	if (!ret->n || ret->n != json_array_size(argv))
		return err_set(err, ERR_INVALID,
			       "a command is a list of texts: [pg_dump, -Fc, blog]");
	return 0;
}

static int start(const struct list *words, int out, int errors, pid_t *ret, struct err *err)
{
	cleanup_free char **argv = mem_zalloc((words->n + 1) * sizeof(*argv));
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	memcpy(argv, words->items, words->n * sizeof(*argv));
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	sigset_t none;
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, 1);
	else
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, errors, 2);
	int r = posix_spawnp(ret, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return r ? err_errno(err, r, "%s", argv[0]) : 0;
}

/* What it said last, for the error. */
static char *last_line(int fd)
{
	char text[STDERR_MAX + 1];
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = end > STDERR_MAX ? end - STDERR_MAX : 0;
	ssize_t n = pread(fd, text, STDERR_MAX, from);

	while (n > 0 && strchr("\r\n\t ", text[n - 1]))
		n--;
	text[n > 0 ? n : 0] = '\0';
	const char *line = strrchr(text, '\n');
	return mem_strdup(line ? line + 1 : text);
}

static int judge(int status, int errors, struct err *err)
{
	cleanup_free char *said = last_line(errors);
	const char *colon = *said ? ": " : "";

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFSIGNALED(status))
		return err_set(err, ERR_IO, "ended by signal %d%s%s", WTERMSIG(status), colon,
			       said);
	return err_set(err, ERR_IO, "ended with %d%s%s", WEXITSTATUS(status), colon, said);
}

static int wait_for(pid_t pid, int errors, struct deadline *deadline, struct err *err)
{
	int status, r;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid)
			return judge(status, errors, err);
		if (ended < 0)
			return err_errno(err, errno, "waitpid");
		deadline->pause = deadline->pause_max = LOOK_MS;
		if ((r = deadline_back_off(deadline, err)) < 0)
			break;
	}
	(void)kill(-pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return r;
}

int backup_command_run(const json_t *argv, int fd, struct deadline *deadline, struct err *err)
{
	cleanup_list struct list words = LIST_INIT;
	cleanup_free char *text = backup_command_text(argv);
	pid_t pid;

	int r = words_of(argv, &words, err);
	if (r < 0)
		return r;
	int errors = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (errors < 0)
		return err_errno(err, errno, "/tmp");
	r = start(&words, fd, errors, &pid, err);
	if (r >= 0)
		r = wait_for(pid, errors, deadline, err);
	file_close(&errors);
	return r < 0 ? err_wrap(err, "%s", text) : 0;
}
