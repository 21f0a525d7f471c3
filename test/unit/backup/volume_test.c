/* Where a restored claim goes, and the volume that is made for it. */
#include "backup/volume.h"

#include <stdlib.h>

#include "base/mem.h"
#include "harness/apiserver.h"
#include "unit/manifest/body.h"

#define OLD   "/var/lib/rancher/k3s/storage/pvc-0-1_blog_photos"
#define KNOWN "{path: " OLD ", class: fast, capacity: 5Gi, accessModes: [ReadWriteMany]}"

/* live may be NULL. */
static char *place(const char *known_text, const char *live_text, json_t **ret)
{
	json_auto_t *known = body_of(known_text), *live = live_text ? body_of(live_text) : NULL;

	return backup_volume_place("blog/photos", known, live, "SET", ret);
}

START_TEST(test_backup_volume__a_bound_claim_stays_where_it_is)
{
	json_auto_t *body = NULL;
	cleanup_free char *path =
		place(KNOWN, "{node: kube1, claims: {blog/photos: {path: /data/now}}}", &body);

	ck_assert_str_eq(path, "/data/now");
	ck_assert_ptr_null(body);
}
END_TEST

START_TEST(test_backup_volume__a_fresh_one)
{
	json_auto_t *body = NULL, *again = NULL;
	cleanup_free char *path = place(KNOWN, "{node: kube1, claims: {}}", &body);
	cleanup_free char *same = place(KNOWN, "{node: kube1, claims: {}}", &again);
	cleanup_free char *want = mem_printf("/var/lib/rancher/k3s/storage/%s_blog_photos",
					     tree_path_string(body, "metadata.name"));

	ck_assert_str_eq(path, want);
	ck_assert_str_eq(path, same);
	ck_assert_str_ne(path, OLD);
	ck_assert_str_eq(tree_path_string(body, "spec.local.path"), want);
	ck_assert_str_eq(tree_path_string(body, "spec.storageClassName"), "fast");
	ck_assert_str_eq(tree_path_string(body, "spec.capacity.storage"), "5Gi");
	ck_assert_str_eq(tree_path_string(body, "spec.accessModes[0]"), "ReadWriteMany");
	ck_assert_str_eq(tree_path_string(body, "spec.persistentVolumeReclaimPolicy"), "Retain");
	ck_assert_str_eq(tree_path_string(body, "spec.claimRef.namespace"), "blog");
	ck_assert_str_eq(tree_path_string(body, "spec.claimRef.name"), "photos");
	ck_assert_str_eq(tree_path_string(body, "spec.nodeAffinity.required.nodeSelectorTerms[0]."
						"matchExpressions[0].values[0]"),
			 "kube1");
}
END_TEST

START_TEST(test_backup_volume__old_sets_know_only_the_path)
{
	json_auto_t *body = NULL;
	cleanup_free char *path = place("{path: " OLD "}", "{node: kube1, claims: {}}", &body);

	ck_assert_str_eq(tree_path_string(body, "spec.storageClassName"), "local-path");
	ck_assert_str_eq(tree_path_string(body, "spec.accessModes[0]"), "ReadWriteOnce");
}
END_TEST

START_TEST(test_backup_volume__where_nobody_can_be_asked_the_old_place)
{
	static const char *const known[] = {KNOWN, "{path: /data/chosen}", "{path: /x/photos}"};
	static const char *const live[] = {NULL, "{node: kube1, claims: {}}", "{node: kube1}"};
	static const char *const want[] = {OLD, "/data/chosen", "/x/photos"};
	json_auto_t *body = NULL;
	cleanup_free char *path = place(known[_i], live[_i], &body);

	ck_assert_str_eq(path, want[_i]);
	ck_assert_ptr_null(body);
}
END_TEST

START_TEST(test_backup_volume__made_once)
{
	struct apiserver *api = apiserver_start();
	const struct deadline deadline = deadline_in(&clock_real, NULL, 5000);
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *body = NULL;
	cleanup_free char *path = place(KNOWN, "{node: kube1, claims: {}}", &body);
	cleanup_free char *at =
		mem_printf("/api/v1/persistentvolumes/%s", tree_path_string(body, "metadata.name"));

	must(backup_volume_make(api->client, body, &deadline, &err), &err);
	ck_assert_ptr_nonnull(apiserver_get(api, at));
	must(backup_volume_make(api->client, body, &deadline, &err), &err);
	apiserver_stop(api);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/volume");
	TCase *tests = tcase_create("volume");

	tcase_add_test(tests, test_backup_volume__a_bound_claim_stays_where_it_is);
	tcase_add_test(tests, test_backup_volume__a_fresh_one);
	tcase_add_test(tests, test_backup_volume__old_sets_know_only_the_path);
	tcase_add_loop_test(tests, test_backup_volume__where_nobody_can_be_asked_the_old_place, 0,
			    3);
	tcase_add_test(tests, test_backup_volume__made_once);
	suite_add_tcase(suite, tests);
	return suite;
}
