#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL 1024

static void *or_abort(void *pointer)
{
	if (!pointer) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return pointer;
}

void *mem_alloc(size_t size)
{
	return or_abort(malloc(size ? size : 1));
}

void *mem_zalloc(size_t size)
{
	/* calloc leaves out the thread's cache of free memory, which is where small things come
	 * from */
	return size > SMALL ? or_abort(calloc(1, size)) : memset(mem_alloc(size), 0, size);
}

void *mem_realloc(void *pointer, size_t size)
{
	return or_abort(realloc(pointer, size ? size : 1));
}

void *mem_grow_array(void *array, size_t *capacity, size_t want, size_t element)
{
	if (want <= *capacity)
		return array;
	size_t bigger = *capacity ? *capacity * 2 : 8;
	if (bigger < want)
		bigger = want;
	size_t bytes;
	if (__builtin_mul_overflow(bigger, element, &bytes))
		or_abort(NULL);
	array = mem_realloc(array, bytes);
	*capacity = bigger;
	return array;
}

char *mem_strdup(const char *text)
{
	return text ? or_abort(strdup(text)) : NULL;
}

char *mem_strndup(const char *text, size_t length)
{
	return text ? or_abort(strndup(text, length)) : NULL;
}

void *mem_dup(const void *bytes, size_t size)
{
	return memcpy(mem_alloc(size), bytes, size);
}

char *mem_vprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		or_abort(NULL);
	return text;
}

char *mem_printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = mem_vprintf(format, args);
	va_end(args);
	return text;
}

void mem_cleanup(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
