/*
 * wire: how fast the API server takes requests from somebody who does nothing else.
 *
 *	wire URL CA-FILE TOKEN-FILE REQUESTS-FILE
 *
 * Each line of REQUESTS-FILE is "PATH BODY": a server-side apply. Eight are in flight over one
 * HTTP/2 connection; answers are received and dropped. Fails with the first answer that is no
 * success.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT 8

/* One request under way, and its line. */
struct slot {
	CURL *easy;
	char *line;
	size_t size;
};

struct wire {
	const char *url, *ca;
	struct curl_slist *headers;
	FILE *requests;
	CURLM *multi;
	struct slot slots[IN_FLIGHT];
	int running, failed;
};

static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes, (void)context;
	return size * count;
}

static char *read_file(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (!file) {
		perror(path);
		exit(1);
	}
	fclose(file);
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* Sends the next request through that slot, if there is one. */
static void send_next(struct wire *wire, struct slot *slot)
{
	char url[4096];

	if (getline(&slot->line, &slot->size, wire->requests) <= 0)
		return;
	char *body = strchr(slot->line, ' ');
	*body++ = '\0';
	body[strcspn(body, "\n")] = '\0';
	snprintf(url, sizeof(url), "%s%s", wire->url, slot->line);
	curl_easy_setopt(slot->easy, CURLOPT_URL, url);
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, body);
	curl_multi_add_handle(wire->multi, slot->easy);
	wire->running++;
}

static CURL *new_handle(const struct wire *wire, struct slot *slot)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_PRIVATE, slot);
	curl_easy_setopt(easy, CURLOPT_CAINFO, wire->ca);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, wire->headers);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	return easy;
}

static void finish(struct wire *wire, const CURLMsg *message)
{
	CURLcode code = message->data.result;
	struct slot *slot;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
	curl_multi_remove_handle(wire->multi, slot->easy);
	wire->running--;
	if (code == CURLE_OK) {
		send_next(wire, slot);
		return;
	}
	fprintf(stderr, "%s: %s\n", slot->line, curl_easy_strerror(code));
	wire->failed = 1;
}

static void run(struct wire *wire)
{
	const CURLMsg *message;
	int left;

	for (int i = 0; i < IN_FLIGHT; i++) {
		wire->slots[i].easy = new_handle(wire, &wire->slots[i]);
		send_next(wire, &wire->slots[i]);
	}
	while (wire->running && !wire->failed) {
		curl_multi_perform(wire->multi, &left);
		while ((message = curl_multi_info_read(wire->multi, &left)))
			finish(wire, message);
		curl_multi_poll(wire->multi, NULL, 0, 1000, NULL);
	}
}

int main(int argc, char **argv)
{
	struct wire wire = {0};
	char authorization[65600];

	if (argc != 5) {
		fputs("usage: wire URL CA-FILE TOKEN-FILE REQUESTS-FILE\n", stderr);
		return 64;
	}
	wire.url = argv[1];
	wire.ca = argv[2];
	snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s",
		 read_file(argv[3]));
	wire.requests = fopen(argv[4], "r");
	if (!wire.requests) {
		perror(argv[4]);
		return 1;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	wire.headers = curl_slist_append(NULL, authorization);
	wire.headers =
		curl_slist_append(wire.headers, "Content-Type: application/apply-patch+yaml");
	wire.headers = curl_slist_append(wire.headers, "Accept: application/json");
	wire.headers = curl_slist_append(wire.headers, "Expect:");
	wire.multi = curl_multi_init();
	run(&wire);
	for (int i = 0; i < IN_FLIGHT; i++) {
		curl_easy_cleanup(wire.slots[i].easy);
		free(wire.slots[i].line);
	}
	curl_multi_cleanup(wire.multi);
	curl_slist_free_all(wire.headers);
	fclose(wire.requests);
	return wire.failed;
}
