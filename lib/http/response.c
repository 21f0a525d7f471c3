#include "http/response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static char *header_copy(const struct http_transfer *transfer, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return mem_strdup(header->value);
}

/* The quoted string that *at points to; moves behind it. */
static char *unquote(const char **at)
{
	struct buf text = BUF_INIT;
	const char *c = *at + 1;

	for (; *c && *c != '"'; c++) {
		if (*c == '\\' && c[1])
			c++;
		buf_addch(&text, *c);
	}
	*at = *c ? c + 1 : c;
	return buf_steal(&text);
}

/* `299 - "text" "date", 299 - "another"`: the first quoted string of each. */
static void read_warnings(struct list *warnings, const char *value)
{
	bool has_text = false;

	for (const char *at = value; *at;) {
		if (*at == '"') {
			cleanup_free char *text = unquote(&at);
			if (!has_text)
				list_add(warnings, text);
			has_text = true;
			continue;
		}
		if (*at == ',')
			has_text = false;
		at++;
	}
}

static void keep_all(struct list *headers, const struct http_transfer *transfer)
{
	struct curl_header *header = NULL;

	while ((header = curl_easy_nextheader(transfer->easy, CURLH_HEADER, -1, header)))
		list_printf(headers, "%s: %s", header->name, header->value);
}

void http_response_read(struct http_response *response, const struct http_transfer *transfer,
			bool keep_headers)
{
	struct curl_header *header;

	response->status = http_transfer_status(transfer);
	response->content_type = header_copy(transfer, "Content-Type");
	response->etag = header_copy(transfer, "ETag");
	for (size_t i = 0;
	     curl_easy_header(transfer->easy, "Warning", i, CURLH_HEADER, -1, &header) == CURLHE_OK;
	     i++)
		read_warnings(&response->warnings, header->value);
	if (keep_headers)
		keep_all(&response->headers, transfer);
}

const char *http_response_header(const struct http_response *response, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < response->headers.n; i++) {
		const char *line = response->headers.items[i];
		if (!strncasecmp(line, name, length) && line[length] == ':')
			return line + length + 2;
	}
	return NULL;
}

int64_t http_response_retry_after(const struct http_transfer *transfer)
{
	cleanup_free char *value = header_copy(transfer, "Retry-After");
	char *end;

	if (!value || *value < '0' || *value > '9')
		return -1;
	long seconds = strtol(value, &end, 10);
	if (*end || seconds > 86400)
		return -1;
	return seconds * 1000;
}

void http_response_clear(struct http_response *response)
{
	int tries = response->tries;

	http_response_done(response);
	response->tries = tries;
}

void http_response_done(struct http_response *response)
{
	buf_done(&response->body);
	free(response->content_type);
	free(response->etag);
	list_done(&response->warnings);
	list_done(&response->headers);
	err_done(&response->err);
	memset(response, 0, sizeof(*response));
}
