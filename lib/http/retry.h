/* retry: whether to ask again, and when. */
#pragma once

#include "http/http.h"
#include "http/transfer.h"

/* More tries than this help nobody: the caller should hear of it and decide. */
#define HTTP_RETRY_TRIES 10

/* After a finished try: the milliseconds to wait before the next; -1: there is none, this was the
 * answer. */
int64_t http_retry_pause(const struct http_request *request, const struct http_response *response,
			 const struct http_transfer *transfer);
