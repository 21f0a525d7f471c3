#include "s3/rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tree/json.h"

static const char *need(const char *name)
{
	const char *value = getenv(name);

	ck_assert_msg(value != NULL, "%s is not set: run test/s3/check", name);
	return value;
}

struct deadline rig_deadline(int64_t milliseconds)
{
	return deadline_in(&clock_real, NULL, milliseconds);
}

static char *own_url(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	char name[9] = {0};

	srandom((unsigned int)(clock_real.now(&clock_real) ^ getpid() << 8));
	for (int i = 0; i < 8; i++)
		name[i] = letters[random() % 26];
	return mem_printf("s3://%s/%s", need("S3_BUCKET"), name);
}

void rig_use(struct rig *rig, struct s3_store_options options)
{
	struct err err = ERR_INIT;

	s3_store_close(rig->store);
	rig->store = NULL;
	options.http = rig->http;
	if (!options.url)
		options.url = rig->url;
	if (!options.endpoint)
		options.endpoint = need("S3_PROXY");
	ck_assert_msg(s3_store_open(&options, &rig->store, &err) >= 0, "%s", err.message);
}

struct rig rig_start(void)
{
	struct rig rig = {.http = http_new(), .url = own_url()};
	struct err err = ERR_INIT;
	const struct http_peer_options options = {.base_url = need("S3_PROXY")};

	ck_assert_int_ge(http_peer_new(rig.http, &options, &rig.proxy, &err), 0);
	rig_use(&rig, (struct s3_store_options){0});
	rig_rules(&rig, "[]");
	return rig;
}

void rig_stop(struct rig *rig)
{
	s3_store_close(rig->store);
	http_peer_free(rig->proxy);
	http_free(rig->http);
	free(rig->url);
}

static json_t *control(const struct rig *rig, const char *method, const char *path,
		       const char *body)
{
	struct http_response response;
	struct err err = ERR_INIT;
	struct deadline deadline = rig_deadline(10000);
	const struct http_request request = {.method = method,
					     .path = path,
					     .body = body,
					     .body_length = body ? strlen(body) : 0,
					     .content_type = body ? "application/json" : NULL};
	json_t *answer;

	ck_assert_msg(http_call(rig->proxy, &request, &response, &deadline, &err) >= 0, "%s",
		      err.message);
	ck_assert_int_ge(tree_json_parse(buf_str(&response.body), response.body.len, "the proxy",
					 false, &answer, &err),
			 0);
	http_response_done(&response);
	return answer;
}

void rig_rules(const struct rig *rig, const char *rules)
{
	cleanup_free char *text = mem_strdup(rules);

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	json_decref(control(rig, "POST", "/_rules", text));
}

json_t *rig_log(const struct rig *rig)
{
	return control(rig, "GET", "/_log", NULL);
}

int rig_faults(const struct rig *rig)
{
	json_t *entries = rig_log(rig), *entry;
	int count = 0;
	size_t i;

	json_array_foreach (entries, i, entry) {
		const char *rule = json_string_value(json_object_get(entry, "rule"));
		count += rule && strcmp(rule, "pass") != 0;
	}
	json_decref(entries);
	return count;
}

int rig_count(const struct rig *rig, const char *method, const char *text)
{
	json_t *entries = rig_log(rig), *entry;
	int count = 0;
	size_t i;

	json_array_foreach (entries, i, entry) {
		const char *line = json_string_value(json_object_get(entry, "line"));
		size_t length = strlen(method);
		count +=
			!strncmp(line, method, length) && line[length] == ' ' && strstr(line, text);
	}
	json_decref(entries);
	return count;
}

long long rig_size_on_disk(const struct rig *rig, const char *key)
{
	cleanup_free char *path =
		mem_printf("%s/%s/%s", need("S3_DATA"), rig->url + strlen("s3://"), key);
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (long long)st.st_size;
}
