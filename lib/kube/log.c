#include "kube/log.h"

#include <stdlib.h>

#include "base/mem.h"
#include "kube/path.h"
#include "kube/private.h"
#include "tree/path.h"

#define LOG_MAX	   (1 << 16)
#define TIMEOUT_MS 5000 /* a kubelet that is not there must not hold up what is told */

static const char *text(const json_t *object, const char *path)
{
	const char *found = tree_path_string(object, path);

	return found ? found : "";
}

static char *log_path(const json_t *pod, const char *container, bool previous, int lines)
{
	cleanup_free char *tail = mem_printf("%d", lines);
	struct buf path = BUF_INIT;

	buf_addstr(&path, "/api/v1/namespaces");
	kube_path_add(&path, text(pod, "metadata.namespace"));
	kube_path_add(&path, "pods");
	kube_path_add(&path, text(pod, "metadata.name"));
	kube_path_add(&path, "log");
	kube_path_query(&path, "container", container);
	kube_path_query(&path, "tailLines", tail);
	if (previous)
		kube_path_query(&path, "previous", "true");
	return buf_steal(&path);
}

char *kube_log(struct kube_client *client, const json_t *pod, const char *container, bool previous,
	       int lines, const struct deadline *deadline)
{
	cleanup_free char *path = log_path(pod, container, previous, lines);
	cleanup_response struct http_response response = {0};
	cleanup_err struct err ignored = ERR_INIT;
	const struct http_request request = {
		.method = "GET",
		.path = path,
		.accept = "*/*",
		.response_limit = LOG_MAX,
		.timeout_ms = TIMEOUT_MS,
	};

	if (kube_connection_call(client->connection, &request, &response, deadline, &ignored) < 0 ||
	    response.status != 200 || !response.body.len)
		return NULL;
	return mem_strdup(buf_str(&response.body));
}
