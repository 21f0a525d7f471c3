#include "http/http.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/certificate.h"
#include "harness/client.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define cleanup_response __attribute__((cleanup(http_response_done)))

static struct client client;

static void start(const struct server_options *options)
{
	client = client_start_with(options);
	server_expect(client.server, "GET /a",
		      &(struct server_reply){.body = "{}", .times = SERVER_ALWAYS});
}

static void tear_down(void)
{
	client_stop(&client);
	client = (struct client){0};
}

/* What the peer of the fixture was made of, to be varied. */
static struct http_peer_options as_usual(void)
{
	return (struct http_peer_options){
		.base_url = server_url(client.server),
		.ca = server_ca(client.server),
		.certificate = server_client_certificate(client.server),
		.key = server_client_key(client.server),
	};
}

static void must_get(void)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	must(client_get(&client, "/a", &response, &err), &err);
	ck_assert_int_eq(response.status, 200);
}

/* Asks in vain, also when told to retry: no other try would help. */
static void must_be_denied(struct err *err)
{
	cleanup_response struct http_response response = {0};
	struct http_request request = {.method = "GET", .path = "/a", .retry = true};
	struct deadline deadline = client_deadline(5000);

	if (http_call(client.peer, &request, &response, &deadline, err) != -ERR_DENIED)
		ck_abort_msg("not denied: %s", err->message);
	ck_assert_int_eq(response.tries, 1);
	ck_assert_ptr_nonnull(err->hint);
}

static void must_contain(const char *text, const char *piece)
{
	if (!strstr(text, piece))
		ck_abort_msg("\"%s\" does not contain \"%s\"", text, piece);
}

/* ---- Certificates of the server. */

START_TEST(test_peer__trusts_the_given_ca)
{
	start(&(struct server_options){.tls = true});
	must_get();
	must_get();
	ck_assert_int_eq(server_connection_count(client.server), 1);
}
END_TEST

/* A cluster that was installed anew may have a CA of the same name and another key. */
static const char *const other_names[] = {"desired test CA", "another CA"};

START_TEST(test_peer__refuses_another_ca)
{
	cleanup_err struct err err = ERR_INIT;
	struct certificate_authority *other = certificate_authority_named(other_names[_i]);

	start(&(struct server_options){.tls = true});
	struct http_peer_options options = as_usual();
	options.ca = certificate_authority_pem(other);
	client_use_peer(&client, &options);
	must_be_denied(&err);
	must_contain(err.message, "is not trusted");
	certificate_authority_free(other);
}
END_TEST

START_TEST(test_peer__refuses_an_unknown_ca_without_one_of_its_own)
{
	cleanup_err struct err err = ERR_INIT;

	start(&(struct server_options){.tls = true});
	struct http_peer_options options = as_usual();
	options.ca = NULL;
	client_use_peer(&client, &options);
	must_be_denied(&err);
	must_contain(err.message, "is not trusted");
}
END_TEST

START_TEST(test_peer__an_expired_server_is_named)
{
	cleanup_err struct err err = ERR_INIT;

	start(&(struct server_options){.tls = true, .certificate = SERVER_CERTIFICATE_EXPIRED});
	cleanup_free char *message =
		mem_printf("the certificate of %s expired", server_url(client.server));
	must_be_denied(&err);
	ck_assert_str_eq(err.message, message);
	must_contain(err.hint, "k3s renews its certificates when it restarts");
}
END_TEST

START_TEST(test_peer__a_server_from_the_future_blames_the_clock)
{
	cleanup_err struct err err = ERR_INIT;

	start(&(struct server_options){.tls = true, .certificate = SERVER_CERTIFICATE_NOT_YET});
	must_be_denied(&err);
	must_contain(err.message, "is not valid yet");
	must_contain(err.hint, "clock");
}
END_TEST

START_TEST(test_peer__a_wrong_name_is_refused)
{
	cleanup_err struct err err = ERR_INIT;

	start(&(struct server_options){.tls = true, .certificate = SERVER_CERTIFICATE_WRONG_NAME});
	must_be_denied(&err);
	must_contain(err.message, "bears another name");
}
END_TEST

START_TEST(test_peer__the_server_name_stands_for_the_host)
{
	start(&(struct server_options){.tls = true, .certificate = SERVER_CERTIFICATE_WRONG_NAME});
	struct http_peer_options options = as_usual();
	options.server_name = "elsewhere.test";
	client_use_peer(&client, &options);
	must_get();
	cleanup_free char *host = server_header(server_request(client.server, 0), "Host");
	ck_assert_str_eq(host, strstr(server_url(client.server), "127.0.0.1"));
}
END_TEST

START_TEST(test_peer__insecure_takes_any_certificate)
{
	static const enum server_certificate kinds[] = {SERVER_CERTIFICATE_EXPIRED,
							SERVER_CERTIFICATE_WRONG_NAME};

	start(&(struct server_options){.tls = true, .certificate = kinds[_i]});
	struct http_peer_options options = as_usual();
	options.ca = NULL;
	options.insecure = true;
	client_use_peer(&client, &options);
	must_get();
}
END_TEST

/* ---- Our certificate. */

START_TEST(test_peer__shows_its_certificate)
{
	start(&(struct server_options){.tls = true, .want_client = true});
	must_get();
}
END_TEST

START_TEST(test_peer__a_missing_client_certificate_is_named)
{
	cleanup_err struct err err = ERR_INIT;

	start(&(struct server_options){.tls = true, .want_client = true});
	struct http_peer_options options = as_usual();
	options.certificate = options.key = NULL;
	client_use_peer(&client, &options);
	must_be_denied(&err);
	must_contain(err.message, "wants a client certificate");
	ck_assert_int_eq(http_peer_certificate_end(client.peer), 0);
}
END_TEST

START_TEST(test_peer__an_expired_client_certificate_is_named)
{
	cleanup_err struct err err = ERR_INIT;

	start(&(struct server_options){.tls = true, .want_client = true});
	struct http_peer_options options = as_usual();
	options.certificate = server_expired_client_certificate(client.server);
	client_use_peer(&client, &options);
	must_be_denied(&err);
	must_contain(err.message, "refused our client certificate, which expired 2");
	ck_assert_int_lt(http_peer_certificate_end(client.peer), time(NULL));
}
END_TEST

START_TEST(test_peer__knows_when_its_certificate_ends)
{
	start(&(struct server_options){.tls = true});
	time_t left = http_peer_certificate_end(client.peer) - time(NULL);
	ck_assert_int_gt(left, 86000);
	ck_assert_int_le(left, 86400);
}
END_TEST

START_TEST(test_peer__a_foreign_client_certificate_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	struct certificate_authority *other = certificate_authority_named(other_names[_i]);
	cleanup_free char *certificate = NULL, *key = NULL;

	certificate_issue(
		other,
		&(struct certificate_options){.name = "stranger", .from_days = -1, .to_days = 1},
		&certificate, &key);
	start(&(struct server_options){.tls = true, .want_client = true});
	struct http_peer_options options = as_usual();
	options.certificate = certificate;
	options.key = key;
	client_use_peer(&client, &options);
	must_be_denied(&err);
	must_contain(err.message, "refused our client certificate");
	certificate_authority_free(other);
}
END_TEST

START_TEST(test_peer__tls_to_a_plain_server_asks_for_http)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	start(&(struct server_options){0});
	cleanup_free char *url = mem_printf("https%s", strchr(server_url(client.server), ':'));
	client_use_peer(&client, &(struct http_peer_options){.base_url = url});
	ck_assert_int_eq(client_get(&client, "/a", &response, &err), -ERR_UNREACHABLE);
	must_contain(err.hint, "http://");
}
END_TEST

/* ---- Options. */

START_TEST(test_peer__logs_in)
{
	cleanup_free char *basic = digest_base64("me:secret", strlen("me:secret"));

	start(&(struct server_options){0});
	client_use_peer(&client, &(struct http_peer_options){.base_url = server_url(client.server),
							     .bearer_token = "t0ken"});
	must_get();
	client_use_peer(&client, &(struct http_peer_options){.base_url = server_url(client.server),
							     .basic_user = "me",
							     .basic_password = "secret"});
	must_get();
	cleanup_free char *first = server_header(server_request(client.server, 0), "Authorization");
	cleanup_free char *second =
		server_header(server_request(client.server, 1), "Authorization");
	cleanup_free char *expected = mem_printf("Basic %s", basic);
	ck_assert_str_eq(first, "Bearer t0ken");
	ck_assert_str_eq(second, expected);
}
END_TEST

START_TEST(test_peer__the_path_of_the_base_url_stays)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	start(&(struct server_options){0});
	server_expect(client.server, "GET /k8s/clusters/c1/api",
		      &(struct server_reply){.body = "{}"});
	cleanup_free char *url = mem_printf("%s/k8s/clusters/c1/", server_url(client.server));
	client_use_peer(&client, &(struct http_peer_options){.base_url = url});
	must(client_get(&client, "/api", &response, &err), &err);
	server_check(client.server);
}
END_TEST

START_TEST(test_peer__talks_over_a_unix_socket)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "control");

	start(&(struct server_options){.unix_socket = path});
	must_get();
}
END_TEST

START_TEST(test_peer__a_missing_unix_socket_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "control");

	start(&(struct server_options){0});
	client_use_peer(&client, &(struct http_peer_options){.base_url = "http://localhost",
							     .unix_socket = path});
	ck_assert_int_eq(client_get(&client, "/a", &response, &err), -ERR_UNREACHABLE);
	must_contain(err.message, path);
	must_contain(err.message, "No such file or directory");
}
END_TEST

START_TEST(test_peer__a_new_peer_is_a_new_connection)
{
	start(&(struct server_options){.tls = true});
	must_get();
	struct http_peer_options options = as_usual();
	client_use_peer(&client, &options);
	must_get();
	ck_assert_int_eq(server_connection_count(client.server), 2);
}
END_TEST

START_TEST(test_peer__unusable_options_are_refused)
{
	cleanup_err struct err err = ERR_INIT;
	struct http_peer *peer;

	start(&(struct server_options){.tls = true});
	const char *certificate = server_client_certificate(client.server);
	const char *key = server_client_key(client.server);
	const char *ca = server_ca(client.server);
	cleanup_free char *other_certificate = NULL, *other_key = NULL;
	struct certificate_authority *other = certificate_authority_new();
	certificate_issue(other, &(struct certificate_options){.name = "x", .to_days = 1},
			  &other_certificate, &other_key);
	const struct {
		struct http_peer_options options;
		const char *message;
	} cases[] = {
		{{.base_url = "no url"}, "is not a URL"},
		{{.base_url = "ftp://127.0.0.1"}, "neither http:// nor https://"},
		{{.base_url = "https://a", .ca = "x"}, "the CA certificate is not PEM"},
		{{.base_url = "https://a", .certificate = "x", .key = key},
		 "certificate is not PEM"},
		{{.base_url = "https://a", .certificate = certificate, .key = "x"},
		 "the client key is not PEM"},
		{{.base_url = "https://a", .certificate = certificate}, "needs its key"},
		{{.base_url = "https://a", .certificate = certificate, .key = other_key},
		 "does not fit"},
		{{.base_url = "https://a", .ca = ca, .bearer_token = "a\nb"}, "line break"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_int_eq(http_peer_new(client.http, &cases[i].options, &peer, &err),
				 -ERR_INVALID);
		must_contain(err.message, cases[i].message);
	}
	certificate_authority_free(other);
}
END_TEST

START_TEST(test_peer__an_unknown_host_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_response struct http_response response = {0};

	start(&(struct server_options){0});
	client_use_peer(&client,
			&(struct http_peer_options){.base_url = "http://no-such-host.invalid"});
	ck_assert_int_lt(client_get(&client, "/a", &response, &err), 0);
	must_contain(err.message, "no-such-host.invalid");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("http/peer");
	TCase *tests = tcase_create("peer");

	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_peer__trusts_the_given_ca);
	tcase_add_loop_test(tests, test_peer__refuses_another_ca, 0, 2);
	tcase_add_test(tests, test_peer__refuses_an_unknown_ca_without_one_of_its_own);
	tcase_add_test(tests, test_peer__an_expired_server_is_named);
	tcase_add_test(tests, test_peer__a_server_from_the_future_blames_the_clock);
	tcase_add_test(tests, test_peer__a_wrong_name_is_refused);
	tcase_add_test(tests, test_peer__the_server_name_stands_for_the_host);
	tcase_add_loop_test(tests, test_peer__insecure_takes_any_certificate, 0, 2);
	tcase_add_test(tests, test_peer__shows_its_certificate);
	tcase_add_test(tests, test_peer__a_missing_client_certificate_is_named);
	tcase_add_test(tests, test_peer__an_expired_client_certificate_is_named);
	tcase_add_test(tests, test_peer__knows_when_its_certificate_ends);
	tcase_add_loop_test(tests, test_peer__a_foreign_client_certificate_is_named, 0, 2);
	tcase_add_test(tests, test_peer__tls_to_a_plain_server_asks_for_http);
	tcase_add_test(tests, test_peer__logs_in);
	tcase_add_test(tests, test_peer__the_path_of_the_base_url_stays);
	tcase_add_test(tests, test_peer__talks_over_a_unix_socket);
	tcase_add_test(tests, test_peer__a_missing_unix_socket_is_named);
	tcase_add_test(tests, test_peer__a_new_peer_is_a_new_connection);
	tcase_add_test(tests, test_peer__unusable_options_are_refused);
	tcase_add_test(tests, test_peer__an_unknown_host_is_named);
	suite_add_tcase(suite, tests);
	return suite;
}
