#include "manifest/api.h"

#include "base/mem.h"
#include "harness/suite.h"
#include "manifest/upgrade.h"
#include "tree/path.h"
#include "unit/manifest/body.h"

static enum manifest_api_state state_of(const char *api_version, const char *kind,
					const struct manifest_served *served)
{
	return manifest_api_state(manifest_api_find(api_version, kind), kind, served);
}

/* The apiVersion that a body ends with, and its one warning (NULL: none). Caller frees. */
static char *upgraded(const char *yaml, const struct manifest_served *served, char **ret_warning)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list warnings = LIST_INIT;
	json_auto_t *body = body_of(yaml);

	must(manifest_upgrade(body, served, &warnings, &err), &err);
	ck_assert_uint_le(warnings.n, 1);
	*ret_warning = warnings.n ? mem_strdup(warnings.items[0]) : NULL;
	return mem_strdup(tree_path_string(body, "apiVersion"));
}

START_TEST(test_manifest_api__offline_the_newest_release_counts)
{
	const struct manifest_served nothing = {0};

	ck_assert_int_eq(state_of("policy/v1beta1", "PodDisruptionBudget", &nothing),
			 MANIFEST_API_GONE);
	ck_assert_int_eq(state_of("networking.k8s.io/v1beta1", "ServiceCIDR", &nothing),
			 MANIFEST_API_ENDING);
	ck_assert_int_eq(state_of("policy/v1", "PodDisruptionBudget", &nothing), MANIFEST_API_FINE);
	ck_assert_int_eq(state_of("batch/v1beta1", "Job", &nothing), MANIFEST_API_FINE);
}
END_TEST

START_TEST(test_manifest_api__a_release_looks_ahead_and_back)
{
	const struct manifest_served ahead = {.release = 37}, back = {.release = 21};

	ck_assert_int_eq(state_of("networking.k8s.io/v1beta1", "ServiceCIDR", &ahead),
			 MANIFEST_API_GONE);
	ck_assert_int_eq(state_of("extensions/v1beta1", "Ingress", &back), MANIFEST_API_ENDING);
	ck_assert_int_eq(state_of("apps/v1beta1", "Deployment", &back), MANIFEST_API_GONE);
}
END_TEST

START_TEST(test_manifest_api__discovery_knows_best)
{
	json_auto_t *kinds = body_of("{networking.k8s.io/ServiceCIDR: {versions: [v1]}, "
				     "batch/CronJob: {versions: [v1beta1]}}");
	const struct manifest_served served = {.kinds = kinds};

	ck_assert_int_eq(state_of("networking.k8s.io/v1beta1", "ServiceCIDR", &served),
			 MANIFEST_API_GONE);
	ck_assert_int_eq(state_of("batch/v1beta1", "CronJob", &served), MANIFEST_API_ENDING);
	/* what it does not tell is as offline */
	ck_assert_int_eq(state_of("policy/v1beta1", "PodDisruptionBudget", &served),
			 MANIFEST_API_GONE);
}
END_TEST

START_TEST(test_manifest_api__other_versions)
{
	json_auto_t *kinds = body_of("{traefik.io/IngressRoute: {versions: [v1, v1beta1]}, "
				     "core/Pod: {versions: [v1]}}");
	const struct manifest_served served = {.kinds = kinds};
	cleanup_free char *versions =
		manifest_api_other_versions(&served, "traefik.io", "v1alpha1", "IngressRoute");

	ck_assert_str_eq(versions, "v1, v1beta1");
	ck_assert_ptr_null(
		manifest_api_other_versions(&served, "traefik.io", "v1beta1", "IngressRoute"));
	ck_assert_ptr_null(manifest_api_other_versions(&served, "", "v1", "Pod"));
	ck_assert_ptr_null(manifest_api_other_versions(&served, "x.io", "v1", "Unknown"));
}
END_TEST

START_TEST(test_manifest_api__releases)
{
	ck_assert_int_eq(manifest_api_release("1.36"), 36);
	ck_assert_int_eq(manifest_api_release("v1.35.4+k3s1"), 35);
	ck_assert_int_eq(manifest_api_release("1.x"), 0);
	ck_assert_int_eq(manifest_api_release("2.1"), 0);
	ck_assert_int_eq(manifest_api_release("1.36beta"), 0);
	ck_assert_int_eq(manifest_api_release(""), 0);
}
END_TEST

START_TEST(test_manifest_upgrade__what_is_served_is_left_with_a_warning)
{
	static const char cidr[] = "apiVersion: networking.k8s.io/v1beta1\nkind: ServiceCIDR\n";
	const struct manifest_served now = {0}, ahead = {.release = 37};
	cleanup_free char *warning = NULL, *later = NULL;
	cleanup_free char *kept = upgraded(cidr, &now, &warning);
	cleanup_free char *rewritten = upgraded(cidr, &ahead, &later);

	ck_assert_str_eq(kept, "networking.k8s.io/v1beta1");
	ck_assert_str_eq(warning,
			 "networking.k8s.io/v1beta1 ServiceCIDR ends with Kubernetes 1.37; "
			 "write networking.k8s.io/v1");
	ck_assert_str_eq(rewritten, "networking.k8s.io/v1");
}
END_TEST

/* {} selects no pod in policy/v1beta1 and every pod in policy/v1. */
START_TEST(test_manifest_upgrade__a_selector_that_changes_its_meaning_is_refused)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list warnings = LIST_INIT;
	const struct manifest_served now = {0};
	json_auto_t *empty = body_of("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n"
				     "spec: {selector: {}}\n");
	cleanup_free char *warning = NULL;
	cleanup_free char *fine = upgraded("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n"
					   "spec: {selector: {matchLabels: {a: b}}}\n",
					   &now, &warning);

	ck_assert_str_eq(fine, "policy/v1");
	ck_assert_int_eq(manifest_upgrade(empty, &now, &warnings, &err), -ERR_INVALID);
	ck_assert_str_eq(tree_path_string(empty, "apiVersion"), "policy/v1beta1");
	ck_assert_msg(strstr(err.hint, "selects every one"), "%s", err.hint);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/api");
	TCase *tests = tcase_create("api");

	tcase_add_test(tests, test_manifest_api__offline_the_newest_release_counts);
	tcase_add_test(tests, test_manifest_api__a_release_looks_ahead_and_back);
	tcase_add_test(tests, test_manifest_api__discovery_knows_best);
	tcase_add_test(tests, test_manifest_api__other_versions);
	tcase_add_test(tests, test_manifest_api__releases);
	tcase_add_test(tests, test_manifest_upgrade__what_is_served_is_left_with_a_warning);
	tcase_add_test(tests,
		       test_manifest_upgrade__a_selector_that_changes_its_meaning_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
