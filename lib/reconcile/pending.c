/* Deletes that wait, for a person or for something else to be over. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reconcile/internal.h"

static void keys_to_approve(const struct plan *plan, struct list *ret)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].to_approve)
			list_add(ret, plan->steps[i].key);
}

int reconcile_take_approval(struct reconcile_pass *pass, struct err *err)
{
	cleanup_list struct list keys = LIST_INIT;

	if (!pass->plan->approval)
		return 0;
	keys_to_approve(pass->plan, &keys);
	return state_ledger_take_approval(pass->world->ledger, pass->plan->approval, &keys, err);
}

/* How many deletes wait, and why the last of them does. */
static size_t count_held(const struct plan *plan, const char **ret_why)
{
	size_t held = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (step->action != PLAN_HOLD)
			continue;
		held++;
		/* What a person can end is said rather than what ends by itself. */
		if (step->to_approve || !*ret_why)
			*ret_why = step->why;
	}
	return held;
}

static char *held_text(size_t held, const char *why)
{
	return held == 1 ? mem_printf("1 delete waits: %s", why)
			 : mem_printf("%zu deletes wait: %s", held, why);
}

static void say(struct reconcile_pass *pass, const char *what)
{
	const struct event event = {.kind = EVENT_APPROVAL, .app = pass->app->name};

	if (pass->plan->approval)
		event_emit(pass->world->sink, event,
			   "%s: %s. Look at `desired plan`, then: desired approve %s",
			   pass->app->name, what, pass->plan->approval);
	else
		event_emit(pass->world->sink, event, "%s: %s", pass->app->name, what);
}

/* An object that the files have again is no orphan any more, and needs a new approval when it
 * leaves them once more. */
static int take_back(struct reconcile_pass *pass, struct err *err)
{
	cleanup_free const struct state_entry **entries =
		mem_alloc((pass->ledger.n + 1) * sizeof(const struct state_entry *));
	const char *key;
	struct state_entry *entry;
	size_t count = 0;

	map_foreach (&pass->ledger, key, entry) {
		if ((!entry->approved && !entry->kept) || !manifest_app_find(pass->app, key))
			continue;
		entry->approved = entry->kept = false;
		free(steal(&entry->size));
		entries[count++] = entry;
	}
	return count ? state_ledger_put(pass->world->ledger, entries, count, err) : 0;
}

int reconcile_note_pending(struct reconcile_pass *pass, struct err *err)
{
	struct state_app *known = state_ledger_app(pass->world->ledger, pass->app->name);
	const char *why = NULL;
	size_t held = count_held(pass->plan, &why);
	cleanup_free char *what = held ? held_text(held, why) : NULL;
	struct state_pending pending = {
		.id = pass->plan->approval,
		.why = what,
		.insist = known && known->pending.id && known->pending.insist,
	};

	state_app_free(known);
	if (held)
		say(pass, what);
	pass->result->waiting_approval = pending.id;
	keys_to_approve(pass->plan, &pending.keys);
	int r = state_ledger_pend(pass->world->ledger, pass->app->name, held ? &pending : NULL,
				  err);
	list_done(&pending.keys);
	return r < 0 ? r : take_back(pass, err);
}
