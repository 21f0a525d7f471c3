/*
 * recover: what a backup or a restore had stopped when it was killed runs again, without anybody
 * asking (lib/backup/halt.h). While nothing is left behind it costs one look at a directory.
 */
#include <stdlib.h>
#include <string.h>

#include "backup/halt.h"
#include "base/mem.h"
#include "daemon.h"
#include "link.h"

#define LOOK_MS	  5000
#define FINISH_MS 120000

struct recover {
	struct daemon *daemon;
	struct loop_timer *timer;
	bool busy;
	char *told; /* the last failure: said once */
};

/* --- on another thread --- */

static struct link *link_of(struct daemon *daemon)
{
	struct loaded *loaded = daemon_loaded(daemon);
	struct link *link = loaded ? link_once(daemon->site, &loaded->settings) : NULL;

	loaded_unref(loaded);
	return link;
}

static void tell(struct recover *recover, const struct err *err)
{
	cleanup_free char *text = err_text(err);

	if (recover->told && !strcmp(recover->told, text))
		return;
	event_emit(recover->daemon->sink, (struct event){.kind = EVENT_BACKUP_FAILED},
		   "what a backup or restore had stopped cannot be started yet: %s", text);
	free(recover->told);
	recover->told = mem_strdup(text);
}

static void finish(void *context)
{
	struct recover *recover = context;
	struct daemon *daemon = recover->daemon;
	const struct deadline deadline = deadline_in(&clock_real, daemon->cancel, FINISH_MS);
	struct link *link = link_of(daemon);
	cleanup_err struct err err = ERR_INIT;

	int r = backup_halt_finish(link ? link->client : NULL, daemon->site->options->state,
				   &deadline, daemon->sink, &err);
	link_unref(link);
	if (r < 0 && r != -ERR_CANCELED)
		tell(recover, &err);
	if (r >= 0)
		free(steal(&recover->told));
}

/* --- on the loop's --- */

static void finished(void *context)
{
	((struct recover *)context)->busy = false;
}

static void look(void *context)
{
	struct recover *recover = context;
	struct daemon *daemon = recover->daemon;

	if (recover->busy || daemon->stopping || !daemon->ready ||
	    !backup_halt_is_left(daemon->site->options->state))
		return;
	recover->busy = true;
	daemon_work(daemon, finish, finished, recover);
}

struct recover *recover_new(struct daemon *daemon)
{
	struct recover *recover = mem_new(struct recover);

	recover->daemon = daemon;
	recover->timer = loop_timer_new(daemon->loop, look, recover);
	return recover;
}

void recover_start(struct recover *recover)
{
	loop_timer_start(recover->timer, 0, LOOK_MS);
}

void recover_free(struct recover *recover)
{
	loop_timer_free(recover->timer);
	free(recover->told);
	free(recover);
}
