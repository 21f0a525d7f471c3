/*
 * follow: what turns the daemon without a word from anybody: files that change, suspensions that
 * end, and the interval.
 *
 * Changed files are counted for status; with `follow: files` they are also read. Whether anything
 * changed is decided by the fingerprint: inotify only says when to look.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "daemon.h"
#include "hold.h"
#include "source/load.h"
#include "watch.h"

/* Before anything could be read. */
#define INTERVAL_MS (5 * 60 * 1000)

struct follow {
	struct daemon *daemon;
	int64_t interval_ms;
	struct watch *watch;
	struct loop_timer *interval, *holds;
	struct list held; /* apps whose hold ends next */
};

/* --- files --- */

struct look {
	struct follow *follow;
	struct daemon *daemon;
	struct list folders;
	char *fingerprint;
	struct loaded *loaded;
};

static void free_look(struct look *look)
{
	list_done(&look->folders);
	free(look->fingerprint);
	loaded_unref(look->loaded);
	free(look);
}

static void take_fingerprint(void *context)
{
	struct look *look = context;
	cleanup_err struct err err = ERR_INIT;

	if (source_fingerprint(look->daemon->site->options->dir, &look->fingerprint, &err) < 0)
		look->fingerprint = NULL;
}

static void set_interval(struct follow *follow, int64_t interval_ms)
{
	if (follow->interval_ms == interval_ms)
		return;
	follow->interval_ms = interval_ms;
	loop_timer_start(follow->interval, interval_ms, interval_ms);
}

static void compare_fingerprint(void *context)
{
	struct look *look = context;
	struct daemon *daemon = look->daemon;
	const char *before = look->loaded->fingerprint;
	bool same = before && look->fingerprint && !strcmp(before, look->fingerprint);

	set_interval(look->follow, look->loaded->settings.interval_ms);
	sweep_every(look->follow->daemon->sweep, look->loaded->settings.sweep_ms);
	if (same)
		watch_reset(look->follow->watch);
	if (look->loaded->settings.follow_files && !daemon->stopping &&
	    reload_is_news(daemon->reload, look->fingerprint)) {
		struct pass_request request = {.who = (char *)"files changed"};
		reload_begin(daemon->reload, &request, 0, NULL, NULL);
	}
	free_look(look);
}

/* Watches first, looks then: what changes in between is seen by one of the two. */
static void arm_watches(void *context)
{
	struct look *look = context;

	if (look->daemon->stopping) {
		free_look(look);
		return;
	}
	watch_folders(look->follow->watch, &look->folders);
	daemon_work(look->daemon, take_fingerprint, compare_fingerprint, look);
}

static void list_folders(void *context)
{
	struct look *look = context;
	cleanup_err struct err err = ERR_INIT;
	const char *dir = look->daemon->site->options->dir;

	if (source_folders(dir, &look->folders, &err) < 0 && !look->folders.n)
		list_add(&look->folders, dir);
}

static void look_at_files(void *context)
{
	struct follow *follow = context;
	struct daemon *daemon = follow->daemon;
	struct loaded *loaded = daemon_loaded(daemon);

	if (!loaded || daemon->stopping) {
		loaded_unref(loaded);
		return;
	}
	struct look *look = mem_new(struct look);
	look->follow = follow;
	look->daemon = daemon;
	look->loaded = loaded;
	daemon_work(daemon, list_folders, arm_watches, look);
}

/* --- holds that end --- */

struct hold_look {
	struct follow *follow;
	time_t next;
	struct list apps;
};

static void find_next_end(void *context)
{
	struct hold_look *look = context;
	struct daemon *daemon = look->follow->daemon;
	struct loaded *loaded = daemon_loaded(daemon);
	cleanup_list struct list known = LIST_INIT;

	hold_known_apps(loaded, daemon->site->ledger, &known);
	loaded_unref(loaded);
	look->next = hold_next_end(daemon->site, &known, &look->apps);
}

static void arm_holds(void *context)
{
	struct hold_look *look = context;
	struct follow *follow = look->follow;
	int64_t left = look->next - time(NULL);

	list_done(&follow->held);
	list_copy(&follow->held, &look->apps);
	if (!look->next || follow->daemon->stopping)
		loop_timer_stop(follow->holds);
	else
		loop_timer_start(follow->holds, left > 0 ? left * 1000 + 500 : 500, 0);
	list_done(&look->apps);
	free(look);
}

void follow_holds(struct follow *follow)
{
	struct hold_look *look = mem_new(struct hold_look);

	look->follow = follow;
	daemon_work(follow->daemon, find_next_end, arm_holds, look);
}

static void hold_ended(void *context)
{
	struct follow *follow = context;
	struct daemon *daemon = follow->daemon;
	struct pass_request request = {.who = (char *)"the end of a suspension"};

	for (size_t i = 0; i < follow->held.n; i++)
		event_emit(daemon->sink,
			   (struct event){.kind = EVENT_RESUMED, .app = follow->held.items[i]},
			   "%s: resumed, its time is over", follow->held.items[i]);
	rounds_begin(daemon->rounds, &request, 0);
	follow_holds(follow);
}

/* --- the interval --- */

/* The loaded state is compared again. While every kind is watched, that asks nothing: what changed
 * came by itself. */
static void on_interval(void *context)
{
	struct follow *follow = context;
	struct daemon *daemon = follow->daemon;
	struct loaded *loaded = daemon_loaded(daemon);
	struct pass_request request = {.who = (char *)"interval"};

	if (loaded)
		look_at_files(follow);
	else if (!daemon->stopping) /* nothing could be read at all: perhaps now */
		reload_begin(daemon->reload, &request, 0, NULL, NULL);
	loaded_unref(loaded);
	rounds_compare(daemon->rounds);
}

/* --- start and stop --- */

struct follow *follow_new(struct daemon *daemon)
{
	struct follow *follow = mem_new(struct follow);

	follow->daemon = daemon;
	follow->watch = watch_new(daemon->loop, look_at_files, follow);
	follow->interval = loop_timer_new(daemon->loop, on_interval, follow);
	follow->holds = loop_timer_new(daemon->loop, hold_ended, follow);
	return follow;
}

void follow_start(struct follow *follow)
{
	set_interval(follow, INTERVAL_MS);
	follow_holds(follow);
}

void follow_files(struct follow *follow)
{
	watch_look(follow->watch);
}

size_t follow_changed(const struct follow *follow)
{
	return watch_changed(follow->watch);
}

void follow_free(struct follow *follow)
{
	watch_free(follow->watch);
	loop_timer_free(follow->interval);
	loop_timer_free(follow->holds);
	list_done(&follow->held);
	free(follow);
}
