/* The vectors are AWS's own: the examples of "Authenticating Requests (AWS Signature Version 4)" of
 * the S3 API reference, and the aws-sig-v4-test-suite where S3 signs as other services do. */
#include "s3/sign.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

static const struct s3_credentials example = {
	.access_key = "AKIAIOSFODNN7EXAMPLE",
	.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

static const struct s3_credentials suite_keys = {
	.access_key = "AKIDEXAMPLE",
	.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};

#define BUCKET	"examplebucket.s3.amazonaws.com"
#define DAY_S3	1369353600 /* 20130524T000000Z */
#define DAY_SIG 1440938160 /* 20150830T123600Z */

static void check_signature(const struct s3_sign_input *input,
			    const struct s3_credentials *credentials, const char *names,
			    const char *signature)
{
	cleanup_free char *got = s3_sign(input, credentials);
	cleanup_free char *wanted_names = mem_printf("SignedHeaders=%s,", names);
	cleanup_free char *wanted = mem_printf("Signature=%s", signature);

	ck_assert_msg(strstr(got, wanted_names) && strstr(got, wanted), "%s\nis not %s %s", got,
		      wanted_names, wanted);
}

static struct s3_sign_input s3_input(const char *method, const char *path, const char *query,
				     const struct http_header *headers, size_t count)
{
	return (struct s3_sign_input){.method = method,
				      .host = BUCKET,
				      .path = path,
				      .query = query,
				      .headers = headers,
				      .header_count = count,
				      .payload_sha256 = S3_EMPTY_SHA256,
				      .region = "us-east-1",
				      .service = "s3",
				      .when = DAY_S3};
}

START_TEST(test_sign__s3_get_object)
{
	const struct http_header headers[] = {{"range", "bytes=0-9"},
					      {"x-amz-content-sha256", S3_EMPTY_SHA256},
					      {"x-amz-date", "20130524T000000Z"}};
	struct s3_sign_input input = s3_input("GET", "/test.txt", "", headers, 3);

	check_signature(&input, &example, "host;range;x-amz-content-sha256;x-amz-date",
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}
END_TEST

START_TEST(test_sign__s3_put_object)
{
	const char *hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
	const struct http_header headers[] = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
					      {"x-amz-content-sha256", hash},
					      {"x-amz-date", "20130524T000000Z"},
					      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
	struct s3_sign_input input = s3_input("PUT", "/test%24file.text", "", headers, 4);

	input.payload_sha256 = hash;
	check_signature(&input, &example,
			"date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}
END_TEST

START_TEST(test_sign__s3_bucket_lifecycle)
{
	const struct http_header headers[] = {{"x-amz-date", "20130524T000000Z"},
					      {"x-amz-content-sha256", S3_EMPTY_SHA256}};
	struct s3_sign_input input = s3_input("GET", "/", "lifecycle=", headers, 2);

	check_signature(&input, &example, "host;x-amz-content-sha256;x-amz-date",
			"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}
END_TEST

START_TEST(test_sign__s3_list_objects)
{
	const struct http_header headers[] = {{"x-amz-content-sha256", S3_EMPTY_SHA256},
					      {"x-amz-date", "20130524T000000Z"}};
	struct s3_sign_input input = s3_input("GET", "/", "max-keys=2&prefix=J", headers, 2);

	check_signature(&input, &example, "host;x-amz-content-sha256;x-amz-date",
			"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}
END_TEST

/* ---- aws-sig-v4-test-suite */

static struct s3_sign_input suite_input(const char *method, const char *path, const char *query,
					const struct http_header *headers, size_t count)
{
	return (struct s3_sign_input){.method = method,
				      .host = "example.amazonaws.com",
				      .path = path,
				      .query = query,
				      .headers = headers,
				      .header_count = count,
				      .payload_sha256 = S3_EMPTY_SHA256,
				      .region = "us-east-1",
				      .service = "service",
				      .when = DAY_SIG};
}

static const struct http_header date_only[] = {{"x-amz-date", "20150830T123600Z"}};

START_TEST(test_sign__suite_get_vanilla)
{
	struct s3_sign_input input = suite_input("GET", "/", "", date_only, 1);

	check_signature(&input, &suite_keys, "host;x-amz-date",
			"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}
END_TEST

START_TEST(test_sign__suite_post_vanilla)
{
	struct s3_sign_input input = suite_input("POST", "/", "", date_only, 1);

	check_signature(&input, &suite_keys, "host;x-amz-date",
			"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}
END_TEST

START_TEST(test_sign__suite_query_order)
{
	struct s3_sign_input input =
		suite_input("GET", "/", "Param1=value1&Param2=value2", date_only, 1);

	check_signature(&input, &suite_keys, "host;x-amz-date",
			"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}
END_TEST

START_TEST(test_sign__suite_header_values_are_trimmed)
{
	const struct http_header headers[] = {{"my-header1", " value1"},
					      {"my-header2", " \"a   b   c\""},
					      {"x-amz-date", "20150830T123600Z"}};
	struct s3_sign_input input = suite_input("GET", "/", "", headers, 3);

	check_signature(&input, &suite_keys, "host;my-header1;my-header2;x-amz-date",
			"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}
END_TEST

START_TEST(test_sign__suite_repeated_headers_are_merged)
{
	const struct http_header headers[] = {{"my-header1", "value2"},
					      {"my-header1", "value2"},
					      {"my-header1", "value1"},
					      {"x-amz-date", "20150830T123600Z"}};
	struct s3_sign_input input = suite_input("GET", "/", "", headers, 4);

	check_signature(&input, &suite_keys, "host;my-header1;x-amz-date",
			"c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
}
END_TEST

START_TEST(test_sign__suite_utf8_path)
{
	cleanup_buf struct buf path = BUF_INIT;
	buf_addch(&path, '/');
	s3_sign_encode(&path, "\xe1\x88\xb4", true);
	struct s3_sign_input input = suite_input("GET", buf_str(&path), "", date_only, 1);

	check_signature(&input, &suite_keys, "host;x-amz-date",
			"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}
END_TEST

START_TEST(test_sign__suite_session_token)
{
	const struct http_header headers[] = {
		{"x-amz-date", "20150830T123600Z"},
		{"x-amz-security-token",
		 "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwA"
		 "eMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8p"
		 "hUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT"
		 "38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabI"
		 "Qwj2ICCR/oLxBA=="}};
	struct s3_sign_input input = suite_input("POST", "/", "", headers, 2);

	check_signature(&input, &suite_keys, "host;x-amz-date;x-amz-security-token",
			"85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}
END_TEST

START_TEST(test_sign__encodes_all_but_unreserved)
{
	cleanup_buf struct buf path = BUF_INIT, query = BUF_INIT;

	s3_sign_encode(&path, "a/b=+ %\xc3\xa9~-._", true);
	s3_sign_encode(&query, "a/b", false);
	ck_assert_str_eq(buf_str(&path), "a/b%3D%2B%20%25%C3%A9~-._");
	ck_assert_str_eq(buf_str(&query), "a%2Fb");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("s3/sign");
	TCase *tcase = tcase_create("sign");

	tcase_add_test(tcase, test_sign__s3_get_object);
	tcase_add_test(tcase, test_sign__s3_put_object);
	tcase_add_test(tcase, test_sign__s3_bucket_lifecycle);
	tcase_add_test(tcase, test_sign__s3_list_objects);
	tcase_add_test(tcase, test_sign__suite_get_vanilla);
	tcase_add_test(tcase, test_sign__suite_post_vanilla);
	tcase_add_test(tcase, test_sign__suite_query_order);
	tcase_add_test(tcase, test_sign__suite_header_values_are_trimmed);
	tcase_add_test(tcase, test_sign__suite_repeated_headers_are_merged);
	tcase_add_test(tcase, test_sign__suite_utf8_path);
	tcase_add_test(tcase, test_sign__suite_session_token);
	tcase_add_test(tcase, test_sign__encodes_all_but_unreserved);
	suite_add_tcase(suite, tcase);
	return suite;
}
