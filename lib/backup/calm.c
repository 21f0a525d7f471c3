#include "backup/calm.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/snapshot.h"

static int stop(const struct backup_calm_options *options, struct backup_calm *calm,
		struct err *err)
{
	cleanup_free char *owner = mem_printf("backup %s", options->id);
	struct backup_halt_options halt = {
		.client = options->client,
		.state_dir = options->state_dir,
		.app = calm->source->name,
		.owner = owner,
		.timeout_ms = calm->source->timeout_ms,
		.deadline = options->deadline,
		.sink = options->sink,
	};

	if (!options->client)
		return err_set(err, ERR_UNREACHABLE,
			       "cold: true stops the app, and there is no kubeconfig to do so");
	for (size_t i = 0; i < calm->source->count; i++) {
		list_add(&halt.paths, calm->source->trees[i].path);
		if (calm->source->trees[i].claim)
			list_add(&halt.claims, calm->source->trees[i].claim);
	}
	int r = backup_halt_begin(&halt, &calm->halt, err);
	list_done(&halt.paths);
	list_done(&halt.claims);
	calm->was_cold = r >= 0;
	return r < 0 ? err_wrap(err, "cold: true") : 0;
}

/* How many there are in *ret. */
static int make_snapshots(const struct backup_calm_options *options, struct backup_calm *calm,
			  size_t *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < calm->source->count; i++) {
		int r = host_snapshot_make(calm->source->trees[i].path, options->id,
					   &calm->snapshots[i], err);
		if (r < 0)
			return r;
		*ret += r > 0;
	}
	return 0;
}

int backup_calm_begin(const struct backup_calm_options *options, const struct backup_source *source,
		      struct backup_calm *ret, struct err *err)
{
	cleanup_err struct err also = ERR_INIT;
	size_t count = 0;
	int r = 0;

	*ret = (struct backup_calm){.source = source};
	ret->snapshots = mem_zalloc((source->count + 1) * sizeof(*ret->snapshots));
	if (json_is_true(json_object_get(source->options, "cold")))
		r = stop(options, ret, err);
	if (r >= 0)
		r = make_snapshots(options, ret, &count, err);
	if (r >= 0 && ret->halt && count == source->count)
		r = backup_halt_end(steal(&ret->halt), err);
	if (r < 0)
		(void)backup_calm_end(ret, &also);
	return r;
}

int backup_calm_end(struct backup_calm *calm, struct err *err)
{
	int r = backup_halt_end(steal(&calm->halt), err);

	for (size_t i = 0; calm->snapshots && i < calm->source->count; i++) {
		cleanup_err struct err one = ERR_INIT;
		if (calm->snapshots[i] && host_snapshot_delete(calm->snapshots[i], &one) < 0 &&
		    r >= 0)
			r = err_move(err, &one);
		free(calm->snapshots[i]);
	}
	free(steal(&calm->snapshots));
	return r;
}

const char *backup_calm_root(const struct backup_calm *calm, size_t tree)
{
	return calm->snapshots[tree] ? calm->snapshots[tree] : calm->source->trees[tree].path;
}

bool backup_calm_holds(const struct backup_calm *calm, size_t tree)
{
	return calm->was_cold || calm->snapshots[tree];
}
