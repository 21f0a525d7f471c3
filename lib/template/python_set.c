#include "template/python_set.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "template/python_hash.h"

#define SMALLEST 8
#define LINEAR	 9 /* neighbours that are looked at before it jumps */
#define MANY	 50000

/* A table with open addresses. What is removed leaves a ghost, which no search stops at. */
struct set {
	struct slot {
		const struct value *item; /* NULL: free, or a ghost */
		int64_t hash;
		bool ghost;
	} * slots;
	size_t mask;
	size_t used; /* items */
	size_t fill; /* items and ghosts */
};

static void set_init(struct set *set)
{
	*set = (struct set){.slots = mem_zalloc(SMALLEST * sizeof(struct slot)),
			    .mask = SMALLEST - 1};
}

static void set_done(struct set *set)
{
	free(set->slots);
}

#define cleanup_set __attribute__((cleanup(set_done)))

/* The slot of an item, or the free one that ended the search. ret_ghost: the last ghost that it
 * came by, or NULL. */
static struct slot *search(const struct set *set, const struct value *item, int64_t hash,
			   struct slot **ret_ghost)
{
	size_t perturb = (size_t)hash, i = (size_t)hash & set->mask;

	*ret_ghost = NULL;
	for (;;) {
		size_t probes = i + LINEAR <= set->mask ? LINEAR : 0;
		for (size_t j = 0; j <= probes; j++) {
			struct slot *slot = &set->slots[i + j];
			if (!slot->item && !slot->ghost)
				return slot;
			if (slot->ghost)
				*ret_ghost = slot;
			if (slot->item && item && slot->hash == hash &&
			    value_equal(slot->item, item))
				return slot;
		}
		perturb >>= 5;
		i = (i * 5 + 1 + perturb) & set->mask;
	}
}

static struct slot *find(const struct set *set, const struct value *item, int64_t hash)
{
	struct slot *ghost;

	return search(set, item, hash, &ghost);
}

/* A table of more than `least` slots, without ghosts; item NULL in find: it is known to be new. */
static void resize(struct set *set, size_t least)
{
	struct set larger = {.mask = SMALLEST - 1, .used = set->used, .fill = set->used};

	while (larger.mask + 1 <= least)
		larger.mask = larger.mask * 2 + 1;
	larger.slots = mem_zalloc((larger.mask + 1) * sizeof(struct slot));
	for (size_t i = 0; i <= set->mask; i++)
		if (set->slots[i].item)
			*find(&larger, NULL, set->slots[i].hash) = set->slots[i];
	free(set->slots);
	*set = larger;
}

static void make_room(struct set *set)
{
	resize(set, set->used > MANY ? set->used * 2 : set->used * 4);
}

static void add(struct set *set, const struct value *item, int64_t hash)
{
	struct slot *ghost, *slot = search(set, item, hash, &ghost);

	if (slot->item)
		return;
	*(ghost ? ghost : slot) = (struct slot){.item = item, .hash = hash};
	set->used++;
	if (ghost)
		return;
	set->fill++;
	if (set->fill * 5 >= set->mask * 3)
		make_room(set);
}

static bool remove_item(struct set *set, const struct slot *like)
{
	struct slot *slot = find(set, like->item, like->hash);

	if (!slot->item)
		return false;
	*slot = (struct slot){.ghost = true};
	set->used--;
	return true;
}

static bool has(const struct set *set, const struct slot *like)
{
	return find(set, like->item, like->hash)->item;
}

static void add_list(struct set *set, const struct value *list)
{
	for (size_t i = 0; i < list->list.n; i++)
		add(set, list->list.items[i], template_python_hash(list->list.items[i]));
}

/* Adds all of another set: room is made once, and an empty set takes the items as they lie. */
static void merge(struct set *set, const struct set *other)
{
	bool empty = !set->fill;

	if (!other->used)
		return;
	if ((set->fill + other->used) * 5 >= set->mask * 3)
		resize(set, (set->used + other->used) * 2);
	bool same = empty && set->mask == other->mask && other->fill == other->used;
	for (size_t i = 0; i <= other->mask; i++) {
		const struct slot *slot = &other->slots[i];
		if (!slot->item)
			continue;
		if (same)
			set->slots[i] = *slot;
		else if (empty)
			*find(set, NULL, slot->hash) = *slot;
		else
			add(set, slot->item, slot->hash);
	}
	if (empty)
		set->used = set->fill = other->used;
}

static void unite(const struct set *a, const struct set *b, struct set *ret)
{
	merge(ret, a);
	merge(ret, b);
}

/* The smaller one is gone through. */
static void intersect(const struct set *a, const struct set *b, struct set *ret)
{
	const struct set *walked = b->used > a->used ? a : b, *asked = walked == a ? b : a;

	for (size_t i = 0; i <= walked->mask; i++)
		if (walked->slots[i].item && has(asked, &walked->slots[i]))
			add(ret, walked->slots[i].item, walked->slots[i].hash);
}

/* A much larger one is copied, and the few are taken out of the copy. */
static void subtract(const struct set *a, const struct set *b, struct set *ret)
{
	if (a->used >> 2 <= b->used) {
		for (size_t i = 0; i <= a->mask; i++)
			if (a->slots[i].item && !has(b, &a->slots[i]))
				add(ret, a->slots[i].item, a->slots[i].hash);
		return;
	}
	merge(ret, a);
	for (size_t i = 0; i <= b->mask; i++)
		if (b->slots[i].item)
			remove_item(ret, &b->slots[i]);
	if (ret->fill - ret->used > ret->mask / 4)
		make_room(ret);
}

static void differ(const struct set *a, const struct set *b, struct set *ret)
{
	merge(ret, b);
	for (size_t i = 0; i <= a->mask; i++)
		if (a->slots[i].item && !remove_item(ret, &a->slots[i]))
			add(ret, a->slots[i].item, a->slots[i].hash);
}

bool template_python_set_can(const struct value *list)
{
	for (size_t i = 0; i < list->list.n; i++) {
		const struct value *item = list->list.items[i];
		if (!value_is_number(item) || (item->kind == VALUE_FLOAT && isnan(item->real)))
			return false;
	}
	return true;
}

struct value *template_python_set_operate(enum python_set_operation operation,
					  const struct value *a, const struct value *b)
{
	static void (*const operations[])(const struct set *a, const struct set *b,
					  struct set *ret) = {
		[PYTHON_SET_UNION] = unite,
		[PYTHON_SET_INTERSECTION] = intersect,
		[PYTHON_SET_DIFFERENCE] = subtract,
		[PYTHON_SET_SYMMETRIC_DIFFERENCE] = differ,
	};
	cleanup_set struct set left, right, result;

	set_init(&left);
	set_init(&right);
	set_init(&result);
	add_list(&left, a);
	add_list(&right, b);
	operations[operation](&left, &right, &result);
	struct value *list = value_list_room(result.used);
	for (size_t i = 0; i <= result.mask; i++)
		if (result.slots[i].item)
			value_list_add(list, value_keep((struct value *)result.slots[i].item));
	return list;
}
