#include "kube/catalog.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "kube/answer.h"
#include "kube/discovery.h"
#include "kube/path.h"
#include "manifest/scope.h"
#include "tree/json.h"

#define CACHE_LIMIT  (16 << 20)
#define CACHE_SCHEMA 1
#define ASK_AGAIN_MS 5000 /* after a miss */
#define FETCH_MS     30000
#define PATIENCE_MS  10000 /* discovery lags behind a CRD that is Established */

struct kube_catalog {
	struct kube_connection *connection;
	char *cache_file;
	pthread_mutex_t fetching; /* one fetch at a time; taken before lock */
	pthread_mutex_t lock;	  /* of all below */
	json_t *parts[2];	  /* /api and /apis; NULL: not known */
	bool current; /* the server said so in this process, and nothing was forgotten */
	int64_t fetched_at;
	int64_t forgotten_at;
	unsigned long generation; /* grows with each forget */
};

/* --- built-in kinds --- */

/* The version that every supported server prefers for a built-in group. */
static const char *builtin_version(const char *group)
{
	return !strcmp(group, "autoscaling") ? "v2" : "v1";
}

static bool builtin(const char *group, const char *version, const char *kind,
		    struct kube_resource *ret)
{
	const struct manifest_kind *known = manifest_kind_find(group, kind);

	if (!known)
		return false;
	*ret = (struct kube_resource){
		.group = mem_strdup(group),
		.version = mem_strdup(*version ? version : builtin_version(group)),
		.kind = mem_strdup(kind),
		.plural = mem_strdup(known->plural),
		.namespaced = known->namespaced,
	};
	return true;
}

/* --- the cache file --- */

static void load_cache(struct kube_catalog *catalog)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *cache = NULL;

	if (tree_json_read(catalog->cache_file, CACHE_LIMIT, &cache, &ignored) < 0)
		return;
	json_t *parts = json_object_get(cache, "parts");
	if (json_integer_value(json_object_get(cache, "schema")) != CACHE_SCHEMA)
		return;
	for (size_t i = 0; i < 2; i++)
		if (json_is_object(json_object_get(json_array_get(parts, i), "kinds")))
			catalog->parts[i] = json_incref(json_array_get(parts, i));
}

/* Without the file the next start asks for the whole of discovery: no reason to fail now. */
static void save_cache(const struct kube_catalog *catalog)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *cache = json_pack("{s:i, s:[O, O]}", "schema", CACHE_SCHEMA, "parts",
				       catalog->parts[0], catalog->parts[1]);
	cleanup_free char *text = tree_json_dump(cache);

	(void)file_write(catalog->cache_file, text, strlen(text), 0600, &ignored);
}

/* --- asking --- */

static int take_part(json_t *const *old, const struct http_response *response, json_t **ret,
		     struct err *err)
{
	if (response->status == 304 && *old) {
		*ret = json_incref(*old);
		return 0;
	}
	int r = kube_answer_check(response, "discovery", NULL, NULL, err);
	if (r < 0)
		return r;
	return kube_discovery_parse(response->body.data, response->body.len, response->etag, *old,
				    ret, err);
}

static void install(struct kube_catalog *catalog, json_t **parts_stolen, unsigned long generation,
		    const struct clock *clock)
{
	pthread_mutex_lock(&catalog->lock);
	bool changed = parts_stolen[0] != catalog->parts[0] || parts_stolen[1] != catalog->parts[1];
	for (size_t i = 0; i < 2; i++) {
		json_decref(catalog->parts[i]);
		catalog->parts[i] = steal(&parts_stolen[i]);
	}
	catalog->current = catalog->generation == generation;
	catalog->fetched_at = clock->now(clock);
	if (changed && catalog->cache_file)
		save_cache(catalog);
	pthread_mutex_unlock(&catalog->lock);
}

static const char *etag_of(const json_t *part)
{
	const char *etag = json_string_value(json_object_get(part, "etag"));

	return etag && *etag ? etag : NULL;
}

/* Two requests; the caller holds `fetching`, which others wait for: never for long. */
static int fetch(struct kube_catalog *catalog, const struct deadline *whole, struct err *err)
{
	struct deadline deadline = deadline_in(whole->clock, whole->cancel, FETCH_MS);
	json_t *old[2], *fresh[2] = {NULL, NULL};
	struct http_response responses[2];

	if (whole->end < deadline.end)
		deadline.end = whole->end;
	pthread_mutex_lock(&catalog->lock);
	for (size_t i = 0; i < 2; i++)
		old[i] = json_incref(catalog->parts[i]);
	unsigned long generation = catalog->generation;
	pthread_mutex_unlock(&catalog->lock);

	const struct http_request requests[2] = {
		{.method = "GET",
		 .path = "/api",
		 .accept = KUBE_DISCOVERY_ACCEPT,
		 .if_none_match = etag_of(old[0]),
		 .retry = true},
		{.method = "GET",
		 .path = "/apis",
		 .accept = KUBE_DISCOVERY_ACCEPT,
		 .if_none_match = etag_of(old[1]),
		 .retry = true},
	};
	int r = kube_connection_batch(catalog->connection, requests, responses, 2, &deadline, err);
	for (size_t i = 0; i < 2; i++) {
		if (r >= 0)
			r = take_part(&old[i], &responses[i], &fresh[i], err);
		http_response_done(&responses[i]);
		json_decref(old[i]);
	}
	if (r >= 0)
		install(catalog, fresh, generation, deadline.clock);
	json_decref(fresh[0]);
	json_decref(fresh[1]);
	return r < 0 ? err_wrap(err, "which kinds the API server serves") : 0;
}

/* Makes what is known younger than `max_age_ms`; negative: only current. */
static int refresh(struct kube_catalog *catalog, int64_t max_age_ms,
		   const struct deadline *deadline, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&catalog->fetching);
	pthread_mutex_lock(&catalog->lock);
	int64_t age = deadline->clock->now(deadline->clock) - catalog->fetched_at;
	bool fine = catalog->current && (max_age_ms < 0 || age < max_age_ms);
	pthread_mutex_unlock(&catalog->lock);
	if (!fine)
		r = fetch(catalog, deadline, err);
	pthread_mutex_unlock(&catalog->fetching);
	return r;
}

/* --- looking up --- */

enum verdict {
	FOUND,
	ABSENT,
	UNKNOWN, /* its group was incomplete */
	OTHER_VERSION,
};

static const char *choose_version(const json_t *known, const char *version)
{
	json_t *served, *versions = json_object_get(known, "versions");
	size_t i;

	json_array_foreach (versions, i, served)
		if (!strcmp(json_string_value(served), version))
			return json_string_value(served);
	return json_string_value(json_array_get(versions, 0));
}

static enum verdict look_up(struct kube_catalog *catalog, const char *group, const char *version,
			    const char *kind, struct kube_resource *ret)
{
	enum verdict verdict = ABSENT;

	pthread_mutex_lock(&catalog->lock);
	const json_t *part = catalog->parts[*group ? 1 : 0];
	const json_t *known = kube_discovery_find(part, group, kind);
	const char *chosen = known ? choose_version(known, version) : NULL;
	if (chosen) {
		verdict = *version && strcmp(chosen, version) ? OTHER_VERSION : FOUND;
		*ret = (struct kube_resource){
			.group = mem_strdup(group),
			.version = mem_strdup(chosen),
			.kind = mem_strdup(kind),
			.plural = mem_strdup(json_string_value(json_object_get(known, "plural"))),
			.namespaced = json_is_true(json_object_get(known, "namespaced")),
		};
	} else if (kube_discovery_incomplete(part, group)) {
		verdict = UNKNOWN;
	}
	pthread_mutex_unlock(&catalog->lock);
	return verdict;
}

static char *written(const char *group, const char *version, const char *kind)
{
	return mem_printf("%s of %s%s%s", kind, group, *group && *version ? "/" : "",
			  *group || *version ? version : "v1");
}

static int conclude(enum verdict verdict, const char *group, const char *version, const char *kind,
		    int flags, struct kube_resource *found, struct kube_resource *ret,
		    struct err *err)
{
	cleanup_free char *what = written(group, version, kind);

	if (verdict == FOUND || (verdict == OTHER_VERSION && !(flags & KUBE_FIND_VERSION))) {
		*ret = *found;
		return 0;
	}
	if (verdict == OTHER_VERSION) {
		(void)err_set(err, ERR_INVALID, "the API server does not serve %s", what);
		(void)err_hint(err, "it serves %s%s%s", found->group, *group ? "/" : "",
			       found->version);
		kube_resource_done(found);
		return -ERR_INVALID;
	}
	if (verdict == UNKNOWN)
		return err_set(err, ERR_BUSY, "the API server cannot say now whether it serves %s",
			       what);
	(void)err_set(err, ERR_NOT_FOUND, "the API server does not serve %s", what);
	/* The group of a custom resource is always a domain. */
	if (strchr(group, '.') && !manifest_kind_find(group, kind))
		(void)err_hint(err, "its CustomResourceDefinition is not installed");
	return -ERR_NOT_FOUND;
}

static bool is_current(struct kube_catalog *catalog)
{
	pthread_mutex_lock(&catalog->lock);
	bool current = catalog->current;
	pthread_mutex_unlock(&catalog->lock);
	return current;
}

/* What an earlier process was told, until anything is forgotten; whoever meets a kind that has gone
 * since asks for it again. */
static bool remembers(struct kube_catalog *catalog, const char *group, const char *version,
		      const char *kind, struct kube_resource *ret)
{
	pthread_mutex_lock(&catalog->lock);
	bool fresh = catalog->generation == 0;
	pthread_mutex_unlock(&catalog->lock);
	if (!fresh)
		return false;
	if (look_up(catalog, group, version, kind, ret) == FOUND)
		return true;
	kube_resource_done(ret);
	return false;
}

static bool is_patient(struct kube_catalog *catalog)
{
	pthread_mutex_lock(&catalog->lock);
	bool patient = catalog->forgotten_at &&
		       clock_real.now(&clock_real) - catalog->forgotten_at < PATIENCE_MS;
	pthread_mutex_unlock(&catalog->lock);
	return patient;
}

int kube_catalog_find(struct kube_catalog *catalog, const char *group, const char *version,
		      const char *kind, int flags, const struct deadline *deadline,
		      struct kube_resource *ret, struct err *err)
{
	struct deadline wait = *deadline;
	struct kube_resource found = {0};
	bool confirm = flags & KUBE_FIND_CONFIRM;

	if (!confirm && !is_current(catalog) &&
	    (builtin(group, version, kind, ret) ||
	     (!(flags & KUBE_FIND_CURRENT) && remembers(catalog, group, version, kind, ret))))
		return 0;
	int r = refresh(catalog, confirm ? ASK_AGAIN_MS : -1, deadline, err);
	if (r < 0)
		return r;
	enum verdict verdict = look_up(catalog, group, version, kind, &found);
	if (verdict == ABSENT || verdict == UNKNOWN) {
		if ((r = refresh(catalog, ASK_AGAIN_MS, deadline, err)) < 0)
			return r;
		verdict = look_up(catalog, group, version, kind, &found);
	}
	while (verdict == ABSENT && (flags & KUBE_FIND_PATIENT) && is_patient(catalog)) {
		if (deadline_pause(&wait, 300, err) < 0 || refresh(catalog, 0, deadline, err) < 0)
			return -(int)err->code;
		verdict = look_up(catalog, group, version, kind, &found);
	}
	return conclude(verdict, group, version, kind, flags, &found, ret, err);
}

/* --- the rest --- */

void kube_catalog_forget(struct kube_catalog *catalog)
{
	pthread_mutex_lock(&catalog->lock);
	catalog->current = false;
	catalog->generation++;
	catalog->forgotten_at = clock_real.now(&clock_real);
	pthread_mutex_unlock(&catalog->lock);
}

int kube_catalog_ask(struct kube_catalog *catalog, const struct deadline *deadline, struct err *err)
{
	return refresh(catalog, 0, deadline, err);
}

json_t *kube_catalog_kinds(struct kube_catalog *catalog)
{
	json_t *kinds = NULL;

	pthread_mutex_lock(&catalog->lock);
	for (size_t i = 0; i < 2; i++) {
		if (!catalog->parts[i])
			continue;
		kinds = kinds ? kinds : json_object();
		json_object_update(kinds, json_object_get(catalog->parts[i], "kinds"));
	}
	pthread_mutex_unlock(&catalog->lock);
	return kinds;
}

char *kube_resource_path(const struct kube_resource *resource, const char *ns, const char *name)
{
	struct buf path = BUF_INIT;

	buf_addstr(&path, *resource->group ? "/apis" : "/api");
	if (*resource->group)
		kube_path_add(&path, resource->group);
	kube_path_add(&path, resource->version);
	if (resource->namespaced && ns && *ns) {
		kube_path_add(&path, "namespaces");
		kube_path_add(&path, ns);
	}
	kube_path_add(&path, resource->plural);
	if (name && *name)
		kube_path_add(&path, name);
	return buf_steal(&path);
}

void kube_resource_done(struct kube_resource *resource)
{
	free(resource->group);
	free(resource->version);
	free(resource->kind);
	free(resource->plural);
	*resource = (struct kube_resource){0};
}

struct kube_catalog *kube_catalog_new(struct kube_connection *connection, const char *cache_file)
{
	struct kube_catalog *catalog = mem_new(struct kube_catalog);

	catalog->connection = connection;
	catalog->cache_file = mem_strdup(cache_file);
	pthread_mutex_init(&catalog->fetching, NULL);
	pthread_mutex_init(&catalog->lock, NULL);
	if (cache_file)
		load_cache(catalog);
	return catalog;
}

void kube_catalog_free(struct kube_catalog *catalog)
{
	if (!catalog)
		return;
	json_decref(catalog->parts[0]);
	json_decref(catalog->parts[1]);
	pthread_mutex_destroy(&catalog->fetching);
	pthread_mutex_destroy(&catalog->lock);
	free(catalog->cache_file);
	free(catalog);
}
