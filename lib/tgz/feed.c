#include "tgz/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct waiting {
	struct tgz_index_entry entry; /* path and target are ours */
	struct waiting *next;
};

struct tgz_feed {
	struct tgz_index_reader *index;
	struct tgz_pull *pull;
	const struct tgz_selection *selection;
	bool index_ended;

	struct waiting *first, **last; /* entries that were read ahead */
	struct waiting *current;
	size_t number;

	struct tgz_member *members; /* that are wanted and were not given to pull */
	size_t member_first, member_count, member_cap;

	struct tgz_range range; /* of the stretch */
	uint64_t skip;		/* bytes of its tar stream before the first entry */
	struct tgz_member held; /* taken, and of a later stretch */
	const char *held_bytes; /* or NULL */
};

struct tgz_feed *tgz_feed_new(struct tgz_index_reader *index, struct tgz_pull *pull,
			      const struct tgz_selection *selection)
{
	struct tgz_feed *feed = mem_new(struct tgz_feed);

	feed->index = index;
	feed->pull = pull;
	feed->selection = selection;
	feed->last = &feed->first;
	return feed;
}

static void free_waiting(struct waiting *waiting)
{
	if (!waiting)
		return;
	free((char *)waiting->entry.path);
	free((char *)waiting->entry.target);
	free(waiting);
}

void tgz_feed_free(struct tgz_feed *feed)
{
	if (!feed)
		return;
	for (struct waiting *next; feed->first; feed->first = next) {
		next = feed->first->next;
		free_waiting(feed->first);
	}
	free_waiting(feed->current);
	free(feed->members);
	free(feed);
}

/* ---- Reading ahead. */

static void keep_entry(struct tgz_feed *feed, const struct tgz_index_entry *entry)
{
	struct waiting *waiting = mem_new(struct waiting);

	waiting->entry = *entry;
	waiting->entry.path = mem_strdup(entry->path);
	waiting->entry.target = mem_strdup(entry->target);
	*feed->last = waiting;
	feed->last = &waiting->next;
}

static void keep_member(struct tgz_feed *feed, const struct tgz_member *member)
{
	if (!tgz_selection_range(feed->selection, member->offset))
		return;
	if (feed->member_first == feed->member_count)
		feed->member_first = feed->member_count = 0;
	mem_grow(feed->members, &feed->member_cap, feed->member_count + 1);
	feed->members[feed->member_count++] = *member;
}

/* Takes up one line of the index. */
static int read_line(struct tgz_feed *feed, struct err *err)
{
	struct tgz_line line;

	int r = tgz_index_reader_next(feed->index, &line, err);
	if (r < 0)
		return r;
	if (line.kind == TGZ_LINE_END)
		feed->index_ended = true;
	else if (line.kind == TGZ_LINE_ENTRY)
		keep_entry(feed, &line.entry);
	else if (line.kind == TGZ_LINE_MEMBER)
		keep_member(feed, &line.member);
	return 0;
}

/* Gives pull what it has room for. */
static int give_members(struct tgz_feed *feed, struct err *err)
{
	while (tgz_pull_has_room(feed->pull)) {
		if (feed->member_first < feed->member_count) {
			tgz_pull_give(feed->pull, &feed->members[feed->member_first++]);
		} else if (feed->index_ended) {
			tgz_pull_flush(feed->pull);
			return 0;
		} else {
			int r = read_line(feed, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* ---- Entries. */

int tgz_feed_entry(struct tgz_feed *feed, const struct tgz_index_entry **ret, size_t *ret_number,
		   struct err *err)
{
	while (!feed->first && !feed->index_ended) {
		int r = read_line(feed, err);
		if (r < 0)
			return r;
	}
	free_waiting(feed->current);
	feed->current = feed->first;
	if (!feed->current)
		return 0;
	feed->first = feed->current->next;
	if (!feed->first)
		feed->last = &feed->first;
	*ret = &feed->current->entry;
	*ret_number = feed->number++;
	return 1;
}

/* ---- The tar stream. */

void tgz_feed_open(struct tgz_feed *feed, const struct tgz_range *range,
		   const struct tgz_index_entry *entry)
{
	feed->range = *range;
	feed->skip = entry->skip;
}

/* The next member of any range. */
static int take_member(struct tgz_feed *feed, struct tgz_member *ret, const char **ret_bytes,
		       struct err *err)
{
	if (feed->held_bytes) {
		*ret = feed->held;
		*ret_bytes = steal(&feed->held_bytes);
		return 1;
	}
	int r = give_members(feed, err);
	return r < 0 ? r : tgz_pull_take(feed->pull, ret, ret_bytes, err);
}

int tgz_feed_bytes(struct tgz_feed *feed, const char **ret, size_t *ret_length, struct err *err)
{
	struct tgz_member member;
	const char *bytes;
	int r;

	do { /* what is left of the stretch before is passed over */
		r = take_member(feed, &member, &bytes, err);
		if (r <= 0)
			return r;
	} while (member.offset < feed->range.offset);
	if (member.offset >= feed->range.end) {
		feed->held = member;
		feed->held_bytes = bytes;
		return 0;
	}
	if (feed->skip > member.tar_length)
		return err_set(err, ERR_INVALID, "the index is damaged: an entry begins nowhere");
	*ret = bytes + feed->skip;
	*ret_length = member.tar_length - feed->skip;
	feed->skip = 0;
	return 1;
}
