#include "alarm.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "metrics.h"
#include "requests.h"
#include "store.h"
#include "watch.h"

#define FIRST_MS    1000
#define INTERVAL_MS 60000
#define COMMAND_MS  30000
#define OUTPUT_MAX  (64 << 10)

struct alarm {
	struct daemon *daemon;
	struct loop_timer *timer;
	struct watch *watch; /* of STATE/backup */
	bool started, looking, again;
	char *written;		 /* what the metrics file holds */
	char *address;		 /* that is served; NULL */
	struct control *metrics; /* at that address */
};

/* One look, on another thread. */
struct look {
	struct alarm *alarm;
	struct daemon *daemon;
	struct loaded *loaded;
	size_t files_changed;
	int64_t api_gone_ms;
};

/* --- telling --- */

static void run_command(const struct look *look, const struct alert_news *news)
{
	const struct list *alert = &look->loaded->settings.alert;
	struct deadline deadline = deadline_in(&clock_real, look->daemon->cancel, COMMAND_MS);
	struct mask *mask = masking_mask(look->daemon->site->options->masking);
	cleanup_free char *masked = mask_text(mask, news->text, strlen(news->text));
	cleanup_free const char **argv = mem_zalloc((alert->n + 3) * sizeof(*argv));
	cleanup_process struct process_result result = {0};
	cleanup_err struct err err = ERR_INIT;

	for (size_t i = 0; i < alert->n; i++)
		argv[i] = alert->items[i];
	argv[alert->n] = news->over ? "well" : "bad";
	argv[alert->n + 1] = masked ? masked : news->text;
	int r = process_run(argv, OUTPUT_MAX, &deadline, &result, &err);
	if (r >= 0 && result.status)
		r = err_set(&err, ERR_IO, "%s exited %d: %.*s", argv[0], result.status,
			    (int)strcspn(buf_str(&result.errors), "\n"), buf_str(&result.errors));
	if (r < 0 && r != -ERR_CANCELED)
		event_emit(look->daemon->sink, (struct event){.kind = EVENT_WARNING},
			   "nobody could be alerted (%s): %s", news->text, err.message);
}

static void tell(const struct look *look, const struct alert_news *news)
{
	if (news->kind != EVENT_WARNING)
		event_emit(look->daemon->sink, (struct event){.kind = news->kind}, "%s%s",
			   news->over ? "no longer true: " : "", news->text);
	if (look->loaded->settings.alert.n && !news->again)
		run_command(look, news);
}

static void warn(const struct look *look, const struct err *err)
{
	event_emit(look->daemon->sink, (struct event){.kind = EVENT_WARNING}, "%s", err->message);
}

/* One line for each run and rehearsal, under this unit. */
static void tell_reports(const struct look *look, const json_t *status)
{
	struct event_sink *sink = look->daemon->sink;
	cleanup_err struct err err = ERR_INIT;
	struct alert_reports reports;

	if (alert_reports(look->daemon->site->options->state, json_object_get(status, "backup"),
			  &reports, &err) < 0)
		warn(look, &err);
	if (reports.backup)
		event_emit(sink,
			   (struct event){.kind = reports.backup_failed ? EVENT_BACKUP_FAILED
									: EVENT_BACKUP},
			   "%s", reports.backup);
	if (reports.rehearsal)
		event_emit(sink, (struct event){.kind = EVENT_REHEARSED}, "%s", reports.rehearsal);
	alert_reports_done(&reports);
}

static void tell_news(const struct look *look, const json_t *status, time_t now)
{
	struct map wrong = MAP_INIT(alert_free);
	cleanup_err struct err err = ERR_INIT;
	struct alert_news *news;
	size_t count;

	alert_find(status, look->api_gone_ms, now, &wrong);
	if (alert_compare(look->daemon->site->options->state, &wrong, now, &news, &count, &err) < 0)
		warn(look, &err);
	for (size_t i = 0; i < count; i++) {
		tell(look, &news[i]);
		alert_news_done(&news[i]);
	}
	free(news);
	map_done(&wrong);
}

/* --- metrics --- */

static bool is_file(const char *metrics)
{
	return metrics && *metrics == '/';
}

static void write_metrics(const struct look *look, const json_t *status)
{
	const char *path = look->loaded->settings.metrics;
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_err struct err err = ERR_INIT;
	struct alarm *alarm = look->alarm;

	if (!is_file(path))
		return;
	metrics_print(status, &out);
	if (alarm->written && !strcmp(alarm->written, buf_str(&out)) && file_exists(path))
		return;
	if (file_write(path, buf_str(&out), out.len, 0644, &err) < 0)
		warn(look, &err);
	free(alarm->written);
	alarm->written = buf_steal(&out);
}

static void serve_metrics(struct alarm *alarm, const char *metrics)
{
	const char *wanted = is_file(metrics) ? NULL : metrics;
	struct daemon *daemon = alarm->daemon;
	cleanup_err struct err err = ERR_INIT;

	if ((!wanted && !alarm->address) ||
	    (wanted && alarm->address && !strcmp(wanted, alarm->address)))
		return;
	control_close(steal(&alarm->metrics));
	free(alarm->address);
	alarm->address = mem_strdup(wanted);
	if (wanted &&
	    control_open_tcp(daemon->loop, wanted, masking_mask(daemon->site->options->masking),
			     requests_metrics, daemon, &alarm->metrics, &err) < 0)
		event_emit(daemon->sink, (struct event){.kind = EVENT_WARNING},
			   "metrics are not served: %s", err.message);
}

/* --- looking --- */

static bool is_wanted(const struct source_settings *settings)
{
	return settings->alert.n || is_file(settings->metrics) || store_wanted(settings);
}

static void work(void *context)
{
	struct look *look = context;
	const char *state = look->daemon->site->options->state;
	cleanup_free char *folder = file_join(state, "backup");
	cleanup_err struct err err = ERR_INIT;
	time_t now = time(NULL);

	if (!is_wanted(&look->loaded->settings))
		return;
	if (file_make_dir(folder, 0700, &err) < 0)
		warn(look, &err);
	json_auto_t *status = requests_status(look->daemon, look->files_changed);
	tell_reports(look, status);
	tell_news(look, status, now);
	write_metrics(look, status);
}

static void watch_backups(struct alarm *alarm, const struct source_settings *settings)
{
	cleanup_list struct list folders = LIST_INIT;

	if (store_wanted(settings))
		list_take(&folders, file_join(alarm->daemon->site->options->state, "backup"));
	watch_folders(alarm->watch, &folders);
}

static void look_now(void *context);

static void after(void *context)
{
	struct look *look = context;
	struct alarm *alarm = look->alarm;

	alarm->looking = false;
	if (!look->daemon->stopping) {
		watch_backups(alarm, &look->loaded->settings);
		serve_metrics(alarm, look->loaded->settings.metrics);
		if (alarm->again)
			look_now(alarm);
	}
	loaded_unref(look->loaded);
	free(look);
}

static int64_t api_gone_for(struct daemon *daemon)
{
	pthread_mutex_lock(&daemon->lock);
	int64_t gone = daemon->api_gone ? clock_real.now(&clock_real) - daemon->api_gone_since : 0;
	pthread_mutex_unlock(&daemon->lock);
	return gone;
}

static void look_now(void *context)
{
	struct alarm *alarm = context;
	struct daemon *daemon = alarm->daemon;

	alarm->again = alarm->looking;
	if (!alarm->started || alarm->looking || daemon->stopping)
		return;
	struct loaded *loaded = daemon_loaded(daemon);
	if (!loaded)
		return;
	struct look *look = mem_new(struct look);
	*look = (struct look){
		.alarm = alarm,
		.daemon = daemon,
		.loaded = loaded,
		.files_changed = follow_changed(daemon->follow),
		.api_gone_ms = api_gone_for(daemon),
	};
	alarm->looking = true;
	daemon_work(daemon, work, after, look);
}

/* What was posted may come when the alarm is gone. */
static void look_if_there(void *context)
{
	struct daemon *daemon = context;

	if (daemon->alarm)
		look_now(daemon->alarm);
}

void alarm_look(struct daemon *daemon)
{
	loop_post(daemon->loop, look_if_there, daemon);
}

/* --- start and stop --- */

struct alarm *alarm_new(struct daemon *daemon)
{
	struct alarm *alarm = mem_new(struct alarm);

	alarm->daemon = daemon;
	alarm->timer = loop_timer_new(daemon->loop, look_now, alarm);
	alarm->watch = watch_new(daemon->loop, look_now, alarm);
	return alarm;
}

void alarm_start(struct alarm *alarm)
{
	alarm->started = true;
	loop_timer_start(alarm->timer, FIRST_MS, INTERVAL_MS);
}

void alarm_free(struct alarm *alarm)
{
	control_close(alarm->metrics);
	loop_timer_free(alarm->timer);
	watch_free(alarm->watch);
	free(alarm->written);
	free(alarm->address);
	free(alarm);
}
