#include "template/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct cached {
	char *text;
	size_t length;
	int line, column;
	bool header;
	struct options options;
	struct template *template;
	struct cached *next; /* of the same name */
};

struct template_cache {
	struct map names; /* of struct cached */
};

static void cached_free(void *pointer)
{
	struct cached *cached = pointer;

	while (cached) {
		struct cached *next = cached->next;
		template_free(cached->template);
		free(cached->text);
		free(cached);
		cached = next;
	}
}

struct template_cache *template_cache_new(void)
{
	struct template_cache *cache = mem_new(struct template_cache);

	cache->names = MAP_INIT(cached_free);
	return cache;
}

void template_cache_free(struct template_cache *cache)
{
	if (!cache)
		return;
	map_done(&cache->names);
	free(cache);
}

static bool is_same(const struct cached *cached, const struct template_text *text)
{
	return cached->length == text->length && cached->line == text->line &&
	       cached->column == text->column && cached->header == text->header &&
	       !memcmp(cached->text, text->text, text->length) &&
	       !memcmp(&cached->options, text->options, sizeof(cached->options));
}

static struct cached *cached_new(const struct template_text *text, struct template *template)
{
	struct cached *cached = mem_new(struct cached);

	*cached = (struct cached){
		.text = mem_dup(text->text, text->length),
		.length = text->length,
		.line = text->line,
		.column = text->column,
		.header = text->header,
		.options = *text->options,
		.template = template,
	};
	return cached;
}

int template_cache_compile(struct template_cache *cache, const struct template_text *text,
			   const struct template **ret, struct err *err)
{
	struct cached *first = map_get(&cache->names, text->name), *cached = first;
	struct template *template;

	while (cached && !is_same(cached, text))
		cached = cached->next;
	if (!cached) {
		int r = template_build(text, &template, err);
		if (r < 0)
			return r;
		cached = cached_new(text, template);
		if (first) {
			cached->next = first->next;
			first->next = cached;
		} else {
			map_put(&cache->names, text->name, cached);
		}
	}
	*ret = cached->template;
	return 0;
}
