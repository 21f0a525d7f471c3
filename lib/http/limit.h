/* limit: a bucket of bytes that refills with time, as the other files of lib/http see it. Only the
 * I/O thread touches it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "http/http.h"

/* How long until something may pass; 0: now. NULL: always now. */
int64_t http_limit_wait_ms(struct http_limit *limit);

/* So much passed. It may be more than there was: what follows waits the longer. */
void http_limit_take(struct http_limit *limit, size_t bytes);
