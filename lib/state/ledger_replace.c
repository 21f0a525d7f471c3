/* What the ledger remembers of replaces: versions that are refused, and pods that pull. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "state/private.h"

/* --- refusals --- */

static void must_come_back(struct state_ledger *ledger, const char *key)
{
	const struct state_line *line = map_get(&ledger->entries, key);

	if (!line)
		return;
	struct state_entry *entry = state_entry_copy(line->entry);
	entry->stage = STATE_PUT_BACK;
	map_put(&ledger->entries, key, state_line_new(entry));
}

int state_ledger_refuse(struct state_ledger *ledger, const char *app, const char *hash,
			const char *why, const struct list *keys, struct err *err)
{
	pthread_mutex_lock(&ledger->lock);
	struct state_app *known = state_ledger_app_of(ledger, app);
	free(known->refused);
	known->refused = mem_strdup(hash);
	free(known->refused_why);
	known->refused_why = mem_strdup(why);
	for (size_t i = 0; i < keys->n; i++)
		must_come_back(ledger, keys->items[i]);
	int r = state_ledger_save(ledger, err);
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

/* --- pods that pull --- */

int state_ledger_note_pod(struct state_ledger *ledger, const char *key, const char *app,
			  struct err *err)
{
	pthread_mutex_lock(&ledger->lock);
	map_put(&ledger->pods, key, mem_strdup(app));
	int r = state_ledger_save(ledger, err);
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

int state_ledger_forget_pod(struct state_ledger *ledger, const char *key, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&ledger->lock);
	if (map_has(&ledger->pods, key)) {
		map_remove(&ledger->pods, key);
		r = state_ledger_save(ledger, err);
	}
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

void state_ledger_pods(struct state_ledger *ledger, const char *app, struct list *ret)
{
	const char *key, *owner;

	pthread_mutex_lock(&ledger->lock);
	map_foreach (&ledger->pods, key, owner)
		if (!strcmp(owner, app))
			list_add(ret, key);
	pthread_mutex_unlock(&ledger->lock);
}
