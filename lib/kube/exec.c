#include "kube/exec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/websocket.h"
#include "kube/answer.h"
#include "kube/path.h"
#include "kube/private.h"
#include "tree/json.h"
#include "tree/path.h"

#define PROTOCOLS  "v5.channel.k8s.io, v4.channel.k8s.io"
#define ERRORS_MAX 4096
#define STATUS_MAX (64u << 10)

enum channel {
	CHANNEL_STDOUT = 1,
	CHANNEL_STDERR = 2,
	CHANNEL_STATUS = 3
};

struct session {
	const struct kube_exec *exec;
	const struct deadline *deadline;
	char *what; /* for messages */
	struct buf errors, status;
};

static char *path_of(const struct kube_exec *exec)
{
	struct buf path = BUF_INIT;

	buf_addstr(&path, "/api/v1/namespaces");
	kube_path_add(&path, exec->ns);
	kube_path_add(&path, "pods");
	kube_path_add(&path, exec->pod);
	kube_path_add(&path, "exec");
	for (size_t i = 0; i < exec->command.n; i++)
		kube_path_query(&path, "command", exec->command.items[i]);
	if (exec->container)
		kube_path_query(&path, "container", exec->container);
	kube_path_query(&path, "stdout", "true");
	kube_path_query(&path, "stderr", "true");
	return buf_steal(&path);
}

/* --- what comes --- */

/* Keeps the end. */
static void add_errors(struct buf *errors, const char *bytes, size_t length)
{
	buf_add(errors, bytes, length);
	if (errors->len <= ERRORS_MAX)
		return;
	size_t drop = errors->len - ERRORS_MAX;
	memmove(errors->data, errors->data + drop, ERRORS_MAX);
	buf_truncate(errors, ERRORS_MAX);
}

static int take(struct session *session, const struct buf *message, struct err *err)
{
	const char *bytes = message->data + 1;
	size_t length = message->len - 1;

	switch (message->data[0]) {
	case CHANNEL_STDOUT:
		return length ? session->exec->out(session->exec->context, bytes, length, err) : 0;
	case CHANNEL_STDERR:
		add_errors(&session->errors, bytes, length);
		return 0;
	case CHANNEL_STATUS:
		if (session->status.len + length > STATUS_MAX)
			return err_set(err, ERR_INVALID, "the status is too long");
		buf_add(&session->status, bytes, length);
		return 0;
	default: /* v5 tells of closed channels with 255 */
		return 0;
	}
}

static int receive_all(struct session *session, struct http_websocket *websocket, struct err *err)
{
	const struct buf *message;
	int r;

	while ((r = http_websocket_receive(websocket, &message, session->deadline, err)) > 0)
		if (message->len && (r = take(session, message, err)) < 0)
			return r;
	/* Where the status has come, the manner of leaving does not matter. */
	if (r < 0 && session->status.len && err->code == ERR_UNREACHABLE) {
		err_done(err);
		r = 0;
	}
	return r;
}

/* --- the session --- */

static int refused(const struct session *session, const struct http_response *response,
		   struct err *err)
{
	int r = kube_answer_check(response, session->what, NULL, NULL, err);

	if (r == -ERR_DENIED)
		return err_hint(err, "it takes the rights `get` and `create` on pods/exec");
	return r < 0 ? r
		     : err_set(err, ERR_UNREACHABLE, "%s: the server did not switch protocols",
			       session->what);
}

static int talk(void *context, struct http_peer *peer, struct err *err)
{
	struct session *session = context;
	cleanup_free char *path = path_of(session->exec);
	cleanup_response struct http_response response = {0};
	const struct http_websocket_options options = {.path = path, .protocols = PROTOCOLS};
	struct http_websocket *websocket = NULL;

	int r = http_websocket_open(peer, &options, session->deadline, &websocket, &response, err);
	if (r > 0)
		return refused(session, &response, err);
	if (r >= 0)
		r = receive_all(session, websocket, err);
	http_websocket_close(websocket);
	return r < 0 ? err_wrap(err, "%s", session->what) : 0;
}

/* --- the status --- */

static const char *exit_code_of(const json_t *status)
{
	json_t *cause;
	size_t i;

	json_array_foreach (tree_path_get(status, "details.causes"), i, cause) {
		const char *reason = tree_path_string(cause, "reason");
		if (reason && !strcmp(reason, "ExitCode"))
			return tree_path_string(cause, "message");
	}
	return NULL;
}

static int judge(const struct session *session, int *ret, struct err *err)
{
	const char *text = buf_str(&session->status);
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *status = NULL;

	if (!session->status.len ||
	    tree_json_parse(text, session->status.len, "status", false, &status, &ignored) < 0)
		return err_set(err, ERR_UNREACHABLE,
			       "%s: the connection ended without saying how the command ended",
			       session->what);
	const char *verdict = tree_path_string(status, "status");
	const char *code = exit_code_of(status), *message = tree_path_string(status, "message");
	*ret = code ? atoi(code) : 0;
	if ((verdict && !strcmp(verdict, "Success")) || *ret)
		return 0;
	return err_set(err, ERR_IO, "%s: %s", session->what,
		       message ? message : "it could not be run");
}

int kube_exec(struct kube_client *client, const struct kube_exec *exec,
	      const struct deadline *deadline, struct kube_exec_result *ret, struct err *err)
{
	struct session session = {
		.exec = exec,
		.deadline = deadline,
		.what = mem_printf("exec in Pod %s/%s", exec->ns, exec->pod),
	};
	int status = 0;

	int r = kube_connection_use(client->connection, talk, &session, err);
	if (r >= 0)
		r = judge(&session, &status, err);
	if (r >= 0)
		*ret = (struct kube_exec_result){status, buf_steal(&session.errors)};
	buf_done(&session.errors);
	buf_done(&session.status);
	free(session.what);
	return r;
}

void kube_exec_result_done(struct kube_exec_result *result)
{
	free(result->errors);
	*result = (struct kube_exec_result){0};
}
