/* plan/print: a plan as people read it (samples.md) and as JSON. Secret values never appear. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "plan/plan.h"

struct plan_print_options {
	bool colour;
	bool unchanged; /* list unchanged objects too */
};

/* The block of one app; nothing for one without steps to show. */
void plan_print(const struct plan *plan, const struct plan_print_options *options, struct buf *out);

struct plan_totals {
	size_t create, patch, adopt, replace, recreate, put_back, delete_, keep, refuse, unchanged;
	size_t hold;	/* to approve */
	size_t waiting; /* deletes that wait for something else */
};
void plan_count(const struct plan *plan, struct plan_totals *totals); /* adds */
/* "1 replace, 1 delete, 1 kept, 0 to approve." */
void plan_print_totals(const struct plan_totals *totals, struct buf *out);

json_t *plan_to_json(const struct plan *plan); /* new reference */
