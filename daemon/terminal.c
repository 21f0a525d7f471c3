#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tree/json.h"

bool terminal_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");

	return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour) &&
	       (!kind || strcmp(kind, "dumb"));
}

bool terminal_progress(void)
{
	return isatty(STDERR_FILENO);
}

void terminal_print(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

void terminal_print_json(const json_t *tree)
{
	cleanup_free char *text = tree_json_pretty(tree);

	terminal_print(text);
}

void terminal_error(const struct err *err)
{
	struct err plain = *err;

	plain.hint = NULL;
	cleanup_free char *text = err_text(&plain);
	fprintf(stderr, "desired: %s\n", text);
	if (err->hint)
		fprintf(stderr, "         %s\n", err->hint);
}

enum command_exit terminal_fail(const struct err *err)
{
	terminal_error(err);
	return err->code == ERR_BUSY ? COMMAND_BUSY : COMMAND_FAILED;
}

char *terminal_event_line(const char *app, const char *message)
{
	size_t n = app ? strlen(app) : 0;

	if (!n || (!strncmp(message, app, n) && message[n] == ':'))
		return mem_strdup(message);
	return mem_printf("%s: %s", app, message);
}

static void print_event(struct event_sink *sink, const struct event *event)
{
	cleanup_free char *line = terminal_event_line(event->app, event->message);

	(void)sink;
	fprintf(stderr, "%s\n", line);
}

struct event_sink *terminal_sink(void)
{
	static struct event_sink sink = {.emit = print_event};

	return &sink;
}
