#include "manifest/set.h"

#include "base/mem.h"
#include "body.h"

static struct manifest_object *object_of(const char *name, const char *value)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_free char *text = mem_printf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "
					     "%s, namespace: blog}\ndata: {v: %s}\n",
					     name, value);
	struct err err = ERR_INIT;

	object->body = body_of(text);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = tree_json_hash(object->body);
	object->namespaced = true;
	object->file = mem_strdup("ghost/config.yml.j2");
	object->line = 3;
	object->column = 1;
	return object;
}

static struct manifest_app *ghost(const char *value)
{
	struct manifest_app *app = manifest_app_new("ghost", "tfe-fr");

	manifest_app_add(app, object_of("one", value));
	manifest_app_add(app, object_of("two", "b"));
	manifest_app_seal(app);
	return app;
}

START_TEST(test_manifest_app__hash_follows_objects_and_options)
{
	struct manifest_app *one = ghost("a"), *same = ghost("a"), *other = ghost("c");
	struct manifest_app *moved = manifest_app_new("ghost", "tfe-fr");

	ck_assert_str_eq(one->hash, same->hash);
	ck_assert_str_ne(one->hash, other->hash);
	manifest_app_add(moved, object_of("two", "b"));
	manifest_app_add(moved, object_of("one", "a"));
	manifest_app_seal(moved);
	ck_assert_str_eq(one->hash, moved->hash);
	moved->options.prune = MANIFEST_PRUNE_NEVER;
	manifest_app_seal(moved);
	ck_assert_str_ne(one->hash, moved->hash);
	manifest_app_unref(one);
	manifest_app_unref(same);
	manifest_app_unref(other);
	manifest_app_unref(moved);
}
END_TEST

START_TEST(test_manifest_app__json_and_back)
{
	struct manifest_app *app = ghost("a"), *again;
	struct err err = ERR_INIT;

	app->options.ns = mem_strdup("blog");
	list_add(&app->options.depends_on, "traefik");
	list_add(&app->options.tags, "edge");
	app->options.redeploy = MANIFEST_REDEPLOY_REPLACE;
	app->options.suspend = true;
	app->options.timeout_ms = 90000;
	app->options.directories = mem_zalloc(sizeof(struct manifest_directory));
	app->options.directories[0] =
		(struct manifest_directory){mem_strdup("/srv/x"), 0700, 1000, -1};
	app->options.directory_count = 1;
	app->options.ignore = json_pack("[{s:s}]", "kind", "Deployment");
	app->objects[0]->redeploy = MANIFEST_REDEPLOY_APPLY;
	app->objects[1]->prune = MANIFEST_PRUNE_ASK;
	manifest_app_seal(app);

	json_auto_t *tree = manifest_app_to_json(app);
	must(manifest_app_from_json(tree, &again, &err), &err);
	json_auto_t *tree_again = manifest_app_to_json(again);
	ck_assert(json_equal(tree, tree_again));
	ck_assert_str_eq(again->name, "ghost@tfe-fr");
	ck_assert_str_eq(again->hash, app->hash);
	ck_assert_uint_eq(again->options.directories[0].mode, 0700);
	ck_assert_int_eq(again->options.directories[0].gid, -1);
	ck_assert_str_eq(again->objects[1]->file, "ghost/config.yml.j2");
	ck_assert_ptr_nonnull(manifest_app_find(again, "core/ConfigMap/blog/two"));
	manifest_app_unref(app);
	manifest_app_unref(again);
}
END_TEST

START_TEST(test_manifest_app__foreign_json_is_refused)
{
	json_auto_t *tree = json_pack("{s:i}", "schema", 7);
	struct manifest_app *app;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(manifest_app_from_json(tree, &app, &err), -ERR_INVALID);
}
END_TEST

START_TEST(test_manifest_app__selection)
{
	struct manifest_app *app = ghost("a");
	cleanup_list struct list edge = LIST_INIT, web = LIST_INIT;

	list_add(&edge, "edge,blog");
	list_add(&web, "web");
	ck_assert(manifest_app_selected(app, NULL, NULL, NULL));
	ck_assert(manifest_app_selected(app, "ghost", NULL, NULL));
	ck_assert(manifest_app_selected(app, "ghost@tfe-fr", NULL, NULL));
	ck_assert(!manifest_app_selected(app, "ghost@tfe-en", NULL, NULL));
	ck_assert(!manifest_app_selected(app, NULL, &edge, NULL));
	list_add(&app->options.tags, "blog");
	ck_assert(manifest_app_selected(app, NULL, &edge, NULL));
	ck_assert(!manifest_app_selected(app, NULL, NULL, &edge));
	ck_assert(manifest_app_selected(app, NULL, NULL, &web));
	manifest_app_unref(app);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/app");
	TCase *tests = tcase_create("app");

	tcase_add_test(tests, test_manifest_app__hash_follows_objects_and_options);
	tcase_add_test(tests, test_manifest_app__json_and_back);
	tcase_add_test(tests, test_manifest_app__foreign_json_is_refused);
	tcase_add_test(tests, test_manifest_app__selection);
	suite_add_tcase(suite, tests);
	return suite;
}
