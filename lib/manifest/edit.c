#include "manifest/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_same(const struct manifest_edit *a, const struct manifest_edit *b)
{
	return a->line == b->line && a->column == b->column && a->lines == b->lines &&
	       a->copy_line == b->copy_line && a->copy_lines == b->copy_lines &&
	       a->copy_indent == b->copy_indent && !strcmp(a->file, b->file) &&
	       !strcmp(a->old, b->old) && !strcmp(a->now, b->now);
}

static void release(struct manifest_edit *edit)
{
	free(edit->file);
	free(edit->old);
	free(edit->now);
}

void manifest_edits_add(struct manifest_edits *edits, struct manifest_edit edit)
{
	for (size_t i = 0; i < edits->n; i++)
		if (is_same(&edits->items[i], &edit)) {
			release(&edit);
			return;
		}
	mem_grow(edits->items, &edits->cap, edits->n + 1);
	edits->items[edits->n++] = edit;
}

void manifest_edits_done(struct manifest_edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		release(&edits->items[i]);
	free(edits->items);
	*edits = (struct manifest_edits){0};
}

/* --- where they are --- */

struct span {
	const struct manifest_edit *edit;
	size_t begin, end;
};

static size_t line_offset(const char *text, size_t length, int line)
{
	const char *at = text, *end = text + length;

	for (int i = 1; i < line && at < end; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	return (size_t)(at - text);
}

static size_t column_offset(const char *text, size_t length, size_t line, int column)
{
	size_t at = line;

	for (int i = 1; i < column && at < length && text[at] != '\n'; i++)
		for (at++; at < length && (text[at] & 0xc0) == 0x80;)
			at++;
	return at;
}

static struct span span_of(const struct manifest_edit *edit, const char *text, size_t length)
{
	size_t begin = line_offset(text, length, edit->line);

	if (edit->lines)
		return (struct span){edit, begin,
				     line_offset(text, length, edit->line + edit->lines)};
	begin = column_offset(text, length, begin, edit->column);
	return (struct span){edit, begin, begin + strlen(edit->old)};
}

static int refuse(const struct manifest_edit *edit, const char *text, size_t length,
		  const char *message, struct err *err)
{
	const char *line = text + line_offset(text, length, edit->line);

	(void)err_set(err, ERR_INVALID, "%s", message);
	(void)err_at(err, edit->file, edit->line, edit->lines ? 0 : edit->column);
	return err_excerpt(err, line, (int)strcspn(line, "\r\n"), 1);
}

/* A tag within lines that go would be torn from its end; one among lines that are copied would run
 * twice. */
static bool holds_tag(const char *text, size_t begin, size_t end)
{
	return memmem(text + begin, end - begin, "{%", 2) != NULL;
}

static bool stands_there(const struct span *span, const char *text, size_t length)
{
	size_t n = strlen(span->edit->old), at = span->begin;

	if (span->edit->lines)
		at += strspn(text + at, " ");
	return at + n <= length && !memcmp(text + at, span->edit->old, n);
}

static int check(const struct span *span, const char *text, size_t length, struct err *err)
{
	const struct manifest_edit *edit = span->edit;

	if (!stands_there(span, text, length)) {
		cleanup_free char *message = mem_printf(
			"'%s' does not stand here as it is, but comes out of markup", edit->old);
		(void)refuse(edit, text, length, message, err);
		if (!*edit->now || strchr(edit->now, '\n') || edit->copy_lines)
			return err_hint(err, "rewrite it by hand");
		return err_hint(err, "it should say '%s'", edit->now);
	}
	if (edit->lines && holds_tag(text, span->begin, span->end))
		return refuse(edit, text, length, "tags stand among lines that must go", err);
	return 0;
}

/* --- lines that are copied --- */

static size_t indentation(const char *text, size_t begin, size_t end)
{
	size_t n = strspn(text + begin, " ");

	return n < end - begin ? n : end - begin;
}

/* Line by line, the first as far in as is wished and the others along with it. */
static void copy_lines(const struct manifest_edit *edit, const char *text, size_t begin, size_t end,
		       struct buf *out)
{
	size_t first = indentation(text, begin, end);

	while (begin < end) {
		const char *newline = memchr(text + begin, '\n', end - begin);
		size_t stop = newline ? (size_t)(newline - text) : end;
		size_t own = indentation(text, begin, stop);
		size_t deeper = own > first ? own - first : 0;
		buf_fill(out, ' ', (size_t)edit->copy_indent + deeper);
		buf_add(out, text + begin + own, stop - begin - own);
		begin = stop + 1;
		if (begin < end)
			buf_addch(out, '\n');
	}
}

/* Line ends are those of the file. */
static void add_text(const char *now, size_t length, bool crlf, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		if (crlf && now[i] == '\n')
			buf_addch(out, '\r');
		buf_addch(out, now[i]);
	}
}

static bool has_crlf(const char *text, size_t length)
{
	const char *newline = memchr(text, '\n', length);

	return newline && newline > text && newline[-1] == '\r';
}

static int add_new(const struct span *span, const char *text, size_t length, struct buf *out,
		   struct err *err)
{
	const struct manifest_edit *edit = span->edit;
	bool crlf = has_crlf(text, length);
	const char *mark = edit->copy_lines ? strstr(edit->now, MANIFEST_EDIT_COPY) : NULL;

	if (!mark) {
		add_text(edit->now, strlen(edit->now), crlf, out);
		return 0;
	}
	size_t begin = line_offset(text, length, edit->copy_line);
	size_t end = line_offset(text, length, edit->copy_line + edit->copy_lines);
	if (holds_tag(text, begin, end))
		return refuse(edit, text, length, "tags stand among lines that must be copied",
			      err);
	add_text(edit->now, (size_t)(mark - edit->now), crlf, out);
	copy_lines(edit, text, begin, end, out);
	mark += strlen(MANIFEST_EDIT_COPY);
	add_text(mark, strlen(mark), crlf, out);
	return 0;
}

/* --- all together --- */

static int by_place(const void *a_, const void *b_)
{
	const struct span *a = a_, *b = b_;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

static int apply(struct span *spans, size_t n, const char *text, size_t length, struct buf *out,
		 struct err *err)
{
	size_t at = 0;

	qsort(spans, n, sizeof(*spans), by_place);
	for (size_t i = 0; i < n; i++) {
		int r = check(&spans[i], text, length, err);
		if (r < 0)
			return r;
		if (spans[i].begin < at)
			return refuse(spans[i].edit, text, length,
				      "renderings of this need different changes", err);
		buf_add(out, text + at, spans[i].begin - at);
		if ((r = add_new(&spans[i], text, length, out, err)) < 0)
			return r;
		at = spans[i].end;
	}
	buf_add(out, text + at, length - at);
	return 0;
}

int manifest_edit_apply(const struct manifest_edits *edits, const char *file, const char *text,
			size_t length, struct buf *out, struct err *err)
{
	cleanup_free struct span *spans = mem_alloc((edits->n + 1) * sizeof(*spans));
	size_t n = 0;

	for (size_t i = 0; i < edits->n; i++)
		if (!strcmp(edits->items[i].file, file))
			spans[n++] = span_of(&edits->items[i], text, length);
	return apply(spans, n, text, length, out, err);
}
