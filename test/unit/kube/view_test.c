#include "kube/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "harness/suite.h"

#define cleanup_view __attribute__((cleanup(kube_view_done)))

#define EVENT(type, name, version)                                                    \
	"{\"type\": \"" type "\", \"object\": {\"kind\": \"PartialObjectMetadata\", " \
	"\"metadata\": {\"name\": \"" name                                            \
	"\", \"namespace\": \"n\", \"resourceVersion\": \"" version "\"}}}"
#define INITIAL_END                                                                          \
	"{\"type\": \"BOOKMARK\", \"object\": {\"metadata\": {\"resourceVersion\": \"50\", " \
	"\"annotations\": {\"k8s.io/initial-events-end\": \"true\"}}}}"

static void note(void *context, const char *key, json_t *object)
{
	list_printf(context, "%s%s", object ? "" : "-", strrchr(key, '/') + 1);
}

static struct kube_view view_of(struct list *told)
{
	struct kube_view view;

	kube_view_init(&view, "", "ConfigMap");
	view.changed = note;
	view.context = told;
	kube_view_begin(&view, true);
	return view;
}

static void frame(struct kube_view *view, const char *line, enum kube_view_verdict verdict)
{
	ck_assert_int_eq(kube_view_frame(view, line, strlen(line)), verdict);
}

static void told_is(struct list *told, const char *all)
{
	cleanup_free char *joined = list_join(told, " ");

	ck_assert_str_eq(joined, all);
	list_done(told);
}

/* Two objects, live. */
static struct kube_view live_view(struct list *told)
{
	struct kube_view view = view_of(told);

	frame(&view, EVENT("ADDED", "a", "1"), KUBE_VIEW_FINE);
	frame(&view, EVENT("ADDED", "b", "2"), KUBE_VIEW_FINE);
	frame(&view, INITIAL_END, KUBE_VIEW_LIVE);
	told_is(told, "a b");
	return view;
}

START_TEST(test_kube_view__tells_changes_once)
{
	struct list told = LIST_INIT;
	cleanup_view struct kube_view view = live_view(&told);

	ck_assert_str_eq(view.version, "50");
	frame(&view, EVENT("MODIFIED", "a", "60"), KUBE_VIEW_FINE);
	frame(&view, EVENT("MODIFIED", "a", "60"), KUBE_VIEW_FINE);
	frame(&view, EVENT("DELETED", "b", "61"), KUBE_VIEW_FINE);
	frame(&view, EVENT("DELETED", "b", "61"), KUBE_VIEW_FINE);
	told_is(&told, "a -b");
	ck_assert_str_eq(view.version, "61");
}
END_TEST

START_TEST(test_kube_view__bookmarks_move_the_version)
{
	struct list told = LIST_INIT;
	cleanup_view struct kube_view view = live_view(&told);

	frame(&view,
	      "{\"type\": \"BOOKMARK\", \"object\": {\"metadata\": {\"resourceVersion\": \"99\"}}}",
	      KUBE_VIEW_FINE);
	ck_assert_str_eq(view.version, "99");
	told_is(&told, "");
}
END_TEST

/* Nothing is gone before the new snapshot says so to its end. */
START_TEST(test_kube_view__a_new_snapshot_sweeps_only_when_complete)
{
	struct list told = LIST_INIT;
	cleanup_view struct kube_view view = live_view(&told);

	kube_view_begin(&view, true);
	frame(&view, EVENT("ADDED", "b", "2"), KUBE_VIEW_FINE);
	kube_view_begin(&view, true); /* the stream broke; once more */
	told_is(&told, "");
	frame(&view, EVENT("ADDED", "b", "2"), KUBE_VIEW_FINE);
	frame(&view, EVENT("ADDED", "c", "3"), KUBE_VIEW_FINE);
	told_is(&told, "c");
	frame(&view, INITIAL_END, KUBE_VIEW_LIVE);
	told_is(&told, "-a");
}
END_TEST

START_TEST(test_kube_view__an_expired_version_deletes_nothing)
{
	struct list told = LIST_INIT;
	cleanup_view struct kube_view view = live_view(&told);

	frame(&view,
	      "{\"type\": \"ERROR\", \"object\": {\"kind\": \"Status\", \"code\": 410, \"reason\": "
	      "\"Expired\"}}",
	      KUBE_VIEW_EXPIRED);
	frame(&view, EVENT("DELETED", "a", "61"), KUBE_VIEW_FINE); /* no longer read */
	told_is(&told, "");
}
END_TEST

START_TEST(test_kube_view__what_is_not_understood_breaks_the_stream)
{
	static const char *const lines[] = {
		"{\"type\": \"ADDED\", \"object\": {\"metada",
		"{\"type\": \"ADDED\"}",
		"{\"type\": \"ERROR\", \"object\": {\"code\": 500}}",
		"not json",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct list told = LIST_INIT;
		cleanup_view struct kube_view view = live_view(&told);
		frame(&view, lines[i], KUBE_VIEW_BROKEN);
		told_is(&told, "");
	}
}
END_TEST

START_TEST(test_kube_view__a_list_is_a_snapshot_too)
{
	struct list told = LIST_INIT;
	cleanup_view struct kube_view view = live_view(&told);
	json_auto_t *c = json_pack("{s:{s:s, s:s, s:s}}", "metadata", "name", "c", "namespace", "n",
				   "resourceVersion", "7");

	kube_view_begin(&view, true);
	kube_view_put(&view, c);
	kube_view_complete(&view, "70");
	told_is(&told, "c -a -b");
	ck_assert_str_eq(view.version, "70");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/view");
	TCase *tests = tcase_create("view");

	tcase_add_test(tests, test_kube_view__tells_changes_once);
	tcase_add_test(tests, test_kube_view__bookmarks_move_the_version);
	tcase_add_test(tests, test_kube_view__a_new_snapshot_sweeps_only_when_complete);
	tcase_add_test(tests, test_kube_view__an_expired_version_deletes_nothing);
	tcase_add_test(tests, test_kube_view__what_is_not_understood_breaks_the_stream);
	tcase_add_test(tests, test_kube_view__a_list_is_a_snapshot_too);
	suite_add_tcase(suite, tests);
	return suite;
}
