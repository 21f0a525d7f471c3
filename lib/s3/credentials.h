/*
 * credentials: who we are to the server, from the first place that says so: the environment
 * (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), the credentials file,
 * `credential_process`, the config file.
 */
#pragma once

#include <time.h>

#include "base/deadline.h"
#include "base/err.h"
#include "s3/profile.h"

struct s3_credentials {
	char *access_key, *secret_key;
	char *session_token; /* or NULL */
	char *source;	     /* "/root/.aws/credentials [default]", for messages */
	time_t expires;	     /* 0: never */
};

/* ERR_NOT_FOUND names every place that was looked at; ERR_INVALID one that has half of it. */
int s3_credentials_find(const struct s3_profile *profile, const struct deadline *deadline,
			struct s3_credentials *ret, struct err *err);

/* Overwrites the secrets. */
void s3_credentials_done(struct s3_credentials *credentials);
#define cleanup_s3_credentials __attribute__((cleanup(s3_credentials_done)))
