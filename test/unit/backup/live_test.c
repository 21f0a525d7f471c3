/* What the API server lists, as a backup needs it. */
#include "backup/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"
#include "tree/path.h"

static json_t *parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

/* "[...]" each; NULL for none. */
static json_t *facts(const char *nodes, const char *pods, const char *volumes, const char *claims,
		     const char *machine)
{
	json_auto_t *a = parse(nodes ? nodes : "[]"), *b = parse(pods ? pods : "[]");
	json_auto_t *c = parse(volumes ? volumes : "[]"), *d = parse(claims ? claims : "[]");

	return backup_live_facts(a, b, c, d, machine);
}

static void says(const json_t *tree, const char *path, const char *want)
{
	const char *have = tree_path_string(tree, path);

	ck_assert_msg(have && !strcmp(have, want), "%s is '%s', not '%s'", path,
		      have ? have : "(none)", want);
}

#define POD(name, owner, labels, volumes)                                \
	"{\"metadata\": {\"namespace\": \"blog\", \"name\": \"" name     \
	"\", \"ownerReferences\": [" owner "], \"labels\": {" labels     \
	"}}, \"spec\": {\"nodeName\": \"kube1\", \"volumes\": [" volumes \
	"]}, \"status\": {\"phase\": \"Running\"}}"
#define OWNER(kind, name) "{\"kind\": \"" kind "\", \"name\": \"" name "\"}"
#define HOST(path)	  "{\"hostPath\": {\"path\": \"" path "\"}}"
#define CLAIM(name)	  "{\"persistentVolumeClaim\": {\"claimName\": \"" name "\"}}"

START_TEST(test_backup_live__who_made_a_pod)
{
	static const struct {
		const char *pod, *kind, *name;
	} cases[] = {
		{POD("ghost-7c9d-x2", OWNER("ReplicaSet", "ghost-7c9d"),
		     "\"pod-template-hash\": \"7c9d\"", HOST("/srv/a")),
		 "Deployment", "ghost"},
		{POD("db-0", OWNER("StatefulSet", "db"), "", HOST("/srv/a")), "StatefulSet", "db"},
		{POD("agent-x", OWNER("DaemonSet", "agent"), "", HOST("/srv/a")), "DaemonSet",
		 "agent"},
		{POD("archive-29012345-x", OWNER("Job", "archive-29012345"), "", HOST("/srv/a")),
		 "CronJob", "archive"},
		{POD("import-1-x", OWNER("Job", "import-1"), "", HOST("/srv/a")), "Job",
		 "import-1"},
		{POD("alone", "", "", HOST("/srv/a")), "Pod", "alone"},
		{POD("set-x", OWNER("ReplicaSet", "set"), "", HOST("/srv/a")), "ReplicaSet", "set"},
	};
	cleanup_free char *pods = mem_printf("[%s]", cases[_i].pod);
	json_auto_t *tree = facts(NULL, pods, NULL, NULL, "kube1");

	says(tree, "pods[0].kind", cases[_i].kind);
	says(tree, "pods[0].name", cases[_i].name);
	says(tree, "pods[0].paths[0]", "/srv/a");
}
END_TEST

START_TEST(test_backup_live__pods_that_keep_nothing_are_left_out)
{
	json_auto_t *tree = facts(
		NULL,
		"[" POD("a", "", "", "{\"emptyDir\": {}}") "," POD(
			"b", "", "",
			"{\"hostPath\": {\"path\": \"/run/x.sock\", \"type\": \"Socket\"}}") "]",
		NULL, NULL, "kube1");

	ck_assert_uint_eq(json_array_size(json_object_get(tree, "pods")), 0);
}
END_TEST

START_TEST(test_backup_live__pods_of_other_nodes_are_left_out)
{
	const char *nodes = "[{\"metadata\": {\"name\": \"kube1\"}}, {\"metadata\": {\"name\": "
			    "\"kube2\"}}]";
	const char *pods = "[" POD("a", "", "", HOST("/srv/a")) "]";
	json_auto_t *here = facts(nodes, pods, NULL, NULL, "KUBE1");
	json_auto_t *there = facts(nodes, pods, NULL, NULL, "kube2");
	json_auto_t *unknown = facts(nodes, pods, NULL, NULL, "else");

	says(here, "node", "kube1");
	ck_assert_uint_eq(json_array_size(json_object_get(here, "pods")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(there, "pods")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(unknown, "pods")), 1);
}
END_TEST

START_TEST(test_backup_live__the_only_node_is_this_one)
{
	json_auto_t *tree =
		facts("[{\"metadata\": {\"name\": \"cloud-7\"}}]", NULL, NULL, NULL, "kube1");

	says(tree, "node", "cloud-7");
}
END_TEST

#define VOLUME(phase, claim, rest)                                                        \
	"{\"metadata\": {\"name\": \"pv-" claim "\"}, \"spec\": {\"storageClassName\": "  \
	"\"local-path\", \"capacity\": {\"storage\": \"2Gi\"}, \"accessModes\": "         \
	"[\"ReadWriteOnce\"], \"claimRef\": {\"namespace\": \"blog\", \"name\": \"" claim \
	"\"}," rest "}, \"status\": {\"phase\": \"" phase "\"}}"

START_TEST(test_backup_live__claims)
{
	json_auto_t *tree = facts(
		NULL, NULL,
		"[" VOLUME("Bound", "a", "\"local\": {\"path\": \"/data/a\"}") "," VOLUME(
			"Bound", "b",
			"\"hostPath\": {\"path\": \"/data/b\"}") "," VOLUME("Bound", "c",
									    "\"nfs\": {\"server\": "
									    "\"x\"}") "," VOLUME("R"
												 "e"
												 "l"
												 "e"
												 "a"
												 "s"
												 "e"
												 "d",
												 "d",
												 "\"local\": {\"path\": \"/data/d\"}") "]",
		"[{\"metadata\": {\"namespace\": \"blog\", \"name\": \"a\", \"labels\": "
		"{\"app.kubernetes.io/instance\": \"immich\"}}}]",
		"kube1");

	says(tree, "claims[\"blog/a\"].path", "/data/a");
	says(tree, "claims[\"blog/a\"].form", "local");
	says(tree, "claims[\"blog/a\"].volume", "pv-a");
	says(tree, "claims[\"blog/a\"].class", "local-path");
	says(tree, "claims[\"blog/a\"].capacity", "2Gi");
	says(tree, "claims[\"blog/a\"].release", "immich");
	says(tree, "claims[\"blog/b\"].form", "hostPath");
	says(tree, "claims[\"blog/c\"].elsewhere", "nfs");
	ck_assert_ptr_null(tree_path_get(tree, "claims[\"blog/d\"]"));
}
END_TEST

START_TEST(test_backup_live__volumes_of_other_nodes)
{
	const char *nodes = "[{\"metadata\": {\"name\": \"kube1\"}}, {\"metadata\": {\"name\": "
			    "\"kube2\"}}]";
	const char *volumes =
		"[" VOLUME("Bound", "a",
			   "\"local\": {\"path\": \"/data/a\"}, \"nodeAffinity\": {\"required\": "
			   "{\"nodeSelectorTerms\": [{\"matchExpressions\": [{\"key\": "
			   "\"kubernetes.io/hostname\", \"operator\": \"In\", \"values\": "
			   "[\"kube2\"]}]}]}}") "]";
	json_auto_t *here = facts(nodes, NULL, volumes, NULL, "kube2");
	json_auto_t *there = facts(nodes, NULL, volumes, NULL, "kube1");

	says(here, "claims[\"blog/a\"].path", "/data/a");
	says(there, "claims[\"blog/a\"].elsewhere", "another node");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/live");
	TCase *tests = tcase_create("live");

	tcase_add_loop_test(tests, test_backup_live__who_made_a_pod, 0, 7);
	tcase_add_test(tests, test_backup_live__pods_that_keep_nothing_are_left_out);
	tcase_add_test(tests, test_backup_live__pods_of_other_nodes_are_left_out);
	tcase_add_test(tests, test_backup_live__the_only_node_is_this_one);
	tcase_add_test(tests, test_backup_live__claims);
	tcase_add_test(tests, test_backup_live__volumes_of_other_nodes);
	suite_add_tcase(suite, tests);
	return suite;
}
