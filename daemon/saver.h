/*
 * saver: the data of an app into a backup set, before its images change (reconcile/upgrade.h).
 *
 * By `desired backup run --app APP` in a process of its own: a crash or a slow disk there never
 * touches the daemon.
 */
#pragma once

#include "options.h"
#include "reconcile/upgrade.h"
#include "source/settings.h"

struct saver {
	struct reconcile_saver saver; /* for the world */
	const struct options *options;
	const struct source_settings *settings;
};

/* Fills ret and returns what passes take; NULL when desired.yaml names no target. Both are borrowed
 * as long as ret is used, and ret may not move. */
const struct reconcile_saver *saver_init(struct saver *ret, const struct options *options,
					 const struct source_settings *settings);
