#include "http/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/client.h"
#include "harness/suite.h"

#define cleanup_response __attribute__((cleanup(http_response_done)))
#define LARGE		 ((size_t)3 << 20)

static struct client client;
static char *large;

static void set_up(void)
{
	client = client_start();
	large = mem_alloc(LARGE + 1);
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)('a' + i % 23);
	large[LARGE] = '\0';
}

static void tear_down(void)
{
	client_stop(&client);
	free(large);
}

static int call(const struct http_request *request, struct http_response *ret, struct err *err)
{
	struct deadline deadline = client_deadline(20000);

	return http_call(client.peer, request, ret, &deadline, err);
}

static void expect(const char *line, struct server_reply reply)
{
	server_expect(client.server, line, &reply);
}

static struct http_request put_of(size_t length)
{
	return (struct http_request){
		.method = "PUT",
		.path = "/a",
		.body = large,
		.body_length = length,
		.content_type = "application/octet-stream",
		.silence_ms = 5000,
	};
}

START_TEST(test_large__a_body_arrives_whole_with_its_headers)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	const struct http_header headers[] = {{"x-amz-date", "20261123T020004Z"},
					      {"Authorization", "AWS4 x"}};
	struct http_request put = put_of(LARGE);

	put.headers = headers;
	put.header_count = 2;
	expect("PUT /a", (struct server_reply){.headers = "ETag: \"e\"\r\n"});
	must(call(&put, &response, &err), &err);
	const struct server_request *request = server_request(client.server, 0);
	cleanup_free char *date = server_header(request, "x-amz-date");
	cleanup_free char *length = server_header(request, "Content-Length");
	cleanup_free char *chunked = server_header(request, "Transfer-Encoding");
	cleanup_free char *type = server_header(request, "Content-Type");
	ck_assert_str_eq(date, "20261123T020004Z");
	ck_assert_str_eq(length, "3145728");
	ck_assert_str_eq(type, "application/octet-stream");
	ck_assert_ptr_null(chunked);
	ck_assert_uint_eq(request->body_length, LARGE);
	ck_assert(!memcmp(request->body, large, LARGE));
}
END_TEST

/* The connection that was kept is dead: libcurl sends the body again from its start. */
START_TEST(test_large__a_body_is_sent_again_after_a_dead_connection)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response first = {0}, second = {0};
	struct http_request put = put_of(LARGE);

	expect("PUT /a", (struct server_reply){.headers = "Connection: keep-alive\r\n"});
	expect("PUT /a", (struct server_reply){.fault = SERVER_CLOSE});
	expect("PUT /a", (struct server_reply){.body = "again"});
	must(call(&put, &first, &err), &err);
	put.retry = true;
	must(call(&put, &second, &err), &err);
	ck_assert_str_eq(buf_str(&second.body), "again");
	ck_assert_uint_eq(server_request(client.server, 2)->body_length, LARGE);
}
END_TEST

START_TEST(test_large__an_answer_goes_where_it_was_told)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	cleanup_free char *into = mem_alloc(LARGE);
	const struct http_request get = {.method = "GET",
					 .path = "/a",
					 .silence_ms = 5000,
					 .into = into,
					 .into_room = LARGE,
					 .keep_headers = true};

	expect("GET /a", (struct server_reply){.body = large, .headers = "X-Amz-Id: 7\r\n"});
	must(call(&get, &response, &err), &err);
	ck_assert_uint_eq(response.into_length, LARGE);
	ck_assert_uint_eq(response.body.len, 0);
	ck_assert(!memcmp(into, large, LARGE));
	ck_assert_str_eq(http_response_header(&response, "x-amz-id"), "7");
	ck_assert_ptr_null(http_response_header(&response, "x-amz"));
}
END_TEST

START_TEST(test_large__an_error_is_no_content)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	char into[4];
	const struct http_request get = {
		.method = "GET", .path = "/a", .into = into, .into_room = sizeof(into)};

	expect("GET /a", (struct server_reply){.status = 404, .body = "no such key"});
	must(call(&get, &response, &err), &err);
	ck_assert_uint_eq(response.into_length, 0);
	ck_assert_str_eq(buf_str(&response.body), "no such key");
}
END_TEST

START_TEST(test_large__more_than_there_is_room_for_is_an_error)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	char into[4];
	const struct http_request get = {
		.method = "GET", .path = "/a", .into = into, .into_room = sizeof(into)};

	expect("GET /a", (struct server_reply){.body = "12345"});
	ck_assert_int_eq(call(&get, &response, &err), -ERR_INVALID);
}
END_TEST

START_TEST(test_large__silence_ends_it)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	struct http_request put = put_of(10);
	int64_t start = clock_real.now(&clock_real);

	put.silence_ms = 200;
	expect("PUT /a", (struct server_reply){.fault = SERVER_SILENT});
	ck_assert_int_eq(call(&put, &response, &err), -ERR_TIMEOUT);
	ck_assert_int_lt(clock_real.now(&clock_real) - start, 3000);
	ck_assert_ptr_nonnull(strstr(err.message, "200 ms"));
}
END_TEST

/* Longer than the silence that is allowed, but a byte now and then. */
START_TEST(test_large__a_slow_answer_is_no_silence)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	static const char *const chunks[] = {"a", "b", "c", "d", "e", "f", NULL};
	const struct http_request get = {.method = "GET", .path = "/a", .silence_ms = 300};

	expect("GET /a", (struct server_reply){.chunks = chunks, .chunk_delay_ms = 100});
	must(call(&get, &response, &err), &err);
	ck_assert_str_eq(buf_str(&response.body), "abcdef");
}
END_TEST

/* Four at once share one limit: together they take their bytes' time, and none is starved. */
static int64_t time_of_four(struct http_request request)
{
	cleanup_err struct err err = ERR_INIT;
	struct http_request requests[4];
	struct http_response responses[4];
	struct deadline deadline = client_deadline(20000);
	int64_t start = clock_real.now(&clock_real);

	for (int i = 0; i < 4; i++)
		requests[i] = request;
	must(http_batch(client.peer, requests, responses, 4, 4, &deadline, &err), &err);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(responses[i].status, 200);
		http_response_done(&responses[i]);
	}
	return clock_real.now(&clock_real) - start;
}

START_TEST(test_large__a_limit_holds_over_all_that_is_sent)
{
	struct http_limit *limit = http_limit_new((uint64_t)4 << 20);
	struct http_request put = put_of(LARGE / 2);

	put.send_limit = limit;
	put.silence_ms = 200; /* waiting for the limit is no silence */
	expect("PUT /a", (struct server_reply){.times = 4});
	int64_t took = time_of_four(put);
	http_limit_free(limit);
	ck_assert_int_ge(took, 1000); /* 6 MiB at 4 MiB/s, less a burst and what the sockets hold */
	ck_assert_int_le(took, 4000);
}
END_TEST

START_TEST(test_large__a_limit_holds_over_all_that_is_received)
{
	struct http_limit *limit = http_limit_new((uint64_t)4 << 20);
	const struct http_request get = {
		.method = "GET", .path = "/a", .silence_ms = 200, .receive_limit = limit};

	expect("GET /a",
	       (struct server_reply){.body = large, .body_length = LARGE / 2, .times = 4});
	int64_t took = time_of_four(get);
	http_limit_free(limit);
	ck_assert_int_ge(took, 1000);
	ck_assert_int_le(took, 4000);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("http/large");
	TCase *tcase = tcase_create("large");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, test_large__a_body_arrives_whole_with_its_headers);
	tcase_add_test(tcase, test_large__a_body_is_sent_again_after_a_dead_connection);
	tcase_add_test(tcase, test_large__an_answer_goes_where_it_was_told);
	tcase_add_test(tcase, test_large__an_error_is_no_content);
	tcase_add_test(tcase, test_large__more_than_there_is_room_for_is_an_error);
	tcase_add_test(tcase, test_large__silence_ends_it);
	tcase_add_test(tcase, test_large__a_slow_answer_is_no_silence);
	tcase_add_test(tcase, test_large__a_limit_holds_over_all_that_is_sent);
	tcase_add_test(tcase, test_large__a_limit_holds_over_all_that_is_received);
	suite_add_tcase(suite, tcase);
	return suite;
}
