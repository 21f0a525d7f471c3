#include "base/list.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void list_take(struct list *list, char *text)
{
	mem_grow(list->items, &list->cap, list->n + 1);
	list->items[list->n++] = text;
}

void list_add(struct list *list, const char *text)
{
	list_take(list, mem_strdup(text));
}

void list_add_new(struct list *list, const char *text)
{
	if (!list_has(list, text))
		list_add(list, text);
}

void list_printf(struct list *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	list_take(list, mem_vprintf(format, args));
	va_end(args);
}

bool list_has(const struct list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

void list_copy(struct list *to, const struct list *from)
{
	for (size_t i = 0; i < from->n; i++)
		list_add(to, from->items[i]);
}

static int by_byte(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void list_sort(struct list *list)
{
	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), by_byte);
}

char *list_join(const struct list *list, const char *separator)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_addstr(&text, separator);
		buf_addstr(&text, list->items[i]);
	}
	return buf_steal(&text);
}

void list_split(struct list *list, const char *text, const char *separators)
{
	while (*text) {
		text += strspn(text, separators);
		size_t length = strcspn(text, separators);
		if (length)
			list_take(list, mem_strndup(text, length));
		text += length;
	}
}

void list_done(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = LIST_INIT;
}
