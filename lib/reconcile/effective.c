/* What is to be in force for an app. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reconcile/internal.h"
#include "state/revision.h"

static int in_force(const struct reconcile_round *round, const char *name,
		    struct manifest_app **ret, struct err *err)
{
	struct state_app *known = state_ledger_app(round->world->ledger, name);
	int number = known ? known->revision : 0;

	state_app_free(known);
	if (!number)
		return err_set(err, ERR_NOT_FOUND,
			       "%s: its files are broken and no earlier version was in force",
			       name);
	return state_revision_load(round->world->state_dir, name, number, ret, err);
}

/* True when the files cannot tell whether the app is gone. */
static bool may_be_there(const struct reconcile_round *round, const char *name)
{
	cleanup_free char *folder = mem_strndup(name, strcspn(name, "@"));

	return round->set->fatal || round->set->empty ||
	       list_has(&round->set->broken_folders, folder);
}

static struct manifest_app *gone(const char *name)
{
	const char *at = strchr(name, '@');
	cleanup_free char *folder = mem_strndup(name, strcspn(name, "@"));
	struct manifest_app *app = manifest_app_new(folder, at ? at + 1 : NULL);

	manifest_app_seal(app);
	return app;
}

int reconcile_effective(const struct reconcile_round *round, const char *name,
			struct manifest_app **ret, bool *ret_broken, struct err *err)
{
	struct manifest_app *app = manifest_set_find(round->set, name);

	*ret_broken = app ? app->broken || round->set->fatal : may_be_there(round, name);
	if (*ret_broken)
		return in_force(round, name, ret, err);
	*ret = app ? manifest_app_ref(app) : gone(name);
	return 0;
}
