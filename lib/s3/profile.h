/*
 * profile: what environment and AWS files say, looked up as the AWS tools look (backup.md 3.4).
 *
 * Files: AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE (`~` and `$NAME` are replaced); else
 * aws-credentials and aws-config in systemd's credentials directory ($CREDENTIALS_DIRECTORY;
 * without systemd where that takes them from, /etc/credstore); else
 * ~/.aws/credentials and ~/.aws/config, where ~ comes from passwd when HOME is not set, as in a
 * system unit. The profile: as asked for, else AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "s3/ini.h"

struct s3_profile {
	char *name;
	bool explicit; /* asked for by the caller: the environment's keys do not count then */
	struct s3_ini credentials, config; /* their paths are set also when there are none */
	bool has_credentials, has_config;
	struct map s3, s3api; /* the nested blocks of the profile */
	struct map service;   /* `s3 =` of its [services ...] */
	struct list notices;
};

/* ERR_NOT_FOUND when a profile that was named is in neither file or a file that was named is
 * missing; ERR_DENIED when others can read the credentials file; ERR_INVALID with file and line. */
int s3_profile_load(const char *name, struct s3_profile *ret, struct err *err);

/* A setting of the profile in the config file, or in the credentials file; or NULL. Borrowed. */
const char *s3_profile_config(const struct s3_profile *profile, const char *key);
const char *s3_profile_secret(const struct s3_profile *profile, const char *key);

void s3_profile_done(struct s3_profile *profile);
#define cleanup_s3_profile __attribute__((cleanup(s3_profile_done)))

/* An environment variable that is set and not empty, or NULL. */
const char *s3_profile_env(const char *name);
