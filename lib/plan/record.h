/*
 * plan/record: a plan of one app as it is kept in a file, with what it was made from, and whether
 * the world moved since.
 *
 *	app, files	its name, and the digest of what its files gave
 *	plan		what people read of it (plan/print.h)
 *	does		[{key, action, hash}]: what is done, and the digest of what is sent
 *	looked		{key: null or {uid, version, digest, by}}: live objects it looked at
 *	ledger		the digest of its entries
 *	unmade		values are made up at the first apply, so what is sent is not known yet
 *
 * Pure, as all of lib/plan. Values of Secrets are not in it.
 *
 * Two looks at a record. Before anything is done, *everything* that the plan was made from must be
 * as it was (plan_record_compare). Then each app is planned once more right before its first write,
 * and that plan may hold what was agreed on and less (plan_record_allows): what the apps before it
 * made is no longer missing, and somebody else may still have been faster.
 */
#pragma once

#include <jansson.h>

#include "base/list.h"
#include "plan/plan.h"

/* `ledger`: the entries that the plan was made with. New reference. */
json_t *plan_record(const struct plan *plan, const struct manifest_live *live,
		    const struct map *ledger);

/* Adds a line for each thing that moved between two records of an app, the cause before its
 * effects; none: a plan made now is the same. */
void plan_record_compare(const json_t *before, const json_t *now, struct list *moved);

/* Adds a line for each thing that `plan` would do and the record does not say, or to an object that
 * somebody else changed since. */
void plan_record_allows(const json_t *record, const struct plan *plan,
			const struct manifest_live *live, struct list *moved);
