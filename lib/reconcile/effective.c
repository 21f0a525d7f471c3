/* What is to be in force for an app. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reconcile/internal.h"
#include "reconcile/rollback.h"
#include "state/revision.h"

static int in_force(const struct reconcile_round *round, const char *name, int number,
		    struct manifest_app **ret, struct err *err)
{
	if (!number)
		return err_set(err, ERR_NOT_FOUND,
			       "%s: its files are broken and no earlier version was in force",
			       name);
	return state_revision_load(round->world->state_dir, name, number, ret, err);
}

static struct manifest_app *gone(const char *name)
{
	const char *at = strchr(name, '@');
	cleanup_free char *folder = mem_strndup(name, strcspn(name, "@"));
	struct manifest_app *app = manifest_app_new(folder, at ? at + 1 : NULL);

	manifest_app_seal(app);
	return app;
}

/* An object that another app has by now stays there. */
static void leave_moved(const struct reconcile_round *round, struct manifest_app *app)
{
	for (size_t i = app->count; i-- > 0;) {
		const char *owner = map_get(&round->wanted, app->objects[i]->key);
		if (owner && strcmp(owner, app->name) != 0)
			manifest_object_free(manifest_app_take(app, i));
	}
}

static int pinned(const struct reconcile_round *round, const char *name,
		  const struct state_pin *pin, struct reconcile_effective *ret, struct err *err)
{
	int r = state_revision_load(round->world->state_dir, name, pin->revision, &ret->app, err);

	if (r < 0)
		return err_hint(err, "'desired resume %s' has it follow its files again", name);
	leave_moved(round, ret->app);
	state_pin_copy(&ret->pin, pin);
	return 0;
}

/* A replace of it was cut off, or failed. */
static bool is_half_done(const struct reconcile_round *round, const char *name)
{
	struct map entries = MAP_INIT(state_entry_free);
	const char *key;
	const struct state_entry *entry;
	bool found = false;

	state_ledger_entries(round->world->ledger, name, NULL, &entries);
	map_foreach (&entries, key, entry) {
		(void)key;
		found |= entry->stage == STATE_REPLACING || entry->stage == STATE_PUT_BACK;
	}
	map_done(&entries);
	return found;
}

static int broken(const struct reconcile_round *round, const char *name, int number,
		  struct reconcile_effective *ret, struct err *err)
{
	int r = in_force(round, name, number, &ret->app, err);

	if (r != -ERR_NOT_FOUND || !is_half_done(round, name))
		return r;
	err_done(err);
	ret->frozen = true;
	ret->app = gone(name);
	return 0;
}

/* In the place of a version that did not become ready stands the one that was in force before. */
static int leave_refused(const struct reconcile_round *round, const struct state_app *known,
			 struct reconcile_effective *ret, struct err *err)
{
	struct manifest_app *app = ret->app;

	if (!known || !known->refused || !app->hash || strcmp(known->refused, app->hash) != 0)
		return 0;
	ret->refused = true;
	int r = in_force(round, app->name, known->revision, &ret->app, err);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		ret->frozen = true;
		return 0;
	}
	manifest_app_unref(app);
	return r;
}

static int find(const struct reconcile_round *round, const char *name,
		const struct state_app *known, struct reconcile_effective *ret, struct err *err)
{
	struct manifest_app *app = manifest_set_find(round->set, name);

	ret->broken = reconcile_files_broken(round->set, name);
	if (known && reconcile_pin_holds(&known->pin, app, ret->broken))
		return pinned(round, name, &known->pin, ret, err);
	ret->unpinned = known && known->pin.revision;
	if (ret->broken)
		return broken(round, name, known ? known->revision : 0, ret, err);
	ret->app = app ? manifest_app_ref(app) : gone(name);
	return 0;
}

int reconcile_effective(const struct reconcile_round *round, const char *name, bool retry,
			struct reconcile_effective *ret, struct err *err)
{
	struct state_app *known = state_ledger_app(round->world->ledger, name);

	*ret = (struct reconcile_effective){0};
	int r = find(round, name, known, ret, err);
	if (r >= 0 && !retry && !ret->broken)
		r = leave_refused(round, known, ret, err);
	state_app_free(known);
	return r;
}

void reconcile_effective_done(struct reconcile_effective *effective)
{
	manifest_app_unref(effective->app);
	state_pin_done(&effective->pin);
	*effective = (struct reconcile_effective){0};
}
