/*
 * Fields that are left to others although the files name them. They are taken out of what is sent,
 * so that a server-side apply gives them up instead of fighting for them.
 *
 * What a controller owns by its trade is found in the live object each time, so it needs no memory;
 * what is contested is remembered by whoever saw the quarrel.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "plan/internal.h"
#include "tree/path.h"

/* The ledger's hash must tell a body with a field from the same body without it. */
static char *hash_without(const char *hash, const struct list *places)
{
	cleanup_free char *gone = list_join(places, "\n");
	cleanup_free char *text = mem_printf("%s\n%s", hash, gone);

	return digest_sha256_hex(text, strlen(text));
}

void plan_yield(const struct plan_run *run, struct plan_step *step,
		const struct manifest_live_object *live)
{
	const struct map *contested = run->input->contested;
	const struct list *quarrels = contested ? map_get(contested, step->key) : NULL;
	cleanup_list struct list places = LIST_INIT;

	manifest_manager_yields(live->body, step->object->body, &places);
	for (size_t i = 0; quarrels && i < quarrels->n; i++)
		list_add_new(&places, quarrels->items[i]);
	if (!places.n)
		return;
	list_sort(&places);
	step->body = json_deep_copy(step->object->body);
	for (size_t i = 0; i < places.n; i++)
		(void)tree_path_remove(step->body, places.items[i]);
	step->hash = hash_without(step->object->hash, &places);
}
