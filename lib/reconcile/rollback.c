#include "reconcile/rollback.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/point.h"
#include "base/timespan.h"
#include "reconcile/standing.h"
#include "state/revision.h"

bool reconcile_files_broken(const struct manifest_set *set, const char *name)
{
	const struct manifest_app *app = manifest_set_find(set, name);
	cleanup_free char *folder = mem_strndup(name, strcspn(name, "@"));

	if (set->fatal)
		return true;
	if (app)
		return app->broken;
	return set->empty || list_has(&set->broken_folders, folder);
}

bool reconcile_pin_holds(const struct state_pin *pin, const struct manifest_app *app, bool broken)
{
	const char *hash = pin->hash ? pin->hash : "";

	if (!pin->revision)
		return false;
	if (broken)
		return true;
	return app ? !strcmp(app->hash, hash) : !*hash;
}

/* The revision to go to, and the hash of its set. */
static int choose(const struct reconcile_rollback *rollback,
		  const struct reconcile_standing *standing, int *ret_number, char **ret_hash,
		  struct err *err)
{
	struct state_revision revision;
	int number = rollback->number;
	int r = number ? 0
		       : state_revision_find_healthy(rollback->state_dir, rollback->app,
						     standing->hash, &number, err);

	if (r >= 0 && !number) {
		(void)err_set(err, ERR_NOT_FOUND, "no other version of %s was ever healthy",
			      rollback->app);
		return err_hint(err, "'desired history %s' lists what there is", rollback->app);
	}
	if (r >= 0)
		r = state_revision_find(rollback->state_dir, rollback->app, number, &revision, err);
	if (r < 0)
		return r;
	*ret_number = number;
	*ret_hash = steal(&revision.hash);
	state_revision_done(&revision);
	return 0;
}

static void say(const struct reconcile_rollback *rollback, int number)
{
	const struct event event = {
		.kind = EVENT_ROLLED_BACK, .app = rollback->app, .revision = number};

	if (rollback->why)
		event_emit(rollback->sink, event,
			   "%s: goes back to revision %d by itself: %s. Pinned until its files "
			   "change",
			   rollback->app, number, rollback->why);
	else
		event_emit(rollback->sink, event,
			   "%s: goes back to revision %d, as %s wants it. Pinned until its files "
			   "change, or until: desired resume %s",
			   rollback->app, number, rollback->who, rollback->app);
}

int reconcile_rollback(const struct reconcile_rollback *rollback, int *ret_number, struct err *err)
{
	__attribute__((cleanup(reconcile_standing_done))) struct reconcile_standing standing = {0};
	cleanup_free char *hash = NULL, *when = timespan_rfc3339(time(NULL));
	int number = 0;

	int r = reconcile_standing(rollback->ledger, rollback->state_dir, rollback->set,
				   rollback->app, &standing, err);
	if (r >= 0)
		r = choose(rollback, &standing, &number, &hash, err);
	if (r < 0)
		return r;
	*ret_number = number;
	if (!standing.broken && hash && !strcmp(hash, standing.files_hash)) {
		r = reconcile_unpin(rollback->ledger, rollback->app, rollback->sink, err);
		return r < 0 ? r : 0;
	}
	r = state_ledger_pin(rollback->ledger, rollback->app,
			     &(struct state_pin){
				     .revision = number,
				     .hash = standing.files_hash,
				     .verb = (char *)"rollback",
				     .who = (char *)rollback->who,
				     .when = when,
				     .why = (char *)rollback->why,
			     },
			     err);
	point_reached("rollback-pinned");
	if (r >= 0)
		say(rollback, number);
	return r < 0 ? r : 0;
}

int reconcile_unpin(struct state_ledger *ledger, const char *app, struct event_sink *sink,
		    struct err *err)
{
	struct state_app *known = state_ledger_app(ledger, app);
	int number = known ? known->pin.revision : 0;

	state_app_free(known);
	int r = state_ledger_pin(ledger, app, NULL, err);
	point_reached("rollback-unpinned");
	if (r > 0)
		event_emit(sink, (struct event){.kind = EVENT_UNPINNED, .app = app},
			   "%s: no longer pinned to revision %d; it follows its files again", app,
			   number);
	return r;
}
