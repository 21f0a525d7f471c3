#include "template/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLOCK 4000

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) char bytes[];
};

static void add_block(struct arena *arena, size_t size)
{
	struct arena_block *block = mem_zalloc(sizeof(*block) + size);

	block->next = arena->blocks;
	block->size = size;
	arena->blocks = block;
	arena->left = size;
}

void *template_arena_alloc(struct arena *arena, size_t size)
{
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (size > arena->left)
		add_block(arena, size > BLOCK ? size : BLOCK);
	char *at = arena->blocks->bytes + arena->blocks->size - arena->left;
	arena->left -= size;
	return at;
}

void *template_arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = template_arena_alloc(arena, size);

	return size ? memcpy(copy, bytes, size) : copy;
}

char *template_arena_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = template_arena_alloc(arena, length + 1);

	if (length)
		memcpy(copy, text, length);
	return copy;
}

void template_arena_done(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	arena->left = 0;
}
