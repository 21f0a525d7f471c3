#include "backup/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define BUSY_MS	   30000
#define TOO_LONG_S 900 /* a database that never lets go */
#define SAID_MAX   500

bool backup_sqlite_is(int folder, const char *name)
{
	char head[16];
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool is = read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
		  !memcmp(head, "SQLite format 3", sizeof(head));
	file_close(&fd);
	return is;
}

bool backup_sqlite_is_companion(int folder, const char *name)
{
	static const char *const ends[] = {"-wal", "-shm", "-journal"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		size_t m = strlen(ends[i]);
		if (n <= m || strcmp(name + n - m, ends[i]) != 0)
			continue;
		cleanup_free char *base = mem_strndup(name, n - m);
		return backup_sqlite_is(folder, base);
	}
	return false;
}

/* --- in the child --- */

static int check(sqlite3 *copy)
{
	sqlite3_stmt *statement;
	const unsigned char *verdict = NULL;
	int r = sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &statement, NULL);

	if (r != SQLITE_OK)
		return r;
	if (sqlite3_step(statement) == SQLITE_ROW)
		verdict = sqlite3_column_text(statement, 0);
	r = verdict && !strcmp((const char *)verdict, "ok") ? SQLITE_OK : SQLITE_CORRUPT;
	sqlite3_finalize(statement);
	return r;
}

static int copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int r;

	if (!backup)
		return sqlite3_errcode(to);
	do {
		r = sqlite3_backup_step(backup, -1);
		if (r == SQLITE_BUSY || r == SQLITE_LOCKED)
			sqlite3_sleep(20);
	} while (r == SQLITE_BUSY || r == SQLITE_LOCKED);
	r = sqlite3_backup_finish(backup);
	return r == SQLITE_OK ? check(to) : r;
}

static void copy_and_exit(const char *from_path, const char *to_path, int said)
{
	sqlite3 *from = NULL, *to = NULL;

	alarm(TOO_LONG_S);
	int r = sqlite3_open_v2(from_path, &from, SQLITE_OPEN_READWRITE, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (r == SQLITE_OK) {
		sqlite3_busy_timeout(from, BUSY_MS);
		r = copy_pages(from, to);
	}
	if (r != SQLITE_OK)
		dprintf(said, "%s", sqlite3_errstr(r));
	sqlite3_close(to);
	sqlite3_close(from);
	_exit(r == SQLITE_OK ? 0 : 1);
}

static void check_and_exit(const char *path, int said)
{
	sqlite3_stmt *statement = NULL;
	const unsigned char *verdict = NULL;
	sqlite3 *db = NULL;

	alarm(TOO_LONG_S);
	int r = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
	if (r == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		verdict = sqlite3_column_text(statement, 0);
	bool good = verdict && !strcmp((const char *)verdict, "ok");
	if (!good)
		dprintf(said, "%s", verdict ? (const char *)verdict : sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	_exit(good ? 0 : 1);
}

/* --- in the parent --- */

static int wait_for(pid_t pid, int said, bool copying, struct err *err)
{
	char text[SAID_MAX + 1];
	ssize_t n = 0, got;
	int status;

	while (n < SAID_MAX && (got = read(said, text + n, (size_t)(SAID_MAX - n))) > 0)
		n += got;
	text[n] = '\0';
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "waitpid");
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return err_set(err, ERR_TIMEOUT, "SQLite was not done with it in %d s", TOO_LONG_S);
	if (!copying)
		return err_set(err, ERR_INVALID, "SQLite's integrity check failed: %s",
			       *text ? text : "it ended early");
	return err_set(err, ERR_IO, "SQLite cannot copy it: %s", *text ? text : "it ended early");
}

/* to NULL: only a check. */
static int run_child(const char *from, const char *to, struct err *err)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	pid_t pid = fork();
	if (pid == 0 && to)
		copy_and_exit(from, to, pipes[1]);
	if (pid == 0)
		check_and_exit(from, pipes[1]);
	int number = errno;
	file_close(&pipes[1]);
	int r = pid < 0 ? err_errno(err, number, "fork") : wait_for(pid, pipes[0], to, err);
	file_close(&pipes[0]);
	return r;
}

static char *path_in(int folder, const char *name)
{
	cleanup_free char *directory = mem_printf("/proc/self/fd/%d", folder);
	cleanup_free char *real = realpath(directory, NULL);

	return file_join(real ? real : directory, name);
}

int backup_sqlite_check(int folder, const char *name, struct err *err)
{
	cleanup_free char *path = path_in(folder, name);

	return run_child(path, NULL, err);
}

int backup_sqlite_copy(int folder, const char *name, const char *scratch, int *ret_fd,
		       struct err *err)
{
	cleanup_free char *from = path_in(folder, name);
	cleanup_free char *to = mem_printf("%s/sqlite-%d-XXXXXX", scratch, (int)getpid());

	int fd = mkostemp(to, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s", to);
	int r = run_child(from, to, err);
	(void)unlink(to);
	if (r < 0)
		file_close(&fd);
	else
		*ret_fd = fd;
	return r < 0 ? err_wrap(err, "%s", from) : 0;
}
