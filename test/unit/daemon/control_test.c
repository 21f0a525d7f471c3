#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/path.h"

/* A loop on a thread of its own that answers a few paths. */
struct service {
	struct loop *loop;
	struct control *control;
	struct loop_timer *timer;
	struct control_call *late;
	pthread_t thread;
	char *path;
	int lines; /* of the stream, so far */
};

static struct service service;

static char *read_line(void *context, int number, size_t *position, bool *ret_end)
{
	const struct service *self = context;

	*ret_end = *position == 3;
	if (*ret_end || *position >= (size_t)self->lines)
		return NULL;
	return mem_printf("{\"n\": %d, \"line\": %zu}", number, ++*position);
}

static void answer_late(void *context)
{
	struct service *self = context;

	if (self->late)
		control_answer(self->late, 200, json_pack("{s:s}", "answer", "late"));
	self->late = NULL;
	if (self->lines < 3)
		self->lines++;
	control_wake(self->control);
}

static void handle(void *context, struct control_call *call)
{
	struct service *self = context;

	if (!strcmp(control_path(call), "/late"))
		self->late = call;
	else if (!strcmp(control_path(call), "/lines"))
		control_stream(call, read_line, self, 7);
	else
		control_answer(call, 200,
			       json_pack("{s:s, s:s, s:O?}", "path", control_path(call), "who",
					 control_who(call), "body", (json_t *)control_body(call)));
}

static void *serve(void *context)
{
	loop_run(((struct service *)context)->loop);
	return NULL;
}

static void set_up(void)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *dir = temp_dir();

	service = (struct service){.path = mem_printf("%s/run/control", dir)};
	service.loop = loop_new();
	must(control_open(service.loop, service.path, NULL, handle, &service, &service.control,
			  &err),
	     &err);
	service.timer = loop_timer_new(service.loop, answer_late, &service);
	loop_timer_start(service.timer, 50, 50);
	pthread_create(&service.thread, NULL, serve, &service);
}

static void stop(void *context)
{
	loop_stop(((struct service *)context)->loop);
}

static void tear_down(void)
{
	loop_post(service.loop, stop, &service);
	pthread_join(service.thread, NULL);
	control_close(service.control);
	loop_timer_free(service.timer);
	loop_free(service.loop);
	ck_assert(!file_exists(service.path));
	mem_cleanup(&service.path);
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, service.path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Sends a request and reads until the server closes. Caller frees. */
static char *ask(const char *head, const char *body)
{
	cleanup_fd int fd = dial();
	cleanup_free char *request =
		mem_printf("%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n"
			   "\r\n%s",
			   head, strlen(body), body);
	struct buf answer = BUF_INIT;
	char part[4096];
	ssize_t n;

	ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_add(&answer, part, (size_t)n);
	return buf_steal(&answer);
}

START_TEST(test_control__answers_with_json)
{
	cleanup_free char *answer = ask("POST /v1/x", "{\"app\": \"ghost\"}");

	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200 OK"));
	ck_assert_ptr_nonnull(strstr(answer, "\"path\": \"/v1/x\""));
	ck_assert_ptr_nonnull(strstr(answer, "\"app\": \"ghost\""));
	ck_assert_ptr_nonnull(strstr(answer, geteuid() ? "\"who\": \"uid" : "\"who\": \"root\""));
}
END_TEST

START_TEST(test_control__only_its_owner_may_use_it)
{
	struct stat st;

	ck_assert_int_eq(stat(service.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_control__an_answer_may_come_later)
{
	cleanup_free char *answer = ask("GET /late", "");

	ck_assert_ptr_nonnull(strstr(answer, "\"answer\": \"late\""));
}
END_TEST

START_TEST(test_control__lines_come_one_by_one)
{
	cleanup_free char *answer = ask("GET /lines", "");

	ck_assert_ptr_nonnull(strstr(answer, "{\"n\": 7, \"line\": 1}\n"));
	ck_assert_ptr_nonnull(strstr(answer, "{\"n\": 7, \"line\": 3}\n"));
}
END_TEST

START_TEST(test_control__a_body_that_is_no_json_is_refused)
{
	cleanup_free char *answer = ask("POST /v1/x", "{");

	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 400"));
	ck_assert_ptr_nonnull(strstr(answer, "\"code\": \"invalid\""));
}
END_TEST

START_TEST(test_control__a_slow_client_holds_up_nobody)
{
	cleanup_fd int slow = dial();

	ck_assert_int_eq(write(slow, "POST /v1/", 9), 9);
	cleanup_free char *answer = ask("GET /quick", "");
	ck_assert_ptr_nonnull(strstr(answer, "\"path\": \"/quick\""));
}
END_TEST

START_TEST(test_control__who_waits_is_told_when_it_closes)
{
	loop_timer_stop(service.timer);
	cleanup_fd int fd = dial();
	const char *request = "GET /late HTTP/1.1\r\nHost: x\r\n\r\n";
	char part[4096];

	ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	for (int i = 0; i < 2000 && !service.late; i++)
		usleep(1000);
	tear_down();
	ssize_t n = read(fd, part, sizeof(part) - 1);
	ck_assert_int_gt(n, 0);
	part[n] = '\0';
	ck_assert_ptr_nonnull(strstr(part, "503"));
	set_up();
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/control");
	TCase *tests = tcase_create("control");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, test_control__answers_with_json);
	tcase_add_test(tests, test_control__only_its_owner_may_use_it);
	tcase_add_test(tests, test_control__an_answer_may_come_later);
	tcase_add_test(tests, test_control__lines_come_one_by_one);
	tcase_add_test(tests, test_control__a_body_that_is_no_json_is_refused);
	tcase_add_test(tests, test_control__a_slow_client_holds_up_nobody);
	tcase_add_test(tests, test_control__who_waits_is_told_when_it_closes);
	suite_add_tcase(suite, tests);
	return suite;
}
