#include "reconcile/contest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FLIPS	  3
#define WITHIN_MS 600000

/* One field of one object. */
struct flips {
	char *key, *place, *manager;
	int64_t at[FLIPS]; /* the latest last; 0: none yet */
	int times;
	bool contested;
};

struct reconcile_contest {
	const struct clock *clock;
	pthread_mutex_t lock;
	struct map fields; /* "key place" -> struct flips */
};

static void flips_free(struct flips *flips)
{
	free(flips->key);
	free(flips->place);
	free(flips->manager);
	free(flips);
}

struct reconcile_contest *reconcile_contest_new(const struct clock *clock)
{
	struct reconcile_contest *contest = mem_new(struct reconcile_contest);

	contest->clock = clock;
	contest->fields = MAP_INIT(flips_free);
	pthread_mutex_init(&contest->lock, NULL);
	return contest;
}

void reconcile_contest_free(struct reconcile_contest *contest)
{
	if (!contest)
		return;
	map_done(&contest->fields);
	pthread_mutex_destroy(&contest->lock);
	free(contest);
}

static struct flips *flips_of(struct reconcile_contest *contest, const char *key, const char *place)
{
	cleanup_free char *name = mem_printf("%s %s", key, place);
	struct flips *flips = map_get(&contest->fields, name);

	if (flips)
		return flips;
	flips = mem_new(struct flips);
	flips->key = mem_strdup(key);
	flips->place = mem_strdup(place);
	map_put(&contest->fields, name, flips);
	return flips;
}

/* True when this flip is one too many. */
static bool count(struct flips *flips, const char *manager, int64_t now)
{
	memmove(flips->at, flips->at + 1, sizeof(flips->at) - sizeof(*flips->at));
	flips->at[FLIPS - 1] = now;
	flips->times++;
	free(flips->manager);
	flips->manager = mem_strdup(manager);
	if (flips->contested || flips->times < FLIPS || now - flips->at[0] > WITHIN_MS)
		return false;
	flips->contested = true;
	return true;
}

void reconcile_contest_note(struct reconcile_contest *contest, const struct plan_step *step,
			    struct list *ret)
{
	if (!contest || !step->drift || !step->by)
		return;
	int64_t now = contest->clock->now(contest->clock);
	pthread_mutex_lock(&contest->lock);
	for (size_t i = 0; i < step->diff.n; i++) {
		const char *manager = step->by[i].name;
		if (!manager || manifest_manager_is_human(manager))
			continue;
		const char *place = step->diff.items[i].place;
		if (!count(flips_of(contest, step->key, place), manager, now))
			continue;
		list_add(ret, step->diff.items[i].path);
		list_add(ret, manager);
	}
	pthread_mutex_unlock(&contest->lock);
}

static void free_places(struct list *places)
{
	list_done(places);
	free(places);
}

void reconcile_contest_places(struct reconcile_contest *contest, struct map *ret)
{
	const char *name;
	const struct flips *flips;

	*ret = MAP_INIT(free_places);
	if (!contest)
		return;
	pthread_mutex_lock(&contest->lock);
	map_foreach (&contest->fields, name, flips) {
		(void)name;
		if (!flips->contested)
			continue;
		struct list *places = map_get(ret, flips->key);
		if (!places)
			map_put(ret, flips->key, places = mem_new(struct list));
		list_add(places, flips->place);
	}
	pthread_mutex_unlock(&contest->lock);
}

json_t *reconcile_contest_list(struct reconcile_contest *contest)
{
	json_t *array = json_array();
	const char *name;
	const struct flips *flips;

	pthread_mutex_lock(&contest->lock);
	map_foreach (&contest->fields, name, flips) {
		(void)name;
		if (flips->contested)
			json_array_append_new(array,
					      json_pack("{s:s, s:s, s:s, s:i}", "key", flips->key,
							"field", flips->place, "manager",
							flips->manager, "times", flips->times));
	}
	pthread_mutex_unlock(&contest->lock);
	return array;
}

void reconcile_contest_forget(struct reconcile_contest *contest)
{
	pthread_mutex_lock(&contest->lock);
	map_done(&contest->fields);
	contest->fields = MAP_INIT(flips_free);
	pthread_mutex_unlock(&contest->lock);
}
