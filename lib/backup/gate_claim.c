/* The gate, before an app's claims: looked at once, before its first apply. */
#include <stdlib.h>
#include <time.h>

#include "backup/gate_private.h"
#include "backup/live.h"
#include "base/mem.h"

/* What stands for all claims of an app: they were settled, once. */
static char *claims_key(const struct backup_gate_asking *asking)
{
	return mem_printf("claims of %s", asking->question->app->name);
}

bool backup_gate_claims_are_due(struct backup_gate_asking *asking, bool allowed, int *changed)
{
	const struct backup_gate_question *question = asking->question;
	cleanup_free char *key = claims_key(asking);
	struct backup_known *known = &asking->known;

	if (!question->first || !question->client || !backup_find_may_have_claims(question->app) ||
	    backup_known_state(known, key) == BACKUP_MAY_BE_EMPTY)
		return false;
	if (allowed)
		*changed |= backup_known_note(known, key, asking->question->app->name,
					      BACKUP_MAY_BE_EMPTY, time(NULL));
	return !allowed;
}

/* What became of a claim is asked once: from then on it is the cluster's. */
static enum backup_known_state claim_state(const struct backup_gate_asking *asking,
					   const char *claim)
{
	cleanup_backup_known struct backup_known known = {0};

	pthread_mutex_lock(&asking->gate->lock);
	backup_known_open(asking->gate->options.state_dir, &known);
	enum backup_known_state state = backup_known_state(&known, claim);
	pthread_mutex_unlock(&asking->gate->lock);
	return state;
}

static int settle_claim(struct backup_gate_asking *asking, const struct backup_found_claim *found,
			const json_t *live, struct err *err)
{
	if (json_object_get(json_object_get(live, "claims"), found->claim))
		return 0;
	enum backup_known_state state = claim_state(asking, found->claim);
	if (state == BACKUP_MAY_BE_EMPTY)
		return 0;
	if (state == BACKUP_HAD) {
		list_printf(&asking->lost, "claim %s", found->claim);
		return 0;
	}
	cleanup_free char *name = mem_printf("claim %s", found->claim);
	int r = backup_gate_bring_back(asking, found->set, found->path, name, err);
	return r < 0 || asking->why
		       ? r
		       : backup_gate_note(asking->gate, found->claim, asking->question->app->name,
					  BACKUP_MAY_BE_EMPTY, err);
}

static int settle_found(struct backup_gate_asking *asking, const struct backup_found_claim *found,
			size_t count, const struct deadline *deadline, struct err *err)
{
	json_auto_t *live = NULL;
	int r = count ? backup_live_ask(asking->question->client, asking->gate->node, NULL,
					deadline, &live, err)
		      : 0;

	for (size_t i = 0; r >= 0 && !asking->why && i < count; i++)
		r = settle_claim(asking, &found[i], live, err);
	if (r >= 0 && asking->lost.n)
		return backup_gate_hold_lost(asking);
	cleanup_free char *key = claims_key(asking);
	return r < 0 || asking->why
		       ? r
		       : backup_gate_note(asking->gate, key, asking->question->app->name,
					  BACKUP_MAY_BE_EMPTY, err);
}

int backup_gate_settle_claims(struct backup_gate_asking *asking, const struct deadline *deadline,
			      struct err *err)
{
	struct backup_found_claim *found;
	size_t count;

	backup_find_claims(&asking->gate->catalog, asking->question->app, &found, &count);
	int r = settle_found(asking, found, count, deadline, err);
	free(found);
	return r;
}
