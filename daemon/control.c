#include "control.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "tree/json.h"
#include "tree/mask.h"

#define BODY_MAX	(8 << 20) /* a plan that is to be done has a line for each object */
#define CONNECTIONS_MAX 64
#define IDLE_SECONDS	30

enum call_state {
	CALL_READING,	/* its body comes */
	CALL_WAITING,	/* for the answer; the connection sleeps */
	CALL_ANSWERED,	/* the response is there and goes out next */
	CALL_STREAMING, /* lines go out */
};

struct control_call {
	struct control_call *next; /* of control->calls */
	struct control *control;
	struct MHD_Connection *connection;
	enum call_state state;
	bool asleep;
	char *method, *path, *who;
	struct buf text;
	json_t *body;
	struct MHD_Response *response;
	int status;

	char *(*read)(void *context, int number, size_t *position, bool *ret_end);
	void *read_context;
	int number;
	size_t position;
	struct buf line; /* what is left of the one that goes out */
	size_t sent;
};

struct control {
	struct loop *loop;
	struct MHD_Daemon *server;
	uv_poll_t *poll;
	struct loop_timer *timer;
	char *path;
	struct mask *mask;
	bool closing;
	bool again; /* a connection was woken: the server must turn once more */
	struct control_call *calls;
	void (*handle)(void *context, struct control_call *call);
	void *context;
};

const char *control_method(const struct control_call *call)
{
	return call->method;
}

const char *control_path(const struct control_call *call)
{
	return call->path;
}

const json_t *control_body(const struct control_call *call)
{
	return call->body;
}

const char *control_who(const struct control_call *call)
{
	return call->who;
}

/* --- turning the server --- */

static void turn(void *context)
{
	struct control *control = context;
	MHD_UNSIGNED_LONG_LONG milliseconds;

	control->again = false;
	MHD_run(control->server);
	if (control->again) /* woken inside of MHD_run(), whose time-out does not know */
		loop_timer_start(control->timer, 0, 0);
	else if (MHD_get_timeout(control->server, &milliseconds) == MHD_YES)
		loop_timer_start(control->timer, (int64_t)milliseconds, 0);
	else
		loop_timer_stop(control->timer);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	turn(poll->data);
}

static void sleep_call(struct control_call *call)
{
	call->asleep = true;
	MHD_suspend_connection(call->connection);
}

static void wake_call(struct control_call *call)
{
	if (!call->asleep)
		return;
	call->asleep = false;
	MHD_resume_connection(call->connection);
	call->control->again = true;
	loop_timer_start(call->control->timer, 0, 0);
}

/* --- answers --- */

static void answer_as(struct control_call *call, int status, const char *type, char *text_stolen)
{
	if (call->state != CALL_WAITING) {
		free(text_stolen);
		return;
	}
	call->response = MHD_create_response_from_buffer(strlen(text_stolen), text_stolen,
							 MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(call->response, "Content-Type", type);
	call->status = status;
	call->state = CALL_ANSWERED;
	wake_call(call);
}

static void answer_text(struct control_call *call, int status, char *text_stolen)
{
	answer_as(call, status, "application/json", text_stolen);
}

void control_answer_text(struct control_call *call, const char *type, const char *text)
{
	char *masked = mask_text(call->control->mask, text, strlen(text));

	answer_as(call, MHD_HTTP_OK, type, masked ? masked : mem_strdup(text));
}

void control_answer(struct control_call *call, int status, json_t *json_stolen)
{
	json_auto_t *masked = tree_mask(call->control->mask, json_stolen);

	answer_text(call, status, tree_json_pretty(masked));
}

void control_fail(struct control_call *call, int status, const struct err *err)
{
	control_answer(call, status,
		       json_pack("{s:i, s:{s:s, s:s, s:s*}}", "schema", 1, "error", "code",
				 err_code_name(err->code), "message",
				 err->message ? err->message : "", "hint", err->hint));
}

/* A line of JSON, which it stays. Caller frees. */
static char *masked_line(struct mask *mask, char *line_stolen)
{
	cleanup_free char *line = line_stolen, *found = mask_text(mask, line, strlen(line));
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	if (!found)
		return steal(&line);
	if (tree_json_parse(line, strlen(line), "line", false, &tree, &err) < 0)
		return steal(&found);
	json_auto_t *masked = tree_mask(mask, tree);
	return tree_json_dump(masked);
}

/* Hands out what is left of a line, or the next one; sleeps when there is none. */
static ssize_t read_stream(void *context, uint64_t position, char *out, size_t room)
{
	struct control_call *call = context;
	bool end = call->control->closing;

	(void)position;
	if (call->sent == call->line.len) {
		cleanup_free char *line =
			end ? NULL
			    : call->read(call->read_context, call->number, &call->position, &end);
		if (!line && end)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (!line) {
			sleep_call(call);
			return 0;
		}
		line = masked_line(call->control->mask, steal(&line));
		buf_truncate(&call->line, 0);
		buf_printf(&call->line, "%s\n", line);
		call->sent = 0;
	}
	size_t left = call->line.len - call->sent, n = left < room ? left : room;
	memcpy(out, call->line.data + call->sent, n);
	call->sent += n;
	return (ssize_t)n;
}

void control_stream(struct control_call *call,
		    char *(*read)(void *context, int number, size_t *position, bool *ret_end),
		    void *context, int number)
{
	call->read = read;
	call->read_context = context;
	call->number = number;
	call->response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, call, NULL);
	MHD_add_response_header(call->response, "Content-Type", "application/x-ndjson");
	call->status = MHD_HTTP_OK;
	call->state = CALL_ANSWERED;
	wake_call(call);
}

void control_wake(struct control *control)
{
	for (struct control_call *call = control->calls; call; call = call->next)
		if (call->state == CALL_STREAMING)
			wake_call(call);
}

/* --- requests --- */

static char *peer_name(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return mem_strdup("somebody");
	return peer.uid == 0 ? mem_strdup("root") : mem_printf("uid %u", peer.uid);
}

static struct control_call *new_call(struct control *control, struct MHD_Connection *connection,
				     const char *method, const char *path)
{
	struct control_call *call = mem_new(struct control_call);

	call->control = control;
	call->connection = connection;
	call->method = mem_strdup(method);
	call->path = mem_strdup(path);
	call->who = peer_name(connection);
	call->next = control->calls;
	control->calls = call;
	return call;
}

/* The whole request is there. */
static void begin(struct control_call *call)
{
	cleanup_err struct err err = ERR_INIT;
	int r = 0;

	call->state = CALL_WAITING;
	sleep_call(call);
	if (call->text.len > BODY_MAX)
		r = err_set(&err, ERR_INVALID, "the request is too large");
	else if (call->text.len)
		r = tree_json_parse(call->text.data, call->text.len, "request", true, &call->body,
				    &err);
	if (r < 0)
		control_fail(call, MHD_HTTP_BAD_REQUEST, &err);
	else
		call->control->handle(call->control->context, call);
}

static enum MHD_Result send_answer(struct control_call *call)
{
	enum MHD_Result r =
		MHD_queue_response(call->connection, (unsigned int)call->status, call->response);

	call->state = CALL_STREAMING;
	MHD_destroy_response(call->response); /* the connection holds it now */
	call->response = NULL;
	return r;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	struct control_call *call = *request;

	(void)version;
	if (!call) {
		*request = new_call(context, connection, method, url);
		return MHD_YES;
	}
	if (*upload_size) {
		if (call->text.len <= BODY_MAX)
			buf_add(&call->text, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (call->state == CALL_ANSWERED)
		return send_answer(call);
	if (call->state == CALL_READING)
		begin(call); /* even when answered at once, the answer goes out at the next turn */
	return MHD_YES;
}

static void free_call(struct control_call *call)
{
	if (call->response)
		MHD_destroy_response(call->response);
	json_decref(call->body);
	buf_done(&call->text);
	buf_done(&call->line);
	free(call->method);
	free(call->path);
	free(call->who);
	free(call);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	struct control *control = context;

	(void)connection, (void)code;
	for (struct control_call **at = &control->calls; *at; at = &(*at)->next) {
		if (*at != *request)
			continue;
		struct control_call *call = *at;
		*at = call->next;
		free_call(call);
		break;
	}
	*request = NULL;
}

/* --- open and close --- */

static int bind_socket(const char *path, int *ret_fd, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		(void)err_set(err, ERR_INVALID, "%s is too long for a socket", path);
		return err_hint(err, "use a shorter --runtime");
	}
	strcpy(address.sun_path, path);
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, errno, "cannot create a socket");
	(void)unlink(path); /* stale: the state lock is ours */
	mode_t mask = umask(0177);
	int r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	int number = errno;
	(void)umask(mask);
	if (r < 0)
		return err_errno(err, number, "cannot open %s", path);
	if (listen(fd, 16) < 0)
		return err_errno(err, errno, "cannot listen on %s", path);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int open_socket(const char *path, int *ret_fd, struct err *err)
{
	cleanup_free char *folder = mem_strdup(path);

	*strrchr(folder, '/') = '\0';
	int r = file_make_dir(folder, 0755, err);
	return r < 0 ? r : bind_socket(path, ret_fd, err);
}

static int start_server(struct control *control, int fd, struct err *err)
{
	control->server = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, control,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, control,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS, MHD_OPTION_END);
	if (!control->server) {
		close(fd);
		return err_set(err, ERR_INTERNAL, "cannot serve %s",
			       control->path ? control->path : "metrics");
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(control->server, MHD_DAEMON_INFO_EPOLL_FD);
	control->poll = mem_new(uv_poll_t);
	uv_poll_init(loop_uv(control->loop), control->poll, info->epoll_fd);
	control->poll->data = control;
	uv_poll_start(control->poll, UV_READABLE, on_poll);
	control->timer = loop_timer_new(control->loop, turn, control);
	return 0;
}

/* The socket is taken over. path NULL: it is in no folder. */
static int serve(struct loop *loop, int fd, const char *path, struct mask *mask,
		 void (*handle)(void *context, struct control_call *call), void *context,
		 struct control **ret, struct err *err)
{
	struct control *control = mem_new(struct control);

	control->loop = loop;
	control->path = mem_strdup(path);
	control->mask = mask;
	control->handle = handle;
	control->context = context;
	int r = start_server(control, fd, err);
	if (r < 0) {
		free(control->path);
		free(control);
		return r;
	}
	*ret = control;
	return 0;
}

int control_open(struct loop *loop, const char *path, struct mask *mask,
		 void (*handle)(void *context, struct control_call *call), void *context,
		 struct control **ret, struct err *err)
{
	int fd = -1;
	int r = open_socket(path, &fd, err);

	return r < 0 ? r : serve(loop, fd, path, mask, handle, context, ret, err);
}

/* "[::1]:9477" into its two parts. */
static int split_address(const char *address, char **ret_host, char **ret_port, struct err *err)
{
	const char *colon = strrchr(address, ':');

	if (!colon || colon == address || !colon[1])
		return err_set(err, ERR_INVALID, "'%s' is not HOST:PORT", address);
	size_t n = (size_t)(colon - address);
	bool bracketed = *address == '[' && colon[-1] == ']';
	*ret_host = bracketed ? mem_strndup(address + 1, n - 2) : mem_strndup(address, n);
	*ret_port = mem_strdup(colon + 1);
	return 0;
}

static int listen_on(const struct addrinfo *found, const char *address, int *ret_fd,
		     struct err *err)
{
	const int yes = 1;
	cleanup_fd int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_errno(err, errno, "cannot create a socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 16) < 0)
		return err_errno(err, errno, "cannot listen on %s", address);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int control_open_tcp(struct loop *loop, const char *address, struct mask *mask,
		     void (*handle)(void *context, struct control_call *call), void *context,
		     struct control **ret, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	cleanup_free char *host = NULL, *port = NULL;
	struct addrinfo *found;
	int fd = -1;

	int r = split_address(address, &host, &port, err);
	if (r < 0)
		return r;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return err_set(err, ERR_INVALID, "'%s' is no IP address with a port", address);
	r = listen_on(found, address, &fd, err);
	freeaddrinfo(found);
	return r < 0 ? r : serve(loop, fd, NULL, mask, handle, context, ret, err);
}

static void free_poll(uv_handle_t *handle)
{
	free(handle);
}

static void close_calls(struct control *control)
{
	for (struct control_call *call = control->calls, *next; call; call = next) {
		next = call->next;
		if (call->state == CALL_WAITING)
			answer_text(call, MHD_HTTP_SERVICE_UNAVAILABLE,
				    mem_strdup("{\"schema\": 1, \"error\": {\"code\": \"busy\", "
					       "\"message\": \"desired is stopping\"}}\n"));
		wake_call(call);
	}
}

void control_close(struct control *control)
{
	if (!control)
		return;
	control->closing = true;
	close_calls(control);
	/* A sleeping connection must not meet MHD_stop_daemon(); these two turns send what is
	 * there. */
	MHD_run(control->server);
	MHD_run(control->server);
	uv_poll_stop(control->poll);
	uv_close((uv_handle_t *)control->poll, free_poll);
	loop_timer_free(control->timer);
	MHD_stop_daemon(control->server);
	if (control->path)
		(void)unlink(control->path);
	free(control->path);
	free(control);
}
