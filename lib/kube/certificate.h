/* kube/certificate: how long a certificate lasts. */
#pragma once

#include "base/err.h"

/* Whole days from now until the first certificate of a PEM text expires; negative when it has.
 * INT_MAX for NULL. ERR_INVALID when it is no certificate. */
int kube_certificate_days(const char *pem, int *ret_days, struct err *err);
