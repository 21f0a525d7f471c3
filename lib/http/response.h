/* response: what a finished transfer says, beside its body. */
#pragma once

#include "http/http.h"
#include "http/transfer.h"

/* Status, content type, ETag and warnings, or all headers; the body is there already. */
void http_response_read(struct http_response *response, const struct http_transfer *transfer,
			bool keep_headers);

/* Retry-After in milliseconds; -1 without one (dates are not understood). */
int64_t http_response_retry_after(const struct http_transfer *transfer);

/* As it was before the first try; only the number of tries stays. */
void http_response_clear(struct http_response *response);
