#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_place(const void *a_, const void *b_)
{
	const struct err *a = &((const struct diag *)a_)->err, *b = &((const struct diag *)b_)->err;
	int order = compare_text(a->place.file, b->place.file);

	if (!order)
		order = a->place.line - b->place.line;
	if (!order)
		order = a->place.column - b->place.column;
	return order ? order : compare_text(a->message, b->message);
}

static struct diag *find(struct diag_list *list, enum diag_severity severity, const struct err *err)
{
	struct diag probe = {.err = *err};

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].severity == severity && !by_place(&list->items[i], &probe))
			return &list->items[i];
	return NULL;
}

void diag_add(struct diag_list *list, enum diag_severity severity, const char *app, struct err *err)
{
	struct diag *diag = find(list, severity, err);

	if (!diag) {
		mem_grow(list->items, &list->cap, list->n + 1);
		diag = &list->items[list->n++];
		*diag = (struct diag){.severity = severity};
		(void)err_move(&diag->err, err);
	}
	if (app)
		list_add_new(&diag->apps, app);
	err_done(err);
}

size_t diag_count(const struct diag_list *list, enum diag_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < list->n; i++)
		count += list->items[i].severity == severity;
	return count;
}

bool diag_has_error(const struct diag_list *list, const char *app)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].severity == DIAG_ERROR &&
		    (!app || !list->items[i].apps.n || list_has(&list->items[i].apps, app)))
			return true;
	return false;
}

void diag_copy(struct diag_list *to, const struct diag_list *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct diag *diag = &from->items[i];
		size_t apps = diag->apps.n ? diag->apps.n : 1;
		for (size_t j = 0; j < apps; j++) {
			struct err copy = ERR_INIT;
			err_copy(&copy, &diag->err);
			diag_add(to, diag->severity, diag->apps.n ? diag->apps.items[j] : NULL,
				 &copy);
		}
	}
}

void diag_sort(struct diag_list *list)
{
	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), by_place);
}

/* The source line with a caret under the column. Tabs stay tabs, so that the caret lines up. */
static void print_excerpt(const struct err *err, struct buf *out)
{
	int width = err->caret_width > 0 ? err->caret_width : 1;

	buf_printf(out, "%5d | %s\n      | ", err->place.line, err->excerpt);
	int column = 1; /* in characters */
	for (const char *at = err->excerpt; *at && column < err->place.column; at++) {
		if ((*at & 0xc0) == 0x80)
			continue;
		buf_addch(out, *at == '\t' ? '\t' : ' ');
		column++;
	}
	buf_addch(out, '^');
	buf_fill(out, '~', (size_t)width - 1);
	if (err->hint)
		buf_printf(out, " %s", err->hint);
	buf_addch(out, '\n');
}

void diag_print(const struct diag *diag, struct buf *out)
{
	static const char *const severities[] = {"error", "warning", "note"};
	const struct err *err = &diag->err;

	if (err->place.file)
		buf_addstr(out, err->place.file);
	if (err->place.line > 0)
		buf_printf(out, ":%d", err->place.line);
	if (err->place.line > 0 && err->place.column > 0)
		buf_printf(out, ":%d", err->place.column);
	if (err->place.file)
		buf_addstr(out, ": ");
	buf_printf(out, "%s: %s\n", severities[diag->severity], err->message);
	if (err->excerpt && err->place.line > 0)
		print_excerpt(err, out);
	else if (err->hint)
		buf_printf(out, "      %s\n", err->hint);
	if (err->trail)
		buf_printf(out, "      %s\n", err->trail);
	if (diag->apps.n) {
		cleanup_free char *apps = list_join(&diag->apps, ", ");
		buf_printf(out, "      in %s\n", apps);
	}
}

void diag_done(struct diag_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		err_done(&list->items[i].err);
		list_done(&list->items[i].apps);
	}
	free(list->items);
	*list = DIAG_LIST_INIT;
}
