/*
 * template/types: how a value is laid out, for the files of lib/template.
 *
 * Invariants: refs < 0 means that the value lives as long as the template (or the program) that
 * holds it; value_ref and value_unref leave such values alone, so that a compiled template can be
 * rendered by several threads. A container whose `lazy` is false holds neither templates nor
 * undefined values at any depth, so that it can be read without an evaluator.
 */
#pragma once

#include <openssl/bn.h>
#include <stdint.h>

#include "template/value.h"

enum value_kind {
	VALUE_UNDEFINED, /* a trouble that was not looked at yet; template/trouble.h */
	VALUE_NONE,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_BIG, /* beyond 64 bits */
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_LIST,
	VALUE_TUPLE,
	VALUE_DICT,
	VALUE_DATE,
	VALUE_SPAN, /* between two dates: integer, in microseconds */
	VALUE_RANGE,
	VALUE_OMIT,
	VALUE_OBJECT,	/* functions, methods, macros, loops, namespaces: template/object.h */
	VALUE_TEMPLATE, /* a string with markup that nobody has used yet; template/lazy.h */
};

/* Containers in containers: what is deeper is not looked at, or refused. */
#define VALUE_DEEPEST 200

struct value_date {
	int year, microsecond;
	int16_t zone; /* minutes east */
	int8_t month, day, hour, minute, second;
	bool has_time, has_zone;
};

struct dict_entry {
	struct value *key;
	struct value *item;
	size_t hash;
};

/* Pairs in the order of their arrival; see template/dict.h. */
struct dict {
	struct dict_entry *entries; /* behind them, when there are many, the index */
	uint32_t n, cap;
};

struct object_class;
struct trouble;
struct lazy;

struct value {
	int refs;
	uint8_t kind;
	bool lazy : 1;	  /* of a container: may hold templates or undefined values */
	bool shared : 1;  /* of a container: belongs to a scope and must not be written to */
	bool group : 1;	  /* of a tuple: made by groupby */
	bool plain : 1;	  /* of a container: written in a template; each use of it is another one */
	bool escaped : 1; /* of a string: counts as HTML; template/markup.h */
	bool markup : 1;  /* of a constant in a template: contains markup itself */
	union {
		bool boolean;
		int64_t integer;
		BIGNUM *big;
		double real;
		struct {
			const char *text;
			size_t length;
			size_t hash; /* 0: not yet known */
		} string;
		struct {
			struct value **items;
			size_t n, cap;
		} list; /* and tuple */
		struct dict dict;
		struct value_date date;
		struct {
			int64_t start, stop, step;
		} range;
		struct {
			const struct object_class *class;
			void *state;
		} object;
		struct trouble *trouble;
		struct lazy *template;
	};
};

static inline struct value *value_keep(struct value *value)
{
	if (value->refs >= 0)
		value->refs++;
	return value;
}

/* The rest of the constructors. */
struct value *value_alloc(enum value_kind kind);
struct value *value_text_of(const char *text);	/* a string from a C string */
struct value *value_take_buf(struct buf *text); /* a string from what text holds */
struct value *value_big(BIGNUM *number_stolen); /* an int when it fits */
struct value *value_tuple(size_t room);
struct value *value_list_room(size_t room);
struct value *value_pair_of(struct value *first_stolen, struct value *second_stolen); /* tuple */
struct value *value_date(struct value_date date);
struct value *value_span(int64_t microseconds);
struct value *value_range(int64_t start, int64_t stop, int64_t step);
struct value *value_omit(void);
struct value *value_object(const struct object_class *class, void *state);

/* Python's name of the type: "int", "dict", "NoneType". */
const char *value_type(const struct value *value);
/* True for bool, int, big and float. */
bool value_is_number(const struct value *value);
/* bool, int or big that fits. */
bool value_as_int(const struct value *value, int64_t *ret);
size_t value_range_length(const struct value *range);
bool value_is_text(const struct value *value, const char *text);
/* Marks the container as holding something lazy when `item` is. */
void value_note(struct value *container, const struct value *item);
/* True when `needle` is the container `value` or stands somewhere inside it (or too deep to tell).
 */
bool value_holds(const struct value *value, const struct value *needle);

/* value_compare.c: Python's ==, hash and <. */
bool value_equal(const struct value *a, const struct value *b);
bool value_hashable(const struct value *value);
size_t value_hash(const struct value *value);
/* False when the types cannot be ordered; ret is <0, 0 or >0. Not a number is never less. */
bool value_order(const struct value *a, const struct value *b, int *ret);
/* a in b for containers and strings; false in *ret_valid when b cannot contain a. */
bool value_contains(const struct value *container, const struct value *item, bool *ret_valid);

/* value_print.c: text of parts. */
void value_print_float(double number, struct buf *out);
#define VALUE_DIGITS 20 /* of 64 bits, with the sign */
/* The digits, without a NUL; returns how many. */
size_t value_print_integer(int64_t integer, char text[static VALUE_DIGITS]);
/* As a template prints a container: tuples become lists and omitted items go. `alone`: it is all
 * that the template prints. */
void value_print_final(const struct value *value, bool alone, struct buf *out);
