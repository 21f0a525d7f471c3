#include "template/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/dict.h"
#include "template/lazy.h"
#include "template/object.h"
#include "template/text.h"
#include "template/trouble.h"
#include "template/types.h"

struct value *value_alloc(enum value_kind kind)
{
	struct value *value = mem_new(struct value);

	value->refs = 1;
	value->kind = (uint8_t)kind;
	return value;
}

struct value *value_ref(struct value *value)
{
	return value_keep(value);
}

/* Containers whose last reference went, waiting for their turn: a list in a list in a list ... must
 * not need a deep stack. */
struct waiting {
	struct value **items;
	size_t n, cap;
};

static bool is_container(const struct value *value)
{
	return value->kind == VALUE_LIST || value->kind == VALUE_TUPLE || value->kind == VALUE_DICT;
}

static void release_simple(struct value *value)
{
	if (value->kind == VALUE_BIG)
		BN_free(value->big);
	else if (value->kind == VALUE_UNDEFINED)
		template_trouble_free(value->trouble);
	else if (value->kind == VALUE_TEMPLATE)
		template_lazy_free(value->template);
	else if (value->kind == VALUE_OBJECT && value->object.class->release)
		value->object.class->release(value->object.state);
	free(value);
}

static void let_go(struct value *value, struct waiting *waiting)
{
	if (value->refs < 0)
		return;
	assert(value->refs > 0);
	if (--value->refs > 0)
		return;
	if (!is_container(value)) {
		release_simple(value);
		return;
	}
	mem_grow(waiting->items, &waiting->cap, waiting->n + 1);
	waiting->items[waiting->n++] = value;
}

static void release_container(struct value *value, struct waiting *waiting)
{
	if (value->kind == VALUE_DICT) {
		for (size_t i = 0; i < value->dict.n; i++) {
			let_go(value->dict.entries[i].key, waiting);
			let_go(value->dict.entries[i].item, waiting);
		}
		value->dict.n = 0;
		template_dict_clear(&value->dict);
	} else {
		for (size_t i = 0; i < value->list.n; i++)
			let_go(value->list.items[i], waiting);
		free(value->list.items);
	}
	free(value);
}

static void release(struct value *value)
{
	struct waiting waiting = {0};

	if (!is_container(value)) {
		release_simple(value);
		return;
	}
	release_container(value, &waiting);
	while (waiting.n)
		release_container(waiting.items[--waiting.n], &waiting);
	free(waiting.items);
}

void value_unref(struct value *value)
{
	if (!value || value->refs < 0)
		return;
	assert(value->refs > 0);
	if (--value->refs == 0)
		release(value);
}

void value_cleanup(struct value **value)
{
	value_unref(*value);
}

/* The values that exist once. They are never written to: refs stays below zero. */
static const struct value none = {.refs = -1, .kind = VALUE_NONE};
static const struct value truth = {.refs = -1, .kind = VALUE_BOOL, .boolean = true};
static const struct value falsehood = {.refs = -1, .kind = VALUE_BOOL, .boolean = false};
static const struct value omitted = {.refs = -1, .kind = VALUE_OMIT};

struct value *value_none(void)
{
	return (struct value *)&none;
}

struct value *value_bool(bool value)
{
	return (struct value *)(value ? &truth : &falsehood);
}

struct value *value_omit(void)
{
	return (struct value *)&omitted;
}

/* Small numbers are what loops and lists of ports are made of: they exist once, too. */
#define INT(n_)                                                \
	{                                                      \
		.refs = -1, .kind = VALUE_INT, .integer = (n_) \
	}
#define INTS4(n_)  INT(n_), INT((n_) + 1), INT((n_) + 2), INT((n_) + 3)
#define INTS16(n_) INTS4(n_), INTS4((n_) + 4), INTS4((n_) + 8), INTS4((n_) + 12)
#define INTS64(n_) INTS16(n_), INTS16((n_) + 16), INTS16((n_) + 32), INTS16((n_) + 48)

static const struct value small[] = {INTS64(0), INTS64(64)};

struct value *value_int(int64_t integer)
{
	if (integer >= 0 && integer < (int64_t)(sizeof(small) / sizeof(*small)))
		return (struct value *)&small[integer];
	struct value *value = value_alloc(VALUE_INT);
	value->integer = integer;
	return value;
}

struct value *value_float(double real)
{
	struct value *value = value_alloc(VALUE_FLOAT);

	value->real = real;
	return value;
}

struct value *value_big(BIGNUM *number)
{
	if (BN_num_bits(number) > 63) {
		struct value *value = value_alloc(VALUE_BIG);
		value->big = number;
		return value;
	}
	int64_t integer = (int64_t)BN_get_word(number);
	bool negative = BN_is_negative(number);

	BN_free(number);
	return value_int(negative ? -integer : integer);
}

/* One allocation for the value and its bytes: strings come and go most often. */
struct value *value_string(const char *text, size_t length)
{
	struct value *value = mem_alloc(sizeof(*value) + length + 1);
	char *bytes = (char *)(value + 1);

	if (length)
		memcpy(bytes, text, length);
	bytes[length] = '\0';
	*value = (struct value){.refs = 1, .kind = VALUE_STRING};
	value->string.text = bytes;
	value->string.length = length;
	return value;
}

struct value *value_text_of(const char *text)
{
	return value_string(text, strlen(text));
}

struct value *value_take_buf(struct buf *text)
{
	struct value *value = value_string(buf_str(text), text->len);

	buf_done(text);
	return value;
}

struct value *value_list(void)
{
	return value_alloc(VALUE_LIST);
}

struct value *value_list_room(size_t room)
{
	struct value *value = value_alloc(VALUE_LIST);

	if (room)
		mem_grow(value->list.items, &value->list.cap, room);
	return value;
}

struct value *value_tuple(size_t room)
{
	struct value *value = value_list_room(room);

	value->kind = VALUE_TUPLE;
	return value;
}

struct value *value_pair_of(struct value *first, struct value *second)
{
	struct value *pair = value_tuple(2);

	value_list_add(pair, first);
	value_list_add(pair, second);
	return pair;
}

void value_note(struct value *container, const struct value *item)
{
	if (item->kind == VALUE_UNDEFINED || item->kind == VALUE_TEMPLATE || item->lazy)
		container->lazy = true;
}

void value_list_add(struct value *list, struct value *item)
{
	mem_grow(list->list.items, &list->list.cap, list->list.n + 1);
	list->list.items[list->list.n++] = item;
	value_note(list, item);
}

struct value *value_dict(void)
{
	return value_alloc(VALUE_DICT);
}

void value_dict_set(struct value *dict, const char *key, struct value *item)
{
	value_note(dict, item);
	template_dict_put(&dict->dict, value_text_of(key), item);
}

struct value *value_date(struct value_date date)
{
	struct value *value = value_alloc(VALUE_DATE);

	value->date = date;
	return value;
}

struct value *value_span(int64_t microseconds)
{
	struct value *value = value_alloc(VALUE_SPAN);

	value->integer = microseconds;
	return value;
}

struct value *value_range(int64_t start, int64_t stop, int64_t step)
{
	struct value *value = value_alloc(VALUE_RANGE);

	value->range.start = start;
	value->range.stop = stop;
	value->range.step = step;
	return value;
}

struct value *value_object(const struct object_class *class, void *state)
{
	struct value *value = value_alloc(VALUE_OBJECT);

	value->object.class = class;
	value->object.state = state;
	return value;
}

bool value_is_undefined(const struct value *value)
{
	return value->kind == VALUE_UNDEFINED;
}

bool value_is_string(const struct value *value)
{
	return value->kind == VALUE_STRING;
}

bool value_is_list(const struct value *value)
{
	return value->kind == VALUE_LIST || value->kind == VALUE_TUPLE;
}

bool value_is_dict(const struct value *value)
{
	return value->kind == VALUE_DICT;
}

bool value_is_text(const struct value *value, const char *text)
{
	return value->kind == VALUE_STRING && value->string.length == strlen(text) &&
	       !memcmp(value->string.text, text, value->string.length);
}

size_t value_range_length(const struct value *range)
{
	int64_t start = range->range.start, stop = range->range.stop, step = range->range.step;

	if (step > 0 && start < stop)
		return (size_t)(((uint64_t)stop - (uint64_t)start - 1) / (uint64_t)step + 1);
	if (step < 0 && start > stop)
		return (size_t)(((uint64_t)start - (uint64_t)stop - 1) / (-(uint64_t)step) + 1);
	return 0;
}

bool value_true(const struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_UNDEFINED:
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
		return value->boolean;
	case VALUE_INT:
	case VALUE_SPAN:
		return value->integer != 0;
	case VALUE_FLOAT:
		return value->real != 0;
	case VALUE_STRING:
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
		return value_length(value) > 0;
	case VALUE_RANGE:
		return value_range_length(value) > 0;
	default:
		return true;
	}
}

const char *value_text(const struct value *value, size_t *ret_length)
{
	if (ret_length)
		*ret_length = value->string.length;
	return value->string.text;
}

size_t value_length(const struct value *value)
{
	switch (value->kind) {
	case VALUE_STRING:
		return template_text_count(value->string.text, value->string.length);
	case VALUE_LIST:
	case VALUE_TUPLE:
		return value->list.n;
	case VALUE_DICT:
		return value->dict.n;
	case VALUE_RANGE:
		return value_range_length(value);
	default:
		return 0;
	}
}

struct value *value_at(const struct value *list, size_t index)
{
	return list->list.items[index];
}

struct value *value_get(const struct value *dict, const char *key)
{
	return template_dict_get_text(&dict->dict, key, strlen(key));
}

struct value *value_pair(const struct value *dict, size_t index, const char **ret_key)
{
	const struct dict_entry *entry = &dict->dict.entries[index];

	if (ret_key)
		*ret_key = entry->key->kind == VALUE_STRING ? entry->key->string.text : "";
	return entry->item;
}

bool value_is_number(const struct value *value)
{
	return value->kind == VALUE_BOOL || value->kind == VALUE_INT || value->kind == VALUE_BIG ||
	       value->kind == VALUE_FLOAT;
}

bool value_as_int(const struct value *value, int64_t *ret)
{
	if (value->kind == VALUE_BOOL)
		*ret = value->boolean;
	else if (value->kind == VALUE_INT)
		*ret = value->integer;
	else
		return false;
	return true;
}

const char *value_type(const struct value *value)
{
	static const char *const names[] = {
		[VALUE_UNDEFINED] = "Undefined",
		[VALUE_NONE] = "NoneType",
		[VALUE_BOOL] = "bool",
		[VALUE_INT] = "int",
		[VALUE_BIG] = "int",
		[VALUE_FLOAT] = "float",
		[VALUE_STRING] = "str",
		[VALUE_LIST] = "list",
		[VALUE_TUPLE] = "tuple",
		[VALUE_DICT] = "dict",
		[VALUE_SPAN] = "timedelta",
		[VALUE_RANGE] = "range",
		[VALUE_OMIT] = "_OmitType",
		[VALUE_TEMPLATE] = "str",
	};

	if (value->kind == VALUE_OBJECT)
		return value->object.class->type;
	if (value->kind == VALUE_STRING && value->escaped)
		return "Markup";
	if (value->kind == VALUE_DATE)
		return value->date.has_time ? "datetime" : "date";
	return names[value->kind];
}

static bool holds(const struct value *value, const struct value *needle, int depth)
{
	if (value == needle || depth > VALUE_DEEPEST)
		return true;
	if (value_is_list(value))
		for (size_t i = 0; i < value->list.n; i++)
			if (holds(value->list.items[i], needle, depth + 1))
				return true;
	if (value->kind == VALUE_DICT)
		for (size_t i = 0; i < value->dict.n; i++)
			if (holds(value->dict.entries[i].item, needle, depth + 1))
				return true;
	if (value->kind == VALUE_OBJECT && value->object.class->content)
		return holds(value->object.class->content(value), needle, depth + 1);
	return false;
}

bool value_holds(const struct value *value, const struct value *needle)
{
	return holds(value, needle, 0);
}
