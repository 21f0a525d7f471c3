#include "source/vault_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/map.h"
#include "base/mem.h"

struct opened {
	struct buf plain;
	bool used; /* by the reading that goes on */
};

struct source_vault_cache {
	pthread_mutex_t lock;
	struct map opened;
};

static void opened_free(struct opened *opened)
{
	if (opened->plain.data)
		explicit_bzero(opened->plain.data, opened->plain.len);
	buf_done(&opened->plain);
	free(opened);
}

struct source_vault_cache *source_vault_cache_new(void)
{
	struct source_vault_cache *cache = mem_new(struct source_vault_cache);

	pthread_mutex_init(&cache->lock, NULL);
	cache->opened = MAP_INIT(opened_free);
	return cache;
}

void source_vault_cache_free(struct source_vault_cache *cache)
{
	if (!cache)
		return;
	map_done(&cache->opened);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* A digest of the text and of all passwords. */
static char *name_of(const char *text, size_t length,
		     const struct source_vault_passwords *passwords)
{
	struct buf all = BUF_INIT;

	for (size_t i = 0; i < passwords->n; i++)
		buf_add(&all, passwords->items[i].text, passwords->items[i].length + 1);
	buf_add(&all, text, length);
	char *name = digest_sha256_hex(buf_str(&all), all.len);
	explicit_bzero(all.data, all.len);
	buf_done(&all);
	return name;
}

static bool find(struct source_vault_cache *cache, const char *name, struct buf *ret)
{
	pthread_mutex_lock(&cache->lock);
	struct opened *opened = map_get(&cache->opened, name);
	if (opened) {
		opened->used = true;
		buf_add(ret, buf_str(&opened->plain), opened->plain.len);
	}
	pthread_mutex_unlock(&cache->lock);
	return opened;
}

static void keep(struct source_vault_cache *cache, const char *name, const struct buf *plain)
{
	struct opened *opened = mem_new(struct opened);

	opened->used = true;
	buf_add(&opened->plain, buf_str(plain), plain->len);
	pthread_mutex_lock(&cache->lock);
	map_put(&cache->opened, name, opened);
	pthread_mutex_unlock(&cache->lock);
}

static int open_text(const char *text, size_t length, const char *file, int line,
		     const struct source_vault_passwords *passwords, struct buf *ret,
		     struct err *err)
{
	struct source_vault_envelope envelope;
	int r = source_vault_parse(text, length, file, line, &envelope, err);

	if (r < 0)
		return r;
	r = source_vault_open(&envelope, passwords, ret, err);
	source_vault_envelope_done(&envelope);
	return r < 0 ? err_at(err, file, line, 0) : 0;
}

int source_vault_cache_open(struct source_vault_cache *cache, const char *text, size_t length,
			    const char *file, int line,
			    const struct source_vault_passwords *passwords, struct buf *ret,
			    struct err *err)
{
	if (!cache)
		return open_text(text, length, file, line, passwords, ret, err);
	cleanup_free char *name = name_of(text, length, passwords);
	if (find(cache, name, ret))
		return 0;
	int r = open_text(text, length, file, line, passwords, ret, err);
	if (r >= 0)
		keep(cache, name, ret);
	return r;
}

void source_vault_cache_sweep(struct source_vault_cache *cache)
{
	if (!cache)
		return;
	pthread_mutex_lock(&cache->lock);
	for (size_t i = cache->opened.n; i-- > 0;) {
		struct opened *opened = cache->opened.entries[i].value;
		cleanup_free char *name = mem_strdup(cache->opened.entries[i].key);
		if (!opened->used)
			map_remove(&cache->opened, name);
		else
			opened->used = false;
	}
	pthread_mutex_unlock(&cache->lock);
}
