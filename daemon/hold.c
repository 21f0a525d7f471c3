#include "hold.h"

#include <string.h>

#include "backup/halt.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/timespan.h"
#include "reconcile/rollback.h"
#include "state/hold.h"

void hold_known_apps(const struct loaded *loaded, struct state_ledger *ledger, struct list *ret)
{
	for (size_t i = 0; loaded && i < loaded->set->count; i++)
		list_add_new(ret, loaded->set->apps[i]->name);
	for (size_t i = 0; loaded && i < loaded->set->broken_folders.n; i++)
		list_add_new(ret, loaded->set->broken_folders.items[i]);
	cleanup_list struct list owned = LIST_INIT;
	state_ledger_apps(ledger, &owned);
	for (size_t i = 0; i < owned.n; i++)
		list_add_new(ret, owned.items[i]);
}

/* "ghost" means "ghost" and every "ghost@...". */
static bool means(const char *app, const char *name)
{
	size_t n = strlen(app);

	return !strncmp(name, app, n) && (name[n] == '\0' || name[n] == '@');
}

int hold_find_apps(const struct list *known, const char *app, struct list *ret, struct err *err)
{
	for (size_t i = 0; i < known->n; i++)
		if (means(app, known->items[i]))
			list_add_new(ret, known->items[i]);
	if (ret->n)
		return 0;
	const char *nearest = name_nearest(app, (const char *const *)known->items, known->n);
	cleanup_free char *all = list_join(known, ", ");
	(void)err_set(err, ERR_NOT_FOUND, "there is no app '%s'", app);
	if (nearest)
		return err_hint(err, "did you mean %s?", nearest);
	return err_hint(err, "the apps are: %s", known->n ? all : "none yet");
}

int hold_suspend(const struct site *site, const struct list *known, const char *app, int64_t for_ms,
		 const char *who, struct event_sink *sink, struct err *err)
{
	cleanup_free char *owner = mem_printf("suspend by %s", who);
	struct state_hold hold = {
		.app = (char *)app,
		.owner = owner,
		.since = time(NULL),
		.until = for_ms ? time(NULL) + (for_ms + 999) / 1000 : 0,
	};
	cleanup_list struct list found = LIST_INIT;
	int r = hold_find_apps(known, app, &found, err);

	if (r >= 0)
		r = state_hold_take(site->options->state, &hold, err);
	if (r < 0)
		return r;
	cleanup_free char *span = timespan_text(for_ms);
	event_emit(sink, (struct event){.kind = EVENT_SUSPENDED, .app = app},
		   "%s: suspended by %s%s%s; it is left alone until: desired resume %s", app, who,
		   for_ms ? " for " : "", for_ms ? span : "", app);
	return 0;
}

/* 1 when any of them was pinned. */
static int unpin(const struct site *site, const struct list *apps, struct event_sink *sink,
		 struct err *err)
{
	int found = 0;

	for (size_t i = 0; i < apps->n; i++) {
		int r = reconcile_unpin(site->ledger, apps->items[i], sink, err);
		if (r < 0)
			return r;
		found |= r;
	}
	return found;
}

/* A backup or a restore ends its hold itself; of one that was killed and left no note of anything
 * to finish, only the hold is there. */
static int end_other(const struct site *site, const char *app, const struct state_hold *hold,
		     struct event_sink *sink, struct err *err)
{
	bool suspended = !strncmp(hold->owner, "suspend", strlen("suspend"));

	if (!suspended && !backup_halt_is_left(site->options->state)) {
		event_emit(sink, (struct event){.kind = EVENT_RESUMED, .app = app},
			   "%s: the hold by %s is ended", app, hold->owner);
		return state_hold_drop(site->options->state, hold->app, hold->owner, err);
	}
	(void)err_set(err, ERR_BUSY, "%s is held by %s as %s", app, hold->owner, hold->app);
	return suspended ? err_hint(err, "desired resume %s", hold->app)
			 : err_hint(err, "it ends by itself when that is done");
}

int hold_resume(const struct site *site, const struct list *known, const char *app,
		struct event_sink *sink, bool *ret_unpinned, struct err *err)
{
	cleanup_list struct list found = LIST_INIT;
	struct state_hold hold;
	int r = hold_find_apps(known, app, &found, err);

	*ret_unpinned = false;
	if (r >= 0)
		r = state_hold_drop(site->options->state, app, "suspend", err);
	if (r > 0)
		event_emit(sink, (struct event){.kind = EVENT_RESUMED, .app = app}, "%s: resumed",
			   app);
	if (r != 0)
		return r;
	r = state_hold_find(site->options->state, app, time(NULL), &hold, err);
	if (r < 0)
		return r;
	if (r == 0) {
		r = unpin(site, &found, sink, err);
		*ret_unpinned = r > 0;
		return r;
	}
	r = end_other(site, app, &hold, sink, err);
	state_hold_done(&hold);
	return r;
}

int hold_go_without(struct backup_gate *gate, const struct list *known, const char *app,
		    const char *who, struct event_sink *sink, struct err *err)
{
	cleanup_list struct list found = LIST_INIT;
	int r = hold_find_apps(known, app, &found, err);

	for (size_t i = 0; r >= 0 && i < found.n; i++)
		r = backup_gate_allow(gate, found.items[i], err);
	if (r >= 0)
		event_emit(sink, (struct event){.kind = EVENT_RESUMED, .app = app},
			   "%s: goes on without its old data, as %s said", app, who);
	return r;
}

time_t hold_next_end(const struct site *site, const struct list *known, struct list *ret_apps)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_hold hold;
	time_t next = 0;

	for (size_t i = 0; i < known->n; i++) {
		if (state_hold_find(site->options->state, known->items[i], time(NULL), &hold,
				    &err) <= 0)
			continue;
		if (hold.until && next && hold.until < next)
			list_done(ret_apps);
		if (hold.until && (!next || hold.until <= next)) {
			next = hold.until;
			list_add_new(ret_apps, hold.app);
		}
		state_hold_done(&hold);
	}
	return next;
}
