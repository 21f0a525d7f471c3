#include "plan/print.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Differences of one step that are shown; a first plan after an adoption can have hundreds. */
#define DIFFS 20
/* Where the places of the template stand, when the text before them is not longer. */
#define PLACE_COLUMN 76

static const char *const red = "\033[31m", *const green = "\033[32m", *const yellow = "\033[33m",
			 *const reset = "\033[0m";

static bool is_shown(const struct plan_step *step, const struct plan_print_options *options)
{
	switch (step->action) {
	case PLAN_NONE:
		return options->unchanged;
	case PLAN_WAIT:
		return false;
	case PLAN_FORGET:
		return step->why;
	default:
		return true;
	}
}

static const char *short_kind(const char *kind)
{
	if (!strcmp(kind, "PersistentVolumeClaim"))
		return "PVC";
	if (!strcmp(kind, "PersistentVolume"))
		return "PV";
	return !strcmp(kind, "CustomResourceDefinition") ? "CRD" : kind;
}

static const char *namespace_of(const struct plan_step *step)
{
	return *step->id.ns ? step->id.ns : "-";
}

static const char *action_of(const struct plan_step *step)
{
	return step->action == PLAN_NONE ? "unchanged" : plan_action_name(step);
}

static const char *colour_of(const struct plan_step *step)
{
	switch (step->action) {
	case PLAN_CREATE:
	case PLAN_ADOPT:
	case PLAN_PUT_BACK:
		return green;
	case PLAN_DELETE:
	case PLAN_REFUSE:
		return red;
	case PLAN_NONE:
	case PLAN_FORGET:
		return "";
	default:
		return yellow;
	}
}

struct widths {
	size_t ns, kind, name, action;
};

static void widen(size_t *width, const char *text)
{
	size_t n = strlen(text);

	if (n > *width)
		*width = n;
}

static struct widths measure(const struct plan *plan, const struct plan_print_options *options)
{
	struct widths widths = {0};

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (!is_shown(step, options))
			continue;
		widen(&widths.ns, namespace_of(step));
		widen(&widths.kind, short_kind(step->id.kind));
		widen(&widths.name, step->id.name);
		widen(&widths.action, action_of(step));
	}
	return widths;
}

/* The reason of the row: what the plan says, and for drift who did it. */
static char *reason_of(const struct plan_step *step)
{
	if (!step->drift || !step->culprit)
		return mem_strdup(step->why ? step->why : "");
	return mem_printf("%s%schanged by %s", step->why ? step->why : "", step->why ? ", " : "",
			  step->culprit);
}

/* Text as one line: control characters would break the table. */
static void add_line(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_addstr(out, "\\n");
		else
			buf_addch(out, (unsigned char)*text < ' ' ? ' ' : *text);
	}
}

static void trim(struct buf *out)
{
	size_t n = out->len;

	while (n && out->data[n - 1] == ' ')
		n--;
	buf_truncate(out, n);
}

static void print_row(const struct plan_step *step, const struct widths *widths, bool colour,
		      struct buf *out)
{
	cleanup_free char *reason = reason_of(step);
	const char *action = action_of(step);

	buf_printf(out, "  %-*s  %-*s  %-*s  ", (int)widths->ns, namespace_of(step),
		   (int)widths->kind, short_kind(step->id.kind), (int)widths->name, step->id.name);
	buf_printf(out, "%s%s%s", colour ? colour_of(step) : "", action,
		   colour && *colour_of(step) ? reset : "");
	buf_fill(out, ' ', widths->action - strlen(action) + 2);
	add_line(out, reason);
	if (step->downtime_ms)
		buf_printf(out, "   ~%lld s down", (long long)(step->downtime_ms + 500) / 1000);
	trim(out);
	buf_addch(out, '\n');
}

/* "deployment.yml.j2:23": relative to the app's own folder, which heads the block. */
static char *place_of(const struct plan *plan, const struct plan_step *step, const char *path)
{
	size_t n = strlen(plan->app->app);
	const char *file = NULL;
	int line = 0, column = 0;

	if (!step->object)
		return mem_strdup("");
	manifest_object_place(step->object, path, &file, &line, &column);
	if (!file)
		return mem_strdup("");
	if (!strncmp(file, plan->app->app, n) && file[n] == '/')
		file += n + 1;
	return line ? mem_printf("%s:%d", file, line) : mem_strdup(file);
}

/* What a reader of a workload looks for stands deep in it. */
static const char *short_path(const char *path)
{
	static const char *const prefixes[] = {"spec.template.spec.",
					       "spec.jobTemplate.spec.template.spec."};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(path, prefixes[i], strlen(prefixes[i])))
			return path + strlen(prefixes[i]);
	return path;
}

static void print_difference(const struct plan *plan, const struct plan_step *step,
			     const struct tree_difference *difference, struct buf *out)
{
	cleanup_free char *place = place_of(plan, step, difference->place);
	size_t start = out->len;

	buf_addstr(out, "    ");
	add_line(out, short_path(difference->path));
	buf_addstr(out, "  ");
	add_line(out, difference->from ? difference->from : "(none)");
	buf_addstr(out, " -> ");
	add_line(out, difference->to ? difference->to : "(none)");
	if (*place) {
		size_t width = out->len - start;
		buf_fill(out, ' ', width + 2 < PLACE_COLUMN ? PLACE_COLUMN - width : 2);
		buf_addstr(out, place);
	}
	buf_addch(out, '\n');
}

static void print_step(const struct plan *plan, const struct plan_step *step,
		       const struct widths *widths, bool colour, struct buf *out)
{
	print_row(step, widths, colour, out);
	for (size_t i = 0; i < step->diff.n && i < DIFFS; i++)
		print_difference(plan, step, &step->diff.items[i], out);
	if (step->diff.n > DIFFS)
		buf_printf(out, "    ... and %zu more\n", step->diff.n - DIFFS);
	if (step->caution) {
		buf_addstr(out, "    caution: ");
		add_line(out, step->caution);
		buf_addch(out, '\n');
	}
	if (step->proof) {
		buf_addstr(out, "    proof: ");
		add_line(out, step->proof);
		buf_addch(out, '\n');
	}
}

static size_t to_approve(const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->count; i++)
		n += plan->steps[i].to_approve;
	return n;
}

void plan_print(const struct plan *plan, const struct plan_print_options *options, struct buf *out)
{
	struct widths widths = measure(plan, options);

	if (!widths.name)
		return;
	buf_printf(out, "%s%s\n", plan->app->name,
		   plan_app_gone(plan) ? " (no longer in the files)" : "");
	for (size_t i = 0; i < plan->count; i++)
		if (is_shown(&plan->steps[i], options))
			print_step(plan, &plan->steps[i], &widths, options->colour, out);
	if (plan->approval) {
		size_t n = to_approve(plan);
		buf_printf(out, "    %zu delete%s wait%s for: desired approve %s\n", n,
			   n == 1 ? "" : "s", n == 1 ? "s" : "", plan->approval);
	}
}

void plan_count(const struct plan *plan, struct plan_totals *totals)
{
	size_t *const counters[] = {
		[PLAN_NONE] = &totals->unchanged,
		[PLAN_CREATE] = &totals->create,
		[PLAN_PATCH] = &totals->patch,
		[PLAN_ADOPT] = &totals->adopt,
		[PLAN_REPLACE] = &totals->replace,
		[PLAN_PUT_BACK] = &totals->put_back,
		[PLAN_DELETE] = &totals->delete_,
		[PLAN_KEEP] = &totals->keep,
		[PLAN_REFUSE] = &totals->refuse,
		[PLAN_HOLD] = &totals->hold,
		[PLAN_WAIT] = NULL,
		[PLAN_FORGET] = NULL,
	};

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (step->action == PLAN_REPLACE && step->replace == PLAN_REPLACE_WRITERS)
			totals->recreate++;
		else if (step->action == PLAN_HOLD && !step->to_approve)
			totals->waiting++;
		else if (counters[step->action])
			++*counters[step->action];
	}
}

static void add_total(struct list *list, size_t n, const char *what)
{
	if (n)
		list_printf(list, "%zu %s", n, what);
}

void plan_print_totals(const struct plan_totals *totals, struct buf *out)
{
	cleanup_list struct list parts = LIST_INIT;

	add_total(&parts, totals->create, "create");
	add_total(&parts, totals->patch, "patch");
	add_total(&parts, totals->adopt, "adopt");
	add_total(&parts, totals->replace, "replace");
	add_total(&parts, totals->recreate, "recreate");
	add_total(&parts, totals->put_back, "put back");
	add_total(&parts, totals->delete_, "delete");
	add_total(&parts, totals->keep, "kept");
	add_total(&parts, totals->refuse, "refused");
	add_total(&parts, totals->waiting, "waiting");
	if (totals->delete_ || totals->keep || totals->hold)
		list_printf(&parts, "%zu to approve", totals->hold);
	if (!parts.n)
		list_add(&parts, "Nothing to change");
	cleanup_free char *text = list_join(&parts, ", ");
	buf_printf(out, "%s.", text);
}
