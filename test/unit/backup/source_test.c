/* What belongs into a backup, from manifests, live pods and the disk. */
#include "backup/source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/path.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/temp.h"
#include "unit/manifest/body.h"

static struct backup_sources sources;
static struct manifest_app *apps[4];
static size_t app_count;
static char *storage;
static struct err err;

static void set_up(void)
{
	sources = (struct backup_sources){0};
	app_count = 0;
	storage = temp_dir();
	err = ERR_INIT;
}

static void tear_down(void)
{
	backup_sources_done(&sources);
	for (size_t i = 0; i < app_count; i++)
		manifest_app_unref(apps[i]);
	free(storage);
	err_done(&err);
}

static void add_object(struct manifest_app *app, const char *yaml)
{
	struct manifest_object *object = mem_new(struct manifest_object);

	object->body = body_of(yaml);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	if (!*object->id.ns) {
		free(object->id.ns);
		object->id.ns = mem_strdup("default");
	}
	object->key = manifest_id_key(&object->id);
	manifest_app_add(app, object);
}

/* yaml: one object or NULL; backup: the block of app.yaml or NULL. */
static struct manifest_app *add_app(const char *name, const char *backup, const char *yaml)
{
	struct manifest_app *app = manifest_app_new(name, NULL);

	if (backup)
		app->options.backup = body_of(backup);
	if (yaml)
		add_object(app, yaml);
	apps[app_count++] = app;
	backup_sources_add_app(&sources, app, 1);
	return app;
}

static void find(const char *live_text)
{
	json_auto_t *live = live_text ? body_of(live_text) : NULL;
	const struct manifest_app *const *all = (const struct manifest_app *const *)apps;

	backup_sources_add_live(&sources, live, all, app_count);
	must(backup_sources_add_claims(&sources, live, storage, all, app_count, &err), &err);
	backup_sources_find_unprotected(&sources, live);
}

/* "blog: /srv/a, /srv/b [default/photos]; ..." */
static void are(const char *want)
{
	cleanup_list struct list units = LIST_INIT;

	for (size_t i = 0; i < sources.count; i++) {
		cleanup_list struct list trees = LIST_INIT;
		for (size_t j = 0; j < sources.items[i].count; j++) {
			const struct backup_tree *tree = &sources.items[i].trees[j];
			const char *path = tree->path;
			if (backup_path_within(path, storage))
				path = file_base(path);
			list_printf(&trees, "%s%s%s%s", path, tree->claim ? " [" : "",
				    tree->claim ? tree->claim : "", tree->claim ? "]" : "");
		}
		cleanup_free char *all = list_join(&trees, ", ");
		if (trees.n)
			list_printf(&units, "%s: %s", sources.items[i].name, all);
	}
	cleanup_free char *have = list_join(&units, "; ");
	ck_assert_str_eq(have, want);
}

static void unprotected(const char *want)
{
	cleanup_free char *have = list_join(&sources.unprotected, "; ");

	ck_assert_str_eq(have, want);
}

#define DEPLOYMENT(name, volumes)                                                    \
	"{apiVersion: apps/v1, kind: Deployment, metadata: {name: " name "}, spec: " \
	"{template: {spec: {volumes: [" volumes "]}}}}"

START_TEST(test_backup_source__host_paths_of_manifests)
{
	add_app("blog", NULL,
		DEPLOYMENT("blog", "{hostPath: {path: /srv/blog/}}, {hostPath: {path: "
				   "/srv/blog/images}}, {hostPath: {path: /run/x}}, {hostPath: "
				   "{path: /srv/x.sock, type: Socket}}"));
	find(NULL);
	are("blog: /srv/blog");
	unprotected("/run/x (app blog: a directory of the system)");
}
END_TEST

START_TEST(test_backup_source__what_is_said_of_a_path_of_the_system)
{
	static const char *const backups[] = {"{exclude: [/run/x]}", "{paths: [/run/x]}"};

	add_app("blog", backups[_i], DEPLOYMENT("blog", "{hostPath: {path: /run/x}}"));
	find(NULL);
	are(_i ? "blog: /run/x" : "");
	unprotected("");
}
END_TEST

START_TEST(test_backup_source__an_app_without_manifests)
{
	add_app("photos", "{paths: [/srv/photos]}", NULL);
	find(NULL);
	are("photos: /srv/photos");
}
END_TEST

#define CHART                                                                                   \
	"{apiVersion: helm.cattle.io/v1, kind: HelmChart, metadata: {name: immich, namespace: " \
	"kube-system}, spec: {targetNamespace: photos}}"

START_TEST(test_backup_source__live_pods)
{
	add_app("blog", NULL, DEPLOYMENT("blog", ""));
	add_app("photos", NULL, CHART);
	find("{pods: ["
	     "{pod: default/blog-1, namespace: default, kind: Deployment, name: blog, paths: "
	     "[/srv/injected, /run/y]},"
	     "{pod: photos/immich-0, namespace: photos, kind: StatefulSet, name: immich, release: "
	     "immich, paths: [/srv/immich]},"
	     "{pod: other/immich-0, namespace: other, kind: StatefulSet, name: immich, release: "
	     "immich, paths: [/srv/other]},"
	     "{pod: kube-system/cni, namespace: kube-system, kind: DaemonSet, name: cni, paths: "
	     "[/etc/cni, /srv/blog]}]}");
	are("blog: /srv/injected; photos: /srv/immich");
	unprotected("/srv/other (pod other/immich-0); /srv/blog (pod kube-system/cni)");
}
END_TEST

START_TEST(test_backup_source__claims_by_their_owner)
{
	add_app("blog", NULL, DEPLOYMENT("blog", "{persistentVolumeClaim: {claimName: named}}"));
	add_app("photos", NULL, CHART);
	add_app("db", NULL,
		"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: pg}, spec: "
		"{volumeClaimTemplates: [{metadata: {name: data}}]}}");
	find("{claims: {default/named: {path: /d/1}, default/used: {path: /d/2}, photos/pg: {path: "
	     "/d/3, release: immich}, default/data-pg-0: {path: /d/4}, default/alone: {path: "
	     "/d/5/}, default/far: {elsewhere: nfs}}, pods: [{pod: default/blog-1, namespace: "
	     "default, kind: Deployment, name: blog, claims: [used]}]}");
	are("blog: /d/1 [default/named], /d/2 [default/used]; photos: /d/3 [photos/pg]; db: /d/4 "
	    "[default/data-pg-0]; _claims: /d/5 [default/alone]");
	unprotected("claim default/far (its volume is not here: nfs)");
}
END_TEST

static void make_claim(const char *uid, const char *claim)
{
	cleanup_free char *name =
		mem_printf("pvc-%s1234567-89ab-cdef-0123-456789abcdef_%s/file", uid, claim);

	temp_write(storage, name, "data");
}

START_TEST(test_backup_source__claims_on_the_disk)
{
	make_claim("0", "default_photos");
	make_claim("1", "default_photos.before-20261122T235714Z-389f17f2");
	temp_write(storage, "lost+found/x", "");
	add_app("blog", NULL, DEPLOYMENT("blog", "{persistentVolumeClaim: {claimName: photos}}"));
	find(NULL);
	are("blog: pvc-01234567-89ab-cdef-0123-456789abcdef_default_photos [default/photos]");
	unprotected("");
}
END_TEST

START_TEST(test_backup_source__the_volume_of_now_counts)
{
	make_claim("0", "default_photos");
	make_claim("1", "default_photos");
	cleanup_free char *live = mem_printf(
		"{claims: {default/photos: {path: "
		"%s/pvc-01234567-89ab-cdef-0123-456789abcdef_default_photos, class: c}}}",
		storage);
	find(live);
	are("_claims: pvc-01234567-89ab-cdef-0123-456789abcdef_default_photos [default/photos]");
	ck_assert_uint_eq(sources.unprotected.n, 1);
	ck_assert_ptr_nonnull(strstr(sources.unprotected.items[0],
				     "_default_photos (an earlier volume of the claim "
				     "default/photos)"));
	ck_assert_str_eq(tree_path_string(sources.items[0].trees[0].volume, "class"), "c");
}
END_TEST

START_TEST(test_backup_source__no_storage_directory_has_no_claims)
{
	cleanup_free char *nowhere = file_join(storage, "nowhere");

	must(backup_sources_add_claims(&sources, NULL, nowhere, NULL, 0, &err), &err);
	ck_assert_uint_eq(sources.count, 0);
}
END_TEST

START_TEST(test_backup_source__datastore)
{
	cleanup_free char *k3s = file_join(storage, "server"), *db = file_join(k3s, "db");
	cleanup_free char *etcd = file_join(db, "etcd");

	temp_write(k3s, "token", "t");
	temp_write(db, "state.db", "x");
	if (_i)
		temp_write(etcd, "member/wal", "x");
	if (_i == 2)
		temp_write(db, "snapshots/one", "x");
	backup_sources_add_system(&sources, "/etc/desired", "/var/lib/desired", k3s, NULL);
	are("_system: /etc/desired, /var/lib/desired, db, token");
	ck_assert_uint_eq(sources.unprotected.n, _i == 1);
	ck_assert_int_eq(list_has(&sources.items[0].exclude, etcd), _i > 0);
}
END_TEST

START_TEST(test_backup_source__paths_without_links)
{
	cleanup_free char *dir = realpath(storage, NULL), *link = file_join(dir, "link");
	cleanup_free char *there = file_join(dir, "there"), *asked = file_join(link, "x/y");

	temp_write(dir, "there/z", "");
	ck_assert_int_eq(symlink(there, link), 0);
	cleanup_free char *real = backup_path_real(asked), *root = backup_path_real("/nowhere/x");
	cleanup_free char *want = mem_printf("%s/x/y", there);
	ck_assert_str_eq(real, want);
	ck_assert_str_eq(root, "/nowhere/x");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/source");
	TCase *tests = tcase_create("source");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_backup_source__host_paths_of_manifests);
	tcase_add_loop_test(tests, test_backup_source__what_is_said_of_a_path_of_the_system, 0, 2);
	tcase_add_test(tests, test_backup_source__an_app_without_manifests);
	tcase_add_test(tests, test_backup_source__live_pods);
	tcase_add_test(tests, test_backup_source__claims_by_their_owner);
	tcase_add_test(tests, test_backup_source__claims_on_the_disk);
	tcase_add_test(tests, test_backup_source__the_volume_of_now_counts);
	tcase_add_test(tests, test_backup_source__no_storage_directory_has_no_claims);
	tcase_add_loop_test(tests, test_backup_source__datastore, 0, 3);
	tcase_add_test(tests, test_backup_source__paths_without_links);
	suite_add_tcase(suite, tests);
	return suite;
}
