#include "base/mask.h"

#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mask_view.h"
#include "base/mem.h"

/* Encodings within one another that are undone: the JSON of a registry's login is base64 in JSON
 * in base64. */
#define DEPTH 3

/* What is looked for: a value or a line of one, unwrapped. */
struct pattern {
	char *text;
	size_t length;
	uint32_t next; /* index + 1 of another that begins with the same bytes */
};

struct mask {
	pthread_rwlock_t lock;
	struct pattern *patterns;
	size_t n, cap;
	uint32_t
		*slots; /* by the first MASK_SHORTEST bytes: index + 1 of a pattern; open addressing
			 */
	size_t slot_count;
	struct buf shorts; /* values that are too short to be looked for, each with a NUL behind */
};

struct mask *mask_new(void)
{
	struct mask *mask = mem_new(struct mask);

	pthread_rwlock_init(&mask->lock, NULL);
	return mask;
}

void mask_free(struct mask *mask)
{
	if (!mask)
		return;
	for (size_t i = 0; i < mask->n; i++) {
		explicit_bzero(mask->patterns[i].text, mask->patterns[i].length);
		free(mask->patterns[i].text);
	}
	if (mask->shorts.data)
		explicit_bzero(mask->shorts.data, mask->shorts.len);
	buf_done(&mask->shorts);
	free(mask->patterns);
	free(mask->slots);
	pthread_rwlock_destroy(&mask->lock);
	free(mask);
}

/* --- the index --- */

static uint64_t key_of(const char *text)
{
	uint64_t key = 0;

	for (size_t i = 0; i < MASK_SHORTEST; i++)
		key = key << 8 | (unsigned char)text[i];
	return key;
}

/* The slot of the patterns that begin so, or the free one where they would be. */
static uint32_t *slot_of(const struct mask *mask, const char *text)
{
	uint64_t key = key_of(text);
	size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (mask->slot_count - 1);

	while (mask->slots[at] && key_of(mask->patterns[mask->slots[at] - 1].text) != key)
		at = (at + 1) & (mask->slot_count - 1);
	return &mask->slots[at];
}

static void put(struct mask *mask, size_t index)
{
	uint32_t *slot = slot_of(mask, mask->patterns[index].text);

	mask->patterns[index].next = *slot;
	*slot = (uint32_t)index + 1;
}

static void make_room(struct mask *mask)
{
	if (mask->slot_count > 2 * mask->n)
		return;
	free(mask->slots);
	mask->slot_count = mask->slot_count ? 4 * mask->slot_count : 64;
	mask->slots = mem_zalloc(mask->slot_count * sizeof(*mask->slots));
	for (size_t i = 0; i < mask->n; i++)
		put(mask, i);
}

static bool has(const struct mask *mask, const char *text, size_t length)
{
	if (!mask->slot_count)
		return false;
	for (uint32_t i = *slot_of(mask, text); i; i = mask->patterns[i - 1].next)
		if (mask->patterns[i - 1].length == length &&
		    !memcmp(mask->patterns[i - 1].text, text, length))
			return true;
	return false;
}

/* --- adding --- */

static void trim(const char **text, size_t *length)
{
	while (*length && isspace((unsigned char)**text)) {
		++*text;
		--*length;
	}
	while (*length && isspace((unsigned char)(*text)[*length - 1]))
		--*length;
}

static bool is_short_value(const struct mask *mask, const char *text, size_t length)
{
	for (size_t at = 0; at < mask->shorts.len; at += strlen(mask->shorts.data + at) + 1)
		if (strlen(mask->shorts.data + at) == length &&
		    !memcmp(mask->shorts.data + at, text, length))
			return true;
	return false;
}

static void add_short(struct mask *mask, const char *text, size_t length)
{
	if (!length || memchr(text, '\0', length) || is_short_value(mask, text, length))
		return;
	buf_add(&mask->shorts, text, length);
	buf_addch(&mask->shorts, '\0');
}

static void add_pattern(struct mask *mask, const char *text, size_t length)
{
	struct mask_view view, unwrapped;

	trim(&text, &length);
	mask_view_init(&view, text, length);
	mask_view_unwrap(&view, &unwrapped);
	if (unwrapped.length < MASK_SHORTEST) {
		add_short(mask, text, length);
	} else if (!has(mask, unwrapped.bytes, unwrapped.length)) {
		make_room(mask);
		mem_grow(mask->patterns, &mask->cap, mask->n + 1);
		mask->patterns[mask->n] = (struct pattern){.length = unwrapped.length};
		mask->patterns[mask->n].text = steal(&unwrapped.bytes);
		put(mask, mask->n++);
	}
	mask_view_done(&unwrapped);
	mask_view_done(&view);
}

static void add_lines(struct mask *mask, const char *value, size_t length)
{
	for (size_t at = 0; at < length;) {
		const char *newline = memchr(value + at, '\n', length - at);
		size_t end = newline ? (size_t)(newline - value) : length;
		const char *line = value + at;
		size_t n = end - at;
		trim(&line, &n);
		if (n >= MASK_SHORTEST)
			add_pattern(mask, line, n);
		at = end + 1;
	}
}

void mask_add(struct mask *mask, const char *value, size_t length)
{
	if (!mask)
		return;
	/* Bytes that are no text are printed as base64 only. */
	cleanup_free char *binary =
		memchr(value, '\0', length) ? digest_base64(value, length) : NULL;

	pthread_rwlock_wrlock(&mask->lock);
	add_pattern(mask, value, length);
	if (memchr(value, '\n', length))
		add_lines(mask, value, length);
	if (binary)
		add_pattern(mask, binary, strlen(binary));
	pthread_rwlock_unlock(&mask->lock);
}

/* --- finding --- */

struct hiding {
	const struct mask *mask;
	const char *text;
	size_t length;
	unsigned char *hidden; /* of each byte of the text */
	bool any;
};

static void hide(struct hiding *hiding, const struct mask_view *view, size_t at, size_t length)
{
	uint32_t begin = view->begin[at], end = view->end[at + length - 1];

	memset(hiding->hidden + begin, 1, end - begin);
	hiding->any = true;
}

/* "...", an ellipsis, "(...": here a text was cut off, perhaps in the middle of an escape or of a
 * group of base64. */
static bool is_cut(const struct hiding *hiding, size_t at)
{
	static const char *const ends[] = {"...", "\xe2\x80\xa6", "(..."};

	for (size_t skipped = 0; skipped < 3 && at < hiding->length; skipped++, at++)
		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
			if (hiding->length - at >= strlen(ends[i]) &&
			    !memcmp(hiding->text + at, ends[i], strlen(ends[i])))
				return true;
	return false;
}

/* How much of the pattern stands here, when that is to be hidden. */
static size_t matching(const struct hiding *hiding, const struct pattern *pattern,
		       const struct mask_view *view, size_t at)
{
	size_t room = view->length - at, n = MASK_SHORTEST;

	while (n < pattern->length && n < room && pattern->text[n] == view->bytes[at + n])
		n++;
	return n == pattern->length || is_cut(hiding, view->end[at + n - 1]) ? n : 0;
}

static void find_at(struct hiding *hiding, const struct mask_view *view, size_t at)
{
	const struct mask *mask = hiding->mask;
	size_t longest = 0;

	for (uint32_t i = *slot_of(mask, view->bytes + at); i; i = mask->patterns[i - 1].next) {
		size_t n = matching(hiding, &mask->patterns[i - 1], view, at);
		longest = n > longest ? n : longest;
	}
	if (longest)
		hide(hiding, view, at, longest);
}

static void find_in(struct hiding *hiding, const struct mask_view *view)
{
	for (size_t at = 0; at + MASK_SHORTEST <= view->length; at++)
		find_at(hiding, view, at);
}

static void find(struct hiding *hiding, const struct mask_view *view)
{
	struct mask_view unwrapped;

	if (!view->length ||
	    !(memchr(view->bytes, '\n', view->length) || memchr(view->bytes, '\r', view->length))) {
		find_in(hiding, view);
		return;
	}
	mask_view_unwrap(view, &unwrapped);
	find_in(hiding, &unwrapped);
	mask_view_done(&unwrapped);
}

static void look(struct hiding *hiding, const struct mask_view *view, int depth)
{
	find(hiding, view);
	for (size_t i = 0; depth < DEPTH && i < mask_view_decoders(); i++) {
		struct mask_view decoded;
		if (!mask_view_decode(i, view, &decoded))
			continue;
		look(hiding, &decoded, depth + 1);
		mask_view_done(&decoded);
	}
}

static void add_shown(const char *text, size_t length, const unsigned char *hidden, struct buf *ret)
{
	for (size_t i = 0; i < length; i++)
		if (!hidden[i])
			buf_addch(ret, text[i]);
		else if (!i || !hidden[i - 1])
			buf_addstr(ret, MASK_SHOWN);
}

bool mask_bytes(struct mask *mask, const char *bytes, size_t length, struct buf *ret)
{
	struct hiding hiding = {.mask = mask, .text = bytes, .length = length};
	struct mask_view view;

	if (!mask)
		return false;
	pthread_rwlock_rdlock(&mask->lock);
	if (mask->n && length >= MASK_SHORTEST) {
		hiding.hidden = mem_zalloc(length);
		mask_view_init(&view, bytes, length);
		look(&hiding, &view, 0);
		mask_view_done(&view);
	}
	pthread_rwlock_unlock(&mask->lock);
	if (hiding.any)
		add_shown(bytes, length, hiding.hidden, ret);
	free(hiding.hidden);
	return hiding.any;
}

char *mask_text(struct mask *mask, const char *text, size_t length)
{
	struct buf masked = BUF_INIT;

	return mask_bytes(mask, text, length, &masked) ? buf_steal(&masked) : NULL;
}

bool mask_is_value(struct mask *mask, const char *text, size_t length)
{
	struct mask_view view, unwrapped;

	if (!mask)
		return false;
	trim(&text, &length);
	mask_view_init(&view, text, length);
	mask_view_unwrap(&view, &unwrapped);
	pthread_rwlock_rdlock(&mask->lock);
	bool is = unwrapped.length < MASK_SHORTEST ? is_short_value(mask, text, length)
						   : has(mask, unwrapped.bytes, unwrapped.length);
	pthread_rwlock_unlock(&mask->lock);
	mask_view_done(&unwrapped);
	mask_view_done(&view);
	return is;
}
