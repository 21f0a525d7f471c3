#include <errno.h>

#include "harness/server_private.h"

struct timespec server_wait_end(int milliseconds)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += milliseconds / 1000;
	at.tv_nsec += milliseconds % 1000 * 1000000L;
	if (at.tv_nsec >= 1000000000L) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000L;
	}
	return at;
}

bool server_wait_until(struct server *server, const struct timespec *end)
{
	return pthread_cond_timedwait(&server->changed, &server->lock, end) != ETIMEDOUT;
}

void server_wait_pause(struct server *server, int milliseconds)
{
	struct timespec end = server_wait_end(milliseconds);

	if (milliseconds <= 0)
		return;
	pthread_mutex_lock(&server->lock);
	while (!server->stopping && server_wait_until(server, &end))
		;
	pthread_mutex_unlock(&server->lock);
}
