/*
 * mem: memory that is always there.
 *
 * Allocation cannot fail: it aborts, systemd starts the daemon again and the next pass
 * converges. Locals are declared with their clean-up; a pointer is handed over with steal().
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define cleanup_free __attribute__((cleanup(mem_cleanup)))

/* Hands over a pointer: returns *pointer and leaves NULL behind. */
#define steal(pointer)                                       \
	__extension__({                                      \
		__typeof__(*(pointer)) stolen_ = *(pointer); \
		*(pointer) = NULL;                           \
		stolen_;                                     \
	})

/* A zeroed object of that type. */
#define mem_new(type) ((type *)mem_zalloc(sizeof(type)))

/* Grows an array of `type` so that it can hold `want` elements; doubles. */
#define mem_grow(array, capacity, want) \
	((array) = mem_grow_array((array), (capacity), (want), sizeof(*(array))))

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *pointer, size_t size);
void *mem_grow_array(void *array, size_t *capacity, size_t want, size_t element);

/* NULL gives NULL. */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);
void *mem_dup(const void *bytes, size_t size);

char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *format, va_list args);

/* Frees what a `char *` (or any object pointer) local points to. */
void mem_cleanup(void *pointer_to_pointer);
