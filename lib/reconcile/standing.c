#include "reconcile/standing.h"

#include <stdlib.h>

#include "base/mem.h"
#include "reconcile/rollback.h"
#include "state/revision.h"

/* The revision that a pass would be made for; 0: the files, or nothing. */
static int revision_of(const struct state_app *known, const struct manifest_app *app, bool broken)
{
	if (known && reconcile_pin_holds(&known->pin, app, broken))
		return known->pin.revision;
	return known && broken ? known->revision : 0;
}

static int load(const char *state_dir, const char *name, int number, struct manifest_app **ret,
		struct err *err)
{
	int r = state_revision_load(state_dir, name, number, ret, err);

	/* Lost or damaged: then it stands nowhere, and can still go elsewhere. */
	if (r == -ERR_NOT_FOUND || r == -ERR_INVALID) {
		err_done(err);
		return 0;
	}
	return r;
}

static const char *files_hash_of(const struct state_app *known, const struct manifest_app *app,
				 const struct reconcile_standing *standing)
{
	if (!standing->broken)
		return app ? app->hash : "";
	if (known && known->pin.revision)
		return known->pin.hash;
	return standing->hash;
}

int reconcile_standing(struct state_ledger *ledger, const char *state_dir,
		       const struct manifest_set *set, const char *name,
		       struct reconcile_standing *ret, struct err *err)
{
	struct manifest_app *app = manifest_set_find(set, name);
	struct state_app *known = state_ledger_app(ledger, name);
	bool broken = reconcile_files_broken(set, name);
	int number = revision_of(known, app, broken), r = 0;

	*ret = (struct reconcile_standing){.broken = broken};
	if (number)
		r = load(state_dir, name, number, &ret->app, err);
	else if (app && !broken)
		ret->app = manifest_app_ref(app);
	ret->hash = ret->app ? mem_strdup(ret->app->hash) : NULL;
	ret->files_hash = mem_strdup(files_hash_of(known, app, ret));
	state_app_free(known);
	return r;
}

void reconcile_standing_done(struct reconcile_standing *standing)
{
	manifest_app_unref(standing->app);
	free(standing->hash);
	free(standing->files_hash);
	*standing = (struct reconcile_standing){0};
}
