/*
 * settings: how to reach a bucket, from our own configuration, the environment and the AWS files,
 * in the order of backup.md 3.4.
 *
 * endpoint: ours, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, [services] s3 endpoint_url, the profile's
 * endpoint_url, and last the form of the old plugin: endpoint_url below `s3 =` or `s3api =`
 * (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS leaves the environment's and the files' out); else AWS.
 * region: ours, AWS_REGION, AWS_DEFAULT_REGION, the profile's; else what the endpoint's name says,
 * else us-east-1.
 * Below `s3 =`: addressing_style, multipart_chunksize (a minimum), max_concurrent_requests (at
 * most 8), max_bandwidth. What is always so here, and therefore not read: multipart_threshold (one
 * part), payload_signing_enabled (always), max_queue_size. signature_version must be s3v4.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "s3/profile.h"

struct s3_settings {
	char *endpoint; /* "https://s3.fr-par.scw.cloud", no slash at the end */
	char *region;
	bool is_aws;
	bool virtual_host;  /* bucket.host/key instead of host/bucket/key */
	uint64_t part_size; /* at least; 0: not said */
	int parallel;	    /* 0: not said */
	uint64_t bandwidth; /* bytes a second; 0: not said */
	char *ca;	    /* PEM of AWS_CA_BUNDLE or ca_bundle; or NULL */
};

/* ERR_INVALID names the setting. endpoint and region: ours, or NULL. */
int s3_settings_read(const struct s3_profile *profile, const char *bucket, const char *endpoint,
		     const char *region, struct s3_settings *ret, struct err *err);

void s3_settings_done(struct s3_settings *settings);
#define cleanup_s3_settings __attribute__((cleanup(s3_settings_done)))

/* "50MB", "8MiB", "1024" as the aws CLI reads them: all powers of 1024. ERR_INVALID. */
int s3_settings_size(const char *text, uint64_t *ret, struct err *err);
