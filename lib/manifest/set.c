#include "manifest/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct manifest_set *manifest_set_new(void)
{
	struct manifest_set *set = mem_new(struct manifest_set);

	set->references = 1;
	return set;
}

struct manifest_set *manifest_set_ref(struct manifest_set *set)
{
	if (set)
		__atomic_add_fetch(&set->references, 1, __ATOMIC_RELAXED);
	return set;
}

void manifest_set_unref(struct manifest_set *set)
{
	if (!set || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < set->count; i++)
		manifest_app_unref(set->apps[i]);
	free(set->apps);
	diag_done(&set->findings);
	list_done(&set->broken_folders);
	free(set->git_head);
	free(set);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct manifest_app *const *)a)->name,
		      (*(struct manifest_app *const *)b)->name);
}

void manifest_set_add(struct manifest_set *set, struct manifest_app *app_stolen)
{
	set->apps = mem_realloc(set->apps, (set->count + 1) * sizeof(struct manifest_app *));
	set->apps[set->count++] = app_stolen;
}

void manifest_set_sort(struct manifest_set *set)
{
	if (set->count > 1)
		qsort(set->apps, set->count, sizeof(*set->apps), by_name);
}

struct manifest_app *manifest_set_find(const struct manifest_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->apps[i]->name, name))
			return set->apps[i];
	return NULL;
}
