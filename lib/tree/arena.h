/* arena: memory that is released all at once. The nodes of YAML documents live in one. */
#pragma once

#include <stddef.h>

struct tree_arena;

struct tree_arena *tree_arena_new(void);
/* Zeroed, aligned for any object. */
void *tree_arena_alloc(struct tree_arena *arena, size_t size);
/* A copy with a NUL behind it. */
char *tree_arena_copy(struct tree_arena *arena, const void *bytes, size_t length);
void tree_arena_free(struct tree_arena *arena); /* NULL is fine */
