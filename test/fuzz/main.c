/* Gives each file of the folders it is called with to a fuzz target, each in a process of its own,
 * and counts as check does. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

#define LIMIT	(16u << 20)
#define SECONDS 60 /* under ASan on a busy machine; libFuzzer itself is stricter */

/* In a buffer of its exact size, so that reading behind the end is seen. */
static int feed(const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = NULL;
	size_t length;

	if (file_read(path, LIMIT, &text, &length, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return EXIT_FAILURE;
	}
	cleanup_free uint8_t *exact = length ? mem_dup(text, length) : mem_alloc(1);
	return LLVMFuzzerTestOneInput(exact, length);
}

static bool passes(const char *path)
{
	int status;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		alarm(SECONDS);
		exit(feed(path));
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
		printf("failed on %s\n", path);
		return false;
	}
	return true;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay(const char *folder, int *ret_count, int *ret_failed)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_file, alphasort);

	for (int i = 0; i < count; i++) {
		cleanup_free char *path = file_join(folder, entries[i]->d_name);
		++*ret_count;
		*ret_failed += !passes(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	int count = 0, failed = 0;

	for (int i = 1; i < argc; i++)
		replay(argv[i], &count, &failed);
	int percent = count ? 100 * (count - failed) / count : 0;
	printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", percent, count, failed);
	return count == 0 || failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
