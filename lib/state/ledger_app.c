/* The apps of the ledger: what is in force, what pins them, which of their deletes wait. */
#include <string.h>

#include "base/mem.h"
#include "state/entry.h"
#include "state/private.h"

/* --- apps --- */

struct state_app *state_ledger_app(struct state_ledger *ledger, const char *name)
{
	pthread_mutex_lock(&ledger->lock);
	const struct state_app *app = map_get(&ledger->apps, name);
	struct state_app *copy = app ? state_app_copy(app) : NULL;
	pthread_mutex_unlock(&ledger->lock);
	return copy;
}

int state_ledger_put_app(struct state_ledger *ledger, const struct state_app *app, struct err *err)
{
	struct state_app *copy = state_app_copy(app);

	pthread_mutex_lock(&ledger->lock);
	const struct state_app *known = map_get(&ledger->apps, app->name);
	state_pin_done(&copy->pin);
	state_pending_done(&copy->pending);
	if (known) {
		state_pin_copy(&copy->pin, &known->pin);
		state_pending_copy(&copy->pending, &known->pending);
	}
	map_put(&ledger->apps, app->name, copy);
	int r = state_ledger_save(ledger, err);
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

int state_ledger_remove_app(struct state_ledger *ledger, const char *name, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&ledger->lock);
	if (map_has(&ledger->apps, name)) {
		map_remove(&ledger->apps, name);
		r = state_ledger_save(ledger, err);
	}
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

/* --- pins --- */

struct state_app *state_ledger_app_of(struct state_ledger *ledger, const char *name)
{
	struct state_app *app = map_get(&ledger->apps, name);

	if (app)
		return app;
	app = mem_new(struct state_app);
	app->name = mem_strdup(name);
	map_put(&ledger->apps, name, app);
	return app;
}

int state_ledger_pin(struct state_ledger *ledger, const char *name, const struct state_pin *pin,
		     struct err *err)
{
	static const struct state_pin none = {0};
	int r = 0;

	pthread_mutex_lock(&ledger->lock);
	const struct state_app *known = map_get(&ledger->apps, name);
	bool changes = pin || (known && known->pin.revision);
	if (changes) {
		struct state_app *app = state_ledger_app_of(ledger, name);
		state_pin_done(&app->pin);
		state_pin_copy(&app->pin, pin ? pin : &none);
		r = state_ledger_save(ledger, err);
	}
	pthread_mutex_unlock(&ledger->lock);
	return r < 0 ? r : changes;
}

/* --- approvals --- */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_pending(const struct state_pending *a, const struct state_pending *b)
{
	return same(a->id, b->id) && same(a->why, b->why) && a->insist == b->insist;
}

int state_ledger_pend(struct state_ledger *ledger, const char *name,
		      const struct state_pending *pending, struct err *err)
{
	static const struct state_pending none = {0};
	int r = 0;

	if (!pending)
		pending = &none;
	pthread_mutex_lock(&ledger->lock);
	const struct state_app *known = map_get(&ledger->apps, name);
	if ((pending->why || (known && known->pending.why)) &&
	    !(known && same_pending(&known->pending, pending))) {
		struct state_app *app = state_ledger_app_of(ledger, name);
		state_pending_done(&app->pending);
		state_pending_copy(&app->pending, pending);
		r = state_ledger_save(ledger, err);
	}
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

void state_ledger_pending(struct state_ledger *ledger, struct list *ret)
{
	cleanup_list struct list names = LIST_INIT;

	state_ledger_apps(ledger, &names);
	pthread_mutex_lock(&ledger->lock);
	for (size_t i = 0; i < names.n; i++) {
		const struct state_app *app = map_get(&ledger->apps, names.items[i]);
		if (app && app->pending.id)
			list_add_new(ret, app->pending.id);
	}
	pthread_mutex_unlock(&ledger->lock);
}

static void approve_entries(struct state_ledger *ledger, const struct list *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct state_line *line = map_get(&ledger->entries, keys->items[i]);
		if (!line)
			continue;
		struct state_entry *entry = state_entry_copy(line->entry);
		entry->approved = true;
		map_put(&ledger->entries, keys->items[i], state_line_new(entry));
	}
}

/* True when deletes wait under that id; they are approved now. */
static bool approve_pending(struct state_ledger *ledger, const char *id)
{
	const char *name;
	struct state_app *app;
	bool found = false;

	map_foreach (&ledger->apps, name, app) {
		(void)name;
		if (!app->pending.id || strcmp(app->pending.id, id) != 0)
			continue;
		approve_entries(ledger, &app->pending.keys);
		state_pending_done(&app->pending);
		found = true;
	}
	return found;
}

/* What waited because several apps lost objects at once must not go on because the others are
 * through now. */
static void insist_on_the_rest(struct state_ledger *ledger)
{
	const char *name;
	struct state_app *app;

	map_foreach (&ledger->apps, name, app) {
		(void)name;
		app->pending.insist = app->pending.id;
	}
}

int state_ledger_approve(struct state_ledger *ledger, const char *id, struct err *err)
{
	pthread_mutex_lock(&ledger->lock);
	bool found = approve_pending(ledger, id);
	if (found)
		insist_on_the_rest(ledger);
	else
		list_add_new(&ledger->approved, id);
	int r = state_ledger_save(ledger, err);
	pthread_mutex_unlock(&ledger->lock);
	return r < 0 ? r : found;
}

static bool forget_approval(struct state_ledger *ledger, const char *id)
{
	struct list left = LIST_INIT;

	for (size_t i = 0; i < ledger->approved.n; i++)
		if (strcmp(ledger->approved.items[i], id) != 0)
			list_add(&left, ledger->approved.items[i]);
	bool had = left.n < ledger->approved.n;
	list_done(&ledger->approved);
	ledger->approved = left;
	return had;
}

int state_ledger_take_approval(struct state_ledger *ledger, const char *id, const struct list *keys,
			       struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&ledger->lock);
	bool had = forget_approval(ledger, id);
	if (had) {
		approve_entries(ledger, keys);
		r = state_ledger_save(ledger, err);
	}
	pthread_mutex_unlock(&ledger->lock);
	return r < 0 ? r : had;
}
