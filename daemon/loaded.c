#include "loaded.h"

#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "link.h"
#include "secrets.h"
#include "source/load.h"

struct loaded *loaded_ref(struct loaded *loaded)
{
	if (loaded)
		__atomic_add_fetch(&loaded->references, 1, __ATOMIC_RELAXED);
	return loaded;
}

void loaded_unref(struct loaded *loaded)
{
	if (!loaded || __atomic_sub_fetch(&loaded->references, 1, __ATOMIC_ACQ_REL))
		return;
	source_settings_done(&loaded->settings);
	manifest_set_unref(loaded->set);
	diag_done(&loaded->findings);
	free(loaded->fingerprint);
	free(loaded->who);
	free(loaded);
}

static void cleanup_loaded(struct loaded **loaded)
{
	loaded_unref(*loaded);
}

static void cleanup_secrets(struct secrets **secrets)
{
	secrets_free(*secrets);
}

/* Broken settings are a finding, and the defaults stand in so that the apps can be read too. */
static int read_settings(struct loaded *loaded, const char *config, struct err *err)
{
	cleanup_err struct err finding = ERR_INIT;
	cleanup_diag struct diag_list none = DIAG_LIST_INIT;

	if (source_settings_read(config, &loaded->settings, &loaded->findings, &finding) >= 0)
		return 0;
	loaded->fatal = true;
	if (!diag_has_error(&loaded->findings, NULL))
		diag_add(&loaded->findings, DIAG_ERROR, NULL, &finding);
	return source_settings_read("", &loaded->settings, &none, err);
}

/* --- generated values --- */

struct asking {
	const struct loaded_options *options;
	const struct source_settings *settings;
	struct link *link; /* made for the first question */
};

static json_t *ask(void *context, const char *ns, const char *name, bool *ret_answered)
{
	struct asking *asking = context;
	const struct loaded_options *options = asking->options;

	if (!asking->link && options->link_of)
		asking->link = options->link_of(options->context, asking->settings);
	return asking->link ? link_secret(asking->link, ns, name, ret_answered) : NULL;
}

/* That passwords were nearly lost is told, to whoever reads the findings and to the journal. */
static void tell_taken(struct loaded *loaded, const struct secrets *secrets)
{
	const struct list *taken = secrets_taken(secrets);

	for (size_t i = 0; i < taken->n; i++) {
		struct err err = ERR_INIT;
		(void)err_set(&err, ERR_INVALID, "%s", taken->items[i]);
		diag_add(&loaded->findings, DIAG_WARNING, NULL, &err);
	}
}

/* Who may write in the state directory keeps what was made, and what is secret of it. */
static int keep(const struct loaded *loaded, const struct loaded_options *options,
		struct secrets *secrets, struct err *err)
{
	if (!options->make_secrets)
		return 0;
	int r = secrets_keep(secrets, err);
	if (r >= 0 && options->masking)
		r = masking_keep(options->masking, loaded->set, options->state_dir, err);
	return r;
}

static int load(struct loaded *loaded, const struct loaded_options *options,
		struct secrets *secrets, struct err *err)
{
	json_auto_t *kinds =
		options->kinds_of ? options->kinds_of(options->context, &loaded->settings) : NULL;

	return source_load(
		&(struct source_options){
			.dir = options->dir,
			.settings = &loaded->settings,
			.lint = options->lint,
			.kinds = kinds,
			.kube_release = options->kube_release,
			.generated = secrets ? secrets_value : NULL,
			.context = secrets,
			.mask = masking_mask(options->masking),
			.vault = options->vault,
		},
		&loaded->set, err);
}

static int load_with_secrets(struct loaded *loaded, const struct loaded_options *options,
			     struct err *err)
{
	__attribute__((cleanup(cleanup_secrets))) struct secrets *secrets = NULL;
	struct asking asking = {options, &loaded->settings, NULL};

	int r = secrets_open(
		&(struct secrets_options){
			.state_dir = options->state_dir,
			.make = options->make_secrets,
			.mask = masking_mask(options->masking),
			.ask = ask,
			.context = &asking,
		},
		&secrets, err);
	if (r >= 0)
		r = load(loaded, options, secrets, err);
	link_unref(asking.link);
	if (r < 0)
		return r;
	tell_taken(loaded, secrets);
	return keep(loaded, options, secrets, err);
}

static int read_set(struct loaded *loaded, const struct loaded_options *options, struct err *err)
{
	return options->state_dir ? load_with_secrets(loaded, options, err)
				  : load(loaded, options, NULL, err);
}

int loaded_read(const struct loaded_options *options, struct loaded **ret, struct err *err)
{
	__attribute__((cleanup(cleanup_loaded))) struct loaded *loaded = mem_new(struct loaded);
	int64_t began = clock_real.now(&clock_real);
	cleanup_err struct err ignored = ERR_INIT;

	loaded->references = 1;
	loaded->who = mem_strdup(options->who);
	loaded->when = time(NULL);
	/* Taken before the reading: a change while it goes on counts as one after it. */
	if (source_fingerprint(options->dir, &loaded->fingerprint, &ignored) < 0)
		loaded->fingerprint = NULL;
	int r = read_settings(loaded, options->config, err);
	if (r >= 0)
		r = read_set(loaded, options, err);
	if (r < 0)
		return r;
	diag_copy(&loaded->findings, &loaded->set->findings);
	diag_sort(&loaded->findings);
	loaded->fatal |= loaded->set->fatal;
	loaded->took_ms = clock_real.now(&clock_real) - began;
	*ret = steal(&loaded);
	return 0;
}

/* --- a part of it --- */

static bool selects(const struct loaded_selection *selection, const struct manifest_app *app)
{
	return manifest_app_selected(app, selection->app, selection->tags, selection->skip_tags);
}

static void add_apps(struct manifest_set *set, const struct loaded *before,
		     const struct manifest_set *now, const struct loaded_selection *selection)
{
	for (size_t i = 0; i < now->count; i++) {
		struct manifest_app *app = now->apps[i];
		if (!selects(selection, app))
			app = manifest_set_find(before->set, app->name);
		if (app)
			manifest_set_add(set, manifest_app_ref(app));
	}
	for (size_t i = 0; i < before->set->count; i++) {
		struct manifest_app *app = before->set->apps[i];
		if (!manifest_set_find(now, app->name) && !selects(selection, app))
			manifest_set_add(set, manifest_app_ref(app));
	}
	manifest_set_sort(set);
}

void loaded_keep_rest(struct loaded *now, const struct loaded *before,
		      const struct loaded_selection *selection)
{
	struct manifest_set *set = manifest_set_new(), *from = now->set;

	add_apps(set, before, from, selection);
	set->empty = from->empty;
	set->unnamed_apps = from->unnamed_apps;
	set->git_head = mem_strdup(from->git_head);
	set->file_count = from->file_count;
	list_copy(&set->broken_folders, &from->broken_folders);
	diag_copy(&set->findings, &from->findings);
	manifest_set_unref(from);
	now->set = set;
	/* The other files still count as changed. */
	free(now->fingerprint);
	now->fingerprint = mem_strdup(before->fingerprint);
}
