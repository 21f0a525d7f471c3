#include "backup/gate_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backup/keys.h"
#include "backup/place.h"
#include "backup/source.h"
#include "backup/target.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "tree/path.h"

#define PATIENCE_MS 10000 /* for the list of sets and an index */
#define FRESH_MS    60000 /* so long a list of sets is good */
#define GRUDGE_MS   5000  /* so long a store that did not answer is not asked again */

struct backup_gate *backup_gate_new(const struct backup_gate_options *options)
{
	struct backup_gate *gate = mem_new(struct backup_gate);

	gate->options = *options;
	if (!gate->options.patience_ms)
		gate->options.patience_ms = PATIENCE_MS;
	pthread_mutex_init(&gate->turn, NULL);
	pthread_mutex_init(&gate->lock, NULL);
	return gate;
}

static void close_store(struct backup_gate *gate)
{
	s3_store_close(steal(&gate->store));
	age_identities_done(&gate->identities);
	gate->identities = (struct age_identities){0};
	backup_catalog_done(&gate->catalog);
	list_done(&gate->others);
	free(steal(&gate->target));
	free(steal(&gate->node));
	free(steal(&gate->failure));
	gate->asked_at = gate->failed_at = 0;
}

void backup_gate_free(struct backup_gate *gate)
{
	if (!gate)
		return;
	close_store(gate);
	pthread_mutex_destroy(&gate->turn);
	pthread_mutex_destroy(&gate->lock);
	free(gate);
}

static int decide(struct backup_gate_asking *asking, enum backup_gate_verdict verdict, char *why)
{
	asking->verdict = verdict;
	free(asking->why);
	asking->why = why;
	return 0;
}

/* --- what is there --- */

static void sort_path(struct backup_gate_asking *asking, const char *path, bool allowed,
		      int *changed)
{
	struct backup_known *known = &asking->known;
	const char *app = asking->question->app->name;
	time_t now = time(NULL);

	if (!backup_place_is_empty(path)) {
		*changed |= backup_known_note(known, path, app, BACKUP_HAD, now);
		return;
	}
	enum backup_known_state state = backup_known_state(known, path);
	if (state == BACKUP_MAY_BE_EMPTY)
		return;
	/* A path that an app in force has never filled is its own business. */
	if (allowed || (state == BACKUP_NEVER_SEEN && !asking->question->first))
		*changed |= backup_known_note(known, path, app, BACKUP_MAY_BE_EMPTY, now);
	else
		list_add(state == BACKUP_HAD ? &asking->lost : &asking->missing, path);
}

/* Sorts the app's paths; what is seen for the first time is noted. */
static int look(struct backup_gate_asking *asking, struct err *err)
{
	struct backup_gate *gate = asking->gate;
	struct backup_sources sources = {0};
	int changed = 0, r = 0;

	backup_sources_add_app(&sources, asking->question->app, 0);
	if (!sources.items[0].count && !backup_find_may_have_claims(asking->question->app)) {
		backup_sources_done(&sources);
		return 0;
	}
	pthread_mutex_lock(&gate->lock);
	backup_known_open(gate->options.state_dir, &asking->known);
	bool allowed = backup_known_take_allowed(&asking->known, asking->question->app->name);
	changed = allowed;
	for (size_t i = 0; i < sources.items[0].count; i++)
		sort_path(asking, sources.items[0].trees[i].path, allowed, &changed);
	asking->claims = backup_gate_claims_are_due(asking, allowed, &changed);
	if (changed)
		r = backup_known_write(&asking->known, err);
	backup_known_done(&asking->known);
	pthread_mutex_unlock(&gate->lock);
	backup_sources_done(&sources);
	return r;
}

int backup_gate_note(struct backup_gate *gate, const char *path, const char *app,
		     enum backup_known_state state, struct err *err)
{
	cleanup_backup_known struct backup_known known = {0};
	int r = 0;

	pthread_mutex_lock(&gate->lock);
	backup_known_open(gate->options.state_dir, &known);
	if (backup_known_note(&known, path, app, state, time(NULL)))
		r = backup_known_write(&known, err);
	pthread_mutex_unlock(&gate->lock);
	return r;
}

/* --- the store --- */

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static int read_sets(struct backup_gate *gate, const struct deadline *deadline, struct err *err)
{
	backup_catalog_done(&gate->catalog);
	list_done(&gate->others);
	int r = s3_store_check(gate->store, deadline, err);
	if (r >= 0)
		r = backup_catalog_read(gate->store, gate->node, deadline, &gate->catalog, err);
	if (r >= 0 && !gate->catalog.count)
		r = backup_catalog_nodes(gate->store, deadline, &gate->others, err);
	return r;
}

static int open_and_read(struct backup_gate *gate, const json_t *settings,
			 const struct deadline *deadline, struct err *err)
{
	int r = 0;

	if (!gate->store) {
		r = backup_keys_identities(settings, NULL, &gate->identities, err);
		if (r >= 0)
			r = backup_target_open(settings, NULL, "desired.yaml", gate->options.http,
					       &gate->store, err);
	}
	return r < 0 ? r : read_sets(gate, deadline, err);
}

/* The sets that there are; a list that came a moment ago is good, and a store that did not answer a
 * moment ago is left alone. */
static int know_sets(struct backup_gate_asking *asking, const struct deadline *deadline,
		     struct err *err)
{
	struct backup_gate *gate = asking->gate;
	const json_t *settings = asking->question->settings;
	cleanup_free char *node =
		backup_target_node(settings, gate->options.state_dir, &asking->chosen);
	const char *target = tree_path_string(settings, "target");
	int64_t now = clock_real.now(&clock_real);

	if (!same(gate->target, target) || !same(gate->node, node)) {
		close_store(gate);
		gate->target = mem_strdup(target);
		gate->node = steal(&node);
	}
	if (gate->asked_at && now - gate->asked_at < FRESH_MS)
		return 0;
	if (gate->failure && now - gate->failed_at < GRUDGE_MS)
		return err_set(err, ERR_UNREACHABLE, "%s", gate->failure);
	free(steal(&gate->failure));
	gate->asked_at = 0;
	int r = open_and_read(gate, settings, deadline, err);
	if (r >= 0) {
		gate->asked_at = now;
	} else if (r != -ERR_CANCELED) {
		gate->failure = err_text(err);
		gate->failed_at = clock_real.now(&clock_real);
	}
	return r;
}

/* Another node that has the path, when ours has nothing at all and its name is only the host's. */
static int find_elsewhere(struct backup_gate_asking *asking, const char *path,
			  const struct deadline *deadline, const char **ret_node, struct err *err)
{
	struct backup_gate *gate = asking->gate;
	int r = 0;

	for (size_t i = 0; r == 0 && !asking->chosen && i < gate->others.n; i++) {
		cleanup_backup_catalog struct backup_catalog catalog = {0};
		const struct backup_set *set;
		*ret_node = gate->others.items[i];
		r = backup_catalog_read(gate->store, *ret_node, deadline, &catalog, err);
		if (r >= 0)
			r = backup_find_path(gate->store, &catalog, path, &gate->identities,
					     deadline, &set, err);
	}
	return r;
}

/* --- verdicts --- */

int backup_gate_hold_lost(struct backup_gate_asking *asking)
{
	cleanup_free char *paths = list_join(&asking->lost, ", ");
	const char *app = asking->question->app->name;

	return decide(asking, BACKUP_GATE_HELD,
		      mem_printf("%s had data on this node and %s missing or empty now (is a disk "
				 "not mounted?). Nothing of the app is changed until it is there "
				 "again, or: desired restore %s (the newest backup), or: desired "
				 "resume %s --without-restore (start with what is there)",
				 paths, asking->lost.n == 1 ? "is" : "are", app, app));
}

static int wait_for_store(struct backup_gate_asking *asking, const struct err *err)
{
	cleanup_free char *text = err_text(err);

	return decide(asking, BACKUP_GATE_WAIT,
		      mem_printf("its data is not on this node, and whether %s has it cannot be "
				 "told: %s. It waits; to start without it: desired resume %s "
				 "--without-restore",
				 asking->gate->target, text, asking->question->app->name));
}

static int hold_for_other(struct backup_gate_asking *asking, const char *path, const char *node)
{
	const char *app = asking->question->app->name;

	return decide(asking, BACKUP_GATE_HELD,
		      mem_printf("%s is not there; node %s has no backups in %s, but %s has one of "
				 "it. If this machine takes its place: desired restore %s --node "
				 "%s, or write backup: {node: %s}. If not: desired resume %s "
				 "--without-restore",
				 path, asking->gate->node, asking->gate->target, node, path, node,
				 node, app));
}

static int first_install(struct backup_gate_asking *asking, const char *path, struct err *err)
{
	event_emit(asking->question->sink,
		   (struct event){.kind = EVENT_FIRST_INSTALL, .app = asking->question->app->name},
		   "%s: %s is empty and %s has no backup of it: a first install",
		   asking->question->app->name, path, asking->gate->target);
	return backup_gate_note(asking->gate, path, asking->question->app->name,
				BACKUP_MAY_BE_EMPTY, err);
}

int backup_gate_bring_back(struct backup_gate_asking *asking, const struct backup_set *set,
			   const char *path, const char *name, struct err *err)
{
	struct backup_gate *gate = asking->gate;
	const struct backup_gate_restore what = {gate->node, set->id, path};
	cleanup_free char *taken = timespan_rfc3339(set->began);
	int64_t began = clock_real.now(&clock_real);
	const char *app = asking->question->app->name;

	event_emit(asking->question->sink, (struct event){.kind = EVENT_WAITING, .app = app},
		   "%s: its first start waits while %s comes back from %s", app, name, taken);
	int r = gate->options.restore(gate->options.context, &what, asking->question->cancel, err);
	if (r == -ERR_CANCELED)
		return r;
	if (r < 0) {
		cleanup_free char *text = err_text(err);
		err_done(err);
		return decide(asking, BACKUP_GATE_WAIT,
			      mem_printf("%s could not be restored from set %s: %s. It is tried "
					 "again; to start without it: desired resume %s "
					 "--without-restore",
					 path, set->id, text, app));
	}
	cleanup_free char *took = timespan_text(clock_real.now(&clock_real) - began);
	event_emit(asking->question->sink, (struct event){.kind = EVENT_RESTORED, .app = app},
		   "%s: %s was not on this node and is restored from set %s, taken %s, in %s", app,
		   name, set->id, taken, took);
	return backup_gate_note(gate, path, app, BACKUP_HAD, err);
}

static int settle(struct backup_gate_asking *asking, const char *path,
		  const struct deadline *deadline, struct err *err)
{
	struct backup_gate *gate = asking->gate;
	const struct backup_set *set = NULL;
	const char *node = NULL;

	int r = backup_find_path(gate->store, &gate->catalog, path, &gate->identities, deadline,
				 &set, err);
	if (r > 0)
		return backup_gate_bring_back(asking, set, path, path, err);
	if (r == 0)
		r = find_elsewhere(asking, path, deadline, &node, err);
	if (r > 0)
		return hold_for_other(asking, path, node);
	return r < 0 ? r : first_install(asking, path, err);
}

/* With the turn: paths that are new to this node, one after the other. */
static int settle_all(struct backup_gate_asking *asking, struct err *err)
{
	struct cancel *cancel = asking->question->cancel;
	int64_t patience = asking->gate->options.patience_ms;
	struct deadline deadline = deadline_in(&clock_real, cancel, patience);
	int r = know_sets(asking, &deadline, err);

	for (size_t i = 0; r >= 0 && !asking->why && i < asking->missing.n; i++) {
		deadline = deadline_in(&clock_real, cancel, patience);
		r = settle(asking, asking->missing.items[i], &deadline, err);
	}
	if (r >= 0 && !asking->why && asking->claims) {
		deadline = deadline_in(&clock_real, cancel, patience);
		r = backup_gate_settle_claims(asking, &deadline, err);
	}
	if (r >= 0 || r == -ERR_CANCELED)
		return r;
	(void)wait_for_store(asking, err);
	err_done(err);
	return 0;
}

static int ask_store(struct backup_gate_asking *asking, struct err *err)
{
	struct backup_gate *gate = asking->gate;

	if (pthread_mutex_trylock(&gate->turn) != 0)
		return decide(asking, BACKUP_GATE_BUSY,
			      mem_strdup("waits for its turn to look for its data in the backups"));
	int r = settle_all(asking, err);
	pthread_mutex_unlock(&gate->turn);
	return r;
}

static bool is_wanted(const struct backup_gate_question *question)
{
	const char *restore = tree_path_string(question->app->options.backup, "restore");

	return tree_path_string(question->settings, "target") &&
	       (!restore || strcmp(restore, "never") != 0);
}

int backup_gate_ask(struct backup_gate *gate, const struct backup_gate_question *question,
		    enum backup_gate_verdict *ret, char **ret_why, struct err *err)
{
	struct backup_gate_asking asking = {.gate = gate, .question = question};
	int r = is_wanted(question) ? look(&asking, err) : 0;

	if (r >= 0 && asking.lost.n)
		r = backup_gate_hold_lost(&asking);
	else if (r >= 0 && (asking.missing.n || asking.claims))
		r = ask_store(&asking, err);
	list_done(&asking.missing);
	list_done(&asking.lost);
	if (r < 0) {
		free(asking.why);
		return r;
	}
	*ret = asking.verdict;
	*ret_why = asking.why;
	return 0;
}

/* --- what people decide --- */

static int change(struct backup_gate *gate, const char *app,
		  int (*what)(struct backup_known *known, const char *app, time_t now),
		  struct err *err)
{
	cleanup_backup_known struct backup_known known = {0};
	int r = 0;

	pthread_mutex_lock(&gate->lock);
	backup_known_open(gate->options.state_dir, &known);
	if (what(&known, app, time(NULL)))
		r = backup_known_write(&known, err);
	pthread_mutex_unlock(&gate->lock);
	return r;
}

int backup_gate_allow(struct backup_gate *gate, const char *app, struct err *err)
{
	return change(gate, app, backup_known_allow, err);
}

int backup_gate_forget(struct backup_gate *gate, const char *app, struct err *err)
{
	return change(gate, app, backup_known_forget, err);
}
