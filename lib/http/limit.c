#include "http/limit.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

#define BURST_US 100000 /* of unused time that may be made up for */

struct http_limit {
	uint64_t rate;	    /* bytes a second */
	int64_t balance_us; /* what may pass, as the time that it takes; negative is debt */
	int64_t last_us;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct http_limit *http_limit_new(uint64_t bytes_per_second)
{
	struct http_limit *limit = mem_new(struct http_limit);

	limit->rate = bytes_per_second ? bytes_per_second : 1;
	limit->last_us = now_us();
	return limit;
}

void http_limit_free(struct http_limit *limit)
{
	free(limit);
}

static void refill(struct http_limit *limit)
{
	int64_t now = now_us();

	limit->balance_us += now - limit->last_us;
	limit->last_us = now;
	if (limit->balance_us > BURST_US)
		limit->balance_us = BURST_US;
}

int64_t http_limit_wait_ms(struct http_limit *limit)
{
	if (!limit)
		return 0;
	refill(limit);
	return limit->balance_us > 0 ? 0 : -limit->balance_us / 1000 + 1;
}

void http_limit_take(struct http_limit *limit, size_t bytes)
{
	if (limit)
		limit->balance_us -= (int64_t)((double)bytes * 1e6 / (double)limit->rate);
}
