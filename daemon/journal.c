#include "journal.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "messages.h"
#include "terminal.h"

/* JOURNAL_STREAM names the device and inode of the stream that systemd gave us; a redirected stderr
 * has others (systemd.exec(5)). */
static bool stderr_is_the_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void add_field(struct list *fields, const char *name, const char *value)
{
	if (value && *value)
		list_printf(fields, "%s=%s", name, value);
}

static void add_fields(struct list *fields, const struct event *event)
{
	const char *at = event->app ? strchr(event->app, '@') : NULL;

	add_field(fields, "DESIRED_APP", event->app);
	add_field(fields, "DESIRED_INSTANCE", at ? at + 1 : NULL);
	add_field(fields, "DESIRED_KIND", event->object_kind);
	add_field(fields, "DESIRED_NAMESPACE", event->object_namespace);
	add_field(fields, "DESIRED_NAME", event->object_name);
	add_field(fields, "DESIRED_STEP", event->step);
	if (event->revision)
		list_printf(fields, "DESIRED_REVISION=%d", event->revision);
}

static void send(const struct list *fields)
{
	cleanup_free struct iovec *vectors = mem_alloc(fields->n * sizeof(*vectors));

	for (size_t i = 0; i < fields->n; i++)
		vectors[i] = (struct iovec){fields->items[i], strlen(fields->items[i])};
	(void)sd_journal_sendv(vectors, (int)fields->n);
}

static void emit(struct event_sink *sink, const struct event *event)
{
	const struct message *message = message_of(event->kind);
	cleanup_free char *line = terminal_event_line(event->app, event->message);
	cleanup_list struct list fields = LIST_INIT;

	(void)sink;
	if (!stderr_is_the_journal()) {
		fprintf(stderr, "%s\n", line);
		return;
	}
	list_printf(&fields, "MESSAGE=%s", line);
	list_printf(&fields, "MESSAGE_ID=%s", message->id);
	list_printf(&fields, "PRIORITY=%d", message->priority);
	list_add(&fields, "SYSLOG_IDENTIFIER=desired");
	add_fields(&fields, event);
	send(&fields);
}

struct event_sink *journal_sink(void)
{
	static struct event_sink sink = {.emit = emit};

	return &sink;
}
