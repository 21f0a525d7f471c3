#include "s3/sign.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

#define DATE_LENGTH 8 /* of "20261123" */

struct key {
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int length;
};

void s3_sign_date(time_t when, char ret[17])
{
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(ret, 17, "%Y%m%dT%H%M%SZ", &tm);
}

void s3_sign_encode(struct buf *out, const char *text, int keep_slash)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if ((c < 0x80 && isalnum(c)) || strchr("-._~", c) || (keep_slash && c == '/'))
			buf_addch(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* ---- The canonical request. */

static int by_name(const void *a, const void *b)
{
	const struct http_header *one = a, *other = b;

	return strcmp(one->name, other->name);
}

/* Host and the others, sorted. Caller frees the array. */
static struct http_header *sorted_headers(const struct s3_sign_input *input)
{
	struct http_header *headers = mem_alloc((input->header_count + 1) * sizeof(*headers));

	if (input->header_count)
		memcpy(headers, input->headers, input->header_count * sizeof(*headers));
	headers[input->header_count] = (struct http_header){"host", input->host};
	qsort(headers, input->header_count + 1, sizeof(*headers), by_name);
	return headers;
}

/* Without the white space around it, and with runs of it as one blank. */
static void add_value(struct buf *out, const char *value)
{
	for (value += strspn(value, " \t"); *value; value++) {
		bool blank = *value == ' ' || *value == '\t';
		if (blank && (value[1] == ' ' || value[1] == '\t' || !value[1]))
			continue;
		buf_addch(out, blank ? ' ' : *value);
	}
}

static void add_headers(struct buf *out, const struct http_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool again = i && !strcmp(headers[i].name, headers[i - 1].name);
		if (again)
			buf_addch(out, ',');
		else
			buf_printf(out, "%s%s:", i ? "\n" : "", headers[i].name);
		add_value(out, headers[i].value);
	}
	buf_addch(out, '\n');
}

static char *signed_names(const struct http_header *headers, size_t count)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(headers[i].name, headers[i - 1].name) != 0)
			buf_printf(&names, "%s%s", i ? ";" : "", headers[i].name);
	return buf_steal(&names);
}

/* SHA-256 of the canonical request. */
static char *request_hash(const struct s3_sign_input *input, const struct http_header *headers,
			  const char *names)
{
	cleanup_buf struct buf text = BUF_INIT;

	buf_printf(&text, "%s\n%s\n%s\n", input->method, input->path, input->query);
	add_headers(&text, headers, input->header_count + 1);
	buf_printf(&text, "\n%s\n%s", names, input->payload_sha256);
	return digest_sha256_hex(text.data, text.len);
}

/* ---- The signature. */

static void step(struct key *key, const char *text)
{
	struct key next;

	HMAC(EVP_sha256(), key->bytes, (int)key->length, (const unsigned char *)text, strlen(text),
	     next.bytes, &next.length);
	*key = next;
	explicit_bzero(&next, sizeof(next));
}

/* HMAC of text by the key of that day, region and service; hex. */
static char *signature(const struct s3_sign_input *input, const char *secret_key, const char *date,
		       const char *text)
{
	struct key key = {.length = 0};
	struct buf hex = BUF_INIT;
	char *seed = mem_printf("AWS4%s", secret_key);
	cleanup_free char *day = mem_strndup(date, DATE_LENGTH);

	HMAC(EVP_sha256(), seed, (int)strlen(seed), (const unsigned char *)day, DATE_LENGTH,
	     key.bytes, &key.length);
	explicit_bzero(seed, strlen(seed));
	free(seed);
	step(&key, input->region);
	step(&key, input->service);
	step(&key, "aws4_request");
	step(&key, text);
	for (unsigned int i = 0; i < key.length; i++)
		buf_printf(&hex, "%02x", key.bytes[i]);
	return buf_steal(&hex);
}

char *s3_sign(const struct s3_sign_input *input, const struct s3_credentials *credentials)
{
	struct http_header *headers = sorted_headers(input);
	cleanup_free char *names = signed_names(headers, input->header_count + 1);
	cleanup_free char *hash = request_hash(input, headers, names);
	char date[17];

	free(headers);
	s3_sign_date(input->when, date);
	cleanup_free char *scope = mem_printf("%.*s/%s/%s/aws4_request", DATE_LENGTH, date,
					      input->region, input->service);
	cleanup_free char *text = mem_printf("AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hash);
	cleanup_free char *value = signature(input, credentials->secret_key, date, text);
	return mem_printf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
			  credentials->access_key, scope, names, value);
}
