#include "quiet.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct quiet {
	struct event_sink sink; /* first: a sink is its quiet */
	struct event_sink *behind;
	pthread_mutex_t lock;
	struct map said;      /* "app kind object" -> the words */
	struct map kept;      /* the same for objects that stay: never news again */
	struct map approvals; /* app -> what waits for approval */
	struct map waiting;   /* app -> why it is not ready yet */
};

static struct map *memory_of(struct quiet *quiet, enum event_kind kind)
{
	switch (kind) {
	case EVENT_KEPT:
		return &quiet->kept;
	case EVENT_FAILED:
	case EVENT_REFUSED:
	case EVENT_WAITING:
	case EVENT_NOT_READY:
	case EVENT_WARNING:
	case EVENT_DATA_MISSING:
		return &quiet->said;
	default:
		return NULL;
	}
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void forget_app(struct map *said, const char *app)
{
	cleanup_free char *prefix = mem_printf("%s ", app);

	for (size_t i = said->n; i-- > 0;) {
		if (strncmp(said->entries[i].key, prefix, strlen(prefix)) != 0)
			continue;
		cleanup_free char *key = mem_strdup(said->entries[i].key);
		map_remove(said, key);
	}
}

/* True unless these words stand there already; notes them. */
static bool is_new(struct map *memory, const char *key, const char *message)
{
	const char *before = map_get(memory, key);

	if (before && !strcmp(before, message))
		return false;
	map_put(memory, key, mem_strdup(message));
	return true;
}

static void note_waiting(struct quiet *quiet, const struct event *event)
{
	if (!event->app)
		return;
	if (event->kind == EVENT_WAITING)
		map_put(&quiet->waiting, event->app, mem_strdup(event->message));
	if (event->kind == EVENT_READY || event->kind == EVENT_NOT_READY ||
	    event->kind == EVENT_FAILED || event->kind == EVENT_REFUSED ||
	    event->kind == EVENT_RESTORED || event->kind == EVENT_DATA_MISSING)
		map_remove(&quiet->waiting, event->app);
}

/* True when this was said before. */
static bool is_old(struct quiet *quiet, const struct event *event)
{
	struct map *memory = memory_of(quiet, event->kind);

	if (event->kind == EVENT_READY && event->app)
		forget_app(&quiet->said, event->app);
	note_waiting(quiet, event);
	if (event->kind == EVENT_DELETED && event->app)
		map_remove(&quiet->approvals, event->app);
	if (event->kind == EVENT_APPROVAL)
		return !is_new(&quiet->approvals, or_nothing(event->app), event->message);
	if (!memory)
		return false;
	cleanup_free char *key =
		mem_printf("%s %d %s %s %s", or_nothing(event->app), event->kind,
			   or_nothing(event->object_kind), or_nothing(event->object_namespace),
			   or_nothing(event->object_name));
	return !is_new(memory, key, event->message);
}

static void emit(struct event_sink *sink, const struct event *event)
{
	struct quiet *quiet = (struct quiet *)sink;

	pthread_mutex_lock(&quiet->lock);
	bool old = is_old(quiet, event);
	pthread_mutex_unlock(&quiet->lock);
	if (!old)
		quiet->behind->emit(quiet->behind, event);
}

struct quiet *quiet_new(struct event_sink *behind)
{
	struct quiet *quiet = mem_new(struct quiet);

	quiet->sink.emit = emit;
	quiet->behind = behind;
	quiet->said = MAP_INIT(free);
	quiet->kept = MAP_INIT(free);
	quiet->approvals = MAP_INIT(free);
	quiet->waiting = MAP_INIT(free);
	pthread_mutex_init(&quiet->lock, NULL);
	return quiet;
}

struct event_sink *quiet_sink(struct quiet *quiet)
{
	return &quiet->sink;
}

void quiet_forget(struct quiet *quiet)
{
	pthread_mutex_lock(&quiet->lock);
	map_done(&quiet->said);
	map_done(&quiet->approvals);
	pthread_mutex_unlock(&quiet->lock);
}

char *quiet_waiting(struct quiet *quiet, const char *app)
{
	pthread_mutex_lock(&quiet->lock);
	char *why = mem_strdup(map_get(&quiet->waiting, app));
	pthread_mutex_unlock(&quiet->lock);
	return why;
}

void quiet_free(struct quiet *quiet)
{
	if (!quiet)
		return;
	map_done(&quiet->said);
	map_done(&quiet->kept);
	map_done(&quiet->approvals);
	map_done(&quiet->waiting);
	pthread_mutex_destroy(&quiet->lock);
	free(quiet);
}
