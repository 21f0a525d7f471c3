/* reconcile/standing: where an app stands: what the next pass would be made for, without asking
 * anybody; for what is about to change that. */
#pragma once

#include <stdbool.h>

#include "manifest/set.h"
#include "state/ledger.h"

struct reconcile_standing {
	struct manifest_app *app; /* what the next pass would be made for; NULL: nothing */
	char *hash;		  /* of that; NULL */
	char *files_hash; /* of what the files give, "" when they have no such app; while they
			   * are broken, of what they gave before. A pin is made against it */
	bool broken;	  /* the files are */
};

int reconcile_standing(struct state_ledger *ledger, const char *state_dir,
		       const struct manifest_set *set, const char *name,
		       struct reconcile_standing *ret, struct err *err);
void reconcile_standing_done(struct reconcile_standing *standing);
