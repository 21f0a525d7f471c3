/* Commands in containers, against a server that plays every ending. */
#include "kube/exec.h"

#include "harness/socket.h"
#include "unit/kube/api.h"

#define SUCCESS "{\"metadata\": {}, \"status\": \"Success\"}"
#define FAILURE                                                                              \
	"{\"status\": \"Failure\", \"reason\": \"NonZeroExitCode\", \"message\": \"command " \
	"terminated with non-zero exit code\", \"details\": {\"causes\": [{\"reason\": "     \
	"\"ExitCode\", \"message\": \"3\"}]}}"

/* One session. */
struct session {
	struct socket_script script;
	struct socket *socket;
	struct http *http;
	struct kube_client *client;
	struct cancel *cancel;
	int64_t timeout_ms;
	struct buf out;
	int refuse_at; /* bytes of stdout, and then the taker fails */
	struct kube_exec_result result;
	struct err err;
};

static struct session session;

static void set_up(void)
{
	session = (struct session){.http = http_new(), .timeout_ms = 3000, .err = ERR_INIT};
}

static void tear_down(void)
{
	kube_exec_result_done(&session.result);
	kube_client_free(session.client);
	http_free(session.http);
	socket_stop(session.socket);
	buf_done(&session.out);
	err_done(&session.err);
}

static int take(void *context, const void *bytes, size_t length, struct err *err)
{
	(void)context;
	buf_add(&session.out, bytes, length);
	if (session.refuse_at && session.out.len >= (size_t)session.refuse_at)
		return err_set(err, ERR_IO, "no space left on device");
	return 0;
}

static int run(void)
{
	cleanup_free char *dir = temp_dir(), *kubeconfig = file_join(dir, "kubeconfig");
	struct kube_exec exec = {.ns = "blog", .pod = "db-0", .container = "pg", .out = take};
	const struct deadline deadline =
		deadline_in(&clock_real, session.cancel, session.timeout_ms);

	session.socket = socket_start(&session.script);
	api_write_kubeconfig(dir, socket_url(session.socket), "secret");
	must(kube_client_new(
		     &(struct kube_client_options){.http = session.http, .kubeconfig = kubeconfig},
		     &session.client, &session.err),
	     &session.err);
	list_add(&exec.command, "pg_dump");
	list_add(&exec.command, "a b&c");
	int r = kube_exec(session.client, &exec, &deadline, &session.result, &session.err);
	list_done(&exec.command);
	return r;
}

static void say(int channel, const char *text)
{
	socket_channel(&session.script.frames, channel, text);
}

START_TEST(test_kube_exec__takes_stdout_and_the_status)
{
	static const char *const protocols[] = {"v5.channel.k8s.io", "v4.channel.k8s.io"};

	session.script.protocol = protocols[_i];
	say(1, "");
	say(1, "one ");
	say(2, "notice\n");
	say(1, "two");
	say(3, SUCCESS);
	must(run(), &session.err);
	ck_assert_str_eq(buf_str(&session.out), "one two");
	ck_assert_int_eq(session.result.status, 0);
	ck_assert_str_eq(session.result.errors, "notice\n");
	ck_assert_ptr_nonnull(
		strstr(socket_request(session.socket),
		       "GET /api/v1/namespaces/blog/pods/db-0/exec?command=pg_dump&command="
		       "a%20b%26c&container=pg&stdout=true&stderr=true HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(
		strstr(socket_request(session.socket), "Authorization: Bearer secret\r\n"));
}
END_TEST

START_TEST(test_kube_exec__exit_code_comes_from_the_status)
{
	say(1, "half of a dump");
	say(3, FAILURE);
	must(run(), &session.err);
	ck_assert_int_eq(session.result.status, 3);
}
END_TEST

START_TEST(test_kube_exec__no_status_is_a_failure)
{
	say(1, "all of it, perhaps");
	if (_i) /* with a proper goodbye */
		socket_frame(&session.script.frames, 0x88, "\x03\xe8", 2);
	ck_assert_int_eq(run(), -ERR_UNREACHABLE);
	if (_i)
		ck_assert_str_eq(session.err.message,
				 "exec in Pod blog/db-0: the connection ended without saying how "
				 "the command ended");
}
END_TEST

START_TEST(test_kube_exec__what_is_no_status_is_a_failure)
{
	say(3, "{\"status\": \"Succ");
	ck_assert_int_eq(run(), -ERR_UNREACHABLE);
}
END_TEST

START_TEST(test_kube_exec__container_that_is_not_there)
{
	say(3, "{\"status\": \"Failure\", \"reason\": \"InternalError\", \"message\": \"container "
	       "not found (\\\"pg\\\")\"}");
	ck_assert_int_eq(run(), -ERR_IO);
	ck_assert_str_eq(session.err.message,
			 "exec in Pod blog/db-0: container not found (\"pg\")");
}
END_TEST

START_TEST(test_kube_exec__refusals_are_those_of_the_server)
{
	session.script.answer =
		"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 96\r\n"
		"\r\n{\"kind\": \"Status\", \"status\": \"Failure\", \"reason\": \"Forbidden\", "
		"\"code\": 403, \"message\": \"no!\"}";
	ck_assert_int_eq(run(), -ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(session.err.hint, "pods/exec"));
}
END_TEST

START_TEST(test_kube_exec__no_websocket_server)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
		"HTTP/1.1 101 Sw",
	};

	session.script.answer = answers[_i];
	ck_assert_int_eq(run(), -ERR_UNREACHABLE);
}
END_TEST

START_TEST(test_kube_exec__handshake_must_fit)
{
	if (_i)
		session.script.protocol = "chat";
	else
		session.script.wrong_key = true;
	say(3, SUCCESS);
	ck_assert_int_eq(run(), -ERR_UNREACHABLE);
}
END_TEST

START_TEST(test_kube_exec__fragments_and_pings)
{
	struct buf *frames = &session.script.frames;

	socket_frame(frames, 0x02, "\x01one", 4);
	socket_frame(frames, 0x89, "are you there", 13);
	socket_frame(frames, 0x80, " two", 4);
	say(3, SUCCESS);
	session.script.hold = true;
	socket_frame(frames, 0x88, "", 0);
	must(run(), &session.err);
	ck_assert_str_eq(buf_str(&session.out), "one two");
}
END_TEST

START_TEST(test_kube_exec__large_frames)
{
	cleanup_buf struct buf message = BUF_INIT;

	buf_addch(&message, 1);
	for (int i = 0; i < 300000; i++)
		buf_addch(&message, (char)('a' + i % 26));
	socket_frame(&session.script.frames, 0x82, message.data, message.len);
	socket_frame(&session.script.frames, 0x82, message.data, 1000);
	say(3, SUCCESS);
	must(run(), &session.err);
	ck_assert_uint_eq(session.out.len, 300000 + 999);
	ck_assert_int_eq(memcmp(session.out.data, message.data + 1, 300000), 0);
}
END_TEST

START_TEST(test_kube_exec__frames_that_no_server_sends)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {
		{"\x82\x81\0\0\0\0a", 7},		  /* masked */
		{"\xc2\x01\x01", 3},			  /* a reserved bit */
		{"\x80\x01\x01", 3},			  /* goes on with nothing */
		{"\x82\x7f\xff\xff\xff\xff\0\0\0\0", 10}, /* endless */
		{"\x89\x7e\x01\0", 4},			  /* a ping of 256 bytes */
		{"\x09\x00", 2},			  /* half a ping */
		{"\x83\x01\x01", 3},			  /* unknown */
	};

	buf_add(&session.script.frames, bad[_i].bytes, bad[_i].length);
	session.script.hold = true;
	ck_assert_int_eq(run(), -ERR_INVALID);
}
END_TEST

START_TEST(test_kube_exec__cut_off_in_a_frame)
{
	buf_add(&session.script.frames,
		"\x82\x05\x01"
		"ab",
		5);
	ck_assert_int_eq(run(), -ERR_UNREACHABLE);
}
END_TEST

START_TEST(test_kube_exec__silence_ends_in_time)
{
	say(1, "begun");
	session.script.hold = true;
	session.timeout_ms = 300;
	ck_assert_int_eq(run(), -ERR_TIMEOUT);
}
END_TEST

START_TEST(test_kube_exec__canceled)
{
	session.script.hold = true;
	session.cancel = cancel_new();
	cancel_raise(session.cancel);
	ck_assert_int_eq(run(), -ERR_CANCELED);
	cancel_free(session.cancel);
}
END_TEST

START_TEST(test_kube_exec__taker_ends_it)
{
	say(1, "more than there is room for");
	say(3, SUCCESS);
	session.refuse_at = 5;
	ck_assert_int_eq(run(), -ERR_IO);
	ck_assert_ptr_nonnull(strstr(session.err.message, "no space left"));
}
END_TEST

START_TEST(test_kube_exec__end_of_stderr_is_kept)
{
	cleanup_buf struct buf noise = BUF_INIT;

	buf_fill(&noise, 'x', 9000);
	say(2, buf_str(&noise));
	say(2, "FATAL: no such database");
	say(3, FAILURE);
	must(run(), &session.err);
	ck_assert_uint_eq(strlen(session.result.errors), 4096);
	ck_assert_ptr_nonnull(strstr(session.result.errors, "FATAL: no such database"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/exec");
	TCase *tests = tcase_create("exec");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, test_kube_exec__takes_stdout_and_the_status, 0, 2);
	tcase_add_test(tests, test_kube_exec__exit_code_comes_from_the_status);
	tcase_add_loop_test(tests, test_kube_exec__no_status_is_a_failure, 0, 2);
	tcase_add_test(tests, test_kube_exec__what_is_no_status_is_a_failure);
	tcase_add_test(tests, test_kube_exec__container_that_is_not_there);
	tcase_add_test(tests, test_kube_exec__refusals_are_those_of_the_server);
	tcase_add_loop_test(tests, test_kube_exec__no_websocket_server, 0, 3);
	tcase_add_loop_test(tests, test_kube_exec__handshake_must_fit, 0, 2);
	tcase_add_test(tests, test_kube_exec__fragments_and_pings);
	tcase_add_test(tests, test_kube_exec__large_frames);
	tcase_add_loop_test(tests, test_kube_exec__frames_that_no_server_sends, 0, 7);
	tcase_add_test(tests, test_kube_exec__cut_off_in_a_frame);
	tcase_add_test(tests, test_kube_exec__silence_ends_in_time);
	tcase_add_test(tests, test_kube_exec__canceled);
	tcase_add_test(tests, test_kube_exec__taker_ends_it);
	tcase_add_test(tests, test_kube_exec__end_of_stderr_is_kept);
	suite_add_tcase(suite, tests);
	return suite;
}
