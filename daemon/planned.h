/*
 * planned: the files as they are now, and the server, for plans of their apps. Changes nothing: the
 * ledger is a copy, nothing is locked.
 *
 *	r = planned_open(options, &request, &planned, err);
 *	for each of planned.round->apps: planned_app(&planned, name, &result, err);
 *	planned_close(&planned);
 */
#pragma once

#include "pass.h"
#include "site.h"

struct planned {
	struct site site;
	struct loaded *loaded;
	struct pass_round *round;
};

#define PLANNED_INIT	((struct planned){.site = SITE_INIT})
#define cleanup_planned __attribute__((cleanup(planned_close)))

/* ret is to be closed, also after a failure. ERR_UNREACHABLE, ERR_NOT_FOUND for an app that nobody
 * knows. */
int planned_open(const struct options *options, const struct pass_request *request,
		 struct planned *ret, struct err *err);
/* The plan of one app, and its record. */
int planned_app(const struct planned *planned, const char *name, struct reconcile_result *ret,
		struct err *err);
void planned_close(struct planned *planned);
