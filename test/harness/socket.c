#include "harness/socket.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"

#define WAIT_MS 5000

struct socket {
	struct socket_script script;
	int listener, stop[2];
	char *url;
	pthread_t thread;
	struct buf request;
};

static void add_length(struct buf *frames, size_t length)
{
	int bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;

	buf_addch(frames, (char)(bytes == 0 ? (int)length : bytes == 2 ? 126 : 127));
	while (bytes--)
		buf_addch(frames, (char)(length >> (8 * bytes)));
}

void socket_frame(struct buf *frames, int first, const void *bytes, size_t length)
{
	buf_addch(frames, (char)first);
	add_length(frames, length);
	buf_add(frames, bytes, length);
}

void socket_channel(struct buf *frames, int channel, const char *text)
{
	cleanup_buf struct buf message = BUF_INIT;

	buf_addch(&message, (char)channel);
	buf_addstr(&message, text);
	socket_frame(frames, 0x82, message.data, message.len);
}

static bool wait_readable(const struct socket *socket, int fd)
{
	struct pollfd polled[] = {{.fd = fd, .events = POLLIN},
				  {.fd = socket->stop[0], .events = POLLIN}};

	return poll(polled, 2, WAIT_MS) > 0 && !(polled[1].revents & POLLIN);
}

static void read_request(struct socket *socket, int fd)
{
	char piece[4096];
	ssize_t n;

	while (!strstr(buf_str(&socket->request), "\r\n\r\n") && wait_readable(socket, fd) &&
	       (n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(&socket->request, piece, (size_t)n);
}

static char *accept_of(const struct socket *socket)
{
	const char *key = strstr(buf_str(&socket->request), "Sec-WebSocket-Key: ");
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	if (!key)
		return mem_strdup("");
	key += strlen("Sec-WebSocket-Key: ");
	cleanup_free char *text = mem_printf("%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
					     (int)strcspn(key, "\r"), key);
	EVP_Digest(text, strlen(text), digest, &length, EVP_sha1(), NULL);
	return digest_base64(digest, length);
}

static void send_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		bytes += n;
		length -= (size_t)n;
	}
}

static void answer(struct socket *socket, int fd)
{
	const struct socket_script *script = &socket->script;
	cleanup_free char *accepted = accept_of(socket);
	cleanup_free char *handshake = mem_printf(
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
		script->wrong_key ? "bm8=" : accepted,
		script->protocol ? script->protocol : "v5.channel.k8s.io");

	if (script->answer) {
		send_all(fd, script->answer, strlen(script->answer));
		return;
	}
	send_all(fd, handshake, strlen(handshake));
	if (script->frames.len)
		send_all(fd, script->frames.data, script->frames.len);
}

/* What the client sends until it leaves. */
static void listen_on(struct socket *socket, int fd)
{
	char piece[4096];
	ssize_t n;

	while (wait_readable(socket, fd) && (n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(&socket->request, piece, (size_t)n);
}

static void *serve(void *context)
{
	struct socket *socket = context;
	int fd =
		wait_readable(socket, socket->listener) ? accept(socket->listener, NULL, NULL) : -1;

	if (fd < 0)
		return NULL;
	read_request(socket, fd);
	answer(socket, fd);
	if (!socket->script.hold)
		shutdown(fd, SHUT_WR);
	listen_on(socket, fd);
	file_close(&fd);
	return NULL;
}

struct socket *socket_start(const struct socket_script *script)
{
	struct socket *made = mem_new(struct socket);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	made->script = *script;
	made->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(made->listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(made->listener, 4), 0);
	getsockname(made->listener, (struct sockaddr *)&address, &length);
	made->url = mem_printf("http://127.0.0.1:%d", ntohs(address.sin_port));
	ck_assert_int_eq(pipe(made->stop), 0);
	pthread_create(&made->thread, NULL, serve, made);
	return made;
}

const char *socket_url(const struct socket *socket)
{
	return socket->url;
}

const char *socket_request(struct socket *socket)
{
	return buf_str(&socket->request);
}

void socket_stop(struct socket *socket)
{
	ck_assert_int_eq(write(socket->stop[1], "", 1), 1);
	pthread_join(socket->thread, NULL);
	file_close(&socket->listener);
	file_close(&socket->stop[0]);
	file_close(&socket->stop[1]);
	buf_done(&socket->script.frames);
	buf_done(&socket->request);
	free(socket->url);
	free(socket);
}
