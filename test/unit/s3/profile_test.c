/* AWS files, environment and what follows from them: as the AWS tools read them. */
#include "s3/profile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "s3/credentials.h"
#include "s3/settings.h"

static char *home;

static void set_up(void)
{
	static const char *const names[] = {
		"AWS_ACCESS_KEY_ID",	       "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",	       "AWS_PROFILE",
		"AWS_DEFAULT_PROFILE",	       "AWS_REGION",
		"AWS_DEFAULT_REGION",	       "AWS_ENDPOINT_URL",
		"AWS_ENDPOINT_URL_S3",	       "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE",
		"CREDENTIALS_DIRECTORY",       "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
	home = temp_dir();
	setenv("HOME", home, 1);
}

static void tear_down(void)
{
	free(home);
}

static void credentials_file(const char *text)
{
	temp_write(home, ".aws/credentials", text);
}

static void config_file(const char *text)
{
	temp_write(home, ".aws/config", text);
}

/* What the seed's playbook writes, for Scaleway and with the plugin of old. */
static const char seed_credentials[] =
	"[default]\n"
	"aws_access_key_id=SCWXXXXXXXXXXXXXXXXX\n"
	"aws_secret_access_key=11111111-1111-1111-1111-111111111111\n";
static const char seed_config[] = "[plugins]\n"
				  "endpoint = awscli_plugin_endpoint\n"
				  "\n"
				  "[default]\n"
				  "region = fr-par\n"
				  "s3 =\n"
				  "  endpoint_url = https://s3.fr-par.scw.cloud\n"
				  "  signature_version = s3v4\n"
				  "  max_concurrent_requests = 100\n"
				  "  max_queue_size = 1000\n"
				  "  multipart_threshold = 50MB\n"
				  "  # Edit the multipart_chunksize value\n"
				  "  multipart_chunksize = 10MB\n"
				  "s3api =\n"
				  "  endpoint_url = https://s3.fr-par.scw.cloud\n";

struct found {
	struct s3_profile profile;
	struct s3_settings settings;
	struct s3_credentials credentials;
};

static void found_done(struct found *found)
{
	s3_profile_done(&found->profile);
	s3_settings_done(&found->settings);
	s3_credentials_done(&found->credentials);
}
#define cleanup_found __attribute__((cleanup(found_done)))

static int find(const char *profile, const char *endpoint, const char *region, struct found *ret,
		struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 10000);

	int r = s3_profile_load(profile, &ret->profile, err);
	if (r >= 0)
		r = s3_settings_read(&ret->profile, "bucket", endpoint, region, &ret->settings,
				     err);
	if (r >= 0)
		r = s3_credentials_find(&ret->profile, &deadline, &ret->credentials, err);
	return r;
}

static struct found must_find(const char *profile)
{
	cleanup_err struct err err = ERR_INIT;
	struct found found = {0};

	must(find(profile, NULL, NULL, &found, &err), &err);
	return found;
}

static void check_key(const struct found *found, const char *access, const char *secret)
{
	ck_assert_str_eq(found->credentials.access_key, access);
	ck_assert_str_eq(found->credentials.secret_key, secret);
}

START_TEST(test_profile__the_seeds_files_work_as_they_are)
{
	credentials_file(seed_credentials);
	config_file(seed_config);
	cleanup_found struct found found = must_find(NULL);
	check_key(&found, "SCWXXXXXXXXXXXXXXXXX", "11111111-1111-1111-1111-111111111111");
	ck_assert_str_eq(found.settings.endpoint, "https://s3.fr-par.scw.cloud");
	ck_assert_str_eq(found.settings.region, "fr-par");
	ck_assert(!found.settings.virtual_host);
	ck_assert(!found.settings.is_aws);
	ck_assert_uint_eq(found.settings.part_size, 10 << 20);
	ck_assert_int_eq(found.settings.parallel, 8);
	ck_assert_uint_eq(found.profile.notices.n, 1);
	ck_assert_ptr_nonnull(strstr(found.profile.notices.items[0], "[plugins] is not needed"));
}
END_TEST

START_TEST(test_profile__services_come_before_the_profile_before_the_plugin)
{
	credentials_file(seed_credentials);
	config_file("[default]\nservices = mine\nendpoint_url = https://profile\n"
		    "s3 =\n  endpoint_url = https://plugin\n"
		    "[services mine]\ns3 =\n  endpoint_url = https://services\n");
	cleanup_found struct found found = must_find(NULL);
	ck_assert_str_eq(found.settings.endpoint, "https://services");
	config_file(
		"[default]\nendpoint_url = https://profile/\ns3 =\n  endpoint_url = https://p\n");
	cleanup_found struct found second = must_find(NULL);
	ck_assert_str_eq(second.settings.endpoint, "https://profile");
}
END_TEST

START_TEST(test_profile__environment_comes_before_files_and_ours_before_all)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found ours = {0};

	credentials_file(seed_credentials);
	config_file(seed_config);
	setenv("AWS_ENDPOINT_URL", "https://all", 1);
	setenv("AWS_DEFAULT_REGION", "nl-ams", 1);
	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "env secret", 1);
	setenv("AWS_SESSION_TOKEN", "token", 1);
	cleanup_found struct found found = must_find(NULL);
	check_key(&found, "ENV", "env secret");
	ck_assert_str_eq(found.credentials.session_token, "token");
	ck_assert_str_eq(found.settings.endpoint, "https://all");
	ck_assert_str_eq(found.settings.region, "nl-ams");
	setenv("AWS_ENDPOINT_URL_S3", "https://s3", 1);
	setenv("AWS_REGION", "pl-waw", 1);
	cleanup_found struct found second = must_find(NULL);
	ck_assert_str_eq(second.settings.endpoint, "https://s3");
	ck_assert_str_eq(second.settings.region, "pl-waw");
	must(find(NULL, "http://ours:9000", "our-region", &ours, &err), &err);
	ck_assert_str_eq(ours.settings.endpoint, "http://ours:9000");
	ck_assert_str_eq(ours.settings.region, "our-region");
}
END_TEST

START_TEST(test_profile__configured_endpoints_can_be_ignored)
{
	credentials_file(seed_credentials);
	config_file(seed_config);
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	cleanup_found struct found found = must_find(NULL);
	ck_assert_str_eq(found.settings.endpoint, "https://s3.fr-par.amazonaws.com");
	ck_assert(found.settings.is_aws);
	ck_assert(found.settings.virtual_host);
}
END_TEST

START_TEST(test_profile__names_of_profiles)
{
	credentials_file("[default]\naws_access_key_id=A\naws_secret_access_key=a\n"
			 "[backup]\naws_access_key_id=B\naws_secret_access_key=b%c=d\n");
	config_file("[default]\nregion = one\n[profile backup]\nregion: two\n"
		    "[profile \"with blank\"]\nregion=three\naws_access_key_id=C\n"
		    "aws_secret_access_key=c\n[sso-session x]\n");
	cleanup_found struct found named = must_find("backup");
	check_key(&named, "B", "b%c=d");
	ck_assert_str_eq(named.settings.region, "two");
	setenv("AWS_PROFILE", "with blank", 1);
	cleanup_found struct found blank = must_find(NULL);
	check_key(&blank, "C", "c");
	ck_assert_str_eq(blank.settings.region, "three");
}
END_TEST

/* botocore: a profile that was asked for is not overruled by keys of the environment. */
START_TEST(test_profile__a_profile_asked_for_beats_the_environments_keys)
{
	credentials_file("[backup]\naws_access_key_id=B\naws_secret_access_key=b\n");
	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "env", 1);
	cleanup_found struct found found = must_find("backup");
	check_key(&found, "B", "b");
}
END_TEST

START_TEST(test_profile__a_missing_profile_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	credentials_file(seed_credentials);
	ck_assert_int_eq(find("nobody", NULL, NULL, &found, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "no profile 'nobody'"));
	ck_assert_ptr_nonnull(strstr(err.message, ".aws/credentials"));
}
END_TEST

START_TEST(test_profile__files_are_where_variables_say)
{
	cleanup_free char *path = file_join(home, "elsewhere");

	temp_write(home, "elsewhere", "[default]\naws_access_key_id=E\naws_secret_access_key=e\n");
	temp_write(home, "conf/c", "[default]\nregion=here\n");
	setenv("PLACE", home, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "~/elsewhere", 1);
	setenv("AWS_CONFIG_FILE", "${PLACE}/conf/c", 1);
	cleanup_found struct found found = must_find(NULL);
	check_key(&found, "E", "e");
	ck_assert_str_eq(found.settings.region, "here");
}
END_TEST

START_TEST(test_profile__systemd_credentials)
{
	cleanup_free char *folder = file_join(home, "credentials");

	temp_write(home, "credentials/aws-credentials",
		   "[default]\naws_access_key_id=S\naws_secret_access_key=s\n");
	credentials_file(seed_credentials);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	cleanup_found struct found found = must_find(NULL);
	check_key(&found, "S", "s");
}
END_TEST

START_TEST(test_profile__home_comes_from_passwd)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_profile struct s3_profile profile = {0};

	unsetenv("HOME");
	(void)s3_profile_load(NULL, &profile, &err);
	if (geteuid() == 0)
		ck_assert_str_eq(profile.credentials.path, "/root/.aws/credentials");
	ck_assert_ptr_null(strstr(profile.credentials.path, "~"));
}
END_TEST

START_TEST(test_profile__secrets_that_all_can_read_are_refused)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};
	cleanup_free char *path = file_join(home, ".aws/credentials");

	credentials_file(seed_credentials);
	/* Mode 0644, and below a folder that lets nobody through: fine, as in /root. */
	cleanup_found struct found hidden = must_find(NULL);
	ck_assert_int_eq(chmod(home, 0755), 0);
	cleanup_free char *above = mem_strndup(home, (size_t)(strrchr(home, '/') - home));
	ck_assert_int_eq(chmod(above, 0755), 0);
	ck_assert_int_eq(find(NULL, NULL, NULL, &found, &err), -ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.hint, "chmod 600"));
	ck_assert_int_eq(chmod(path, 0600), 0);
	err_done(&err);
	must(find(NULL, NULL, NULL, &found, &err), &err);
	ck_assert_int_eq(chmod(above, 0700), 0);
}
END_TEST

static const struct {
	const char *text;
	int line;
} broken[] = {
	{"aws_access_key_id = x\n", 1},
	{"[default]\nsecret without a sign\n", 2},
	{"[default]\na = 1\nA = 2\n", 3},
	{"[default]\na = 1\n\n[default]\n", 4},
	{"[]\n", 1},
};

START_TEST(test_profile__broken_files_tell_the_line_and_no_secret)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	credentials_file(broken[_i].text);
	ck_assert_int_eq(find(NULL, NULL, NULL, &found, &err), -ERR_INVALID);
	ck_assert_int_eq(err.place.line, broken[_i].line);
	ck_assert_ptr_nonnull(strstr(err.place.file, ".aws/credentials"));
	cleanup_free char *text = err_text(&err);
	ck_assert_ptr_null(strstr(text, "secret without"));
	ck_assert_ptr_null(err.excerpt);
}
END_TEST

/* ---- Credentials. */

START_TEST(test_credentials__none_names_the_places)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	ck_assert_int_eq(find(NULL, NULL, NULL, &found, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "AWS_ACCESS_KEY_ID"));
	ck_assert_ptr_nonnull(strstr(err.message, ".aws/credentials [default] (not there)"));
	ck_assert_ptr_nonnull(strstr(err.message, ".aws/config"));
	ck_assert_ptr_nonnull(strstr(err.hint, "mode 0600"));
}
END_TEST

START_TEST(test_credentials__half_of_them_is_an_error)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	credentials_file("[default]\naws_access_key_id = A\n");
	ck_assert_int_eq(find(NULL, NULL, NULL, &found, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "an access key and no secret key"));
}
END_TEST

START_TEST(test_credentials__what_we_do_not_do_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	config_file("[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n");
	ck_assert_int_eq(find(NULL, NULL, NULL, &found, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "role_arn"));
	ck_assert_ptr_nonnull(strstr(err.hint, "export-credentials"));
}
END_TEST

static void use_process(const char *script)
{
	cleanup_free char *path = file_join(home, "get keys");
	cleanup_free char *config =
		mem_printf("[default]\ncredential_process = \"%s\" --for 'a b'\n", path);

	temp_write(home, "get keys", script);
	ck_assert_int_eq(chmod(path, 0755), 0);
	config_file(config);
}

START_TEST(test_credentials__process)
{
	use_process("#!/bin/sh\n[ \"$2\" = 'a b' ] || exit 9\n"
		    "echo '{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"p\","
		    "\"SessionToken\":\"t\",\"Expiration\":\"2026-11-22T15:45:41Z\"}'\n");
	cleanup_found struct found found = must_find(NULL);
	check_key(&found, "P", "p");
	ck_assert_str_eq(found.credentials.session_token, "t");
	ck_assert_int_eq(found.credentials.expires, 1795362341);
	ck_assert_ptr_nonnull(strstr(found.credentials.source, "credential_process of"));
}
END_TEST

static const struct {
	const char *script, *said;
	enum err_code code;
} processes[] = {
	{"#!/bin/sh\necho no such vault >&2\nexit 3\n", "status 3: no such vault", ERR_DENIED},
	{"#!/bin/sh\necho secret-key\n", "did not print JSON", ERR_INVALID},
	{"#!/bin/sh\necho '{\"Version\":2}'\n", "\"Version\": 1", ERR_INVALID},
	{"#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"P\"}'\n", "no AccessKeyId",
	 ERR_INVALID},
	{"#!/bin/sh\nhead -c 100000 /dev/zero\n", "more than", ERR_INVALID},
};

START_TEST(test_credentials__process_that_fails)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	use_process(processes[_i].script);
	ck_assert_int_eq(find(NULL, NULL, NULL, &found, &err), -(int)processes[_i].code);
	ck_assert_msg(strstr(err.message, processes[_i].said) != NULL, "%s", err.message);
	ck_assert_ptr_null(strstr(err.message, "secret-key"));
}
END_TEST

/* ---- Settings. */

static const struct {
	const char *config, *region;
} regions[] = {
	{"[default]\nendpoint_url = https://s3.nl-ams.scw.cloud\n", "nl-ams"},
	{"[default]\nendpoint_url = https://s3.eu-central-1.amazonaws.com\n", "eu-central-1"},
	{"[default]\nendpoint_url = https://s3-eu-west-1.amazonaws.com\n", "eu-west-1"},
	{"[default]\nendpoint_url = https://s3.example.com\n", "us-east-1"},
	{"[default]\nendpoint_url = http://127.0.0.1:9000\n", "us-east-1"},
	{"[default]\nendpoint_url = https://minio.home\n", "us-east-1"},
	{"[default]\n", "us-east-1"},
};

START_TEST(test_settings__region_from_the_endpoint)
{
	credentials_file(seed_credentials);
	config_file(regions[_i].config);
	cleanup_found struct found found = must_find(NULL);
	ck_assert_str_eq(found.settings.region, regions[_i].region);
}
END_TEST

static const struct {
	const char *config, *said;
} refused[] = {
	{"[default]\ns3 =\n  signature_version = s3\n", "only s3v4"},
	{"[default]\ns3 =\n  addressing_style = dns\n", "auto, path or virtual"},
	{"[default]\ns3 =\n  multipart_chunksize = lots\n", "multipart_chunksize: 'lots'"},
	{"[default]\ns3 =\n  max_concurrent_requests = 0\n", "at least 1"},
	{"[default]\nendpoint_url = s3.fr-par.scw.cloud\n", "is no URL"},
	{"[default]\nca_bundle = /nonexistent/ca.pem\n", "the CA bundle: /nonexistent/ca.pem"},
};

START_TEST(test_settings__wrong_ones_are_named)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_found struct found found = {0};

	credentials_file(seed_credentials);
	config_file(refused[_i].config);
	ck_assert_int_lt(find(NULL, NULL, NULL, &found, &err), 0);
	ck_assert_msg(strstr(err.message, refused[_i].said) != NULL, "%s", err.message);
}
END_TEST

START_TEST(test_settings__addressing_and_bandwidth)
{
	credentials_file(seed_credentials);
	config_file("[default]\nendpoint_url = https://s3.example.com\ns3 =\n"
		    "    addressing_style = virtual\n    max_bandwidth = 10MB/s\n");
	cleanup_found struct found found = must_find(NULL);
	ck_assert(found.settings.virtual_host);
	ck_assert_uint_eq(found.settings.bandwidth, 10 << 20);
	config_file("[default]\ns3 =\n    addressing_style = path\n    max_bandwidth = 80Mb/s\n");
	cleanup_found struct found second = must_find(NULL);
	ck_assert(!second.settings.virtual_host);
	ck_assert_uint_eq(second.settings.bandwidth, 10 << 20);
}
END_TEST

static const struct {
	const char *text;
	uint64_t size; /* 0: it is none */
} sizes[] = {{"1024", 1024},  {"8MB", 8 << 20}, {"8MiB", 8 << 20}, {"1.5 kb", 1536},
	     {"1G", 1 << 30}, {"x", 0},		{"8 apples", 0},   {"-1", 0}};

START_TEST(test_settings__sizes)
{
	cleanup_err struct err err = ERR_INIT;
	uint64_t size = 0;

	int r = s3_settings_size(sizes[_i].text, &size, &err);
	ck_assert_int_eq(r, sizes[_i].size ? 0 : -ERR_INVALID);
	ck_assert_uint_eq(size, sizes[_i].size);
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(tcase, test, 0, sizeof(table) / sizeof(*(table)))

static void add_profile_tests(TCase *tcase)
{
	tcase_add_test(tcase, test_profile__the_seeds_files_work_as_they_are);
	tcase_add_test(tcase, test_profile__services_come_before_the_profile_before_the_plugin);
	tcase_add_test(tcase, test_profile__environment_comes_before_files_and_ours_before_all);
	tcase_add_test(tcase, test_profile__configured_endpoints_can_be_ignored);
	tcase_add_test(tcase, test_profile__names_of_profiles);
	tcase_add_test(tcase, test_profile__a_profile_asked_for_beats_the_environments_keys);
	tcase_add_test(tcase, test_profile__a_missing_profile_is_named);
	tcase_add_test(tcase, test_profile__files_are_where_variables_say);
	tcase_add_test(tcase, test_profile__systemd_credentials);
	tcase_add_test(tcase, test_profile__home_comes_from_passwd);
	tcase_add_test(tcase, test_profile__secrets_that_all_can_read_are_refused);
	LOOP(test_profile__broken_files_tell_the_line_and_no_secret, broken);
}

Suite *test_suite(void)
{
	Suite *suite = suite_create("s3/profile");
	TCase *tcase = tcase_create("profile");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	add_profile_tests(tcase);
	tcase_add_test(tcase, test_credentials__none_names_the_places);
	tcase_add_test(tcase, test_credentials__half_of_them_is_an_error);
	tcase_add_test(tcase, test_credentials__what_we_do_not_do_is_named);
	tcase_add_test(tcase, test_credentials__process);
	LOOP(test_credentials__process_that_fails, processes);
	LOOP(test_settings__region_from_the_endpoint, regions);
	LOOP(test_settings__wrong_ones_are_named, refused);
	tcase_add_test(tcase, test_settings__addressing_and_bandwidth);
	LOOP(test_settings__sizes, sizes);
	suite_add_tcase(suite, tcase);
	return suite;
}
