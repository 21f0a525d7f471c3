/* The rules of the plan, each a folder under test/golden/plan; its README says how to read them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "manifest/normalise.h"
#include "manifest/scope.h"
#include "manifest/text.h"
#include "plan/plan.h"
#include "plan/print.h"
#include "tree/json.h"
#include "tree/path.h"
#include "tree/yaml.h"

#define FOLDER GOLDEN "/plan"
#define LIMIT  ((size_t)1 << 20)

static struct list cases;

/* One folder, read. */
struct scene {
	const char *name;
	json_t *options, *ledger_tree, *answers_tree;
	struct manifest_app *app;
	struct manifest_live live; /* as the plan sees it: metadata until it asks for more */
	struct manifest_live full; /* as it is */
	struct map ledger, answers;
	struct list wanted_elsewhere, inherited, keep_kinds;
	struct map contested; /* key -> struct list */
	struct buf asked;
};

/* --- reading --- */

static char *path_of(const struct scene *scene, const char *file)
{
	return mem_printf("%s/%s/%s", FOLDER, scene->name, file);
}

/* The parsed text of a file of the case; NULL when there is none. */
static struct manifest_text *read_text(const struct scene *scene, const char *file)
{
	cleanup_free char *path = path_of(scene, file);
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = NULL;
	struct manifest_text *parsed = NULL;
	size_t length;

	if (!file_exists(path))
		return NULL;
	must(file_read(path, LIMIT, &text, &length, &err), &err);
	cleanup_free char *name = mem_printf("%s/%s", scene->app->app, file);
	must(manifest_text_parse(name, text, length, &parsed, &err), &err);
	return parsed;
}

static json_t *json_of(const struct tree_yaml_node *node, const char *file)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_yaml_to_json(node, file, &tree, &err), &err);
	return tree;
}

/* The one document of a file; an empty object when there is none. */
static json_t *read_tree(const char *name, const char *file)
{
	cleanup_free char *path = mem_printf("%s/%s/%s", FOLDER, name, file);
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = NULL;
	struct tree_yaml_documents documents;
	size_t length;

	if (!file_exists(path))
		return json_object();
	must(file_read(path, LIMIT, &text, &length, &err), &err);
	must(tree_yaml_parse(text, length, path, &documents, &err), &err);
	ck_assert_uint_eq(documents.n, 1);
	json_t *tree = json_of(documents.roots[0], path);
	tree_yaml_done(&documents);
	return tree;
}

static const char *text_of(const json_t *tree, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(tree, key));

	return text ? text : otherwise;
}

static void list_of(const json_t *tree, const char *key, struct list *ret)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(tree, key), i, item)
		list_add(ret, json_string_value(item));
}

static int word_of(const json_t *tree, const char *key, const char *const *words, int count)
{
	const char *word = text_of(tree, key, "auto");

	for (int i = 0; i < count; i++)
		if (!strcmp(word, words[i]))
			return i;
	ck_abort_msg("'%s' is no value of %s", word, key);
	return 0;
}

static enum manifest_redeploy redeploy_of(const json_t *tree, const char *key)
{
	static const char *const words[] = {"auto", "apply", "replace"};

	return (enum manifest_redeploy)word_of(tree, key, words, 3);
}

static enum manifest_prune prune_of(const json_t *tree, const char *key)
{
	static const char *const words[] = {"auto", "ask", "never"};

	return (enum manifest_prune)word_of(tree, key, words, 3);
}

static struct manifest_app *app_of(const json_t *options)
{
	const char *name = text_of(options, "app", "blog");
	const char *at = strchr(name, '@');
	cleanup_free char *folder = mem_strndup(name, strcspn(name, "@"));
	struct manifest_app *app = manifest_app_new(folder, at ? at + 1 : NULL);

	free(app->options.ns);
	app->options.ns = mem_strdup(text_of(options, "namespace", NULL));
	app->options.redeploy = redeploy_of(options, "redeploy");
	app->options.prune = prune_of(options, "prune");
	app->options.suspend = tree_path_true(options, "suspend");
	app->options.replace = json_incref(json_object_get(options, "replace"));
	app->broken = tree_path_true(options, "broken");
	return app;
}

/* --- what is desired --- */

/* An object of metadata ("labels"), made when it is not there. */
static json_t *metadata_of(json_t *body, const char *key)
{
	json_t *metadata = json_object_get(body, "metadata");

	if (!json_object_get(metadata, key))
		json_object_set_new(metadata, key, json_object());
	return json_object_get(metadata, key);
}

static void give_label(json_t *body)
{
	json_object_set_new(metadata_of(body, "labels"), MANIFEST_LABEL,
			    json_string(manifest_set_id()));
}

static void give_place(json_t *body, const struct manifest_app *app, const char *file)
{
	cleanup_free char *source = mem_printf("%s %s", app->name, file);

	json_object_set_new(metadata_of(body, "annotations"), MANIFEST_SOURCE_ANNOTATION,
			    json_string(source));
}

/* Reads the namespace as source does: the object's own, else the app's, else default. */
static void complete_id(struct manifest_id *id, json_t *body, const char *ns)
{
	const struct manifest_kind *kind = manifest_kind_find(id->group, id->kind);

	if ((kind && !kind->namespaced) || *id->ns)
		return;
	free(id->ns);
	id->ns = mem_strdup(ns ? ns : "default");
	json_object_set_new(json_object_get(body, "metadata"), "namespace", json_string(id->ns));
}

static struct manifest_object *object_of(const struct manifest_app *app, struct manifest_text *text,
					 const struct tree_yaml_node *node)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_list struct list warnings = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	object->body = json_of(node, text->file);
	must(manifest_normalise(object->body, &(struct manifest_served){0}, &warnings, &err), &err);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	complete_id(&object->id, object->body, app->options.ns);
	object->key = manifest_id_key(&object->id);
	object->hash = tree_json_hash(object->body);
	json_t *annotations = tree_path_get(object->body, "metadata.annotations");
	object->redeploy = redeploy_of(annotations, "desired.dev/redeploy");
	object->prune = prune_of(annotations, "desired.dev/prune");
	object->suspend = !strcmp(text_of(annotations, "desired.dev/suspend", ""), "true");
	object->file = mem_strdup(text->file);
	object->line = node->line;
	object->column = node->column;
	object->text = manifest_text_ref(text);
	object->node = node;
	give_label(object->body);
	give_place(object->body, app, object->file);
	return object;
}

static void read_desired(struct scene *scene)
{
	struct manifest_text *text = read_text(scene, "desired.yaml");

	for (size_t i = 0; text && i < text->documents.n; i++)
		if (text->documents.roots[i])
			manifest_app_add(scene->app,
					 object_of(scene->app, text, text->documents.roots[i]));
	manifest_app_seal(scene->app);
	manifest_text_unref(text);
}

/* --- what is there --- */

/* The value of a label in the files stands for ours. */
static void put_our_label(json_t *body)
{
	json_t *labels = tree_path_get(body, "metadata.labels");

	if (!strcmp(text_of(labels, MANIFEST_LABEL, ""), "OURS"))
		json_object_set_new(labels, MANIFEST_LABEL, json_string(manifest_set_id()));
}

static json_t *our_entry(void)
{
	return json_pack("{s:s, s:s, s:s, s:{s:{}}}", "manager", MANIFEST_MANAGER, "operation",
			 "Apply", "time", "2026-11-22T09:12:00Z", "fieldsV1", "f:spec");
}

static const char *file_of(const struct scene *scene, const char *key)
{
	const struct manifest_object *object = manifest_app_find(scene->app, key);

	return object ? object->file : "blog/gone.yaml";
}

static void put_live(struct scene *scene, json_t *body)
{
	cleanup_err struct err err = ERR_INIT;
	struct manifest_id id;

	must(manifest_id_of(body, &id, &err), &err);
	cleanup_free char *key = manifest_id_key(&id);
	manifest_id_done(&id);
	json_t *metadata = json_object_get(body, "metadata");
	if (json_object_get(scene->ledger_tree, key)) {
		give_place(body, scene->app, file_of(scene, key));
		if (!json_object_get(metadata, "managedFields")) {
			json_object_set_new(metadata, "managedFields",
					    json_pack("[o]", our_entry()));
			give_label(body);
		}
	}
	put_our_label(body);
	if (!json_object_get(metadata, "uid"))
		json_object_set_new(metadata, "uid", json_string("u1"));
	json_auto_t *partial =
		json_pack("{s:O, s:O, s:O}", "apiVersion", json_object_get(body, "apiVersion"),
			  "kind", json_object_get(body, "kind"), "metadata", metadata);
	bool whole = tree_path_true(scene->options, "sweep");
	manifest_live_put(&scene->full, key, body, true);
	manifest_live_put(&scene->live, key, whole ? body : partial, whole);
}

static void look_up(struct scene *scene, const char *key)
{
	cleanup_list struct list unknown = LIST_INIT;

	list_of(scene->options, "unknown", &unknown);
	if (!manifest_live_looked(&scene->live, key) && !list_has(&unknown, key))
		manifest_live_put(&scene->live, key, NULL, false);
}

static void look_up_namespace(struct scene *scene, const char *name)
{
	cleanup_free char *key = mem_printf("core/Namespace//%s", name);
	cleanup_list struct list absent = LIST_INIT;

	list_of(scene->options, "absent", &absent);
	if (manifest_live_looked(&scene->live, key))
		return;
	if (list_has(&absent, name)) {
		manifest_live_put(&scene->live, key, NULL, false);
		return;
	}
	json_auto_t *body = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "v1", "kind",
				      "Namespace", "metadata", "name", name, "uid", "ns");
	manifest_live_put(&scene->live, key, body, true);
}

static void read_live(struct scene *scene)
{
	struct manifest_text *text = read_text(scene, "live.yaml");
	const char *key;
	json_t *entry;

	for (size_t i = 0; text && i < text->documents.n; i++) {
		json_auto_t *body = json_of(text->documents.roots[i], text->file);
		put_live(scene, body);
	}
	manifest_text_unref(text);
	for (size_t i = 0; i < scene->app->count; i++) {
		const struct manifest_object *object = scene->app->objects[i];
		look_up(scene, object->key);
		if (*object->id.ns)
			look_up_namespace(scene, object->id.ns);
	}
	json_object_foreach (scene->ledger_tree, key, entry)
		look_up(scene, key);
	if (scene->app->options.ns)
		look_up_namespace(scene, scene->app->options.ns);
}

/* --- what is remembered --- */

/* "same" and what is not said is `value`, null is nothing, all else is different. */
static char *remembered(const json_t *tree, const char *key, const char *value)
{
	const json_t *said = json_object_get(tree, key);

	if (json_is_null(said))
		return NULL;
	if (!said || !strcmp(json_string_value(said), "same"))
		return mem_strdup(value);
	return mem_strdup(json_string_value(said));
}

static enum state_stage stage_of(const json_t *tree)
{
	static const char *const stages[] = {"settled", "replacing", "on-trial", "put-back"};
	const char *stage = text_of(tree, "stage", "settled");

	for (int i = 0; i < 4; i++)
		if (!strcmp(stages[i], stage))
			return (enum state_stage)i;
	ck_abort_msg("'%s' is no stage", stage);
	return STATE_SETTLED;
}

static struct state_entry *entry_of(const struct scene *scene, const char *key, const json_t *tree)
{
	const struct manifest_object *object = manifest_app_find(scene->app, key);
	const struct manifest_live_object *live = manifest_live_get(&scene->live, key);
	struct state_entry *entry = mem_new(struct state_entry);

	ck_assert_msg(manifest_id_of_key(key, &entry->id), "'%s' is no key", key);
	entry->key = mem_strdup(key);
	entry->app = mem_strdup(text_of(tree, "app", scene->app->name));
	entry->uid = remembered(tree, "uid",
				live ? tree_path_string(live->body, "metadata.uid") : "u-before");
	entry->hash = remembered(tree, "hash", object ? object->hash : "h");
	entry->owned = remembered(tree, "owned", live && live->owned ? live->owned : "o");
	entry->source = remembered(tree, "source", object ? object->file : "blog/gone.yaml");
	entry->prune = prune_of(tree, "prune");
	entry->keep = tree_path_true(tree, "keep");
	entry->done = tree_path_true(tree, "done");
	entry->approved = tree_path_true(tree, "approved");
	entry->from = mem_strdup(text_of(tree, "from", NULL));
	entry->stage = stage_of(tree);
	return entry;
}

static void read_ledger(struct scene *scene)
{
	const char *key;
	json_t *tree;

	json_object_foreach (scene->ledger_tree, key, tree)
		map_put(&scene->ledger, key, entry_of(scene, key, tree));
}

/* --- the server's part --- */

static void merge(json_t *to, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)from, key, value) {
		json_t *there = json_object_get(to, key);
		if (json_is_object(there) && json_is_object(value))
			merge(there, value);
		else if (json_is_null(value))
			json_object_del(to, key);
		else
			json_object_set_new(to, key, json_deep_copy(value));
	}
}

static enum err_code code_of(const char *name)
{
	for (enum err_code code = ERR_NONE; code <= ERR_INTERNAL; code++)
		if (!strcmp(err_code_name(code), name))
			return code;
	ck_abort_msg("'%s' is no code", name);
	return ERR_NONE;
}

/* What the server would make of it: what is there, with what was sent laid over it. */
static struct plan_answer *dry_run(const struct scene *scene, const struct manifest_object *object)
{
	const json_t *said = json_object_get(scene->answers_tree, object->key);
	const struct manifest_live_object *live = manifest_live_get(&scene->full, object->key);
	struct plan_answer *answer = mem_new(struct plan_answer);

	if (json_object_get(said, "code")) {
		answer->code = code_of(text_of(said, "code", ""));
		answer->message = mem_strdup(text_of(said, "message", ""));
		answer->field = mem_strdup(text_of(said, "field", NULL));
		return answer;
	}
	answer->tree = live ? json_deep_copy(live->body) : json_object();
	merge(answer->tree, object->body);
	merge(answer->tree, said);
	return answer;
}

/* Whether it could be created: yes, unless the case says otherwise. */
static struct plan_answer *dry_create(const struct scene *scene, const char *key)
{
	const json_t *said = json_object_get(scene->answers_tree, key);
	struct plan_answer *answer = mem_new(struct plan_answer);

	if (!said)
		return answer;
	answer->code = code_of(text_of(said, "code", ""));
	answer->message = mem_strdup(text_of(said, "message", ""));
	answer->field = mem_strdup(text_of(said, "field", NULL));
	return answer;
}

static struct plan_answer *node(const struct scene *scene)
{
	struct plan_answer *answer = mem_new(struct plan_answer);

	answer->tree = json_pack("{s:[s], s:[], s:[]}", "nodes", "kube1", "images", "listeners");
	merge(answer->tree, json_object_get(scene->answers_tree, "node"));
	return answer;
}

static void ask(struct scene *scene, const struct plan_question *question)
{
	cleanup_free char *object = question->id.name ? manifest_id_text(&question->id) : NULL;

	if (question->ask == PLAN_ASK_DRY_RUN) {
		buf_printf(&scene->asked, "asks for a dry run of %s\n", object);
		map_put(&scene->answers, question->key, dry_run(scene, question->object));
		return;
	}
	if (question->ask == PLAN_ASK_CREATE) {
		buf_printf(&scene->asked, "asks whether %s %s could be created\n",
			   question->id.kind, tree_path_string(question->body, "metadata.name"));
		map_put(&scene->answers, question->key, dry_create(scene, question->key));
		return;
	}
	if (question->ask == PLAN_ASK_SERVICES) {
		struct plan_answer *answer = mem_new(struct plan_answer);
		json_t *said = json_object_get(scene->answers_tree, "services");
		answer->tree = said ? json_incref(said) : json_object();
		buf_addstr(&scene->asked, "asks who has which address\n");
		map_put(&scene->answers, question->key, answer);
		return;
	}
	if (question->ask == PLAN_ASK_NODE) {
		buf_addstr(&scene->asked, "asks what the node has\n");
		map_put(&scene->answers, question->key, node(scene));
		return;
	}
	buf_printf(&scene->asked, "asks for the whole %s\n", object);
	const struct manifest_live_object *full = manifest_live_get(&scene->full, question->key);
	manifest_live_put(&scene->live, question->key, full ? full->body : NULL, full);
}

static struct plan *plan_scene(struct scene *scene, const struct plan_input *input)
{
	for (int round = 0; round < 6; round++) {
		struct plan *plan;
		plan_make(input, &plan);
		if (!plan->question_count)
			return plan;
		for (size_t i = 0; i < plan->question_count; i++)
			ask(scene, &plan->questions[i]);
		plan_free(plan);
	}
	ck_abort_msg("%s: the plan did not come to an end:\n%s", scene->name,
		     buf_str(&scene->asked));
	return NULL;
}

/* --- writing --- */

static void write_pull(const json_t *pod, struct buf *out)
{
	size_t i;
	json_t *container;

	buf_addstr(out, ", pulls");
	json_array_foreach (tree_path_get(pod, "spec.containers"), i, container)
		buf_printf(out, " %s (%s)", tree_path_string(container, "image"),
			   tree_path_string(container, "imagePullPolicy"));
}

static void write_steps(const struct plan *plan, struct buf *out)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		cleanup_free char *object = manifest_id_text(&step->id);
		const char *until = step->established ? " Established" : "";
		buf_printf(out, "%zu %s %s%s", i + 1, plan_action_name(step), object, until);
		if (step->action == PLAN_DELETE && step->replace == PLAN_REPLACE_WRITERS)
			buf_addstr(out, " and its pods");
		if (step->drift)
			buf_addstr(out, " (drift)");
		if (step->pull)
			write_pull(step->pull, out);
		for (size_t j = 0; j < step->after_count; j++)
			buf_printf(out, "%s %zu", j ? "" : " after", step->after[j] + 1);
		buf_addch(out, '\n');
	}
}

static void write_plan(const struct scene *scene, const struct plan *plan, struct buf *out)
{
	struct plan_totals totals = {0};

	buf_addstr(out, buf_str(&scene->asked));
	plan_print(plan, &(struct plan_print_options){0}, out);
	write_steps(plan, out);
	plan_count(plan, &totals);
	plan_print_totals(&totals, out);
	buf_addch(out, '\n');
}

static void compare(const struct scene *scene, const struct buf *got)
{
	cleanup_free char *path = path_of(scene, "plan.txt");
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *wanted = NULL;

	if (getenv("UPDATE_GOLDEN")) {
		must(file_write(path, got->data, got->len, 0644, &err), &err);
		return;
	}
	must(file_read(path, LIMIT, &wanted, NULL, &err), &err);
	if (strcmp(wanted, got->data) != 0)
		ck_abort_msg("%s\n--- wanted\n%s--- got\n%s", scene->name, wanted, got->data);
}

static void free_places(struct list *places)
{
	list_done(places);
	free(places);
}

static void read_contested(struct scene *scene)
{
	const json_t *objects = json_object_get(scene->options, "contested");
	const char *key;
	json_t *places;

	scene->contested = MAP_INIT(free_places);
	json_object_foreach ((json_t *)objects, key, places) {
		struct list *of_object = mem_new(struct list);
		list_of(objects, key, of_object);
		map_put(&scene->contested, key, of_object);
	}
}

static void scene_read(struct scene *scene)
{
	scene->options = read_tree(scene->name, "options.yaml");
	scene->ledger_tree = read_tree(scene->name, "ledger.yaml");
	scene->answers_tree = read_tree(scene->name, "answers.yaml");
	scene->app = app_of(scene->options);
	manifest_live_init(&scene->live);
	manifest_live_init(&scene->full);
	scene->ledger = MAP_INIT(state_entry_free);
	scene->answers = MAP_INIT(plan_answer_free);
	list_of(scene->options, "wantedElsewhere", &scene->wanted_elsewhere);
	list_of(scene->options, "inherited", &scene->inherited);
	list_of(scene->options, "keepKinds", &scene->keep_kinds);
	read_contested(scene);
	read_desired(scene);
	read_live(scene);
	read_ledger(scene);
}

static void scene_done(struct scene *scene)
{
	json_decref(scene->options);
	json_decref(scene->ledger_tree);
	json_decref(scene->answers_tree);
	manifest_app_unref(scene->app);
	manifest_live_done(&scene->live);
	manifest_live_done(&scene->full);
	map_done(&scene->ledger);
	map_done(&scene->answers);
	list_done(&scene->wanted_elsewhere);
	list_done(&scene->inherited);
	list_done(&scene->keep_kinds);
	map_done(&scene->contested);
	buf_done(&scene->asked);
}

START_TEST(test_plan__golden)
{
	struct scene scene = {.name = cases.items[_i]};
	cleanup_buf struct buf out = BUF_INIT;

	scene_read(&scene);
	const json_t *options = scene.options;
	struct plan_input input = {
		.app = scene.app,
		.live = &scene.live,
		.ledger = &scene.ledger,
		.answers = &scene.answers,
		.wanted_elsewhere = &scene.wanted_elsewhere,
		.inherited = &scene.inherited,
		.keep_kinds = &scene.keep_kinds,
		.contested = &scene.contested,
		.show = tree_path_true(options, "show"),
		.prune_allowed = !json_object_get(options, "pruneBlocked"),
		.prune_blocked = text_of(options, "pruneBlocked", NULL),
		.adopt = tree_path_true(options, "adopt"),
		.adopt_key = text_of(options, "adoptKey", NULL),
		.insist = tree_path_true(options, "insist"),
		.pinned = tree_path_true(options, "pinned"),
		.purge = tree_path_true(options, "purge"),
		.deletes_elsewhere = (size_t)tree_path_integer(options, "deletesElsewhere", 0),
		.apps_elsewhere = tree_path_integer(options, "deletesElsewhere", 0) > 0,
		.ledger_size = (size_t)tree_path_integer(options, "ledgerSize", 100),
		.only_key = text_of(options, "onlyKey", NULL),
		.force_replace = tree_path_true(options, "forceReplace"),
		.force = tree_path_true(options, "force"),
		.settle = tree_path_true(options, "settle"),
		.sweep = tree_path_true(options, "sweep"),
		.put_back = tree_path_true(options, "putBack"),
		.frozen = tree_path_true(options, "frozen"),
	};
	struct plan *plan = plan_scene(&scene, &input);
	write_plan(&scene, plan, &out);
	plan_free(plan);
	compare(&scene, &out);
	scene_done(&scene);
}
END_TEST

static void find_cases(void)
{
	DIR *dir = opendir(FOLDER);

	for (struct dirent *item; dir && (item = readdir(dir));)
		if (item->d_name[0] != '.' && !strchr(item->d_name, '.'))
			list_add(&cases, item->d_name);
	if (dir)
		closedir(dir);
	list_sort(&cases);
}

/* A folder that vanished must not pass for a folder without faults. */
START_TEST(test_plan__golden_cases_are_there)
{
	ck_assert_uint_ge(cases.n, 35);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("plan/golden");
	TCase *tests = tcase_create("golden");

	find_cases();
	tcase_add_loop_test(tests, test_plan__golden, 0, (int)cases.n);
	tcase_add_test(tests, test_plan__golden_cases_are_there);
	suite_add_tcase(suite, tests);
	return suite;
}
