/* credential: looks at certificates and tokens before they are used, for an error that a person
 * can act on. */
#pragma once

#include <time.h>

#include "base/err.h"
#include "http/http.h"

/* ERR_INVALID when the CA or the client's certificate is not PEM, or the key is not the one of the
 * certificate, or the token could not stand in a header. ret_end: when the client's certificate
 * expires, 0 without one. */
int http_credential_check(const struct http_peer_options *options, time_t *ret_end,
			  struct err *err);
