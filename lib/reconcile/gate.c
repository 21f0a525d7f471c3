/* The question before the first apply: is the app's data there? lib/backup/gate.h decides. */
#include <stdlib.h>

#include "base/mem.h"
#include "reconcile/internal.h"

static bool is_first(const struct reconcile_pass *pass)
{
	struct state_app *known = state_ledger_app(pass->world->ledger, pass->app->name);
	bool first = !known || !known->revision;

	state_app_free(known);
	return first;
}

int reconcile_pass_gate(struct reconcile_pass *pass, struct err *err)
{
	const struct reconcile_world *world = pass->world;
	struct reconcile_result *result = pass->result;
	char *why = NULL;

	if (!world->gate || !world->settings || pass->options->purge || !pass->app->count)
		return 0;
	const struct backup_gate_question question = {
		.settings = world->settings->backup,
		.app = pass->app,
		.first = is_first(pass),
		.client = world->client,
		.cancel = pass->options->cancel,
		.sink = world->sink,
	};
	int r = backup_gate_ask(world->gate, &question, &result->gate, &why, err);
	free(result->missing);
	result->missing = why;
	return r < 0 ? r : result->gate != BACKUP_GATE_OPEN;
}
