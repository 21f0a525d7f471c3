#include "harness/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness/server_private.h"
#include "harness/suite.h"

/* ---- Connections. */

static bool serve_one(struct server_connection *connection)
{
	struct server_request request = {0};
	struct server_reply reply = {0};

	if (!server_connection_read(connection, &request))
		return false;
	struct server_request *kept = mem_dup(&request, sizeof(request));
	server_script_ask(connection->server, kept, &reply);
	bool alive = server_answer(connection, kept->line, &reply);
	free(reply.release);
	return alive;
}

static bool shake_hands(struct server_connection *connection)
{
	if (!connection->server->tls)
		return true;
	connection->ssl = SSL_new(connection->server->tls);
	SSL_set_fd(connection->ssl, connection->fd);
	return SSL_accept(connection->ssl) == 1;
}

static void *connection_main(void *argument)
{
	struct server_connection *connection = argument;
	struct server *server = connection->server;

	if (shake_hands(connection))
		while (serve_one(connection))
			;
	else
		server_connection_drain(connection);
	SSL_free(connection->ssl);
	pthread_mutex_lock(&server->lock);
	close(connection->fd);
	connection->fd = -1;
	pthread_mutex_unlock(&server->lock);
	buf_done(&connection->in);
	return NULL;
}

static void accept_one(struct server *server, int fd)
{
	struct server_connection *connection = mem_new(struct server_connection);

	connection->server = server;
	connection->fd = fd;
	pthread_mutex_lock(&server->lock);
	connection->number = ++server->connection_count;
	connection->next = server->connections;
	server->connections = connection;
	ck_assert_int_eq(pthread_create(&connection->thread, NULL, connection_main, connection), 0);
	pthread_mutex_unlock(&server->lock);
}

static void *listener_main(void *argument)
{
	struct server *server = argument;
	int fd;

	while ((fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		/* Head and body are two writes: else the second waits for an acknowledgement. Fails
		 * on a unix socket, which has no such delay. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		accept_one(server, fd);
	}
	return NULL;
}

/* ---- Start and stop. */

static void listen_on(struct server *server, const void *address, socklen_t length)
{
	const struct sockaddr *name = address;

	server->listener = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->listener, name, length) < 0 || listen(server->listener, 256) < 0)
		ck_abort_msg("listen: %s", strerror(errno));
}

static void listen_on_path(struct server *server, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	listen_on(server, &address, sizeof(address));
	server->url = mem_strdup(server->options.tls ? "https://localhost" : "http://localhost");
}

static void listen_on_port(struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	listen_on(server, &address, length);
	getsockname(server->listener, (struct sockaddr *)&address, &length);
	server->url = mem_printf("%s://127.0.0.1:%d", server->options.tls ? "https" : "http",
				 ntohs(address.sin_port));
}

static void use_certificate(SSL_CTX *tls, const char *certificate, const char *key)
{
	BIO *certificate_bio = BIO_new_mem_buf(certificate, -1);
	BIO *key_bio = BIO_new_mem_buf(key, -1);
	X509 *x509 = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);

	ck_assert_int_eq(SSL_CTX_use_certificate(tls, x509), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(tls, pkey), 1);
	X509_free(x509);
	EVP_PKEY_free(pkey);
	BIO_free(certificate_bio);
	BIO_free(key_bio);
}

/* Trusts our CA for clients, and refuses those that have no certificate of it. */
static void want_client(SSL_CTX *tls, const char *ca)
{
	BIO *bio = BIO_new_mem_buf(ca, -1);
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), x509);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_free(x509);
	BIO_free(bio);
}

static void issue_client(struct server *server)
{
	struct certificate_options options = {.name = "client", .from_days = -2, .to_days = 1};
	cleanup_free char *unused_key = NULL;

	certificate_issue(server->authority, &options, &server->client_certificate,
			  &server->client_key);
	options.to_days = -1;
	options.key = server->client_key;
	certificate_issue(server->authority, &options, &server->expired_client_certificate,
			  &unused_key);
}

static void prepare_tls(struct server *server)
{
	static const struct certificate_options kinds[] = {
		[SERVER_CERTIFICATE_GOOD] = {"good", "IP:127.0.0.1,DNS:localhost", -1, 1, NULL},
		[SERVER_CERTIFICATE_EXPIRED] = {"old", "IP:127.0.0.1,DNS:localhost", -2, -1, NULL},
		[SERVER_CERTIFICATE_NOT_YET] = {"new", "IP:127.0.0.1,DNS:localhost", 1, 2, NULL},
		[SERVER_CERTIFICATE_WRONG_NAME] = {"other", "DNS:elsewhere.test", -1, 1, NULL},
	};
	cleanup_free char *certificate = NULL, *key = NULL;

	server->authority = certificate_authority_new();
	server->tls = SSL_CTX_new(TLS_server_method());
	certificate_issue(server->authority, &kinds[server->options.certificate], &certificate,
			  &key);
	use_certificate(server->tls, certificate, key);
	if (server->options.want_client)
		want_client(server->tls, certificate_authority_pem(server->authority));
	issue_client(server);
}

/* The threads of the server take no signals: OpenSSL writes without MSG_NOSIGNAL. */
static void start_thread(struct server *server)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, listener_main, server), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct server *server_start_with(const struct server_options *options)
{
	struct server *server = mem_new(struct server);
	pthread_condattr_t attributes;

	server->options = *options;
	pthread_mutex_init(&server->lock, NULL);
	pthread_mutex_init(&server->handling, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&server->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (options->tls)
		prepare_tls(server);
	if (options->unix_socket)
		listen_on_path(server, options->unix_socket);
	else
		listen_on_port(server);
	start_thread(server);
	return server;
}

struct server *server_start(void)
{
	return server_start_with(&(struct server_options){0});
}

static void join_connections(struct server *server)
{
	struct server_connection *connection;

	while ((connection = server->connections)) {
		pthread_mutex_lock(&server->lock);
		if (connection->fd >= 0)
			shutdown(connection->fd, SHUT_RDWR);
		pthread_mutex_unlock(&server->lock);
		pthread_join(connection->thread, NULL);
		server->connections = connection->next;
		buf_done(&connection->pushed);
		free(connection);
	}
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	join_connections(server);
	server_script_done(server);
	SSL_CTX_free(server->tls);
	certificate_authority_free(server->authority);
	free(server->client_certificate);
	free(server->client_key);
	free(server->expired_client_certificate);
	free(server->url);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	pthread_mutex_destroy(&server->handling);
	free(server);
}

const char *server_url(const struct server *server)
{
	return server->url;
}

const char *server_ca(const struct server *server)
{
	return server->authority ? certificate_authority_pem(server->authority) : NULL;
}

const char *server_client_certificate(const struct server *server)
{
	return server->client_certificate;
}

const char *server_client_key(const struct server *server)
{
	return server->client_key;
}

const char *server_expired_client_certificate(const struct server *server)
{
	return server->expired_client_certificate;
}
