/* template/arena: memory that a compiled template takes piece by piece and gives back as one. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t left; /* bytes in the newest block */
};

/* A zeroed object of that type. */
#define arena_new(arena, type) ((type *)template_arena_alloc((arena), sizeof(type)))

void *template_arena_alloc(struct arena *arena, size_t size); /* zeroed */
void *template_arena_copy(struct arena *arena, const void *bytes, size_t size);
char *template_arena_text(struct arena *arena, const char *text,
			  size_t length); /* NUL-terminated */
void template_arena_done(struct arena *arena);
