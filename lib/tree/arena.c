#include "tree/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CHUNK_SIZE ((size_t)64 * 1024)

struct chunk {
	struct chunk *before;
	max_align_t bytes[];
};

struct tree_arena {
	struct chunk *last;
	size_t used, size; /* of the last chunk */
};

struct tree_arena *tree_arena_new(void)
{
	return mem_new(struct tree_arena);
}

static void add_chunk(struct tree_arena *arena, size_t size)
{
	struct chunk *chunk = mem_zalloc(sizeof(*chunk) + size);

	chunk->before = arena->last;
	arena->last = chunk;
	arena->used = 0;
	arena->size = size;
}

void *tree_arena_alloc(struct tree_arena *arena, size_t size)
{
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (arena->size - arena->used < size)
		add_chunk(arena, size > CHUNK_SIZE ? size : CHUNK_SIZE);
	void *start = (char *)arena->last->bytes + arena->used;
	arena->used += size;
	return start;
}

char *tree_arena_copy(struct tree_arena *arena, const void *bytes, size_t length)
{
	char *copy = tree_arena_alloc(arena, length + 1);

	memcpy(copy, bytes, length);
	return copy;
}

void tree_arena_free(struct tree_arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->last; chunk;) {
		struct chunk *before = chunk->before;
		free(chunk);
		chunk = before;
	}
	free(arena);
}
