/* failure: what a transfer that got no answer means to the user. */
#pragma once

#include "base/err.h"
#include "http/transfer.h"

/* Fills err from transfer->result, which is not CURLE_OK, and returns -code:
 * ERR_UNREACHABLE, ERR_TIMEOUT, ERR_DENIED (certificates), ERR_CANCELED, ERR_INVALID. */
int http_failure_explain(const struct http_transfer *transfer, struct err *err);

/* The connection failed, or was lost: the same may work on another one. */
bool http_failure_passes(const struct http_transfer *transfer);
