#include "backup/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static json_t *parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

static struct manifest_app *app_with(const char *kind, const char *ns, const char *name,
				     const char *spec)
{
	struct manifest_app *app = manifest_app_new("wiki", NULL);
	struct manifest_object *object = mem_new(struct manifest_object);
	json_t *body = json_object();

	object->id = (struct manifest_id){.kind = mem_strdup(kind),
					  .ns = mem_strdup(ns),
					  .name = mem_strdup(name),
					  .group = mem_strdup(""),
					  .version = mem_strdup("v1")};
	json_object_set_new(body, "kind", json_string(kind));
	json_object_set_new(body, "spec", parse(spec));
	object->key = mem_printf("%s/%s/%s", kind, ns, name);
	object->body = body;
	manifest_app_add(app, object);
	return app;
}

/* A set with one claim, as the provisioner keeps it. */
static struct backup_set *set_with(const char *claim, const char *release)
{
	struct backup_set *set = mem_new(struct backup_set);
	struct backup_unit *unit = backup_set_add(set, "_claims");

	set->id = mem_strdup("20261122T020000Z-1a2b3c4d");
	unit->index.key = mem_strdup("k");
	list_add(&unit->paths, "/srv/s/pvc-01234567-89ab-cdef-0123-456789abcdef_x");
	list_add(&unit->claims, claim);
	unit->claim_volumes =
		json_pack("{s:{s:s, s:s*}}", claim, "path",
			  "/srv/s/pvc-01234567-89ab-cdef-0123-456789abcdef_x", "release", release);
	return set;
}

/* How many claims of the set are the app's. */
static size_t found(struct manifest_app *app, const char *claim, const char *release)
{
	struct backup_set *set = set_with(claim, release);
	struct backup_set *sets[] = {set};
	const struct backup_catalog catalog = {.sets = sets, .count = 1};
	struct backup_found_claim *claims;
	size_t count;

	backup_find_claims(&catalog, app, &claims, &count);
	if (count)
		ck_assert_str_eq(claims[0].claim, claim);
	free(claims);
	backup_set_free(set);
	return count;
}

START_TEST(test_backup_find__a_claim_is_its_apps)
{
	struct manifest_app *app = app_with("PersistentVolumeClaim", "blog", "photos", "{}");

	ck_assert(backup_find_may_have_claims(app));
	ck_assert_uint_eq(found(app, "blog/photos", NULL), 1);
	ck_assert_uint_eq(found(app, "blog/others", NULL), 0);
	ck_assert_uint_eq(found(app, "other/photos", NULL), 0);
	manifest_app_unref(app);
}
END_TEST

START_TEST(test_backup_find__those_of_a_stateful_set_are_its_apps)
{
	struct manifest_app *app =
		app_with("StatefulSet", "db", "pg",
			 "{\"volumeClaimTemplates\": [{\"metadata\": {\"name\": \"data\"}}]}");

	ck_assert(backup_find_may_have_claims(app));
	ck_assert_uint_eq(found(app, "db/data-pg-0", NULL), 1);
	ck_assert_uint_eq(found(app, "db/data-mysql-0", NULL), 0);
	manifest_app_unref(app);
}
END_TEST

/* The chart's claims are in no manifest: the set knows their release. */
START_TEST(test_backup_find__those_of_a_chart_are_its_apps)
{
	struct manifest_app *app =
		app_with("HelmChart", "kube-system", "gitea", "{\"targetNamespace\": \"git\"}");

	ck_assert(backup_find_may_have_claims(app));
	ck_assert_uint_eq(found(app, "git/gitea-shared", "gitea"), 1);
	ck_assert_uint_eq(found(app, "git/gitea-shared", NULL), 0);
	manifest_app_unref(app);
}
END_TEST

START_TEST(test_backup_find__others_have_none)
{
	struct manifest_app *app = app_with("ConfigMap", "blog", "photos", "{}");

	ck_assert(!backup_find_may_have_claims(app));
	ck_assert_uint_eq(found(app, "blog/photos", NULL), 0);
	manifest_app_unref(app);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/find");
	TCase *tests = tcase_create("find");

	tcase_add_test(tests, test_backup_find__a_claim_is_its_apps);
	tcase_add_test(tests, test_backup_find__those_of_a_stateful_set_are_its_apps);
	tcase_add_test(tests, test_backup_find__those_of_a_chart_are_its_apps);
	tcase_add_test(tests, test_backup_find__others_have_none);
	suite_add_tcase(suite, tests);
	return suite;
}
