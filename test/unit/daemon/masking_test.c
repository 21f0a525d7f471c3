#include "masking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/json.h"

#define SECRET "hunter2-secret"

/* What a process prints on a stream whose streams are covered. */
static char *printed(int fd, void (*print)(struct masking *masking))
{
	struct buf output = BUF_INIT;
	char part[4096];
	int ends[2];
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], fd);
		struct masking *masking = masking_new();
		mask_add(masking_mask(masking), SECRET, strlen(SECRET));
		print(masking);
		masking_free(masking);
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], part, sizeof(part))) > 0)
		buf_add(&output, part, (size_t)n);
	close(ends[0]);
	waitpid(child, NULL, 0);
	return buf_steal(&output);
}

static void print_all_ways(struct masking *masking)
{
	(void)masking;
	printf("%s %s\n", "is", SECRET);
	fputs("puts " SECRET "\n", stdout);
	fwrite(SECRET, 1, strlen(SECRET), stdout);
	putchar('\n');
	fflush(stdout);
	printf("base64 aHVudGVyMi1zZWNyZXQ= end\n");
}

static void print_errors(struct masking *masking)
{
	(void)masking;
	fprintf(stderr, "desired: %s\n", SECRET);
	fputs(SECRET "\n", stderr);
}

static void print_plain(struct masking *masking)
{
	masking_reveal(masking);
	printf(SECRET "\n");
}

static void print_json(struct masking *masking)
{
	(void)masking;
	fputs("{\"hunter2-secret\": 1, \"a\": \"say " SECRET "\", \"b\": [1.5, \"\"]}", stdout);
}

/* More than stdio hands over at once; the secrets stand everywhere, also where it is cut. */
static void print_much(struct masking *masking)
{
	(void)masking;
	for (int i = 0; i < 200000; i++)
		printf("%d " SECRET "\n", i);
}

START_TEST(test_masking__covers_the_streams)
{
	cleanup_free char *out = printed(STDOUT_FILENO, print_all_ways);
	cleanup_free char *err = printed(STDERR_FILENO, print_errors);
	cleanup_free char *plain = printed(STDOUT_FILENO, print_plain);

	ck_assert_str_eq(out, "is ***\nputs ***\n***\nbase64 ***= end\n");
	ck_assert_str_eq(err, "desired: ***\n***\n");
	ck_assert_str_eq(plain, SECRET "\n");
}
END_TEST

START_TEST(test_masking__json_stays_json)
{
	cleanup_free char *text = printed(STDOUT_FILENO, print_json);
	struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "output", true, &tree, &err), &err);
	ck_assert_str_eq(json_string_value(json_object_get(tree, "a")), "say ***");
	ck_assert_ptr_nonnull(json_object_get(tree, SECRET));
}
END_TEST

START_TEST(test_masking__much_output_is_covered_too)
{
	cleanup_free char *text = printed(STDOUT_FILENO, print_much);

	ck_assert_ptr_null(strstr(text, "hunter"));
	ck_assert_ptr_null(strstr(text, "secret"));
	ck_assert_ptr_nonnull(strstr(text, "\n199999 ***\n"));
}
END_TEST

/* --- events --- */

static char *heard;

static void hear(struct event_sink *sink, const struct event *event)
{
	(void)sink;
	heard = mem_printf("%s|%s|%s|%s|%s", event->message, event->app, event->object_kind,
			   event->object_name, event->step ? event->step : "none");
}

START_TEST(test_masking__events_are_masked_on_their_way)
{
	struct masking *masking = masking_new();
	struct event_sink behind = {.emit = hear};
	struct event event = {.kind = EVENT_FAILED,
			      .app = "blog",
			      .object_kind = "Secret",
			      .object_name = "of-" SECRET,
			      .message = "Invalid value: \"" SECRET "\""};

	mask_add(masking_mask(masking), SECRET, strlen(SECRET));
	struct event_sink *sink = masking_sink(masking, &behind);
	sink->emit(sink, &event);
	masking_free(masking);
	ck_assert_str_eq(heard, "Invalid value: \"***\"|blog|Secret|of-***|none");
	free(heard);
}
END_TEST

/* --- what was secret once --- */

static void add_object(struct manifest_app *app, const char *json)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	struct err err = ERR_INIT;

	must(tree_json_parse(json, strlen(json), "object", true, &object->body, &err), &err);
	manifest_app_add(app, object);
}

START_TEST(test_masking__old_secrets_stay_masked)
{
	cleanup_free char *dir = temp_dir();
	struct masking *masking = masking_new();
	struct manifest_set *set = manifest_set_new();
	struct manifest_app *app = manifest_app_new("blog", NULL);
	struct err err = ERR_INIT;

	manifest_set_add(set, app);
	add_object(app, "{\"kind\": \"ConfigMap\", \"data\": {\"a\": \"first line\\nurl: "
			"postgres://u:hunter2-secret@h\\nlast line\"}}");
	add_object(app, "{\"kind\": \"Secret\", \"stringData\": {\"a\": \"in a Secret: "
			"hunter2-secret\"}}");
	mask_add(masking_mask(masking), SECRET, strlen(SECRET));
	must(masking_keep(masking, set, dir, &err), &err);
	masking_free(masking);
	manifest_set_unref(set);
	cleanup_free char *kept = temp_read(dir, "masked.json");
	ck_assert_ptr_nonnull(strstr(kept, "url: postgres://u:hunter2-secret@h"));
	ck_assert_ptr_null(strstr(kept, "first line"));
	ck_assert_ptr_null(strstr(kept, "in a Secret"));

	masking = masking_new();
	masking_recall(masking, dir);
	cleanup_free char *text =
		mask_text(masking_mask(masking), "from url: postgres://u:hunter2-secret@h to", 42);
	masking_free(masking);
	ck_assert_str_eq(text, "from *** to");
}
END_TEST

START_TEST(test_masking__nothing_is_kept_where_nothing_is_secret)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "masked.json");
	struct masking *masking = masking_new();
	struct manifest_set *set = manifest_set_new();
	struct err err = ERR_INIT;

	must(masking_keep(masking, set, dir, &err), &err);
	masking_recall(masking, dir);
	masking_free(masking);
	manifest_set_unref(set);
	ck_assert(!file_exists(path));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/masking");
	TCase *tests = tcase_create("masking");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_masking__covers_the_streams);
	tcase_add_test(tests, test_masking__json_stays_json);
	tcase_add_test(tests, test_masking__much_output_is_covered_too);
	tcase_add_test(tests, test_masking__events_are_masked_on_their_way);
	tcase_add_test(tests, test_masking__old_secrets_stay_masked);
	tcase_add_test(tests, test_masking__nothing_is_kept_where_nothing_is_secret);
	suite_add_tcase(suite, tests);
	return suite;
}
