#include "tasks.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

static void hear(struct event_sink *sink, const struct event *event)
{
	(void)sink, (void)event;
}

static struct event_sink ear = {.emit = hear};
static int news;

static void on_news(void *context)
{
	(void)context;
	news++;
}

static void say(struct tasks *tasks, const char *app, const char *text)
{
	event_emit(tasks_sink(tasks), (struct event){.kind = EVENT_CREATED, .app = app}, "%s",
		   text);
}

START_TEST(test_tasks__a_reader_gets_lines_and_then_the_result)
{
	struct tasks *tasks = tasks_new(&ear, on_news, NULL);
	int number = tasks_open(tasks, "ghost");
	size_t position = 0;
	bool end;

	news = 0;
	say(tasks, "ghost@a", "Service x created");
	say(tasks, "ghosts", "Service y created");
	cleanup_free char *first = tasks_read(tasks, number, &position, &end);
	ck_assert_str_eq(first, "{\"event\":\"created\",\"app\":\"ghost@a\",\"message\":"
				"\"ghost@a: Service x created\"}");
	ck_assert_ptr_null(tasks_read(tasks, number, &position, &end));
	ck_assert(!end);
	tasks_finish(tasks, number, json_pack("{s:i}", "failed", 0));
	cleanup_free char *last = tasks_read(tasks, number, &position, &end);
	ck_assert_str_eq(last, "{\"result\":{\"failed\":0}}");
	ck_assert_ptr_null(tasks_read(tasks, number, &position, &end));
	ck_assert(end);
	ck_assert_int_eq(news, 2);
	tasks_free(tasks);
}
END_TEST

START_TEST(test_tasks__an_unknown_one_is_at_its_end)
{
	struct tasks *tasks = tasks_new(&ear, on_news, NULL);
	size_t position = 0;
	bool end;

	ck_assert_ptr_null(tasks_read(tasks, 3, &position, &end));
	ck_assert(end);
	ck_assert_ptr_null(tasks_read(tasks, -1, &position, &end));
	ck_assert(end);
	tasks_finish(tasks, 0, json_object());
	tasks_free(tasks);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/tasks");
	TCase *tests = tcase_create("tasks");

	tcase_add_test(tests, test_tasks__a_reader_gets_lines_and_then_the_result);
	tcase_add_test(tests, test_tasks__an_unknown_one_is_at_its_end);
	suite_add_tcase(suite, tests);
	return suite;
}
