/*
 * template/text: UTF-8 as Python's str sees it: code points, Unicode white space, case.
 *
 * Positions given to and by these functions are bytes unless they are named index or count, which
 * are code points. Bytes that are not UTF-8 count as one character each and are kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

bool template_text_is_ascii(const char *text, size_t length);
size_t template_text_count(const char *text, size_t length);
/* Where the character with that index begins; length when there are fewer. */
size_t template_text_offset(const char *text, size_t length, size_t index);
/* The character at *at, which moves behind it. Broken bytes give 0xDC80 and up. */
uint32_t template_text_next(const char *text, size_t length, size_t *at);
void template_text_put(struct buf *out, uint32_t character);

/* text_class.c: Python's classes of characters. */
bool template_text_is_space(uint32_t character); /* str.isspace */
bool template_text_is_alnum(uint32_t character);
bool template_text_is_alpha(uint32_t character);
bool template_text_is_decimal(uint32_t character);
bool template_text_is_digit(uint32_t character);
bool template_text_is_numeric(uint32_t character);
bool template_text_is_printable(uint32_t character);
int template_text_decimal(uint32_t character); /* 0 to 9 in any script; -1: none */

/* text_case.c: upper, lower and title case. */
bool template_text_is_upper(uint32_t character);
bool template_text_is_lower(uint32_t character);
bool template_text_is_title(uint32_t character);
bool template_text_is_cased(uint32_t character);

enum text_side {
	TEXT_LEFT = 1,
	TEXT_RIGHT = 2,
	TEXT_BOTH = 3,
};

/* Where the word (no white space) that ends at `end` begins. */
size_t template_text_word(const char *text, size_t end);

/* Moves the ends of [*begin, *end) past white space, or past any of `characters` when not NULL. */
void template_text_strip(const char *text, size_t *begin, size_t *end, enum text_side side,
			 const char *characters, size_t character_length);

void template_text_upper(const char *text, size_t length, struct buf *out);
void template_text_lower(const char *text, size_t length, struct buf *out);
void template_text_capitalize(const char *text, size_t length, struct buf *out);
void template_text_title(const char *text, size_t length, struct buf *out); /* str.title */
void template_text_swapcase(const char *text, size_t length, struct buf *out);
void template_text_fold(const char *text, size_t length, struct buf *out); /* str.casefold */

/* True when c is one of these; NUL, which strchr() would find at their end, is none. */
bool template_text_one_of(char c, const char *characters);

/* Where needle begins at or after `from`; SIZE_MAX when it does not. */
size_t template_text_find(const char *text, size_t length, const char *needle, size_t needle_length,
			  size_t from);
/* The last place before `until` where needle ends; SIZE_MAX when there is none. */
size_t template_text_find_last(const char *text, size_t until, const char *needle,
			       size_t needle_length);

/* The next line as str.splitlines has it: [*at, *ret_end); *at moves behind its end. False when
 * there is none left. ret_break: how many bytes ended the line. */
bool template_text_line(const char *text, size_t length, size_t *at, size_t *ret_begin,
			size_t *ret_end);

/* All of `from` in text by `to`, at most `count` times (negative: all). Returns how many. */
size_t template_text_replace(const char *text, size_t length, const char *from, size_t from_length,
			     const char *to, size_t to_length, int64_t count, struct buf *out);
