#include "http/http.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/client.h"
#include "harness/suite.h"

#define cleanup_response __attribute__((cleanup(http_response_done)))

static struct client client;

static void set_up(void)
{
	client = client_start();
}

static void tear_down(void)
{
	client_stop(&client);
}

static int64_t now_ms(void)
{
	return clock_real.now(&clock_real);
}

static const struct http_request get = {.method = "GET", .path = "/a"};
static const struct http_request get_again = {.method = "GET", .path = "/a", .retry = true};

static int call_within(const struct http_request *request, int64_t milliseconds,
		       struct http_response *ret, struct err *err)
{
	struct deadline deadline = client_deadline(milliseconds);

	return http_call(client.peer, request, ret, &deadline, err);
}

static void expect(const char *line, struct server_reply reply)
{
	server_expect(client.server, line, &reply);
}

START_TEST(test_batch__an_answer_has_status_body_and_headers)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	expect("GET /a",
	       (struct server_reply){
		       .status = 404,
		       .body = "{\"kind\":\"Status\"}",
		       .headers = "ETag: \"v1\"\r\nWarning: 299 - \"unknown field \\\"a, b\\\"\" "
				  "\"Mon, 01 Jan 2026\", 299 x \"two\"\r\nWarning: 299 - "
				  "\"three\"\r\n",
	       });
	must(client_get(&client, "/a", &response, &err), &err);
	ck_assert_int_eq(response.status, 404);
	ck_assert_str_eq(response.body.data, "{\"kind\":\"Status\"}");
	ck_assert_str_eq(response.content_type, "application/json");
	ck_assert_str_eq(response.etag, "\"v1\"");
	ck_assert_int_eq(response.tries, 1);
	ck_assert_uint_eq(response.warnings.n, 3);
	ck_assert_str_eq(response.warnings.items[0], "unknown field \"a, b\"");
	ck_assert_str_eq(response.warnings.items[1], "two");
	ck_assert_str_eq(response.warnings.items[2], "three");
	server_check(client.server);
}
END_TEST

START_TEST(test_batch__a_request_carries_what_it_was_given)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	const struct http_request patch = {
		.method = "PATCH",
		.path = "/a/../b?x=1&y=%20",
		.content_type = "application/apply-patch+yaml",
		.accept = "text/plain",
		.if_none_match = "\"v1\"",
		.body = "{\"a\":1}",
		.body_length = 7,
	};

	expect("PATCH /a/../b?x=1&y=%20", (struct server_reply){.body = "{}"});
	must(call_within(&patch, 5000, &response, &err), &err);
	const struct server_request *request = server_request(client.server, 0);
	cleanup_free char *type = server_header(request, "Content-Type");
	cleanup_free char *accept = server_header(request, "Accept");
	cleanup_free char *none_match = server_header(request, "If-None-Match");
	cleanup_free char *expects = server_header(request, "Expect");
	ck_assert_str_eq(request->body, "{\"a\":1}");
	ck_assert_str_eq(type, "application/apply-patch+yaml");
	ck_assert_str_eq(accept, "text/plain");
	ck_assert_str_eq(none_match, "\"v1\"");
	ck_assert_ptr_null(expects);
}
END_TEST

START_TEST(test_batch__delete_head_and_empty_post)
{
	cleanup_err struct err err = ERR_INIT;
	static const char *const methods[] = {"DELETE", "HEAD", "POST"};

	for (int i = 0; i < 3; i++) {
		cleanup_response struct http_response response = {0};
		cleanup_free char *line = mem_printf("%s /a", methods[i]);
		expect(line, (struct server_reply){.body = "{}"});
		must(call_within(&(struct http_request){.method = methods[i], .path = "/a"}, 5000,
				 &response, &err),
		     &err);
		ck_assert_int_eq(response.status, 200);
		ck_assert_uint_eq(response.body.len, i == 1 ? 0 : 2);
	}
	cleanup_free char *length =
		server_header(server_request(client.server, 2), "Content-Length");
	ck_assert_str_eq(length, "0");
	server_check(client.server);
}
END_TEST

START_TEST(test_batch__a_large_body_goes_both_ways)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	cleanup_buf struct buf body = BUF_INIT;

	buf_fill(&body, 'x', 3000000);
	expect("PUT /a", (struct server_reply){.body = body.data});
	must(call_within(&(struct http_request){.method = "PUT",
						.path = "/a",
						.body = body.data,
						.body_length = body.len},
			 20000, &response, &err),
	     &err);
	ck_assert_uint_eq(server_request(client.server, 0)->body_length, body.len);
	ck_assert_uint_eq(response.body.len, body.len);
}
END_TEST

START_TEST(test_batch__connections_are_kept)
{
	cleanup_err struct err err = ERR_INIT;

	expect("GET /a", (struct server_reply){.body = "{}", .times = SERVER_ALWAYS});
	for (int i = 0; i < 20; i++) {
		cleanup_response struct http_response response = {0};
		must(client_get(&client, "/a", &response, &err), &err);
	}
	ck_assert_int_eq(server_connection_count(client.server), 1);
	ck_assert_uint_eq(http_request_count(client.http), 20);
}
END_TEST

static bool answer_with_path(void *context, const struct server_request *request,
			     struct server_reply *ret)
{
	(void)context;
	ret->release = mem_strdup(strchr(request->line, '/'));
	ret->body = ret->release;
	ret->delay_ms = 2;
	return true;
}

START_TEST(test_batch__a_hundred_requests_share_a_window)
{
	enum {
		COUNT = 100,
		WINDOW = 8
	};
	cleanup_err struct err err = ERR_INIT;
	struct http_request requests[COUNT];
	struct http_response responses[COUNT];
	char paths[COUNT][16];
	struct deadline deadline = client_deadline(20000);

	server_handle(client.server, answer_with_path, NULL);
	for (int i = 0; i < COUNT; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/item/%d", i);
		requests[i] = (struct http_request){.method = "GET", .path = paths[i]};
	}
	must(http_batch(client.peer, requests, responses, COUNT, WINDOW, &deadline, &err), &err);
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(responses[i].status, 200);
		ck_assert_str_eq(responses[i].body.data, paths[i]);
		http_response_done(&responses[i]);
	}
	/* Over HTTP/1.1 each request of the window has a connection, and keeps it. */
	ck_assert_int_eq(server_connection_count(client.server), WINDOW);
}
END_TEST

START_TEST(test_batch__nothing_to_do_is_done_at_once)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = client_deadline(1000);

	ck_assert_int_eq(http_batch(client.peer, NULL, NULL, 0, 0, &deadline, &err), 0);
}
END_TEST

START_TEST(test_batch__one_failure_leaves_the_others_alone)
{
	cleanup_err struct err err = ERR_INIT;
	struct http_request requests[] = {{.method = "GET", .path = "/good"},
					  {.method = "GET", .path = "/bad"},
					  {.method = "GET", .path = "/good"}};
	struct http_response responses[3];
	struct deadline deadline = client_deadline(5000);

	expect("GET /good", (struct server_reply){.body = "{}", .times = 2});
	/* libcurl itself asks once more when a connection that it kept turns out to be closed. */
	expect("GET /bad", (struct server_reply){.fault = SERVER_CLOSE, .times = SERVER_ALWAYS});
	ck_assert_int_eq(http_batch(client.peer, requests, responses, 3, 0, &deadline, &err),
			 -ERR_UNREACHABLE);
	ck_assert_int_eq(responses[0].status, 200);
	ck_assert_int_eq(responses[1].status, 0);
	ck_assert_int_eq(responses[1].err.code, ERR_UNREACHABLE);
	ck_assert_int_eq(responses[2].status, 200);
	ck_assert_str_eq(err.message, responses[1].err.message);
	for (int i = 0; i < 3; i++)
		http_response_done(&responses[i]);
}
END_TEST

/* ---- Faults and retries. */

START_TEST(test_batch__loss_is_retried_on_a_new_connection)
{
	static const enum server_fault faults[] = {SERVER_RESET, SERVER_CLOSE, SERVER_TRUNCATE};
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	expect("GET /a", (struct server_reply){.fault = faults[_i], .body = "0123456789"});
	expect("GET /a", (struct server_reply){.body = "whole"});
	must(call_within(&get_again, 5000, &response, &err), &err);
	ck_assert_str_eq(response.body.data, "whole");
	ck_assert_int_eq(response.tries, 2);
	ck_assert_int_eq(server_request(client.server, 1)->connection, 2);
	server_check(client.server);
}
END_TEST

START_TEST(test_batch__loss_is_not_retried_unasked)
{
	static const enum server_fault faults[] = {SERVER_RESET, SERVER_CLOSE, SERVER_TRUNCATE};
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	expect("GET /a", (struct server_reply){.fault = faults[_i], .body = "0123456789"});
	ck_assert_int_eq(call_within(&get, 5000, &response, &err), -ERR_UNREACHABLE);
	ck_assert_int_eq(response.status, 0);
	ck_assert_uint_eq(response.body.len, 0);
	ck_assert_int_eq(response.tries, 1);
	ck_assert_ptr_nonnull(strstr(err.message, server_url(client.server)));
	server_check(client.server);
}
END_TEST

START_TEST(test_batch__busy_answers_are_retried)
{
	static const int statuses[] = {429, 502, 503, 504};
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	expect("GET /a", (struct server_reply){.status = statuses[_i], .body = "busy"});
	expect("GET /a", (struct server_reply){.body = "fine"});
	must(call_within(&get_again, 5000, &response, &err), &err);
	ck_assert_int_eq(response.status, 200);
	ck_assert_str_eq(response.body.data, "fine");
	server_check(client.server);
}
END_TEST

START_TEST(test_batch__other_errors_are_answers)
{
	static const int statuses[] = {400, 401, 403, 404, 409, 410, 422, 500};
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	expect("GET /a", (struct server_reply){.status = statuses[_i], .body = "no"});
	must(call_within(&get_again, 5000, &response, &err), &err);
	ck_assert_int_eq(response.status, statuses[_i]);
	ck_assert_int_eq(response.tries, 1);
	server_check(client.server);
}
END_TEST

START_TEST(test_batch__retry_after_is_honoured)
{
	static const int statuses[] = {429, 500, 503};
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	int64_t begin = now_ms();

	expect("GET /a",
	       (struct server_reply){.status = statuses[_i], .headers = "Retry-After: 1\r\n"});
	expect("GET /a", (struct server_reply){.body = "fine"});
	must(call_within(&get_again, 5000, &response, &err), &err);
	ck_assert_int_ge(now_ms() - begin, 1000);
	ck_assert_int_lt(now_ms() - begin, 2000);
	ck_assert_str_eq(response.body.data, "fine");
}
END_TEST

START_TEST(test_batch__a_retry_beyond_the_deadline_is_not_waited_for)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	int64_t begin = now_ms();

	expect("GET /a", (struct server_reply){.status = 503, .headers = "Retry-After: 60\r\n"});
	must(call_within(&get_again, 5000, &response, &err), &err);
	ck_assert_int_eq(response.status, 503);
	ck_assert_int_lt(now_ms() - begin, 1000);
}
END_TEST

/* Refuses the first so many. */
static bool refuse_some(void *context, const struct server_request *request,
			struct server_reply *ret)
{
	int *refusals = context;

	(void)request;
	if (*refusals > 0) {
		--*refusals;
		*ret = (struct server_reply){.status = 429, .body = "slow down"};
	} else {
		*ret = (struct server_reply){.body = "{}"};
	}
	return true;
}

START_TEST(test_batch__too_many_requests_slow_the_batch_down)
{
	enum {
		COUNT = 30
	};
	cleanup_err struct err err = ERR_INIT;
	struct http_request requests[COUNT];
	struct http_response responses[COUNT];
	struct deadline deadline = client_deadline(20000);
	int refusals = 8, tries = 0;

	server_handle(client.server, refuse_some, &refusals);
	for (int i = 0; i < COUNT; i++)
		requests[i] = get_again;
	must(http_batch(client.peer, requests, responses, COUNT, 8, &deadline, &err), &err);
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(responses[i].status, 200);
		tries += responses[i].tries;
		http_response_done(&responses[i]);
	}
	/* The window was full when the first refusal came; nobody else had to hear it. */
	ck_assert_int_eq(tries, COUNT + 8);
}
END_TEST

struct arrivals {
	int count;
	int64_t at[64];
};

static bool answer_slowly_at_first(void *context, const struct server_request *request,
				   struct server_reply *ret)
{
	struct arrivals *arrivals = context;

	(void)request;
	arrivals->at[arrivals->count] = now_ms();
	*ret = (struct server_reply){.body = "{}", .delay_ms = arrivals->count < 12 ? 1100 : 0};
	arrivals->count++;
	return true;
}

/* Eight wait for a second; then four do; then it is quick again, and so are we. */
START_TEST(test_batch__a_slow_server_is_asked_less_at_once)
{
	enum {
		COUNT = 40
	};
	cleanup_err struct err err = ERR_INIT;
	struct http_request requests[COUNT];
	struct http_response responses[COUNT];
	struct deadline deadline = client_deadline(20000);
	struct arrivals arrivals = {0};

	server_handle(client.server, answer_slowly_at_first, &arrivals);
	for (int i = 0; i < COUNT; i++)
		requests[i] = get;
	must(http_batch(client.peer, requests, responses, COUNT, 8, &deadline, &err), &err);
	for (int i = 0; i < COUNT; i++)
		http_response_done(&responses[i]);
	ck_assert_int_eq(arrivals.count, COUNT);
	ck_assert_int_lt(arrivals.at[7] - arrivals.at[0], 1000);
	ck_assert_int_ge(arrivals.at[8] - arrivals.at[0], 1000);
	ck_assert_int_lt(arrivals.at[11] - arrivals.at[8], 1000);
	ck_assert_int_ge(arrivals.at[12] - arrivals.at[8], 1000);
	ck_assert_int_lt(arrivals.at[COUNT - 1] - arrivals.at[12], 1000);
}
END_TEST

START_TEST(test_batch__a_refused_connection_says_so)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	cleanup_free char *url = mem_strdup(server_url(client.server));

	server_stop(client.server);
	client.server = NULL;
	ck_assert_int_eq(call_within(&get, 5000, &response, &err), -ERR_UNREACHABLE);
	cleanup_free char *message = mem_printf("%s refused the connection", url);
	ck_assert_str_eq(err.message, message);
}
END_TEST

START_TEST(test_batch__tries_have_an_end)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	int64_t begin = now_ms();

	expect("GET /a", (struct server_reply){.fault = SERVER_CLOSE, .times = SERVER_ALWAYS});
	ck_assert_int_eq(call_within(&get_again, 1500, &response, &err), -ERR_UNREACHABLE);
	ck_assert_int_lt(now_ms() - begin, 1600);
	ck_assert_int_ge(response.tries, 3);
	ck_assert_int_le(response.tries, 5);
}
END_TEST

START_TEST(test_batch__silence_ends_with_the_try)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	struct http_request request = {
		.method = "GET", .path = "/a", .timeout_ms = 150, .retry = true};

	expect("GET /a", (struct server_reply){.fault = SERVER_SILENT});
	expect("GET /a", (struct server_reply){.body = "late"});
	must(call_within(&request, 5000, &response, &err), &err);
	ck_assert_str_eq(response.body.data, "late");
	ck_assert_int_eq(response.tries, 2);
}
END_TEST

START_TEST(test_batch__silence_ends_with_the_deadline)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	int64_t begin = now_ms();

	expect("GET /a", (struct server_reply){.fault = SERVER_SILENT});
	ck_assert_int_eq(call_within(&get_again, 300, &response, &err), -ERR_TIMEOUT);
	ck_assert_int_ge(now_ms() - begin, 290);
	ck_assert_int_lt(now_ms() - begin, 500);
	ck_assert_int_eq(response.err.code, ERR_TIMEOUT);
}
END_TEST

START_TEST(test_batch__a_deadline_that_passed_sends_nothing)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	ck_assert_int_eq(call_within(&get_again, 0, &response, &err), -ERR_TIMEOUT);
	ck_assert_int_eq(server_request_count(client.server), 0);
}
END_TEST

START_TEST(test_batch__an_endless_body_meets_the_limit)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	struct http_request request = {
		.method = "GET", .path = "/a", .response_limit = 100000, .retry = true};

	expect("GET /a", (struct server_reply){.fault = SERVER_ENDLESS, .body = "more and more "});
	ck_assert_int_eq(call_within(&request, 5000, &response, &err), -ERR_INVALID);
	ck_assert_int_eq(response.tries, 1);
	ck_assert_uint_eq(response.body.len, 0);
}
END_TEST

START_TEST(test_batch__the_limit_itself_is_allowed)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	struct http_request request = {.method = "GET", .path = "/a", .response_limit = 4};

	expect("GET /a", (struct server_reply){.body = "1234"});
	must(call_within(&request, 5000, &response, &err), &err);
	ck_assert_str_eq(response.body.data, "1234");
}
END_TEST

/* ---- Cancel. */

static void *raise_soon(void *context)
{
	clock_real.sleep(&clock_real, 150, NULL);
	cancel_raise(context);
	return NULL;
}

START_TEST(test_batch__cancel_is_felt_in_flight_and_in_pauses)
{
	static const struct server_reply replies[] = {
		{.fault = SERVER_SILENT},
		{.status = 503, .headers = "Retry-After: 30\r\n"},
	};
	cleanup_err struct err err = ERR_INIT;
	struct http_request requests[20];
	struct http_response responses[20];
	struct cancel *cancel = cancel_new();
	struct deadline deadline = deadline_in(&clock_real, cancel, 60000);
	pthread_t thread;

	struct server_reply reply = replies[_i];
	reply.times = SERVER_ALWAYS;
	expect("GET /a", reply);
	for (int i = 0; i < 20; i++)
		requests[i] = get_again;
	int64_t begin = now_ms();
	pthread_create(&thread, NULL, raise_soon, cancel);
	ck_assert_int_eq(http_batch(client.peer, requests, responses, 20, 4, &deadline, &err),
			 -ERR_CANCELED);
	ck_assert_int_ge(now_ms() - begin, 150);
	ck_assert_int_lt(now_ms() - begin, 250);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(responses[i].err.code, ERR_CANCELED);
		http_response_done(&responses[i]);
	}
	pthread_join(thread, NULL);
	cancel_free(cancel);
}
END_TEST

static void *ask_many_times(void *context)
{
	cleanup_err struct err err = ERR_INIT;

	(void)context;
	for (int i = 0; i < 25; i++) {
		cleanup_response struct http_response response = {0};
		if (client_get(&client, "/a", &response, &err) < 0 || response.status != 200)
			return "failed";
	}
	return NULL;
}

START_TEST(test_batch__many_threads_share_one_peer)
{
	pthread_t threads[8];
	void *failure;

	expect("GET /a", (struct server_reply){.body = "{}", .times = SERVER_ALWAYS});
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, ask_many_times, NULL);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &failure);
		ck_assert_ptr_null(failure);
	}
	ck_assert_int_eq(server_request_count(client.server), 200);
	ck_assert_int_le(server_connection_count(client.server), 8);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("http/batch");
	TCase *tests = tcase_create("batch");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_batch__an_answer_has_status_body_and_headers);
	tcase_add_test(tests, test_batch__a_request_carries_what_it_was_given);
	tcase_add_test(tests, test_batch__delete_head_and_empty_post);
	tcase_add_test(tests, test_batch__a_large_body_goes_both_ways);
	tcase_add_test(tests, test_batch__connections_are_kept);
	tcase_add_test(tests, test_batch__a_hundred_requests_share_a_window);
	tcase_add_test(tests, test_batch__nothing_to_do_is_done_at_once);
	tcase_add_test(tests, test_batch__one_failure_leaves_the_others_alone);
	tcase_add_loop_test(tests, test_batch__loss_is_retried_on_a_new_connection, 0, 3);
	tcase_add_loop_test(tests, test_batch__loss_is_not_retried_unasked, 0, 3);
	tcase_add_loop_test(tests, test_batch__busy_answers_are_retried, 0, 4);
	tcase_add_loop_test(tests, test_batch__other_errors_are_answers, 0, 8);
	tcase_add_loop_test(tests, test_batch__retry_after_is_honoured, 0, 3);
	tcase_add_test(tests, test_batch__a_retry_beyond_the_deadline_is_not_waited_for);
	tcase_add_test(tests, test_batch__too_many_requests_slow_the_batch_down);
	tcase_add_test(tests, test_batch__a_slow_server_is_asked_less_at_once);
	tcase_add_test(tests, test_batch__a_refused_connection_says_so);
	tcase_add_test(tests, test_batch__tries_have_an_end);
	tcase_add_test(tests, test_batch__silence_ends_with_the_try);
	tcase_add_test(tests, test_batch__silence_ends_with_the_deadline);
	tcase_add_test(tests, test_batch__a_deadline_that_passed_sends_nothing);
	tcase_add_test(tests, test_batch__an_endless_body_meets_the_limit);
	tcase_add_test(tests, test_batch__the_limit_itself_is_allowed);
	tcase_add_loop_test(tests, test_batch__cancel_is_felt_in_flight_and_in_pauses, 0, 2);
	tcase_add_test(tests, test_batch__many_threads_share_one_peer);
	suite_add_tcase(suite, tests);
	return suite;
}
