/*
 * template/cache: templates that renderings come upon (included, imported, looked up), compiled
 * once for each content.
 *
 * A loader may have a cache that outlives its renderings; without one each rendering has its own.
 */
#pragma once

#include "template/ast.h"

/* Compiles, unless that was done before: same name, text, place and options. The template is the
 * cache's. ERR_INVALID as template_build has it. */
int template_cache_compile(struct template_cache *cache, const struct template_text *text,
			   const struct template **ret, struct err *err);
