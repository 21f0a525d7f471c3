/* What pods hold on the node, and whether others need the same. */
#include "plan/internal.h"

bool plan_holds(const struct plan_run *run, const json_t *body)
{
	struct manifest_holdings holdings;

	manifest_holdings(body, run->input->shared_claims, &holdings);
	bool holds = holdings.port_count || holdings.writer_count;
	manifest_holdings_done(&holdings);
	return holds;
}

static bool ports_clash(const struct manifest_holdings *a, const struct manifest_holdings *b)
{
	for (size_t i = 0; i < a->port_count; i++)
		for (size_t j = 0; j < b->port_count; j++)
			if (manifest_ports_clash(&a->ports[i], &b->ports[j]))
				return true;
	return false;
}

static bool writers_clash(const struct manifest_holdings *a, const struct manifest_holdings *b)
{
	for (size_t i = 0; i < a->writer_count; i++)
		for (size_t j = 0; j < b->writer_count; j++)
			if (manifest_writers_clash(a->writers[i], b->writers[j]))
				return true;
	return false;
}

struct plan_meeting plan_meet(const struct plan_run *run, const json_t *old_body,
			      const json_t *new_body)
{
	struct manifest_holdings before, after;

	manifest_holdings(old_body, run->input->shared_claims, &before);
	manifest_holdings(new_body, run->input->shared_claims, &after);
	struct plan_meeting meeting = {
		.ports = ports_clash(&before, &after),
		.writers = writers_clash(&before, &after),
	};
	manifest_holdings_done(&before);
	manifest_holdings_done(&after);
	return meeting;
}

enum plan_replace plan_replace_order(struct plan_meeting meeting)
{
	return meeting.writers && !meeting.ports ? PLAN_REPLACE_WRITERS : PLAN_REPLACE_PORTS;
}
