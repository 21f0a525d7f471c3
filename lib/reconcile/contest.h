/*
 * reconcile/contest: fields that another manager changes back as often as we restore them.
 *
 * A field that a manager which is no person's tool flips back three times within ten minutes is
 * contested: it is left alone until the files are read again. What kubectl and its kin do is
 * repaired for ever.
 *
 * Safe for use by many threads.
 */
#pragma once

#include <jansson.h>

#include "base/deadline.h"
#include "base/list.h"
#include "base/map.h"
#include "plan/plan.h"

struct reconcile_contest;

struct reconcile_contest *reconcile_contest_new(const struct clock *clock);
void reconcile_contest_free(struct reconcile_contest *contest);

/* A step that repairs drift: counts its fields. Adds to ret, for each that became contested by it,
 * "spec.replicas" and then its manager's name. NULL contest counts nothing. */
void reconcile_contest_note(struct reconcile_contest *contest, const struct plan_step *step,
			    struct list *ret);

/* What plan_input wants: key -> struct list of places. The map must be empty; the caller's to
 * free with map_done(). */
void reconcile_contest_places(struct reconcile_contest *contest, struct map *ret);

/* [{key, field, manager, times}]; for status. New reference. */
json_t *reconcile_contest_list(struct reconcile_contest *contest);

/* The files were read again: everything is repaired again. */
void reconcile_contest_forget(struct reconcile_contest *contest);
