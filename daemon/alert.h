/*
 * alert: what is wrong now, and what of it is news.
 *
 * A condition has a key ("app blog", "backup stale") and one line of text. It is told once when it
 * appears and once when it is over; STATE/alerts.json keeps what was told, so that a restart tells
 * nothing twice and forgets nothing.
 *
 * Pure but for that file: daemon/alarm.c decides when, and whom to tell.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/event.h"
#include "base/map.h"

/* One condition. */
struct alert {
	enum event_kind kind; /* of its line in the journal; EVENT_WARNING: told there already */
	char *text;
};

/* What is wrong, by key, from a status (daemon/status.h). ret is an empty map of struct alert,
 * released with alert_free(). api_gone_ms: for how long the API server has not answered. */
void alert_find(const json_t *status, int64_t api_gone_ms, time_t now, struct map *ret);
void alert_free(struct alert *alert);

/* What was told, and what is to be told. */
struct alert_news {
	char *key, *text;
	enum event_kind kind; /* EVENT_WELL when it is over */
	bool over;
	bool again; /* it lasts: a line in the journal, and nobody is called */
};

/* Compares with what the file says, and keeps what is wrong now there. A stale backup is news again
 * each day. Release each with alert_news_done() and free the array. */
int alert_compare(const char *state_dir, const struct map *now_wrong, time_t now,
		  struct alert_news **ret, size_t *ret_count, struct err *err);
void alert_news_done(struct alert_news *news);

/* The lines about a backup run or a rehearsal that was not told of yet; each NULL when there is
 * none. Noted as told. Callers free. */
struct alert_reports {
	char *backup, *rehearsal;
	bool backup_failed;
};
int alert_reports(const char *state_dir, const json_t *record, struct alert_reports *ret,
		  struct err *err);
void alert_reports_done(struct alert_reports *reports);
