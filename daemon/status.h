/*
 * status: how everything is, as JSON (GET /v1/status, --output json) and as people read it.
 *
 * Built by the daemon from what it knows, or by the verb from the state directory alone.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "command.h"
#include "kube/client.h"
#include "loaded.h"
#include "reconcile/contest.h"
#include "state/ledger.h"

struct status_input {
	const char *dir, *state;
	struct state_ledger *ledger;
	time_t now;
	/* Of a running daemon only: */
	bool running;
	const struct loaded *loaded; /* NULL: none yet */
	size_t files_changed;
	const struct kube_cluster *cluster; /* NULL or empty: not met yet */
	const char *api_why;		    /* the server does not answer; NULL: it does */
	struct reconcile_contest *contest;
	bool backup_wanted; /* desired.yaml names a target */
	/* True while a job of the app runs; *ret_why (may be left NULL) is the caller's. */
	bool (*at_work)(void *context, const char *app, char **ret_why);
	void *context;
};

json_t *status_build(const struct status_input *input); /* new reference */

void status_print(const json_t *status, time_t now, bool colour, struct buf *out);

/* 1 when an app failed, is not ready or broken, or the API server does not answer; 3 when something
 * waits or is suspended. */
enum command_exit status_exit(const json_t *status);
