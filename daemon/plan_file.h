/*
 * plan_file: `plan --out FILE` and `apply FILE`.
 *
 *	{"schema": 1, "desired": "plan", "version": of this program, "made": when, "by": who,
 *	 "cluster": uid, "dir": of the files, "request": {app, tags, skip_tags, force, replace},
 *	 "apps": {name: plan/record.h}}
 *
 * Mode 0600. It holds digests of what is sent, not the bodies, and what people read of the plan,
 * masked: values of Secrets are not in it.
 */
#pragma once

#include <jansson.h>

#include "planned.h"

/* What a plan is of; records go into its "apps". New reference. */
json_t *plan_file_new(const struct planned *planned);
void plan_file_add(json_t *file, const char *app, json_t *record);
int plan_file_write(const char *path, const json_t *file, struct mask *mask, struct err *err);

/* ERR_INVALID for what is none, or of another version of this program. */
int plan_file_read(const char *path, json_t **ret, struct err *err);

/* Plans everything anew and compares; `moved` gets a line for each thing that is not as it was.
 * Changes nothing. */
int plan_file_check(const struct options *options, const json_t *file, struct list *moved,
		    struct err *err);

/* The body of POST /v1/apply that does this plan and nothing else. New reference. */
json_t *plan_file_body(const json_t *file);
