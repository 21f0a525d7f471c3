#include "http/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

/* Below the 118 s after which libcurl leaves an idle connection alone. */
#define WARM_MS 60000

struct http_pool *http_pool_new(void)
{
	struct http_pool *pool = mem_new(struct http_pool);

	pool->share = curl_share_init();
	curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	return pool;
}

bool http_pool_admits(struct http_pool *pool, int64_t now)
{
	if (pool->users == 0 && now - pool->idle_since > WARM_MS)
		pool->ready = false;
	return pool->ready || pool->users == 0;
}

void http_pool_join(struct http_pool *pool, CURL *easy)
{
	pool->users++;
	curl_easy_setopt(easy, CURLOPT_SHARE, pool->share);
}

void http_pool_leave(struct http_pool *pool, CURL *easy, int64_t now)
{
	curl_easy_setopt(easy, CURLOPT_SHARE, NULL);
	pool->idle_since = now;
	if (--pool->users == 0 && pool->retired)
		http_pool_free(pool);
}

void http_pool_free(struct http_pool *pool)
{
	CURLSHcode code = curl_share_cleanup(pool->share);

	assert(code == CURLSHE_OK);
	(void)code;
	free(pool);
}
