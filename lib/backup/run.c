#include <stdlib.h>
#include <string.h>

#include "backup/backup.h"
#include "backup/halt.h"
#include "backup/inflight.h"
#include "backup/keys.h"
#include "backup/live.h"
#include "backup/sweep.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/point.h"
#include "state/revision.h"
#include "tree/json.h"
#include "tree/path.h"

#define ORPHAN_S  (24 * 3600)
#define ANY_AGE_S -600 /* clocks differ */

/* Everything that a run's functions hand on to each other. */
struct run {
	const struct backup_options *options;
	struct backup_report *report;
	struct backup_sources sources;
	struct backup_catalog catalog; /* earlier sets */
	struct backup_set *set;
	char *scratch, *inflight;
	char *crashed; /* the set of a run that did not end; NULL */
	int lock;
};

/* --- sources --- */

static bool is_wanted(const struct backup_options *options, const char *app)
{
	size_t n = options->only ? strlen(options->only) : 0;

	return !options->only || !strcmp(app, options->only) ||
	       (!strncmp(app, options->only, n) && app[n] == '@');
}

/* The set in force: the newest revision. */
static int load_app(const struct backup_options *options, const char *app,
		    struct manifest_app **ret, int *ret_revision, struct err *err)
{
	struct state_revision *revisions = NULL;
	size_t count = 0;

	int r = state_revision_list(options->state_dir, app, &revisions, &count, err);
	*ret_revision = r >= 0 && count ? revisions[count - 1].number : 0;
	for (size_t i = 0; i < count; i++)
		state_revision_done(&revisions[i]);
	free(revisions);
	*ret = NULL;
	if (r < 0 || !*ret_revision)
		return r;
	return state_revision_load(options->state_dir, app, *ret_revision, ret, err);
}

/* What is live, or was when it could be asked; NULL where that was never. */
static json_t *ask_live(const struct backup_options *options, struct backup_sources *sources)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *live = NULL;

	if (!options->client)
		return backup_live_recall(options->state_dir);
	if (backup_live_ask(options->client, options->node,
			    options->dry_run ? NULL : options->state_dir, options->deadline, &live,
			    &err) >= 0)
		return live;
	live = backup_live_recall(options->state_dir);
	const char *when = tree_path_string(live, "when");
	sources->note =
		when ? mem_printf("live pods and volumes are as of %s: %s", when, err.message)
		     : mem_printf("live pods and volumes are not known: %s", err.message);
	return live;
}

int backup_find_sources(const struct backup_options *options, struct backup_sources *ret,
			struct err *err)
{
	cleanup_list struct list names = LIST_INIT;
	json_auto_t *live = NULL;

	*ret = (struct backup_sources){0};
	int r = state_revision_apps(options->state_dir, &names, err);
	if (r < 0)
		return r;
	cleanup_free struct manifest_app **apps = mem_zalloc((names.n + 1) * sizeof(*apps));
	size_t count = 0;
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		struct manifest_app *app;
		int revision;
		if ((r = load_app(options, names.items[i], &app, &revision, err)) < 0 || !app)
			continue;
		backup_sources_add_app(ret, app, revision);
		apps[count++] = app;
	}
	const struct manifest_app *const *all = (const struct manifest_app *const *)apps;
	if (r >= 0) {
		live = ask_live(options, ret);
		backup_sources_add_live(ret, live, all, count);
		r = backup_sources_add_claims(ret, live, options->storage, all, count, err);
	}
	if (r >= 0) {
		backup_sources_add_system(ret, options->dir, options->state_dir, options->k3s,
					  options->paths);
		backup_sources_find_unprotected(ret, live);
	}
	for (size_t i = 0; i < count; i++)
		manifest_app_unref(apps[i]);
	if (r < 0)
		backup_sources_done(ret);
	return r;
}

/* --- what a crash leaves --- */

static void note_upload(void *context, const char *key, const char *upload_id)
{
	const struct run *run = context;

	backup_inflight_upload(run->inflight, key, upload_id);
}

/* An upload may have begun just before the crash, too late for its note. */
static int end_uploads(struct run *run, struct err *err)
{
	const struct backup_options *options = run->options;
	cleanup_free char *prefix = mem_printf("%s/", options->node);
	int count =
		s3_store_abort_orphans(options->store, prefix, ORPHAN_S, options->deadline, err);

	for (size_t i = 0; run->crashed && count >= 0 && i < run->sources.count; i++) {
		cleanup_free char *begun = mem_printf("%s/%s/%s", options->node,
						      run->sources.items[i].name, run->crashed);
		int r = s3_store_abort_orphans(options->store, begun, ANY_AGE_S, options->deadline,
					       err);
		count = r < 0 ? r : count + r;
	}
	return count;
}

/* What cannot be cleared away now is for the next run. */
static void clear_away(struct run *run)
{
	const struct backup_options *options = run->options;
	cleanup_err struct err ignored = ERR_INIT;

	int count = end_uploads(run, &ignored);
	if (count > 0)
		list_printf(&run->report->orphans, "%d uploads that never ended were ended", count);
	err_done(&ignored);
	count = backup_sweep(options->store, &run->catalog, options->node, run->crashed, time(NULL),
			     options->deadline, &ignored);
	if (count > 0)
		list_printf(&run->report->orphans,
			    "%d objects of a run that never ended were deleted", count);
}

/* Apps that an earlier run stopped and could not start again. */
static void finish_halts(struct run *run)
{
	const struct backup_options *options = run->options;
	cleanup_err struct err err = ERR_INIT;

	if (backup_halt_finish(options->client, options->state_dir, options->deadline,
			       options->sink, &err) < 0)
		event_emit(options->sink, (struct event){.kind = EVENT_BACKUP_FAILED}, "%s",
			   err.message);
}

/* --- units --- */

static void say(const struct run *run, const struct backup_unit *unit, const char *text)
{
	event_emit(run->options->sink,
		   (struct event){.kind = unit->state == BACKUP_FAILED ? EVENT_BACKUP_FAILED
								       : EVENT_BACKUP,
				  .app = unit->name},
		   "backup of %s: %s", unit->name, text);
}

/* Others may read it now than could then: it is sent again. */
static bool is_for_same(const struct run *run, const struct backup_unit *unit)
{
	cleanup_list struct list names = LIST_INIT;

	backup_keys_names(run->options->recipients, &names);
	cleanup_free char *now = list_join(&names, " "), *then = list_join(&unit->recipients, " ");
	return !strcmp(now, then);
}

/* The unit as an earlier set has it, when nothing changed since. */
static const struct backup_unit *same_as(const struct run *run, const struct backup_source *source,
					 const struct backup_look *look, const char **ret_id)
{
	const struct backup_set *newest = backup_catalog_newest(&run->catalog, source->name);
	const struct backup_unit *unit = newest ? backup_set_find(newest, source->name) : NULL;

	if (!unit || !is_for_same(run, unit) || look->has_programs || run->options->full ||
	    look->missing.n || unit->state != BACKUP_OK || !unit->fingerprint ||
	    strcmp(unit->fingerprint, look->fingerprint) != 0)
		return NULL;
	*ret_id = unit->same_as ? unit->same_as : newest->id;
	return unit;
}

static void copy_object(struct backup_object *to, const struct backup_object *from)
{
	*to = (struct backup_object){mem_strdup(from->key), from->size};
}

static void take_over(struct run *run, const struct backup_unit *from, const char *id,
		      struct backup_unit *unit)
{
	list_copy(&unit->paths, &from->paths);
	list_copy(&unit->claims, &from->claims);
	unit->claim_volumes = json_incref(from->claim_volumes);
	for (size_t i = 0; i < from->volume_count; i++)
		copy_object(backup_unit_add_volume(unit), &from->volumes[i]);
	unit->sha256 = mem_strdup(from->sha256);
	unit->index_sha256 = mem_strdup(from->index_sha256);
	list_copy(&unit->recipients, &from->recipients);
	copy_object(&unit->index, &from->index);
	unit->files = from->files;
	unit->bytes = from->bytes;
	unit->same_as = mem_strdup(id);
	run->report->unchanged++;
	say(run, unit, "unchanged");
}

static void send(struct run *run, const struct backup_source *source,
		 const struct backup_look *look, struct backup_unit *unit)
{
	const struct backup_options *options = run->options;
	const struct backup_unit_options wanted = {
		.store = options->store,
		.client = options->client,
		.state_dir = options->state_dir,
		.sink = options->sink,
		.node = options->node,
		.id = run->set->id,
		.scratch = run->scratch,
		.effort = options->effort,
		.recipients = options->recipients,
		.deadline = options->deadline,
		.cancel = options->cancel,
		.began = note_upload,
		.context = run,
	};
	cleanup_err struct err err = ERR_INIT;

	if (backup_unit_write(&wanted, source, look, unit, &err) < 0) {
		unit->state = BACKUP_FAILED;
		unit->error = err_text(&err);
		say(run, unit, unit->error);
		return;
	}
	point_reached("backup-unit-sent");
	run->report->sent++;
	run->report->bytes_sent += backup_unit_stored(unit);
	cleanup_free char *text =
		mem_printf("%llu files, %.1f MB sent", (unsigned long long)unit->files,
			   (double)(backup_unit_stored(unit)) / 1e6);
	say(run, unit, text);
}

static void back_up(struct run *run, const struct backup_source *source)
{
	struct backup_unit *unit = backup_set_add(run->set, source->name);
	cleanup_err struct err err = ERR_INIT;
	struct backup_look look;
	const char *id;

	unit->revision = source->revision;
	if (backup_unit_look(source, &look, &err) < 0) {
		unit->state = BACKUP_FAILED;
		unit->error = err_text(&err);
		say(run, unit, unit->error);
		return;
	}
	unit->fingerprint = mem_strdup(look.fingerprint);
	const struct backup_unit *same = same_as(run, source, &look, &id);
	if (same)
		take_over(run, same, id, unit);
	else if (run->options->dry_run)
		unit->bytes = look.bytes;
	else
		send(run, source, &look, unit);
	backup_look_done(&look);
}

/* A run for one app says of the others what the newest set says. */
static void keep_others(struct run *run)
{
	const struct backup_set *newest =
		run->catalog.count ? run->catalog.sets[run->catalog.count - 1] : NULL;

	for (size_t i = 0; newest && run->options->only && i < newest->count; i++) {
		const struct backup_unit *old = &newest->units[i];
		if (is_wanted(run->options, old->name) || backup_set_find(run->set, old->name))
			continue;
		struct backup_unit *unit = backup_set_add(run->set, old->name);
		unit->state = old->state;
		unit->revision = old->revision;
		unit->fingerprint = mem_strdup(old->fingerprint);
		unit->error = mem_strdup(old->error);
		list_copy(&unit->notes, &old->notes);
		if (old->index.key)
			take_over(run, old, old->same_as ? old->same_as : newest->id, unit);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct backup_unit *one = a, *other = b;

	return strcmp(one->name, other->name);
}

/* --- the marker --- */

static int write_marker(struct run *run, struct err *err)
{
	const struct backup_options *options = run->options;
	cleanup_free char *key = backup_set_key(options->node, run->set->id);
	cleanup_buf struct buf back = BUF_INIT;

	run->set->ended = time(NULL);
	json_auto_t *tree = backup_set_to_json(run->set);
	cleanup_free char *text = tree_json_dump(tree);
	int r = s3_store_create(options->store, key, text, strlen(text), options->deadline, NULL,
				err);
	point_reached("backup-marked");
	if (r >= 0)
		r = s3_store_get(options->store, key, strlen(text) + 1, &back, options->deadline,
				 err);
	if (r >= 0 && (back.len != strlen(text) || memcmp(back.data, text, back.len) != 0))
		r = err_set(err, ERR_IO, "%s: what the store gives back is not what was written",
			    key);
	return r;
}

static void forget_old(struct run *run)
{
	cleanup_list struct list deleted = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	if (backup_forget(run->options, &deleted, &err) < 0)
		run->report->retention = err_text(&err);
	run->report->deleted = deleted.n;
}

/* --- the run --- */

static int begin(struct run *run, struct err *err)
{
	const struct backup_options *options = run->options;
	cleanup_free char *folder = file_join(options->state_dir, "backup");
	cleanup_free char *lock = file_join(folder, "lock");

	run->scratch = file_join(folder, "tmp");
	run->inflight = file_join(folder, "inflight.json");
	int r = file_make_dir(folder, 0700, err);
	if (r >= 0)
		r = file_make_dir(run->scratch, 0700, err);
	if (r >= 0 && (r = file_lock(lock, &run->lock, err)) < 0)
		return r == -ERR_BUSY ? err_set(err, ERR_BUSY, "another backup is under way") : r;
	if (r >= 0 && !options->dry_run)
		finish_halts(run);
	if (r >= 0)
		r = s3_store_check(options->store, options->deadline, err);
	if (r >= 0 && !options->dry_run)
		run->crashed = backup_inflight_end(run->inflight, options->store, options->deadline,
						   &run->report->orphans);
	if (r >= 0)
		r = backup_catalog_read(options->store, options->node, options->deadline,
					&run->catalog, err);
	if (r >= 0)
		r = backup_find_sources(options, &run->sources, err);
	if (r >= 0 && !options->dry_run)
		clear_away(run);
	return r;
}

static void make_set(struct run *run)
{
	const struct backup_options *options = run->options;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	run->set = mem_new(struct backup_set);
	run->set->id = backup_set_id(&now);
	run->set->began = now.tv_sec;
	run->set->node = mem_strdup(options->node);
	run->set->version = mem_strdup(options->version);
	run->set->cluster = mem_strdup(options->cluster);
	list_copy(&run->set->unprotected, &run->sources.unprotected);
	if (run->sources.note)
		list_add(&run->set->notes, run->sources.note);
}

static int back_up_all(struct run *run, struct err *err)
{
	for (size_t i = 0; i < run->sources.count; i++) {
		const struct backup_source *source = &run->sources.items[i];
		if (cancel_raised(run->options->cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		if (source->count && is_wanted(run->options, source->name))
			back_up(run, source);
	}
	if (!run->set->count)
		return err_set(err, ERR_NOT_FOUND, "there is nothing to back up%s%s",
			       run->options->only ? " for " : "",
			       run->options->only ? run->options->only : "");
	keep_others(run);
	qsort(run->set->units, run->set->count, sizeof(*run->set->units), by_name);
	return 0;
}

int backup_run(const struct backup_options *options, struct backup_report *ret, struct err *err)
{
	struct run run = {.options = options, .report = ret, .lock = -1};

	*ret = (struct backup_report){0};
	int r = begin(&run, err);
	if (r >= 0) {
		make_set(&run);
		if (!options->dry_run)
			backup_inflight_begin(run.inflight, run.set->id);
		point_reached("backup-begun");
		r = back_up_all(&run, err);
	}
	if (r >= 0 && !options->dry_run) {
		r = write_marker(&run, err);
		if (r >= 0)
			backup_inflight_forget(run.inflight);
	}
	if (r >= 0 && !options->dry_run)
		forget_old(&run);
	if (r >= 0)
		ret->set = steal(&run.set);
	backup_set_free(run.set);
	backup_catalog_done(&run.catalog);
	backup_sources_done(&run.sources);
	file_close(&run.lock);
	free(run.scratch);
	free(run.inflight);
	free(run.crashed);
	return r;
}

void backup_report_done(struct backup_report *report)
{
	backup_set_free(report->set);
	free(report->retention);
	list_done(&report->orphans);
	*report = (struct backup_report){0};
}
