#include "tasks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "terminal.h"
#include "tree/json.h"

#define LINES_MAX 10000
#define KEPT	  8 /* finished tasks may still be read */

struct task {
	int number;
	char *app;
	struct list lines;
	bool finished;
};

struct tasks {
	struct event_sink sink; /* first: a sink is its tasks */
	struct event_sink *behind;
	void (*news)(void *context);
	void *context;
	pthread_mutex_t lock;
	struct task *items[KEPT]; /* by number modulo KEPT */
	int last;
	bool ended;
};

static void task_free(struct task *task)
{
	if (!task)
		return;
	list_done(&task->lines);
	free(task->app);
	free(task);
}

static bool concerns(const struct task *task, const struct event *event)
{
	size_t n = task->app ? strlen(task->app) : 0;

	if (!task->app || !event->app)
		return true;
	return !strncmp(event->app, task->app, n) &&
	       (event->app[n] == '\0' || event->app[n] == '@');
}

static char *line_of(const struct event *event)
{
	cleanup_free char *text = terminal_event_line(event->app, event->message);
	json_auto_t *tree = json_pack("{s:s, s:s*, s:s}", "event", event_kind_name(event->kind),
				      "app", event->app, "message", text);

	return tree_json_dump(tree);
}

static void emit(struct event_sink *sink, const struct event *event)
{
	struct tasks *tasks = (struct tasks *)sink;
	bool news = false;

	tasks->behind->emit(tasks->behind, event);
	pthread_mutex_lock(&tasks->lock);
	for (int i = 0; i < KEPT; i++) {
		struct task *task = tasks->items[i];
		if (!task || task->finished || task->lines.n >= LINES_MAX || !concerns(task, event))
			continue;
		list_take(&task->lines, line_of(event));
		news = true;
	}
	pthread_mutex_unlock(&tasks->lock);
	if (news)
		tasks->news(tasks->context);
}

struct tasks *tasks_new(struct event_sink *behind, void (*news)(void *context), void *context)
{
	struct tasks *tasks = mem_new(struct tasks);

	tasks->sink.emit = emit;
	tasks->behind = behind;
	tasks->news = news;
	tasks->context = context;
	pthread_mutex_init(&tasks->lock, NULL);
	return tasks;
}

struct event_sink *tasks_sink(struct tasks *tasks)
{
	return &tasks->sink;
}

int tasks_open(struct tasks *tasks, const char *app)
{
	struct task *task = mem_new(struct task);

	task->app = mem_strdup(app);
	pthread_mutex_lock(&tasks->lock);
	task->number = ++tasks->last;
	struct task **place = &tasks->items[task->number % KEPT];
	task_free(*place);
	*place = task;
	int number = task->number;
	pthread_mutex_unlock(&tasks->lock);
	return number;
}

static struct task *find(const struct tasks *tasks, int number)
{
	struct task *task = number > 0 ? tasks->items[number % KEPT] : NULL;

	return task && task->number == number ? task : NULL;
}

void tasks_finish(struct tasks *tasks, int number, json_t *result_stolen)
{
	json_auto_t *line = json_pack("{s:o}", "result", result_stolen);

	pthread_mutex_lock(&tasks->lock);
	struct task *task = find(tasks, number);
	if (task && !task->finished) {
		list_take(&task->lines, tree_json_dump(line));
		task->finished = true;
	}
	pthread_mutex_unlock(&tasks->lock);
	if (task)
		tasks->news(tasks->context);
}

char *tasks_read(struct tasks *tasks, int number, size_t *position, bool *ret_end)
{
	char *line = NULL;

	pthread_mutex_lock(&tasks->lock);
	const struct task *task = find(tasks, number);
	if (task && *position < task->lines.n)
		line = mem_strdup(task->lines.items[(*position)++]);
	*ret_end = !line && (!task || task->finished || tasks->ended);
	pthread_mutex_unlock(&tasks->lock);
	return line;
}

void tasks_end(struct tasks *tasks)
{
	pthread_mutex_lock(&tasks->lock);
	tasks->ended = true;
	pthread_mutex_unlock(&tasks->lock);
	tasks->news(tasks->context);
}

void tasks_free(struct tasks *tasks)
{
	if (!tasks)
		return;
	for (int i = 0; i < KEPT; i++)
		task_free(tasks->items[i]);
	pthread_mutex_destroy(&tasks->lock);
	free(tasks);
}
