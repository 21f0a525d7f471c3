#include "s3/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

#define CA_LIMIT     ((size_t)4 << 20)
#define MAX_PARALLEL 8

void s3_settings_done(struct s3_settings *settings)
{
	free(settings->endpoint);
	free(settings->region);
	free(settings->ca);
	memset(settings, 0, sizeof(*settings));
}

static const char *first(const char *a, const char *b)
{
	return a && *a ? a : b && *b ? b : NULL;
}

/* ---- Where. */

static const char *configured_endpoint(const struct s3_profile *profile)
{
	const char *ignore = s3_profile_env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");

	if (!ignore)
		ignore = s3_profile_config(profile, "ignore_configured_endpoint_urls");
	if (ignore && !strcasecmp(ignore, "true"))
		return NULL;
	const char *url =
		first(s3_profile_env("AWS_ENDPOINT_URL_S3"), s3_profile_env("AWS_ENDPOINT_URL"));
	url = first(url, map_get(&profile->service, "endpoint_url"));
	url = first(url, s3_profile_config(profile, "endpoint_url"));
	url = first(url, map_get(&profile->s3, "endpoint_url"));
	return first(url, map_get(&profile->s3api, "endpoint_url"));
}

/* "fr-par" of "https://s3.fr-par.scw.cloud"; NULL when the name says none. Caller frees. */
static char *region_of(const char *endpoint)
{
	const char *host = endpoint ? strstr(endpoint, "://") : NULL;

	host = host ? host + 3 : "";
	if (strncmp(host, "s3.", 3) && strncmp(host, "s3-", 3))
		return NULL;
	size_t length = strcspn(host + 3, ".:/");
	bool more = host[3 + length] == '.' && strchr(host + 4 + length, '.');
	return length && more ? mem_strndup(host + 3, length) : NULL;
}

static char *find_region(const struct s3_profile *profile, const char *ours, const char *endpoint)
{
	const char *region = first(ours, s3_profile_env("AWS_REGION"));

	region = first(region, s3_profile_env("AWS_DEFAULT_REGION"));
	region = first(region, s3_profile_config(profile, "region"));
	if (region)
		return mem_strdup(region);
	char *guess = region_of(endpoint);
	return guess ? guess : mem_strdup("us-east-1");
}

static int set_endpoint(struct s3_settings *settings, const char *endpoint, struct err *err)
{
	settings->is_aws = !endpoint || strstr(endpoint, ".amazonaws.com") != NULL;
	if (!endpoint) {
		settings->endpoint = mem_printf("https://s3.%s.amazonaws.com%s", settings->region,
						!strncmp(settings->region, "cn-", 3) ? ".cn" : "");
		return 0;
	}
	if (strncmp(endpoint, "http://", 7) && strncmp(endpoint, "https://", 8)) {
		err_set(err, ERR_INVALID, "the endpoint '%s' is no URL", endpoint);
		return err_hint(err, "write it with its scheme: https://%s", endpoint);
	}
	settings->endpoint = mem_strdup(endpoint);
	for (size_t n = strlen(settings->endpoint); n && settings->endpoint[n - 1] == '/'; n--)
		settings->endpoint[n - 1] = '\0';
	return 0;
}

/* A dot in a bucket's name would be another level for the TLS wildcard. */
static int set_addressing(struct s3_settings *settings, const struct s3_profile *profile,
			  const char *bucket, struct err *err)
{
	const char *style = map_get(&profile->s3, "addressing_style");
	bool dotted = strchr(bucket, '.') && !strncmp(settings->endpoint, "https:", 6);

	if (!style || !strcasecmp(style, "auto"))
		settings->virtual_host = settings->is_aws && !dotted;
	else if (!strcasecmp(style, "virtual"))
		settings->virtual_host = !dotted;
	else if (strcasecmp(style, "path") != 0)
		return err_set(err, ERR_INVALID,
			       "addressing_style is '%s'; it can be auto, path or virtual", style);
	return 0;
}

/* ---- Numbers. */

int s3_settings_size(const char *text, uint64_t *ret, struct err *err)
{
	static const char units[] = "kmgt";
	char *end;
	double number = strtod(text, &end);
	uint64_t factor = 1;

	while (isspace((unsigned char)*end))
		end++;
	const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (unit) {
		factor = (uint64_t)1 << 10 * (unit - units + 1);
		end++;
		if (tolower((unsigned char)*end) == 'i')
			end++;
	}
	if (tolower((unsigned char)*end) == 'b')
		end++;
	if (*end || end == text || !isdigit((unsigned char)*text) || number > 1e15)
		return err_set(err, ERR_INVALID, "'%s' is not a size such as 8MB", text);
	*ret = (uint64_t)(number * (double)factor);
	return 0;
}

/* "10MB/s", or "80Mb/s" in bits. */
static int read_rate(const char *text, uint64_t *ret, struct err *err)
{
	size_t length = strlen(text);
	bool bits = length > 3 && !strcmp(text + length - 3, "b/s");

	if (length > 2 && !strcasecmp(text + length - 2, "/s"))
		length -= 2;
	cleanup_free char *size = mem_strndup(text, length);
	int r = s3_settings_size(size, ret, err);
	if (r >= 0 && bits)
		*ret /= 8;
	return r;
}

static int set_numbers(struct s3_settings *settings, const struct s3_profile *profile,
		       struct err *err)
{
	const char *chunk = map_get(&profile->s3, "multipart_chunksize");
	const char *rate = map_get(&profile->s3, "max_bandwidth");
	const char *parallel = map_get(&profile->s3, "max_concurrent_requests");
	int r = 0;

	if (chunk && (r = s3_settings_size(chunk, &settings->part_size, err)) < 0)
		return err_wrap(err, "multipart_chunksize");
	if (rate && (r = read_rate(rate, &settings->bandwidth, err)) < 0)
		return err_wrap(err, "max_bandwidth");
	int number = parallel ? atoi(parallel) : 0;
	if (parallel && number < 1)
		return err_set(err, ERR_INVALID, "max_concurrent_requests is '%s'; at least 1",
			       parallel);
	settings->parallel = number > MAX_PARALLEL ? MAX_PARALLEL : number;
	return 0;
}

/* ---- The rest. */

static int check_signature(const struct s3_profile *profile, struct err *err)
{
	const char *version = first(map_get(&profile->s3, "signature_version"),
				    map_get(&profile->service, "signature_version"));

	if (!version || !strcasecmp(version, "s3v4") || !strcasecmp(version, "v4"))
		return 0;
	return err_set(err, ERR_INVALID, "signature_version is '%s'; only s3v4 is spoken here",
		       version);
}

static int read_ca(const struct s3_profile *profile, char **ret, struct err *err)
{
	const char *path =
		first(s3_profile_env("AWS_CA_BUNDLE"), s3_profile_config(profile, "ca_bundle"));

	if (!path)
		return 0;
	int r = file_read(path, CA_LIMIT, ret, NULL, err);
	return r < 0 ? err_wrap(err, "the CA bundle") : 0;
}

static int read_all(const struct s3_profile *profile, const char *bucket, const char *endpoint,
		    const char *region, struct s3_settings *settings, struct err *err)
{
	const char *url = first(endpoint, configured_endpoint(profile));

	settings->region = find_region(profile, region, url);
	int r = set_endpoint(settings, url, err);
	if (r < 0)
		return r;
	r = set_addressing(settings, profile, bucket, err);
	if (r < 0)
		return r;
	r = set_numbers(settings, profile, err);
	if (r < 0)
		return r;
	r = check_signature(profile, err);
	if (r < 0)
		return r;
	return read_ca(profile, &settings->ca, err);
}

int s3_settings_read(const struct s3_profile *profile, const char *bucket, const char *endpoint,
		     const char *region, struct s3_settings *ret, struct err *err)
{
	struct s3_settings settings = {0};

	int r = read_all(profile, bucket, endpoint, region, &settings, err);
	if (r < 0)
		s3_settings_done(&settings);
	else
		*ret = settings;
	return r;
}
