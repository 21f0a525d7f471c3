#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/timespan.h"

static const char *hash_before(const struct loaded *before, const struct state_app *known,
			       const char *name)
{
	const struct manifest_app *old = before ? manifest_set_find(before->set, name) : NULL;

	if (old && !old->broken)
		return old->hash;
	if (known && known->pin.revision)
		return known->pin.hash;
	return known ? known->hash : NULL;
}

static void compare_app(const struct manifest_app *app, const struct loaded *before,
			struct state_ledger *ledger, struct verdict *ret)
{
	if (app->broken) {
		list_add(&ret->bad, app->name);
		return;
	}
	struct state_app *known = state_ledger_app(ledger, app->name);
	const char *hash = hash_before(before, known, app->name);
	list_add(&ret->good, app->name);
	if (!hash || strcmp(hash, app->hash) != 0)
		list_add(&ret->changed, app->name);
	state_app_free(known);
}

static bool is_in_broken_folder(const struct manifest_set *set, const char *name)
{
	cleanup_free char *folder = mem_strndup(name, strcspn(name, "@"));

	return list_has(&set->broken_folders, folder);
}

void verdict_make(const struct loaded *now, const struct loaded *before,
		  struct state_ledger *ledger, struct verdict *ret)
{
	cleanup_list struct list known = LIST_INIT;

	*ret = (struct verdict){.fatal = now->fatal};
	for (size_t i = 0; i < now->set->count; i++)
		compare_app(now->set->apps[i], before, ledger, ret);
	for (size_t i = 0; i < now->set->broken_folders.n; i++)
		list_add_new(&ret->bad, now->set->broken_folders.items[i]);
	if (now->fatal || now->set->empty)
		return;
	state_ledger_apps(ledger, &known);
	for (size_t i = 0; i < known.n; i++)
		if (!manifest_set_find(now->set, known.items[i]) &&
		    !is_in_broken_folder(now->set, known.items[i]))
			list_add(&ret->gone, known.items[i]);
}

void verdict_done(struct verdict *verdict)
{
	list_done(&verdict->good);
	list_done(&verdict->bad);
	list_done(&verdict->changed);
	list_done(&verdict->gone);
}

static void tell_changed(const struct loaded *now, const struct verdict *verdict,
			 struct event_sink *sink)
{
	for (size_t i = 0; i < verdict->changed.n; i++) {
		const struct manifest_app *app =
			manifest_set_find(now->set, verdict->changed.items[i]);
		event_emit(sink, (struct event){.kind = EVENT_LOADED, .app = app->name},
			   "%s: its files were taken up, %zu object%s", app->name, app->count,
			   app->count == 1 ? "" : "s");
	}
}

/* What goes on in spite of a finding. */
static char *consequence(const struct loaded *now, struct state_ledger *ledger, const char *app)
{
	if (now->fatal)
		return mem_strdup("everything stays as it was");
	if (!app)
		return mem_strdup("what was in force stays");
	struct state_app *known = state_ledger_app(ledger, app);
	char *text = known && known->revision
			     ? mem_printf("revision %d stays in force", known->revision)
			     : mem_strdup("nothing of it is applied");
	state_app_free(known);
	return text;
}

static void tell_error(const struct loaded *now, const struct diag *diag, const char *app,
		       struct state_ledger *ledger, struct event_sink *sink)
{
	cleanup_free char *text = err_text(&diag->err);
	cleanup_free char *then = consequence(now, ledger, app);

	event_emit(sink, (struct event){.kind = EVENT_LOAD_FAILED, .app = app}, "%s%s%s; %s",
		   app ? app : "", app ? ": " : "", text, then);
}

static bool is_known(const struct diag *diag, const struct diag_list *before)
{
	for (size_t i = 0; i < before->n; i++)
		if (before->items[i].severity == diag->severity &&
		    !strcmp(before->items[i].err.message, diag->err.message))
			return true;
	return false;
}

static void tell_warning(const struct diag *diag, struct event_sink *sink)
{
	cleanup_free char *text = err_text(&diag->err);
	const char *app = diag->apps.n == 1 ? diag->apps.items[0] : NULL;

	event_emit(sink, (struct event){.kind = EVENT_WARNING, .app = app}, "%s%s%s",
		   app ? app : "", app ? ": " : "", text);
}

static void tell_finding(const struct loaded *now, const struct loaded *before,
			 const struct diag *diag, struct state_ledger *ledger,
			 struct event_sink *sink)
{
	if (diag->severity == DIAG_WARNING && (!before || !is_known(diag, &before->findings)))
		tell_warning(diag, sink);
	if (diag->severity != DIAG_ERROR)
		return;
	if (!diag->apps.n)
		tell_error(now, diag, NULL, ledger, sink);
	for (size_t i = 0; i < diag->apps.n; i++)
		tell_error(now, diag, diag->apps.items[i], ledger, sink);
}

static void add_names(struct buf *text, const char *what, const struct list *names)
{
	if (!names->n)
		return;
	cleanup_free char *joined = list_join(names, ", ");
	buf_printf(text, "%s%zu %s (%s)", text->len ? ", " : "", names->n, what, joined);
}

static void tell_verdict(const struct loaded *now, const struct verdict *verdict,
			 struct event_sink *sink)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_free char *took = timespan_text(now->took_ms);
	size_t same = verdict->good.n - verdict->changed.n;

	add_names(&text, "changed", &verdict->changed);
	add_names(&text, "gone", &verdict->gone);
	add_names(&text, "broken", &verdict->bad);
	if (same)
		buf_printf(&text, "%s%zu unchanged", text.len ? ", " : "", same);
	if (now->fatal) {
		buf_truncate(&text, 0);
		buf_addstr(&text, "nothing was taken up, everything stays as it was");
	} else if (!text.len) {
		buf_addstr(&text, "no apps");
	}
	event_emit(sink, (struct event){.kind = EVENT_RELOADED}, "%s: %s, read in %s",
		   now->who ? now->who : "files read", buf_str(&text), took);
}

void verdict_tell(const struct loaded *now, const struct loaded *before,
		  const struct verdict *verdict, struct state_ledger *ledger,
		  struct event_sink *sink)
{
	if (!now->fatal)
		tell_changed(now, verdict, sink);
	for (size_t i = 0; i < now->findings.n; i++)
		tell_finding(now, before, &now->findings.items[i], ledger, sink);
	tell_verdict(now, verdict, sink);
}
