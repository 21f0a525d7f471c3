#include "source/load.h"

#include <string.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "source/build.h"
#include "source/git.h"
#include "source/link.h"
#include "source/pass.h"

/* A tree that goes on changing is given this long to come to rest. */
#define PATIENCE_MS 5000
/* A file that is younger than this may be half written. */
#define SETTLED_MS 25

void source_load_run(struct source_pass *pass)
{
	if (source_pass_usable(pass)) {
		for (size_t i = 0; i < pass->layout.count; i++)
			source_build_app(pass, &pass->layout.apps[i]);
		source_link(pass);
	}
	source_pass_show_lines(pass);
	diag_sort(&pass->set->findings);
}

/* Somebody else goes on writing: nothing of it is taken up. */
static void refuse_moving(struct source_pass *pass)
{
	struct err err = ERR_INIT;

	(void)err_set(&err, ERR_BUSY, "the files go on changing while they are read");
	(void)err_hint(&err, "reload again when they are complete");
	(void)err_at(&err, pass->tree->dir, 0, 0);
	diag_add(&pass->set->findings, DIAG_ERROR, NULL, &err);
	pass->set->fatal = true;
}

static bool is_settled(const struct source_pass *pass)
{
	long age = source_tree_age_ms(pass->tree);

	return age < 0 || age >= SETTLED_MS;
}

/* One pass over files that did not change meanwhile. */
static int pass_at_rest(const struct source_options *options, struct source_pass *pass,
			struct err *err)
{
	struct deadline wait = deadline_in(&clock_real, NULL, PATIENCE_MS);

	wait.pause = SETTLED_MS;
	for (;;) {
		int r = source_pass_begin(options, pass, err);
		if (r < 0)
			return r;
		if (is_settled(pass)) {
			source_load_run(pass);
			if (!source_tree_changed(pass->tree))
				return 0;
		}
		if (deadline_passed(&wait)) {
			refuse_moving(pass);
			return 0;
		}
		source_pass_done(pass);
		r = deadline_back_off(&wait, err);
		if (r < 0 && err->code != ERR_TIMEOUT)
			return r;
		err_done(err);
	}
}

int source_load(const struct source_options *options, struct manifest_set **ret, struct err *err)
{
	struct source_pass pass;

	int r = pass_at_rest(options, &pass, err);
	if (r < 0)
		return r;
	pass.set->git_head = source_git_head(options->dir);
	*ret = manifest_set_ref(pass.set);
	source_pass_done(&pass);
	source_vault_cache_sweep(options->vault);
	return 0;
}

static bool is_selected(const char *selected, const char *app)
{
	size_t folder = strcspn(app, "@");

	return !selected || !strcmp(selected, app) ||
	       (strlen(selected) == folder && !strncmp(selected, app, folder));
}

struct selection {
	const char *selected;
	void (*rendered)(void *context, const char *app, const char *file, const char *text,
			 size_t length);
	void *context;
};

static void pass_on(void *context, const char *app, const char *file, const char *text,
		    size_t length)
{
	const struct selection *selection = context;

	if (is_selected(selection->selected, app))
		selection->rendered(selection->context, app, file, text, length);
}

static void copy_selected(struct diag_list *to, const struct diag_list *from, const char *selected)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct list *apps = &from->items[i].apps;
		for (size_t j = 0; j < (apps->n ? apps->n : 1); j++) {
			const char *app = apps->n ? apps->items[j] : NULL;
			struct err copy = ERR_INIT;
			if (app && !is_selected(selected, app))
				continue;
			err_copy(&copy, &from->items[i].err);
			diag_add(to, from->items[i].severity, app, &copy);
		}
	}
}

int source_render(const struct source_options *options, const char *selected,
		  void (*rendered)(void *context, const char *app, const char *file,
				   const char *text, size_t length),
		  void *context, struct diag_list *ret_findings, struct err *err)
{
	struct selection selection = {selected, rendered, context};
	struct source_pass pass;

	/* What is shown need not be at rest: it is shown again when asked again. */
	int r = source_pass_begin(options, &pass, err);
	if (r < 0)
		return r;
	pass.rendered = pass_on;
	pass.context = &selection;
	source_load_run(&pass);
	copy_selected(ret_findings, &pass.set->findings, selected);
	source_pass_done(&pass);
	return 0;
}
