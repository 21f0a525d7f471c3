#include "job.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "harness/suite.h"

#define PATIENCE_MS 5000

/* What the jobs of one test do and did. Work is a text: "wait" waits until it is canceled or the
 * gate opens, "sleep" the same on the pool's clock, "block" until the gate opens, "retry" is tried
 * three times, "postpone" until the gate is open. */
struct stage {
	pthread_mutex_t lock;
	struct list begun, ended, released;
	int running, most_running, tries;
	bool gate, overlapped;
	struct list busy; /* names that run now */
	struct job_pool *pool;
};

static bool gate_is_open(struct stage *stage)
{
	pthread_mutex_lock(&stage->lock);
	bool open = stage->gate;
	pthread_mutex_unlock(&stage->lock);
	return open;
}

static void open_gate(struct stage *stage)
{
	pthread_mutex_lock(&stage->lock);
	stage->gate = true;
	pthread_mutex_unlock(&stage->lock);
}

static void note_begin(struct stage *stage, const struct job *job)
{
	pthread_mutex_lock(&stage->lock);
	list_printf(&stage->begun, "%s %s", job->name, job->key ? job->key : (char *)job->work);
	stage->overlapped |= list_has(&stage->busy, job->name);
	list_add(&stage->busy, job->name);
	if (++stage->running > stage->most_running)
		stage->most_running = stage->running;
	pthread_mutex_unlock(&stage->lock);
}

static void note_end(struct stage *stage, const struct job *job)
{
	struct list rest = LIST_INIT;

	pthread_mutex_lock(&stage->lock);
	for (size_t i = 0; i < stage->busy.n; i++)
		if (strcmp(stage->busy.items[i], job->name) != 0)
			list_add(&rest, stage->busy.items[i]);
	list_done(&stage->busy);
	stage->busy = rest;
	stage->running--;
	list_printf(&stage->ended, "%s%s", job->name,
		    cancel_raised(job->cancel) ? " canceled" : "");
	pthread_mutex_unlock(&stage->lock);
}

static enum job_outcome act(struct stage *stage, const struct job *job)
{
	const char *work = job->key ? "repair" : job->work;
	const struct clock *clock = !strcmp(work, "sleep") ? job_clock(stage->pool) : &clock_real;

	if (!strcmp(work, "postpone"))
		return gate_is_open(stage) ? JOB_DONE : JOB_POSTPONED;
	if (!strcmp(work, "retry"))
		return job->tries < 3 ? JOB_RETRY : JOB_DONE;
	while (!strcmp(work, "block") && !gate_is_open(stage))
		usleep(1000);
	while ((!strcmp(work, "wait") || !strcmp(work, "sleep")) && !gate_is_open(stage))
		if (!clock->sleep(clock, 5, job->cancel))
			break;
	return JOB_DONE;
}

static enum job_outcome run(void *context, const struct job *job)
{
	struct stage *stage = context;

	note_begin(stage, job);
	enum job_outcome outcome = act(stage, job);
	note_end(stage, job);
	return outcome;
}

static void release(void *context, void *work)
{
	struct stage *stage = context;

	pthread_mutex_lock(&stage->lock);
	list_add(&stage->released, work);
	pthread_mutex_unlock(&stage->lock);
}

static struct stage stage;

static void set_up(void)
{
	stage = (struct stage){.lock = PTHREAD_MUTEX_INITIALIZER};
	stage.pool = job_pool_new(&(struct job_pool_options){.active = 3,
							     .run = run,
							     .release = release,
							     .context = &stage,
							     .pause = 10,
							     .pause_max = 20});
}

static void tear_down(void)
{
	job_pool_free(stage.pool);
	list_done(&stage.begun);
	list_done(&stage.ended);
	list_done(&stage.released);
	list_done(&stage.busy);
}

static size_t count(const struct list *list)
{
	pthread_mutex_lock(&stage.lock);
	size_t n = list->n;
	pthread_mutex_unlock(&stage.lock);
	return n;
}

static void await(const struct list *list, size_t n)
{
	for (int i = 0; i < PATIENCE_MS && count(list) < n; i++)
		usleep(1000);
	ck_assert_uint_ge(count(list), n);
}

static void submit(const char *name, const char *work)
{
	job_submit(stage.pool, name, (void *)work);
}

START_TEST(test_job__one_at_a_time_for_an_app)
{
	for (int i = 0; i < 20; i++) {
		submit("a", "now");
		job_repair(stage.pool, "a", "key", NULL);
		submit("b", "now");
	}
	await(&stage.released, 40);
	ck_assert(!stage.overlapped);
}
END_TEST

START_TEST(test_job__apps_run_side_by_side_up_to_the_limit)
{
	submit("a", "wait");
	submit("b", "wait");
	submit("c", "wait");
	submit("d", "wait");
	await(&stage.begun, 3);
	usleep(30000);
	ck_assert_uint_eq(count(&stage.begun), 3);
	open_gate(&stage);
	await(&stage.released, 4);
	ck_assert_int_eq(stage.most_running, 3);
}
END_TEST

START_TEST(test_job__who_sleeps_holds_up_nobody)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

	for (size_t i = 0; i < 8; i++)
		submit(names[i], "sleep");
	await(&stage.begun, 8);
	submit("z", "now");
	await(&stage.released, 1);
	ck_assert_str_eq(stage.ended.items[0], "z");
	open_gate(&stage);
	await(&stage.released, 9);
}
END_TEST

START_TEST(test_job__newer_work_takes_the_place_and_ends_the_wait)
{
	submit("a", "block");
	await(&stage.begun, 1);
	submit("a", "second");
	submit("a", "third");
	open_gate(&stage);
	await(&stage.ended, 2);
	await(&stage.released, 3);
	ck_assert_str_eq(stage.ended.items[0], "a canceled");
	ck_assert_str_eq(stage.begun.items[1], "a third");
	ck_assert(list_has(&stage.released, "second"));
	ck_assert(!list_has(&stage.begun, "a second"));
}
END_TEST

START_TEST(test_job__repairs_of_one_object_are_one)
{
	submit("a", "wait");
	await(&stage.begun, 1);
	for (int i = 0; i < 10; i++)
		job_repair(stage.pool, "a", "key", NULL);
	job_repair(stage.pool, "a", "other", NULL);
	open_gate(&stage);
	await(&stage.ended, 3);
	usleep(20000);
	ck_assert_uint_eq(count(&stage.begun), 3);
	ck_assert(list_has(&stage.begun, "a key"));
	ck_assert(list_has(&stage.begun, "a other"));
}
END_TEST

START_TEST(test_job__a_settled_object_is_not_repaired)
{
	submit("a", "wait");
	await(&stage.begun, 1);
	job_repair(stage.pool, "a", "key", NULL);
	job_settled(stage.pool, "key");
	open_gate(&stage);
	await(&stage.released, 1);
	usleep(20000);
	ck_assert(!list_has(&stage.begun, "a key"));
	ck_assert(!job_is_busy(stage.pool, "a"));
}
END_TEST

START_TEST(test_job__work_covers_the_repairs_that_wait)
{
	submit("a", "wait");
	await(&stage.begun, 1);
	job_repair(stage.pool, "a", "key", NULL);
	submit("a", "all");
	await(&stage.released, 2);
	usleep(20000);
	ck_assert(list_has(&stage.begun, "a all"));
	ck_assert(!list_has(&stage.begun, "a key"));
}
END_TEST

START_TEST(test_job__what_fails_is_tried_again)
{
	submit("a", "retry");
	await(&stage.released, 1);
	ck_assert_uint_eq(count(&stage.begun), 4);
}
END_TEST

START_TEST(test_job__a_failing_app_is_repaired_all_the_same)
{
	job_pool_free(stage.pool);
	stage.pool = job_pool_new(&(struct job_pool_options){
		.run = run, .release = release, .context = &stage, .pause = 60000});
	submit("a", "retry");
	await(&stage.ended, 1);
	job_repair(stage.pool, "a", "key", NULL);
	await(&stage.ended, 2);
	ck_assert_str_eq(stage.begun.items[1], "a key");
	job_hurry(stage.pool);
	await(&stage.ended, 3);
	ck_assert_str_eq(stage.begun.items[2], "a retry");
}
END_TEST

START_TEST(test_job__postponed_work_goes_on_when_another_has_ended)
{
	submit("a", "postpone");
	await(&stage.ended, 1);
	open_gate(&stage);
	submit("b", "now");
	await(&stage.released, 2);
	ck_assert_str_eq(stage.released.items[1], "postpone");
}
END_TEST

START_TEST(test_job__cancel_ends_waits_and_releases_all)
{
	submit("a", "block");
	submit("b", "sleep");
	await(&stage.begun, 2);
	submit("a", "never");
	job_cancel_all(stage.pool);
	open_gate(&stage);
	await(&stage.released, 3);
	submit("c", "late");
	ck_assert(list_has(&stage.released, "late"));
	ck_assert(!list_has(&stage.begun, "a never"));
	ck_assert(job_is_alive(stage.pool));
}
END_TEST

START_TEST(test_job__an_app_is_dropped_with_its_instances)
{
	submit("ghost@a", "wait");
	submit("ghosts", "wait");
	await(&stage.begun, 2);
	job_drop(stage.pool, "ghost");
	await(&stage.ended, 1);
	usleep(20000);
	ck_assert_uint_eq(count(&stage.ended), 1);
	ck_assert_str_eq(stage.ended.items[0], "ghost@a canceled");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/job");
	TCase *tests = tcase_create("job");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_job__one_at_a_time_for_an_app);
	tcase_add_test(tests, test_job__apps_run_side_by_side_up_to_the_limit);
	tcase_add_test(tests, test_job__who_sleeps_holds_up_nobody);
	tcase_add_test(tests, test_job__newer_work_takes_the_place_and_ends_the_wait);
	tcase_add_test(tests, test_job__repairs_of_one_object_are_one);
	tcase_add_test(tests, test_job__a_settled_object_is_not_repaired);
	tcase_add_test(tests, test_job__work_covers_the_repairs_that_wait);
	tcase_add_test(tests, test_job__what_fails_is_tried_again);
	tcase_add_test(tests, test_job__a_failing_app_is_repaired_all_the_same);
	tcase_add_test(tests, test_job__postponed_work_goes_on_when_another_has_ended);
	tcase_add_test(tests, test_job__cancel_ends_waits_and_releases_all);
	tcase_add_test(tests, test_job__an_app_is_dropped_with_its_instances);
	suite_add_tcase(suite, tests);
	return suite;
}
