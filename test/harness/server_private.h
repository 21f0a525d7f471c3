/* server_private: what the files of server share: its state, waiting on it, script and answers. */
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/list.h"
#include "harness/certificate.h"
#include "harness/server.h"
#include "harness/server_connection.h"

#define SERVER_PATIENCE_MS 5000 /* of server_push() and server_await() */
#define SERVER_GLANCE_MS   20	/* between looks whether a client has left */

struct expectation {
	char *line;
	struct server_reply reply;
	int left; /* SERVER_ALWAYS: any number */
};

struct server {
	struct server_options options;
	int listener;
	char *url;
	pthread_t thread;
	SSL_CTX *tls;
	struct certificate_authority *authority;
	char *client_certificate, *client_key, *expired_client_certificate;

	pthread_mutex_t handling; /* one handler call at a time */
	bool (*handler)(void *, const struct server_request *, struct server_reply *);
	void *handler_context;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	bool stopping;
	struct server_connection *connections;
	int connection_count;
	struct expectation *expectations;
	size_t expectation_count, expectation_cap;
	struct server_request **requests;
	size_t request_count, request_cap;
	struct list surprises; /* lines that nobody expected */
};

/* ---- server_wait.c */

struct timespec server_wait_end(int milliseconds);

/* Until something changes, with the lock held; false once the time has come. */
bool server_wait_until(struct server *server, const struct timespec *end);

/* So long, without the lock, or until the server stops. */
void server_wait_pause(struct server *server, int milliseconds);

/* ---- server_script.c */

/* A star at the end of the pattern stands for any rest. */
bool server_script_matches(const char *pattern, const char *line);

/* What the script says to this request, which is remembered and taken over. */
void server_script_ask(struct server *server, struct server_request *request,
		       struct server_reply *ret);

void server_script_done(struct server *server);

/* ---- server_answer.c */

/* Gives the answer; false when the connection ends with it. */
bool server_answer(struct server_connection *connection, const char *line,
		   const struct server_reply *reply);
