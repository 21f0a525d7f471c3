#include "tgz/index.h"

#include <string.h>

#include "base/mem.h"
#include "tgz/index_reader.h"
#include "tgz/line.h"

static int visit_line(const struct tgz_line *line, const struct tgz_index_visitor *visitor,
		      struct err *err)
{
	if (line->kind == TGZ_LINE_ENTRY && visitor->entry)
		return visitor->entry(visitor->context, &line->entry, err);
	if (line->kind == TGZ_LINE_NOTE && visitor->note)
		visitor->note(visitor->context, &line->note);
	return 0;
}

static int read_all(struct tgz_index_reader *reader, const struct tgz_index_visitor *visitor,
		    struct err *err)
{
	uint64_t entries = 0;
	struct tgz_line line;
	int r;

	while ((r = tgz_index_reader_next(reader, &line, err)) >= 0 && line.kind != TGZ_LINE_END) {
		entries += line.kind == TGZ_LINE_ENTRY;
		r = visit_line(&line, visitor, err);
		if (r != 0)
			return r;
	}
	if (r >= 0 && entries != tgz_index_reader_summary(reader)->entries)
		return err_set(err, ERR_INVALID, "the index is damaged: it lacks entries");
	return r;
}

int tgz_index_read(const struct tgz_source *source, const struct tgz_index_visitor *visitor,
		   struct tgz_index_summary *ret, struct err *err)
{
	struct tgz_index_reader *reader;

	int r = tgz_index_reader_new(source, &reader, err);
	if (r < 0)
		return r;
	r = read_all(reader, visitor, err);
	if (r >= 0 && ret)
		*ret = *tgz_index_reader_summary(reader);
	tgz_index_reader_free(reader);
	return r;
}

/* Past the last entry that can be below the path. */
static bool is_past(const struct tgz_index_reader *reader, const char *entry, const char *path)
{
	return tgz_index_reader_is_sorted(reader) && tgz_line_compare_paths(entry, path) > 0 &&
	       !tgz_line_is_below(entry, path);
}

static int find(struct tgz_index_reader *reader, const char *path,
		const struct tgz_index_visitor *visitor, struct err *err)
{
	struct tgz_line line;
	bool found = false;
	int r;

	tgz_index_reader_seek(reader, path);
	while ((r = tgz_index_reader_next(reader, &line, err)) >= 0 && line.kind != TGZ_LINE_END) {
		if (line.kind != TGZ_LINE_ENTRY)
			continue;
		if (is_past(reader, line.entry.path, path))
			break;
		if (!tgz_line_is_below(line.entry.path, path))
			continue;
		found = true;
		r = visitor->entry(visitor->context, &line.entry, err);
		if (r != 0)
			return r;
	}
	if (r >= 0 && !found)
		return err_set(err, ERR_NOT_FOUND, "there is no %s in the archive", path);
	return r;
}

int tgz_index_find(const struct tgz_source *source, const char *path,
		   const struct tgz_index_visitor *visitor, struct err *err)
{
	struct tgz_index_reader *reader;

	int r = tgz_index_reader_new(source, &reader, err);
	if (r < 0)
		return r;
	r = find(reader, path + strspn(path, "/"), visitor, err);
	tgz_index_reader_free(reader);
	return r;
}
