#include "backup/retain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"

#define CLOCK_SKEW_S 300

static bool is_good(const struct backup_set *set)
{
	return backup_set_state(set) != BACKUP_FAILED;
}

static const struct backup_set *newest_good(const struct backup_catalog *catalog)
{
	for (size_t i = catalog->count; i-- > 0;)
		if (is_good(catalog->sets[i]))
			return catalog->sets[i];
	return NULL;
}

static int check(const struct backup_catalog *catalog, const struct backup_retain *rules,
		 time_t now, struct err *err)
{
	const struct backup_set *newest = newest_good(catalog);
	time_t difference = catalog->server_time ? catalog->server_time - now : 0;

	if (catalog->damaged.n)
		return err_set(err, ERR_INVALID, "nothing is deleted while a marker is damaged: %s",
			       catalog->damaged.items[0]);
	if (labs((long)difference) > CLOCK_SKEW_S)
		return err_set(err, ERR_INVALID,
			       "nothing is deleted: the clock of this machine and the store's "
			       "differ by %ld s",
			       labs((long)difference));
	if (!newest)
		return err_set(err, ERR_INVALID, "nothing is deleted: there is no good set");
	time_t age = now - backup_set_time(newest->id);
	if (age < -CLOCK_SKEW_S)
		return err_set(err, ERR_INVALID, "nothing is deleted: set %s is of the future",
			       newest->id);
	if (rules->max_age_s && age > rules->max_age_s) {
		cleanup_free char *text = timespan_text((int64_t)age * 1000);
		return err_set(err, ERR_INVALID,
			       "nothing is deleted: the newest good set, %s, is %s old", newest->id,
			       text);
	}
	return 0;
}

/* The newest good set of each of the newest `count` periods. */
static void keep_periods(const struct backup_catalog *catalog, const char *format, int count,
			 bool *keep)
{
	char last[16] = "", period[16];

	for (size_t i = catalog->count; count > 0 && i-- > 0;) {
		time_t when = backup_set_time(catalog->sets[i]->id);
		struct tm tm;
		if (!is_good(catalog->sets[i]))
			continue;
		gmtime_r(&when, &tm);
		strftime(period, sizeof(period), format, &tm);
		if (!strcmp(period, last))
			continue;
		memcpy(last, period, sizeof(last));
		keep[i] = true;
		count--;
	}
}

static void keep_last(const struct backup_catalog *catalog, int count, bool *keep)
{
	for (size_t i = catalog->count; count > 0 && i-- > 0;) {
		if (!is_good(catalog->sets[i]))
			continue;
		keep[i] = true;
		count--;
	}
}

/* What no good set has followed yet may be all that there is. */
static void keep_unfollowed(const struct backup_catalog *catalog, bool *keep)
{
	for (size_t i = catalog->count; i-- > 0 && !is_good(catalog->sets[i]);)
		keep[i] = true;
}

int backup_retain(const struct backup_catalog *catalog, const struct backup_retain *rules,
		  time_t now, bool *keep, struct err *err)
{
	int r = check(catalog, rules, now, err);

	for (size_t i = 0; i < catalog->count; i++)
		keep[i] = r < 0;
	if (r < 0)
		return r;
	keep_last(catalog, rules->last > BACKUP_RETAIN_FLOOR ? rules->last : BACKUP_RETAIN_FLOOR,
		  keep);
	keep_periods(catalog, "%Y%m%d", rules->daily, keep);
	keep_periods(catalog, "%G-%V", rules->weekly, keep);
	keep_periods(catalog, "%Y%m", rules->monthly, keep);
	keep_periods(catalog, "%Y", rules->yearly, keep);
	keep_unfollowed(catalog, keep);
	return 0;
}
