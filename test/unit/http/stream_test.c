#include "http/http.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "harness/client.h"
#include "harness/suite.h"

#define WATCH "/watch"
#define LINE  "GET " WATCH

/* What a stream told. */
struct log {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list frames;
	int ended;
	int status;
	char *body;
	struct err err;
	struct http_stream *close_in_frame, *close_in_end;
};

static struct client client;
static struct log log_;

static void on_frame(void *context, const char *line, size_t length)
{
	struct log *log = context;

	ck_assert_uint_eq(strlen(line), length);
	pthread_mutex_lock(&log->lock);
	list_add(&log->frames, line);
	pthread_cond_broadcast(&log->changed);
	pthread_mutex_unlock(&log->lock);
	http_stream_close(steal(&log->close_in_frame));
}

static void on_end(void *context, int status, const char *body, struct err *err)
{
	struct log *log = context;

	pthread_mutex_lock(&log->lock);
	log->ended++;
	log->status = status;
	log->body = mem_strdup(body);
	err_move(&log->err, err);
	pthread_cond_broadcast(&log->changed);
	pthread_mutex_unlock(&log->lock);
	http_stream_close(steal(&log->close_in_end));
}

static void set_up(void)
{
	client = client_start();
	log_ = (struct log){0};
	pthread_mutex_init(&log_.lock, NULL);
	pthread_cond_init(&log_.changed, NULL);
}

static void tear_down(void)
{
	client_stop(&client);
	list_done(&log_.frames);
	free(log_.body);
	err_done(&log_.err);
}

static struct http_stream *open_stream(int64_t silence_ms)
{
	cleanup_err struct err err = ERR_INIT;
	struct http_stream *stream;
	const struct http_stream_options options = {
		.path = WATCH,
		.silence_ms = silence_ms,
		.frame = on_frame,
		.ended = on_end,
		.context = &log_,
	};

	must(http_stream_open(client.peer, &options, &stream, &err), &err);
	return stream;
}

/* Waits until so many frames and ends were told. */
static void await(size_t frames, int ended)
{
	struct timespec end;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 5;
	pthread_mutex_lock(&log_.lock);
	while ((log_.frames.n < frames || log_.ended < ended) && r == 0)
		r = pthread_cond_timedwait(&log_.changed, &log_.lock, &end);
	pthread_mutex_unlock(&log_.lock);
	ck_assert_int_eq(r, 0);
}

static void expect(struct server_reply reply)
{
	server_expect(client.server, LINE, &reply);
}

START_TEST(test_stream__frames_are_put_together_from_pieces)
{
	static const char *const chunks[] = {"{\"a\"", ":1}\n{\"b\":2}\n\n{\"c", "\":", "3}\r\n",
					     NULL};

	expect((struct server_reply){.chunks = chunks, .chunk_delay_ms = 20});
	struct http_stream *stream = open_stream(0);
	await(3, 1);
	ck_assert_uint_eq(log_.frames.n, 3);
	ck_assert_str_eq(log_.frames.items[0], "{\"a\":1}");
	ck_assert_str_eq(log_.frames.items[1], "{\"b\":2}");
	ck_assert_str_eq(log_.frames.items[2], "{\"c\":3}");
	ck_assert_int_eq(log_.status, 200);
	ck_assert_ptr_null(log_.body);
	ck_assert_int_eq(log_.err.code, ERR_NONE);
	http_stream_close(stream);
	ck_assert_int_eq(log_.ended, 1);
	ck_assert_uint_eq(http_request_count(client.http), 0);
}
END_TEST

START_TEST(test_stream__frames_come_while_it_stays_open)
{
	expect((struct server_reply){.hold = true});
	struct http_stream *stream = open_stream(0);
	server_push(client.server, LINE, "one\n");
	await(1, 0);
	server_push(client.server, LINE, "two\nthr");
	await(2, 0);
	server_push(client.server, LINE, "ee\n");
	await(3, 0);
	ck_assert_str_eq(log_.frames.items[2], "three");
	server_end(client.server, LINE, false);
	await(3, 1);
	ck_assert_int_eq(log_.err.code, ERR_NONE);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__a_long_line_arrives_whole)
{
	cleanup_buf struct buf line = BUF_INIT;

	buf_fill(&line, 'x', 1000000);
	buf_addch(&line, '\n');
	const char *const chunks[] = {line.data, "short\n", NULL};
	expect((struct server_reply){.chunks = chunks});
	struct http_stream *stream = open_stream(0);
	await(2, 1);
	ck_assert_uint_eq(strlen(log_.frames.items[0]), 1000000);
	ck_assert_str_eq(log_.frames.items[1], "short");
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__a_line_without_end_is_an_error)
{
	cleanup_buf struct buf body = BUF_INIT;

	buf_fill(&body, 'x', 100000);
	expect((struct server_reply){.fault = SERVER_ENDLESS, .body = body.data});
	struct http_stream *stream = open_stream(0);
	await(0, 1);
	ck_assert_int_eq(log_.err.code, ERR_INVALID);
	ck_assert_uint_eq(log_.frames.n, 0);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__a_lost_connection_is_an_error_and_its_half_line_no_frame)
{
	expect((struct server_reply){.hold = true});
	struct http_stream *stream = open_stream(0);
	server_push(client.server, LINE, "one\nha");
	await(1, 0);
	server_end(client.server, LINE, true);
	await(1, 1);
	ck_assert_uint_eq(log_.frames.n, 1);
	ck_assert_int_eq(log_.err.code, ERR_UNREACHABLE);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__silence_ends_it)
{
	expect((struct server_reply){.hold = true});
	struct http_stream *stream = open_stream(200);
	int64_t begin = clock_real.now(&clock_real);
	server_push(client.server, LINE, "one\n");
	await(1, 1);
	int64_t took = clock_real.now(&clock_real) - begin;
	ck_assert_int_ge(took, 190);
	ck_assert_int_lt(took, 600);
	ck_assert_int_eq(log_.err.code, ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(log_.err.message, "sent nothing for"));
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__a_server_that_never_answers_is_silent)
{
	expect((struct server_reply){.fault = SERVER_SILENT});
	struct http_stream *stream = open_stream(100);
	await(0, 1);
	ck_assert_int_eq(log_.err.code, ERR_TIMEOUT);
	ck_assert_int_eq(log_.status, 0);
	ck_assert_ptr_null(log_.body);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__bytes_keep_it_alive)
{
	static const char *const chunks[] = {"1\n", "2\n", "3\n", "4\n", "5\n", "6\n", NULL};

	expect((struct server_reply){.chunks = chunks, .chunk_delay_ms = 100});
	struct http_stream *stream = open_stream(300);
	await(6, 1);
	ck_assert_int_eq(log_.err.code, ERR_NONE);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__an_answer_that_is_no_success_is_handed_over)
{
	expect((struct server_reply){.status = 410, .body = "{\"reason\":\"Expired\"}\n"});
	struct http_stream *stream = open_stream(0);
	await(0, 1);
	ck_assert_int_eq(log_.status, 410);
	ck_assert_str_eq(log_.body, "{\"reason\":\"Expired\"}\n");
	ck_assert_uint_eq(log_.frames.n, 0);
	ck_assert_int_eq(log_.err.code, ERR_NONE);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__an_unreachable_server_is_said)
{
	server_stop(steal(&client.server));
	struct http_stream *stream = open_stream(0);
	await(0, 1);
	ck_assert_int_eq(log_.err.code, ERR_UNREACHABLE);
	ck_assert_int_eq(log_.status, 0);
	http_stream_close(stream);
}
END_TEST

START_TEST(test_stream__nothing_is_told_after_close)
{
	expect((struct server_reply){.hold = true});
	struct http_stream *stream = open_stream(0);
	server_push(client.server, LINE, "one\n");
	await(1, 0);
	http_stream_close(stream);
	ck_assert_int_eq(log_.ended, 0);
	ck_assert_uint_eq(log_.frames.n, 1);
}
END_TEST

START_TEST(test_stream__may_be_closed_at_once)
{
	expect((struct server_reply){.hold = true, .times = SERVER_ALWAYS});
	for (int i = 0; i < 50; i++)
		http_stream_close(open_stream(0));
	ck_assert_int_eq(log_.ended, 0);
}
END_TEST

START_TEST(test_stream__may_be_closed_by_its_own_callbacks)
{
	static const char *const chunks[] = {"one\ntwo\nthree\n", NULL};
	bool in_frame = _i == 0;

	expect((struct server_reply){.chunks = chunks, .delay_ms = 100});
	struct http_stream *stream = open_stream(0);
	pthread_mutex_lock(&log_.lock);
	*(in_frame ? &log_.close_in_frame : &log_.close_in_end) = stream;
	pthread_mutex_unlock(&log_.lock);
	await(in_frame ? 1 : 3, in_frame ? 0 : 1);
	/* The order of the I/O thread: when this one is over, the first is. */
	struct http_response response;
	cleanup_err struct err err = ERR_INIT;
	server_expect(client.server, "GET /a", &(struct server_reply){.body = "{}"});
	must(client_get(&client, "/a", &response, &err), &err);
	http_response_done(&response);
	ck_assert_uint_eq(log_.frames.n, in_frame ? 1 : 3);
	ck_assert_int_eq(log_.ended, in_frame ? 0 : 1);
}
END_TEST

START_TEST(test_stream__its_peer_may_be_freed_right_after_it)
{
	static const char *const chunks[] = {"one\ntwo\n", NULL};

	expect((struct server_reply){.chunks = chunks, .delay_ms = 50});
	struct http_stream *stream = open_stream(0);
	pthread_mutex_lock(&log_.lock);
	log_.close_in_frame = stream;
	pthread_mutex_unlock(&log_.lock);
	await(1, 0);
	http_peer_free(steal(&client.peer));
}
END_TEST

START_TEST(test_stream__requests_go_on_beside_it)
{
	cleanup_err struct err err = ERR_INIT;

	expect((struct server_reply){.hold = true});
	struct http_stream *stream = open_stream(0);
	server_expect(client.server, "GET /a",
		      &(struct server_reply){.body = "{}", .times = SERVER_ALWAYS});
	for (int i = 0; i < 10; i++) {
		struct http_response response;
		must(client_get(&client, "/a", &response, &err), &err);
		http_response_done(&response);
	}
	server_push(client.server, LINE, "still here\n");
	await(1, 0);
	http_stream_close(stream);
	ck_assert_int_eq(server_connection_count(client.server), 2);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("http/stream");
	TCase *tests = tcase_create("stream");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_stream__frames_are_put_together_from_pieces);
	tcase_add_test(tests, test_stream__frames_come_while_it_stays_open);
	tcase_add_test(tests, test_stream__a_long_line_arrives_whole);
	tcase_add_test(tests, test_stream__a_line_without_end_is_an_error);
	tcase_add_test(tests,
		       test_stream__a_lost_connection_is_an_error_and_its_half_line_no_frame);
	tcase_add_test(tests, test_stream__silence_ends_it);
	tcase_add_test(tests, test_stream__a_server_that_never_answers_is_silent);
	tcase_add_test(tests, test_stream__bytes_keep_it_alive);
	tcase_add_test(tests, test_stream__an_answer_that_is_no_success_is_handed_over);
	tcase_add_test(tests, test_stream__an_unreachable_server_is_said);
	tcase_add_test(tests, test_stream__nothing_is_told_after_close);
	tcase_add_test(tests, test_stream__may_be_closed_at_once);
	tcase_add_loop_test(tests, test_stream__may_be_closed_by_its_own_callbacks, 0, 2);
	tcase_add_test(tests, test_stream__its_peer_may_be_freed_right_after_it);
	tcase_add_test(tests, test_stream__requests_go_on_beside_it);
	suite_add_tcase(suite, tests);
	return suite;
}
