#include "remote.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/mem.h"
#include "http/http.h"
#include "site.h"
#include "tree/json.h"
#include "tree/path.h"

#define STATUS_MS  10000
#define SILENCE_MS (24LL * 3600 * 1000) /* an apply may wait for hours */

struct remote {
	struct http *http;
	struct http_peer *peer;
	json_t *status;
};

const json_t *remote_status(const struct remote *remote)
{
	return remote->status;
}

void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	if (remote->peer)
		http_peer_free(remote->peer);
	if (remote->http)
		http_free(remote->http);
	json_decref(remote->status);
	free(remote);
}

void remote_cleanup(struct remote **remote)
{
	remote_free(*remote);
}

/* --- one call --- */

static enum err_code code_of(const char *name)
{
	for (int code = ERR_INVALID; name && code <= ERR_INTERNAL; code++)
		if (!strcmp(err_code_name((enum err_code)code), name))
			return (enum err_code)code;
	return ERR_INTERNAL;
}

static int refused(const json_t *answer, int status, struct err *err)
{
	const json_t *error = json_object_get(answer, "error");
	const char *message = tree_path_string(error, "message");
	const char *hint = tree_path_string(error, "hint");

	if (!message)
		return err_set(err, ERR_INTERNAL, "the daemon answered %d", status);
	(void)err_set(err, code_of(tree_path_string(error, "code")), "%s", message);
	return hint ? err_hint(err, "%s", hint) : -(int)err->code;
}

static char *body_text(json_t *body)
{
	cleanup_free char *person = site_person();
	json_auto_t *with_who = body ? json_copy(body) : json_object();

	json_object_set_new(with_who, "who", json_string(person));
	return tree_json_dump(with_who);
}

int remote_call(struct remote *remote, const char *method, const char *path, json_t *body,
		int64_t timeout_ms, json_t **ret_answer, struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, timeout_ms);
	bool sends = strcmp(method, "GET") != 0;
	cleanup_free char *text = sends ? body_text(body) : NULL;
	struct http_response response = {0};
	json_auto_t *answer = NULL;

	int r = http_call(remote->peer,
			  &(struct http_request){
				  .method = method,
				  .path = path,
				  .content_type = sends ? "application/json" : NULL,
				  .body = text,
				  .body_length = text ? strlen(text) : 0,
				  .timeout_ms = timeout_ms,
			  },
			  &response, &deadline, err);
	if (r >= 0)
		r = tree_json_parse(buf_str(&response.body), response.body.len,
				    "the daemon's answer", false, &answer, err);
	if (r >= 0 && response.status >= 400)
		r = refused(answer, response.status, err);
	http_response_done(&response);
	if (r >= 0)
		*ret_answer = steal(&answer);
	return r;
}

/* --- many lines --- */

struct following {
	void (*line)(void *context, const json_t *tree);
	void *context;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool ended;
	int status;
	struct err err;
};

static void on_frame(void *context, const char *line, size_t length)
{
	struct following *following = context;
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	if (length && tree_json_parse(line, length, "line", false, &tree, &err) >= 0)
		following->line(following->context, tree);
}

static void on_ended(void *context, int status, const char *body, struct err *err)
{
	struct following *following = context;

	(void)body;
	pthread_mutex_lock(&following->lock);
	following->ended = true;
	following->status = status;
	if (err && err->code)
		err_copy(&following->err, err);
	pthread_cond_signal(&following->woken);
	pthread_mutex_unlock(&following->lock);
}

int remote_follow(struct remote *remote, const char *path,
		  void (*line)(void *context, const json_t *tree), void *context, struct err *err)
{
	struct following following = {.line = line, .context = context};
	struct http_stream *stream;

	pthread_mutex_init(&following.lock, NULL);
	pthread_cond_init(&following.woken, NULL);
	int r = http_stream_open(remote->peer,
				 &(struct http_stream_options){
					 .path = path,
					 .silence_ms = SILENCE_MS,
					 .frame = on_frame,
					 .ended = on_ended,
					 .context = &following,
				 },
				 &stream, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&following.lock);
	while (!following.ended)
		pthread_cond_wait(&following.woken, &following.lock);
	pthread_mutex_unlock(&following.lock);
	http_stream_close(stream);
	pthread_mutex_destroy(&following.lock);
	pthread_cond_destroy(&following.woken);
	if (following.status >= 400)
		return err_set(err, ERR_INTERNAL, "the daemon answered %d", following.status);
	/* A body that ends is how lines end; without a status nothing was answered at all. */
	if (!following.status && following.err.code)
		return err_move(err, &following.err);
	err_done(&following.err);
	return 0;
}

/* --- is there a daemon --- */

static bool same_folder(const char *a, const char *b)
{
	cleanup_free char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);

	return real_a && real_b ? !strcmp(real_a, real_b) : !strcmp(a, b);
}

static bool serves(const json_t *status, const struct options *options)
{
	const char *dir = tree_path_string(status, "dir");
	const char *state = tree_path_string(status, "state");

	return dir && state && same_folder(dir, options->dir) && same_folder(state, options->state);
}

static int connect_to(const char *socket, struct remote *remote, struct err *err)
{
	remote->http = http_new();
	int r = http_peer_new(remote->http,
			      &(struct http_peer_options){
				      .base_url = "http://localhost",
				      .unix_socket = socket,
				      .http1_only = true,
			      },
			      &remote->peer, err);
	return r < 0 ? r
		     : remote_call(remote, "GET", "/v1/status", NULL, STATUS_MS, &remote->status,
				   err);
}

int remote_open(const struct options *options, struct remote **ret, struct err *err)
{
	cleanup_free char *socket = file_join(options->runtime, "control");
	cleanup_remote struct remote *remote = NULL;
	struct stat st;

	if (stat(socket, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	if (access(socket, R_OK | W_OK) < 0) {
		(void)err_set(err, ERR_DENIED, "%s may be used by root only", socket);
		return err_hint(err, "run it with sudo");
	}
	remote = mem_new(struct remote);
	int r = connect_to(socket, remote, err);
	if (r == -ERR_UNREACHABLE) {
		err_done(err); /* nobody listens: what a crash left */
		return 0;
	}
	if (r < 0) {
		(void)err_wrap(err, "the daemon behind %s", socket);
		return err_hint(err, "systemctl status desired tells more");
	}
	if (!serves(remote->status, options))
		return 0;
	*ret = steal(&remote);
	return 1;
}
