/* What pods hold on the node, and whether others need the same. */
#include <string.h>

#include "base/mem.h"
#include "manifest/pod.h"
#include "plan/internal.h"
#include "tree/path.h"

bool plan_learn_claims(struct plan_run *run, const json_t *body)
{
	const char *ns = tree_path_string(body, "metadata.namespace");
	bool known = true;
	size_t i;
	json_t *volume;

	json_array_foreach (json_object_get(manifest_pod_spec(body, NULL), "volumes"), i, volume) {
		const char *name = tree_path_string(volume, "persistentVolumeClaim.claimName");
		const json_t *claim = NULL;
		if (!name)
			continue;
		if (!plan_know(run, "PersistentVolumeClaim", ns ? ns : "default", name, &claim))
			known = false;
		if (!manifest_claim_is_shared(claim))
			continue;
		cleanup_free char *full = mem_printf("%s/%s", ns ? ns : "default", name);
		if (!run->shared_claims)
			run->shared_claims = json_object();
		json_object_set_new(run->shared_claims, full, json_true());
	}
	return known;
}

bool plan_holds(const struct plan_run *run, const json_t *body)
{
	struct manifest_holdings holdings;

	manifest_holdings(body, run->shared_claims, &holdings);
	bool holds = holdings.port_count || holdings.writer_count;
	manifest_holdings_done(&holdings);
	return holds;
}

static bool holds_port(const struct manifest_holdings *held, const struct manifest_port *port)
{
	for (size_t i = 0; i < held->port_count; i++)
		if (manifest_ports_clash(&held->ports[i], port))
			return true;
	return false;
}

static bool ports_clash(const struct manifest_holdings *a, const struct manifest_holdings *b)
{
	for (size_t i = 0; i < a->port_count; i++)
		if (holds_port(b, &a->ports[i]))
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

bool plan_brings_ports(const json_t *old_body, const json_t *new_body)
{
	struct manifest_holdings before, after;
	bool brings = false;

	manifest_holdings(old_body, NULL, &before);
	manifest_holdings(new_body, NULL, &after);
	for (size_t i = 0; i < after.port_count; i++)
		brings |= !holds_port(&before, &after.ports[i]);
	manifest_holdings_done(&before);
	manifest_holdings_done(&after);
	return brings;
}

struct plan_meeting plan_meet(const struct plan_run *run, const json_t *old_body,
			      const json_t *new_body)
{
	struct manifest_holdings before, after;

	manifest_holdings(old_body, run->shared_claims, &before);
	manifest_holdings(new_body, run->shared_claims, &after);
	struct plan_meeting meeting = {
		.ports = ports_clash(&before, &after),
		.writers = writers_clash(&before, &after),
	};
	manifest_holdings_done(&before);
	manifest_holdings_done(&after);
	return meeting;
}

bool plan_bodies_meet(const json_t *old_body, const json_t *new_body)
{
	const struct plan_run nothing_known = {0};
	struct plan_meeting meeting = plan_meet(&nothing_known, old_body, new_body);

	return meeting.ports || meeting.writers;
}

enum plan_replace plan_replace_of(const json_t *old_body, const json_t *new_body)
{
	const struct plan_run nothing_known = {0};

	return plan_replace_order(plan_meet(&nothing_known, old_body, new_body));
}

enum plan_replace plan_replace_order(struct plan_meeting meeting)
{
	return meeting.writers && !meeting.ports ? PLAN_REPLACE_WRITERS : PLAN_REPLACE_PORTS;
}
