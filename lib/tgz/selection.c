#include "tgz/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tgz_selection_done(struct tgz_selection *selection)
{
	free(selection->wants);
	free(selection->ranges);
	map_done(&selection->links);
}

static void add_range(struct tgz_selection *selection, const struct tgz_index_entry *entry)
{
	const struct tgz_range range = {entry->offset, entry->offset + entry->length};
	struct tgz_range *last =
		selection->range_count ? &selection->ranges[selection->range_count - 1] : NULL;

	if (last && range.offset >= last->offset && range.offset <= last->end) {
		if (range.end > last->end)
			last->end = range.end;
		return;
	}
	mem_grow(selection->ranges, &selection->range_cap, selection->range_count + 1);
	selection->ranges[selection->range_count++] = range;
}

static int by_offset(const void *a, const void *b)
{
	const struct tgz_range *one = a, *other = b;

	return one->offset < other->offset ? -1 : one->offset > other->offset;
}

/* Sorts, and joins what touches. */
static void join_ranges(struct tgz_selection *selection)
{
	size_t n = 0;

	if (!selection->range_count)
		return;
	qsort(selection->ranges, selection->range_count, sizeof(*selection->ranges), by_offset);
	for (size_t i = 1; i < selection->range_count; i++) {
		struct tgz_range *last = &selection->ranges[n], *next = &selection->ranges[i];
		if (next->offset > last->end)
			selection->ranges[++n] = *next;
		else if (next->end > last->end)
			last->end = next->end;
	}
	selection->range_count = n + 1;
}

static enum tgz_want want(const struct tgz_index_entry *entry,
			  const struct tgz_read_options *options, struct tgz_disk *disk)
{
	if (options->choose && !options->choose(options->context, entry))
		return TGZ_SKIP;
	if (!disk || entry->extended)
		return TGZ_FETCH;
	if (entry->type != TGZ_FILE)
		return TGZ_FROM_INDEX;
	return options->resume && tgz_disk_has(disk, entry) ? TGZ_KEEP : TGZ_FETCH;
}

/* ---- Hard links whose target is not chosen. */

struct target {
	const struct tgz_read_options *options;
	struct tgz_selection *selection;
	const char *path, *link;
};

static int look_at_target(void *context, const struct tgz_index_entry *entry, struct err *err)
{
	const struct target *target = context;
	const struct tgz_read_options *options = target->options;

	(void)err;
	if (strcmp(entry->path, target->path) != 0 ||
	    (options->choose && options->choose(options->context, entry)))
		return 1;
	map_put(&target->selection->links, target->path, mem_strdup(target->link));
	add_range(target->selection, entry);
	return 1;
}

static int find_target(struct tgz_selection *selection, const struct tgz_read_options *options,
		       const struct tgz_index_entry *entry, struct err *err)
{
	struct target target = {options, selection, entry->target, entry->path};
	const struct tgz_index_visitor visitor = {.entry = look_at_target, .context = &target};

	if (!options->choose || map_has(&selection->links, entry->target))
		return 0;
	int r = tgz_index_find(&options->index, entry->target, &visitor, err);
	return r < 0 ? r : 0;
}

/* ---- The whole. */

static int select_entry(struct tgz_selection *selection, const struct tgz_read_options *options,
			struct tgz_disk *disk, const struct tgz_index_entry *entry, struct err *err)
{
	enum tgz_want wanted = want(entry, options, disk);

	mem_grow(selection->wants, &selection->cap, selection->count + 1);
	selection->wants[selection->count++] = (unsigned char)wanted;
	if (wanted == TGZ_FETCH)
		add_range(selection, entry);
	if (wanted != TGZ_SKIP && entry->type == TGZ_HARDLINK)
		return find_target(selection, options, entry, err);
	return 0;
}

static int select_all(struct tgz_index_reader *index, const struct tgz_read_options *options,
		      struct tgz_disk *disk, struct tgz_selection *selection, struct err *err)
{
	struct tgz_line line;
	int r;

	while ((r = tgz_index_reader_next(index, &line, err)) >= 0 && line.kind != TGZ_LINE_END) {
		if (line.kind != TGZ_LINE_ENTRY)
			continue;
		r = select_entry(selection, options, disk, &line.entry, err);
		if (r < 0)
			return r;
	}
	join_ranges(selection);
	tgz_index_reader_rewind(index);
	return r;
}

int tgz_selection_make(struct tgz_index_reader *index, const struct tgz_read_options *options,
		       struct tgz_disk *disk, struct tgz_selection *ret, struct err *err)
{
	struct tgz_selection selection = {.links = MAP_INIT(free)};

	selection.all = !options->choose && !options->resume;
	if (!selection.all) {
		int r = select_all(index, options, disk, &selection, err);
		if (r < 0) {
			tgz_selection_done(&selection);
			return r;
		}
	}
	*ret = selection;
	return 0;
}

enum tgz_want tgz_selection_want(const struct tgz_selection *selection, size_t number)
{
	if (selection->all)
		return TGZ_FETCH;
	return number < selection->count ? (enum tgz_want)selection->wants[number] : TGZ_SKIP;
}

const struct tgz_range *tgz_selection_range(const struct tgz_selection *selection, uint64_t offset)
{
	static const struct tgz_range everything = {0, UINT64_MAX};
	size_t low = 0, high = selection->range_count;

	if (selection->all)
		return &everything;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct tgz_range *range = &selection->ranges[middle];
		if (offset < range->offset)
			high = middle;
		else if (offset >= range->end)
			low = middle + 1;
		else
			return range;
	}
	return NULL;
}
