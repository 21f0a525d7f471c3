#include "http/retry.h"

#include <stdlib.h>

#include "http/failure.h"
#include "http/response.h"

#define FIRST_PAUSE_MS 200
#define MAX_PAUSE_MS   5000

static bool is_worth_it(const struct http_response *response, const struct http_transfer *transfer)
{
	if (transfer->result != CURLE_OK)
		return http_failure_passes(transfer);
	switch (response->status) {
	case 429:
	case 502:
	case 503:
	case 504:
		return true;
	case 500:
		return http_response_retry_after(transfer) >= 0;
	default:
		return false;
	}
}

/* Doubles with each try. */
static int64_t back_off(int tries)
{
	int64_t pause = FIRST_PAUSE_MS;

	while (--tries > 0 && pause < MAX_PAUSE_MS)
		pause *= 2;
	return pause < MAX_PAUSE_MS ? pause : MAX_PAUSE_MS;
}

int64_t http_retry_pause(const struct http_request *request, const struct http_response *response,
			 const struct http_transfer *transfer)
{
	int most = request->tries ? request->tries : HTTP_RETRY_TRIES;

	if (!request->retry || response->tries >= most || !is_worth_it(response, transfer))
		return -1;
	/* A quarter around our own pause; never earlier than the server asked for. */
	int64_t asked = http_response_retry_after(transfer);
	int64_t pause = back_off(response->tries);
	if (asked > 0)
		return asked + random() % (asked / 4 + 1);
	return pause - pause / 4 + random() % (pause / 2 + 1);
}
