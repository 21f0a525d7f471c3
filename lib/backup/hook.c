#include "backup/hook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/command.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "kube/exec.h"
#include "tree/path.h"

#define HOOK_MS (10LL * 60 * 1000)
#define DUMP_MS (60LL * 60 * 1000)

/* --- hooks --- */

static int timeout_of(const json_t *item, int64_t otherwise, int64_t *ret, struct err *err)
{
	const json_t *written = json_is_object(item) ? json_object_get(item, "timeout") : NULL;

	*ret = otherwise;
	if (json_is_integer(written))
		*ret = (int64_t)json_integer_value(written) * 1000;
	else if (json_is_string(written))
		return timespan_parse(json_string_value(written), ret, err);
	return 0;
}

/* Not longer than what it is part of. */
static struct deadline within(const struct deadline *whole, struct cancel *cancel, int64_t timeout)
{
	int64_t left = deadline_left(whole);

	return deadline_in(whole->clock, cancel, timeout < left ? timeout : left);
}

static int run_hook(const struct backup_hook_options *options, const json_t *hook, bool undoes,
		    struct err *err)
{
	const json_t *argv = json_is_object(hook) ? json_object_get(hook, "command") : hook;
	int64_t timeout;

	int r = timeout_of(hook, HOOK_MS, &timeout, err);
	if (r < 0)
		return r;
	struct deadline deadline =
		undoes ? deadline_in(options->deadline->clock, NULL, timeout)
		       : within(options->deadline, options->deadline->cancel, timeout);
	return backup_command_run(argv, -1, &deadline, err);
}

int backup_hook_run(const struct backup_hook_options *options, const char *key, struct err *err)
{
	bool undoes = strcmp(key, "before") != 0;
	json_t *hook;
	size_t i;

	json_array_foreach (json_object_get(options->backup, key), i, hook)
		if (run_hook(options, hook, undoes, err) < 0)
			return err_wrap(err, "backup.%s", key);
	return 0;
}

/* --- dumps in pods --- */

/* "app=db,tier=sql" of a text or a mapping; NULL when it is neither. Caller frees. */
static char *selector_of(const json_t *selector)
{
	cleanup_list struct list pairs = LIST_INIT;
	const char *key;
	json_t *value;

	if (json_is_string(selector))
		return mem_strdup(json_string_value(selector));
	json_object_foreach ((json_t *)selector, key, value)
		if (json_is_string(value))
			list_printf(&pairs, "%s=%s", key, json_string_value(value));
	return pairs.n ? list_join(&pairs, ",") : NULL;
}

static bool is_ready(const json_t *pod)
{
	const char *ready = tree_path_string(pod, "status.conditions[type=Ready].status");

	return ready && !strcmp(ready, "True") && !tree_path_get(pod, "metadata.deletionTimestamp");
}

static int by_name(const json_t *a, const json_t *b)
{
	return strcmp(tree_path_string(a, "metadata.name"), tree_path_string(b, "metadata.name"));
}

/* The first by name of those that are ready. */
static int choose_pod(const json_t *pods, const char *ns, const char *selector, char **ret,
		      struct err *err)
{
	const json_t *best = NULL;
	json_t *pod;
	size_t i;

	json_array_foreach (pods, i, pod)
		if (is_ready(pod) && (!best || by_name(pod, best) < 0))
			best = pod;
	if (!best)
		return err_set(err, ERR_NOT_FOUND, "no pod of %s in namespace %s is ready",
			       selector, ns);
	*ret = mem_strdup(tree_path_string(best, "metadata.name"));
	return 0;
}

static int find_pod(const struct backup_hook_options *options, const json_t *exec, const char *ns,
		    const struct deadline *deadline, char **ret, struct err *err)
{
	const char *named = tree_path_string(exec, "pod");
	cleanup_free char *selector = selector_of(json_object_get(exec, "selector"));
	json_auto_t *pods = NULL;

	if (named) {
		*ret = mem_strdup(named);
		return 0;
	}
	if (!selector)
		return err_set(err, ERR_INVALID,
			       "exec needs the pod's name (pod) or labels (selector)");
	int r = kube_client_select(options->client, "", "Pod", ns, selector, NULL, deadline, &pods,
				   err);
	return r < 0 ? r : choose_pod(pods, ns, selector, ret, err);
}

static int write_out(void *context, const void *bytes, size_t length, struct err *err)
{
	const int *fd = context;
	const char *from = bytes;

	while (length) {
		ssize_t n = write(*fd, from, length);
		if (n < 0 && errno != EINTR)
			return err_errno(err, errno, "scratch file");
		if (n > 0) {
			from += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

static int words_of(const json_t *argv, struct list *ret, struct err *err)
{
	json_t *word;
	size_t i;

	json_array_foreach (argv, i, word)
		if (json_is_string(word))
			list_add(ret, json_string_value(word));
	if (!ret->n || ret->n != json_array_size(argv))
		return err_set(err, ERR_INVALID,
			       "a command is a list of texts: [pg_dump, -Fc, blog]");
	return 0;
}

/* The last line of what it wrote to stderr. */
static const char *last_line(char *said)
{
	size_t n = strlen(said);

	while (n && strchr("\r\n\t ", said[n - 1]))
		said[--n] = '\0';
	const char *line = strrchr(said, '\n');
	return line ? line + 1 : said;
}

static int judge(struct kube_exec_result *result, const struct kube_exec *exec, struct err *err)
{
	const char *said = last_line(result->errors);

	if (!result->status)
		return 0;
	return err_set(err, ERR_IO, "%s in Pod %s/%s ended with %d%s%s", exec->command.items[0],
		       exec->ns, exec->pod, result->status, *said ? ": " : "", said);
}

static int dump_in_pod(const struct backup_hook_options *options, const json_t *wanted, int fd,
		       const struct deadline *deadline, struct err *err)
{
	const char *ns = tree_path_string(wanted, "namespace");
	struct kube_exec_result result = {0};
	cleanup_free char *pod = NULL;
	struct kube_exec exec = {
		.ns = ns ? ns : options->ns,
		.container = tree_path_string(wanted, "container"),
		.out = write_out,
		.context = &fd,
	};

	if (!options->client)
		return err_set(err, ERR_UNREACHABLE,
			       "exec needs the API server, and there is no "
			       "kubeconfig");
	int r = find_pod(options, wanted, exec.ns, deadline, &pod, err);
	exec.pod = pod;
	if (r >= 0)
		r = words_of(json_object_get(wanted, "command"), &exec.command, err);
	if (r >= 0)
		r = kube_exec(options->client, &exec, deadline, &result, err);
	if (r >= 0)
		r = judge(&result, &exec, err);
	kube_exec_result_done(&result);
	list_done(&exec.command);
	return r;
}

/* --- dumps --- */

int backup_hook_dump(const struct backup_hook_options *options, const json_t *dump, int fd,
		     struct err *err)
{
	const json_t *exec = json_object_get(dump, "exec");
	struct stat st;
	int64_t timeout;

	int r = timeout_of(dump, DUMP_MS, &timeout, err);
	if (r < 0)
		return r;
	struct deadline deadline = within(options->deadline, options->deadline->cancel, timeout);
	r = exec ? dump_in_pod(options, exec, fd, &deadline, err)
		 : backup_command_run(json_object_get(dump, "command"), fd, &deadline, err);
	if (r == -ERR_TIMEOUT) {
		cleanup_free char *span = timespan_text(timeout);
		return err_set(err, ERR_TIMEOUT, "it took longer than %s", span);
	}
	if (r >= 0 && (fstat(fd, &st) < 0 || !st.st_size))
		return err_set(err, ERR_INVALID, "it printed nothing");
	return r;
}
