/* credential_process: keys from a command of the user (the AWS tools' interface, Version 1). */
#pragma once

#include "base/deadline.h"
#include "base/err.h"
#include "s3/credentials.h"

/* `source` is for messages, "/root/.aws/config [default]". */
int s3_credential_process_run(const char *command, const char *source,
			      const struct deadline *deadline, struct s3_credentials *ret,
			      struct err *err);
