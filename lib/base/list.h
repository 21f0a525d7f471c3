/* list: an array of strings that it owns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	char **items;
	size_t n;
	size_t cap;
};

#define LIST_INIT    ((struct list){0})
#define cleanup_list __attribute__((cleanup(list_done)))

void list_add(struct list *list, const char *text);	/* copies */
void list_take(struct list *list, char *text);		/* takes over */
void list_add_new(struct list *list, const char *text); /* unless it is there */
void list_printf(struct list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool list_has(const struct list *list, const char *text);
void list_copy(struct list *to, const struct list *from); /* appends all of from */
void list_sort(struct list *list);			  /* by byte */
/* Joined with `separator`; caller frees. */
char *list_join(const struct list *list, const char *separator);
/* The pieces of text between any of the characters of `separators`; empty ones are left out. */
void list_split(struct list *list, const char *text, const char *separators);
void list_done(struct list *list);
