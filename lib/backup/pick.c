#include "backup/pick.h"

#include <stdlib.h>
#include <string.h>

#include "backup/path.h"
#include "backup/volume.h"
#include "base/mem.h"
#include "tree/path.h"

static void picked_done(struct backup_picked *picked)
{
	free(picked->name);
	free(picked->path);
	backup_place_done(&picked->place);
	json_decref(picked->volume);
}

void backup_picks_done(struct backup_picks *picks)
{
	for (size_t i = 0; i < picks->count; i++)
		picked_done(&picks->items[i]);
	free(picks->items);
	*picks = (struct backup_picks){0};
}

/* --- which --- */

static bool is_selected(const struct backup_restore_options *options,
			const struct backup_unit *unit)
{
	size_t n = options->unit ? strlen(options->unit) : 0;

	if (!unit->index.key || unit->state == BACKUP_FAILED)
		return false;
	if (options->unit)
		return !strcmp(unit->name, options->unit) ||
		       (!strncmp(unit->name, options->unit, n) && unit->name[n] == '@');
	return options->system || options->path || strcmp(unit->name, BACKUP_SYSTEM) != 0;
}

/* What of a tree at `path` is wanted: "" for all of it, "/a/b" for what is below; NULL: nothing. */
static const char *rest_of(const char *wanted, const char *path)
{
	if (!wanted || backup_path_within(path, wanted))
		return "";
	return backup_path_within(wanted, path) ? wanted + strlen(path) : NULL;
}

/* Claims are archived by their name, not by their directory. */
static char *archive_name(const char *claim, const char *path)
{
	return claim ? mem_printf("_claims/%s", claim) : mem_strdup(path + 1);
}

/* The directory that the claim has now may be another one: the user knows that. */
static const char *live_path(const json_t *live, const char *claim)
{
	return claim ? tree_path_string(json_object_get(json_object_get(live, "claims"), claim),
					"path")
		     : NULL;
}

/* --- where --- */

/* Of the whole tree; caller frees. */
static char *home_of(const struct backup_restore_options *options, const struct backup_unit *unit,
		     const char *claim, const char *path, const json_t *live, json_t **ret_volume)
{
	const json_t *known = json_object_get(unit->claim_volumes, claim ? claim : "");
	json_auto_t *guess = NULL;

	*ret_volume = NULL;
	if (options->into)
		return mem_printf("%s%s", options->into, path);
	if (!claim)
		return mem_strdup(path);
	if (!known)
		known = guess = json_pack("{s:s}", "path", path);
	return backup_volume_place(claim, known, live, options->set->id, ret_volume);
}

static int add(const struct backup_restore_options *options, const struct backup_unit *unit,
	       const char *path, const char *rest, const json_t *live, struct backup_picks *picks,
	       struct err *err)
{
	const char *claim = backup_unit_claim_at(unit, path);
	cleanup_free char *base = archive_name(claim, path);
	json_t *volume;
	cleanup_free char *home = home_of(options, unit, claim, path, live, &volume);
	cleanup_free char *target = mem_printf("%s%s", home, rest);
	struct backup_picked picked = {
		.unit = unit,
		.claim = claim,
		.name = mem_printf("%s%s", base, rest),
		.path = mem_printf("%s%s", path, rest),
		.volume = volume,
	};

	int r = backup_place_choose(target, options->set->id, options->replace, &picked.place, err);
	if (r < 0) {
		picked_done(&picked);
		return r;
	}
	picks->items = mem_realloc(picks->items, (picks->count + 1) * sizeof(*picks->items));
	picks->items[picks->count++] = picked;
	return 0;
}

/* --- all --- */

/* As it is written, as the claim's directory is now, or past symbolic links. Borrowed from `wanted`
 * and `real`. */
static const char *rest_anyhow(const struct backup_unit *unit, const char *path, const json_t *live,
			       const char *wanted, const char *real)
{
	const char *now = live_path(live, backup_unit_claim_at(unit, path));
	const char *rest = rest_of(wanted, path);

	if (!rest && now)
		rest = rest_of(wanted, now);
	if (rest || !real)
		return rest;
	cleanup_free char *there = backup_path_real(path);
	return rest_of(real, there);
}

static int pick_unit(const struct backup_restore_options *options, const struct backup_unit *unit,
		     const char *real, const json_t *live, struct backup_picks *picks,
		     struct err *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < unit->paths.n; i++) {
		const char *path = unit->paths.items[i];
		const char *rest = rest_anyhow(unit, path, live, options->path, real);
		if (rest)
			r = add(options, unit, path, rest, live, picks, err);
	}
	return r;
}

static int not_there(const struct backup_restore_options *options, struct err *err)
{
	(void)err_set(err, ERR_NOT_FOUND, "set %s has nothing of %s", options->set->id,
		      options->path   ? options->path
		      : options->unit ? options->unit
				      : "any app");
	return err_hint(err, "desired backup show %s lists what it has", options->set->id);
}

int backup_pick(const struct backup_restore_options *options, const json_t *live,
		struct backup_picks *ret, struct err *err)
{
	cleanup_free char *real = options->path ? backup_path_real(options->path) : NULL;
	int r = 0;

	*ret = (struct backup_picks){0};
	for (size_t i = 0; r >= 0 && i < options->set->count; i++)
		if (is_selected(options, &options->set->units[i]))
			r = pick_unit(options, &options->set->units[i], real, live, ret, err);
	if (r >= 0 && !ret->count)
		r = not_there(options, err);
	if (r < 0)
		backup_picks_done(ret);
	return r;
}
