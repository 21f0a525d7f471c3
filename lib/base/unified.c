#include "base/unified.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CONTEXT 3
#define MOST	2000 /* lines taken out and put in that the search goes through */

struct line {
	const char *text;
	size_t length; /* with its newline */
};

struct lines {
	struct line *items;
	size_t n, cap;
};

/* One line of the result: '-', '+' or ' '. */
struct change {
	char what;
	struct line line;
};

struct script {
	struct change *items;
	size_t n, cap;
};

static void split(const char *text, size_t length, struct lines *ret)
{
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline + 1 : end;
		mem_grow(ret->items, &ret->cap, ret->n + 1);
		ret->items[ret->n++] = (struct line){text, (size_t)(stop - text)};
		text = stop;
	}
}

static bool same(const struct line *a, const struct line *b)
{
	return a->length == b->length && !memcmp(a->text, b->text, a->length);
}

static void add(struct script *script, char what, const struct line *line)
{
	mem_grow(script->items, &script->cap, script->n + 1);
	script->items[script->n++] = (struct change){what, *line};
}

/* --- Myers: An O(ND) Difference Algorithm and Its Variations (1986), greedy --- */

struct search {
	const struct lines *a, *b;
	long **reached; /* for each number of edits: how far each diagonal came */
	long edits;	/* -1: more than MOST */
};

static long furthest(const struct search *search, const long *v, long d, long k)
{
	long n = (long)search->a->n, m = (long)search->b->n;
	bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
	long x = down ? v[k + 1] : v[k - 1] + 1;

	while (x < n && x - k < m && same(&search->a->items[x], &search->b->items[x - k]))
		x++;
	return x;
}

static void find(struct search *search)
{
	long n = (long)search->a->n, m = (long)search->b->n;
	cleanup_free long *room = mem_zalloc((2 * MOST + 3) * sizeof(long));
	long *v = room + MOST + 1;

	search->reached = mem_zalloc((MOST + 1) * sizeof(*search->reached));
	for (long d = 0; d <= MOST; d++) {
		for (long k = -d; k <= d; k += 2) {
			v[k] = furthest(search, v, d, k);
			if (v[k] >= n && v[k] - k >= m) {
				search->edits = d;
				return;
			}
		}
		search->reached[d] = mem_dup(v - d, (size_t)(2 * d + 1) * sizeof(long));
	}
	search->edits = -1;
}

/* Back from the end; the script comes out reversed. */
static void trace(const struct search *search, struct script *ret)
{
	long x = (long)search->a->n, y = (long)search->b->n;

	for (long d = search->edits; d > 0; d--) {
		const long *v = search->reached[d - 1] + (d - 1);
		long k = x - y;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		long from = down ? k + 1 : k - 1, x0 = v[from], y0 = x0 - from;
		while (x > x0 + !down && y > y0 + down) {
			add(ret, ' ', &search->a->items[--x]);
			y--;
		}
		if (down)
			add(ret, '+', &search->b->items[--y]);
		else
			add(ret, '-', &search->a->items[--x]);
	}
	while (x > 0)
		add(ret, ' ', &search->a->items[--x]);
}

static void reverse(struct script *script)
{
	for (size_t i = 0, j = script->n; i + 1 < j; i++) {
		struct change other = script->items[--j];
		script->items[j] = script->items[i];
		script->items[i] = other;
	}
}

static void compare(const struct lines *a, const struct lines *b, struct script *ret)
{
	struct search search = {.a = a, .b = b};

	find(&search);
	if (search.edits >= 0) {
		trace(&search, ret);
		reverse(ret);
	} else {
		for (size_t i = 0; i < a->n; i++)
			add(ret, '-', &a->items[i]);
		for (size_t i = 0; i < b->n; i++)
			add(ret, '+', &b->items[i]);
	}
	for (long d = 0; d <= MOST; d++)
		free(search.reached[d]);
	free(search.reached);
}

/* --- hunks --- */

static bool ends_document(const struct change *change)
{
	const struct line *line = &change->line;

	return change->what == ' ' && line->length >= 3 && !memcmp(line->text, "---", 3);
}

/* How far context reaches from a changed line, in steps of 1 or -1; the last line that counts. */
static size_t reach(const struct script *script, size_t at, int step)
{
	for (int i = 0; i < CONTEXT; i++) {
		if ((step < 0 && !at) || (step > 0 && at + 1 >= script->n))
			break;
		size_t next = at + (size_t)step;
		if (ends_document(&script->items[next]))
			break;
		at = next;
	}
	return at;
}

static size_t next_change(const struct script *script, size_t at)
{
	while (at < script->n && script->items[at].what == ' ')
		at++;
	return at;
}

/* The hunk that begins at the next changed line, [from, to], with those that touch it. False at the
 * end. */
static bool next_hunk(const struct script *script, size_t at, size_t *ret_from, size_t *ret_to)
{
	at = next_change(script, at);
	if (at == script->n)
		return false;
	*ret_from = reach(script, at, -1);
	do {
		*ret_to = reach(script, at, 1);
		at = next_change(script, at + 1);
	} while (at < script->n && reach(script, at, -1) <= *ret_to + 1);
	return true;
}

static void print_line(const struct change *change, struct buf *out)
{
	buf_addch(out, change->what);
	buf_add(out, change->line.text, change->line.length);
	if (change->line.text[change->line.length - 1] != '\n')
		buf_addstr(out, "\n\\ No newline at end of file\n");
}

/* Lines of both texts before a place of the script. */
static void count(const struct script *script, size_t from, size_t to, size_t *ret_before,
		  size_t *ret_after)
{
	*ret_before = *ret_after = 0;
	for (size_t i = from; i < to; i++) {
		*ret_before += script->items[i].what != '+';
		*ret_after += script->items[i].what != '-';
	}
}

static void print_hunks(const struct script *script, struct buf *out)
{
	size_t at = 0, from, to, line_a, line_b, n_a, n_b;

	while (next_hunk(script, at, &from, &to)) {
		count(script, 0, from, &line_a, &line_b);
		count(script, from, to + 1, &n_a, &n_b);
		buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", line_a + (n_a > 0), n_a,
			   line_b + (n_b > 0), n_b);
		for (size_t i = from; i <= to; i++)
			print_line(&script->items[i], out);
		at = to + 1;
	}
}

void unified_diff(const char *name, const char *before, size_t before_length, const char *after,
		  size_t after_length, struct buf *out)
{
	struct lines a = {0}, b = {0};
	struct script script = {0};

	if (before_length == after_length && !memcmp(before, after, before_length))
		return;
	split(before, before_length, &a);
	split(after, after_length, &b);
	compare(&a, &b, &script);
	buf_printf(out, "--- a/%s\n+++ b/%s\n", name, name);
	print_hunks(&script, out);
	free(a.items);
	free(b.items);
	free(script.items);
}
