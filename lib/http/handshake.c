#include "http/handshake.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/mem.h"
#include "http/peer.h"

#define GUID	   "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */
#define HEAD_MAX   (64u << 10)
#define BODY_MAX   (64u << 10)
#define PIECE	   4096
#define NONCE_SIZE 16

/* --- the request --- */

/* "127.0.0.1:6443" and "/prefix" of "https://127.0.0.1:6443/prefix". */
static char *split_url(const char *url, const char **ret_prefix)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	size_t n = strcspn(host, "/");
	*ret_prefix = host + n;
	return mem_strndup(host, n);
}

static void add_login(struct buf *request, const struct http_peer *peer)
{
	if (peer->authorization)
		buf_printf(request, "Authorization: %s\r\n", peer->authorization);
	if (!peer->user)
		return;
	cleanup_free char *pair =
		mem_printf("%s:%s", peer->user, peer->password ? peer->password : "");
	cleanup_free char *coded = digest_base64(pair, strlen(pair));
	buf_printf(request, "Authorization: Basic %s\r\n", coded);
	explicit_bzero(pair, strlen(pair));
	explicit_bzero(coded, strlen(coded));
}

static int send_request(struct http_duplex *duplex, const struct http_peer *peer,
			const struct http_websocket_options *options, const char *key,
			const struct deadline *deadline, struct err *err)
{
	cleanup_buf struct buf request = BUF_INIT;
	const char *prefix;
	cleanup_free char *host = split_url(peer->url, &prefix);

	buf_printf(&request,
		   "GET %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: desired/" DESIRED_VERSION
		   "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
		   "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\n",
		   prefix, options->path, peer->host ? peer->host : host, key, options->protocols);
	add_login(&request, peer);
	buf_addstr(&request, "\r\n");
	int r = http_duplex_send(duplex, request.data, request.len, deadline, err);
	explicit_bzero(request.data, request.len);
	return r;
}

/* --- the answer --- */

/* The value of a header in the raw head; "" without it. Caller frees. */
static char *header_of(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		const char *value = line + n + 1;
		value += strspn(value, " \t");
		return mem_strndup(value, strcspn(value, "\r\n"));
	}
	return mem_strdup("");
}

static int more(struct http_duplex *duplex, struct buf *bytes, const struct deadline *deadline,
		size_t *ret, struct err *err)
{
	char piece[PIECE];
	int r = http_duplex_receive(duplex, piece, sizeof(piece), deadline, ret, err);

	if (r >= 0)
		buf_add(bytes, piece, *ret);
	return r;
}

/* Up to the empty line; rest gets what came behind it. */
static int read_head(struct http_duplex *duplex, const struct deadline *deadline, char **ret,
		     struct buf *rest, struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	const char *end = NULL;
	size_t n = 1;

	while (!(end = bytes.len ? strstr(buf_str(&bytes), "\r\n\r\n") : NULL)) {
		int r = more(duplex, &bytes, deadline, &n, err);
		if (r < 0)
			return r;
		if (!n || bytes.len > HEAD_MAX)
			return err_set(err, ERR_UNREACHABLE,
				       "%s ended the connection instead of answering",
				       http_duplex_name(duplex));
	}
	size_t length = (size_t)(end - bytes.data) + 2;
	*ret = mem_strndup(bytes.data, length);
	buf_add(rest, bytes.data + length + 2, bytes.len - length - 2);
	return 0;
}

/* Another answer than the one that was wanted, for the caller to judge. */
static int read_refusal(struct http_duplex *duplex, const char *head, int status, struct buf *rest,
			const struct deadline *deadline, struct http_response *ret, struct err *err)
{
	cleanup_free char *written = header_of(head, "Content-Length");
	size_t length = *written ? (size_t)strtoul(written, NULL, 10) : BODY_MAX, n = 1;

	while (n && rest->len < length && rest->len < BODY_MAX) {
		int r = more(duplex, rest, deadline, &n, err);
		if (r < 0)
			return r;
	}
	*ret = (struct http_response){.status = status, .tries = 1};
	ret->content_type = header_of(head, "Content-Type");
	buf_add(&ret->body, rest->data ? rest->data : "", rest->len);
	return 1;
}

static bool accepts(const char *head, const char *key)
{
	cleanup_free char *text = mem_printf("%s" GUID, key);
	cleanup_free char *said = header_of(head, "Sec-WebSocket-Accept");
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	EVP_Digest(text, strlen(text), digest, &length, EVP_sha1(), NULL);
	cleanup_free char *wanted = digest_base64(digest, length);
	return !strcmp(said, wanted);
}

static bool is_offered(const char *protocols, const char *taken)
{
	cleanup_list struct list offered = LIST_INIT;

	list_split(&offered, protocols, ", ");
	return list_has(&offered, taken);
}

int http_handshake(struct http_duplex *duplex, const struct http_peer *peer,
		   const struct http_websocket_options *options, const struct deadline *deadline,
		   char **ret_protocol, struct buf *rest, struct http_response *ret_response,
		   struct err *err)
{
	unsigned char nonce[NONCE_SIZE] = {0};
	cleanup_free char *head = NULL;
	int status = 0;

	(void)getrandom(nonce, sizeof(nonce), 0);
	cleanup_free char *key = digest_base64(nonce, sizeof(nonce));
	int r = send_request(duplex, peer, options, key, deadline, err);
	if (r >= 0)
		r = read_head(duplex, deadline, &head, rest, err);
	if (r < 0)
		return r;
	if (sscanf(head, "HTTP/1.%*d %d", &status) != 1)
		return err_set(err, ERR_UNREACHABLE, "%s does not speak HTTP", peer->name);
	if (status != 101)
		return read_refusal(duplex, head, status, rest, deadline, ret_response, err);
	cleanup_free char *protocol = header_of(head, "Sec-WebSocket-Protocol");
	if (!accepts(head, key) || !is_offered(options->protocols, protocol))
		return err_set(err, ERR_UNREACHABLE, "%s answered as no websocket server does",
			       peer->name);
	*ret_protocol = steal(&protocol);
	return 0;
}
