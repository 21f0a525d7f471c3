#include "kube/tell.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/timespan.h"

/* The server's own limits: a name has 253 characters, a message 1 KiB. */
#define NAME_MAX_LEN	200
#define MESSAGE_MAX_LEN 1000

/* Names of events only have to differ; kubectl and the controllers make them the same way. */
static char *event_name(const struct manifest_id *id, size_t index)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return mem_printf("%.*s.%llx", NAME_MAX_LEN, id->name,
			  (unsigned long long)now.tv_sec * 1000000000ULL +
				  (unsigned long long)now.tv_nsec + index);
}

static json_t *reference_to(const struct kube_notice *notice)
{
	const struct manifest_id *id = notice->id;
	cleanup_free char *api_version =
		*id->group ? mem_printf("%s/%s", id->group, id->version) : mem_strdup(id->version);
	json_t *reference = json_pack("{s:s, s:s, s:s}", "apiVersion", api_version, "kind",
				      id->kind, "name", id->name);

	if (*id->ns)
		json_object_set_new(reference, "namespace", json_string(id->ns));
	if (notice->uid && *notice->uid)
		json_object_set_new(reference, "uid", json_string(notice->uid));
	return reference;
}

static json_t *event_body(const struct kube_notice *notice, size_t index)
{
	cleanup_free char *name = event_name(notice->id, index);
	cleanup_free char *message = mem_printf("%.*s", MESSAGE_MAX_LEN, notice->message);
	cleanup_free char *when = timespan_rfc3339(time(NULL));
	char node[256] = "";

	(void)gethostname(node, sizeof(node) - 1);
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:o, s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:s, "
			 "s:i, s:s, s:s}",
			 "apiVersion", "v1", "kind", "Event", "metadata", "name", name, "namespace",
			 *notice->id->ns ? notice->id->ns : "default", "involvedObject",
			 reference_to(notice), "reason", notice->reason, "message", message, "type",
			 notice->warning ? "Warning" : "Normal", "source", "component",
			 MANIFEST_MANAGER, "host", node, "firstTimestamp", when, "lastTimestamp",
			 when, "count", 1, "reportingComponent", MANIFEST_MANAGER,
			 "reportingInstance", node);
}

int kube_client_tell(struct kube_client *client, const struct kube_notice *notices, size_t count,
		     const struct deadline *deadline, struct err *err)
{
	cleanup_free json_t **bodies = mem_alloc((count + 1) * sizeof(*bodies));
	cleanup_free struct kube_result *results = mem_zalloc((count + 1) * sizeof(*results));

	if (!count)
		return 0;
	for (size_t i = 0; i < count; i++)
		bodies[i] = event_body(&notices[i], i);
	int r = kube_client_apply(client, bodies, count,
				  &(struct kube_apply_options){.create = true}, deadline, results,
				  err);
	for (size_t i = 0; i < count; i++) {
		json_decref(bodies[i]);
		kube_result_done(&results[i]);
	}
	return r;
}
