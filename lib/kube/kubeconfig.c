#include "kube/kubeconfig.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "tree/yaml.h"

#define FILE_LIMIT (1 << 20)

/* --- what stat said --- */

static char *stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return mem_strdup("gone");
	return mem_printf("%ju:%ju:%jd:%jd.%ld", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
			  (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

bool kube_kubeconfig_changed(const struct kube_kubeconfig *config)
{
	const char *path, *stamp;

	map_foreach (&config->stamps, path, stamp) {
		cleanup_free char *now = stamp_of(path);
		if (strcmp(now, stamp))
			return true;
	}
	return false;
}

/* The stamp is taken before reading: a file that is replaced in between is read once more. */
static int read_stamped(struct kube_kubeconfig *config, const char *path, char **ret,
			struct err *err)
{
	size_t length;

	map_put(&config->stamps, path, stamp_of(path));
	return file_read(path, FILE_LIMIT, ret, &length, err);
}

/* --- fields --- */

/* A text field; NULL when it is missing or empty. Borrowed. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

/* Paths count from the folder of the kubeconfig, as kubectl reads them. */
static char *resolve(const struct kube_kubeconfig *config, const char *path)
{
	const char *slash = strrchr(config->path, '/');

	if (*path == '/' || !slash)
		return mem_strdup(path);
	cleanup_free char *folder = mem_strndup(config->path, (size_t)(slash - config->path));
	return file_join(*folder ? folder : "/", path);
}

/* What stands base64 coded in KEY-data, or in the file that KEY names. NULL when neither does. */
static int read_pem(struct kube_kubeconfig *config, const json_t *object, const char *key,
		    char **ret, struct err *err)
{
	cleanup_free char *data_key = mem_printf("%s-data", key);
	const char *data = text_of(object, data_key), *path = text_of(object, key);
	size_t length;

	if (data) {
		if (digest_base64_decode(data, strlen(data), ret, &length, err) < 0)
			return err_wrap(err, "%s: %s", config->path, data_key);
		return 0;
	}
	if (!path)
		return 0;
	cleanup_free char *full = resolve(config, path);
	if (read_stamped(config, full, ret, err) < 0)
		return err_wrap(err, "%s: %s", config->path, key);
	return 0;
}

/* The entry called `name` in a list such as `clusters`, and what it holds under `key`. */
static const json_t *named(const json_t *root, const char *list, const char *name, const char *key)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(root, list), i, item) {
		const char *its = text_of(item, "name");
		if (its && !strcmp(its, name))
			return json_object_get(item, key);
	}
	return NULL;
}

/* --- the cluster --- */

static bool is_http(const char *url)
{
	return !strncasecmp(url, "https://", 8) || !strncasecmp(url, "http://", 7);
}

static int read_endpoint(struct kube_kubeconfig *config, const json_t *cluster, const char *name,
			 struct err *err)
{
	const char *server = text_of(cluster, "server");
	struct kube_endpoint *endpoint;

	if (!server || !is_http(server))
		return err_set(err, ERR_INVALID, "%s: cluster %s has no server URL", config->path,
			       name);
	config->endpoints =
		mem_realloc(config->endpoints, (config->count + 1) * sizeof(*config->endpoints));
	endpoint = &config->endpoints[config->count++];
	*endpoint = (struct kube_endpoint){
		.server = mem_strdup(server),
		.server_name = mem_strdup(text_of(cluster, "tls-server-name")),
		.insecure = json_is_true(json_object_get(cluster, "insecure-skip-tls-verify")),
	};
	for (size_t n = strlen(endpoint->server); n && endpoint->server[n - 1] == '/'; n--)
		endpoint->server[n - 1] = '\0';
	if (text_of(cluster, "proxy-url"))
		return err_set(err, ERR_INVALID, "%s: cluster %s: proxy-url is not supported",
			       config->path, name);
	return read_pem(config, cluster, "certificate-authority", &endpoint->ca, err);
}

static bool has_endpoint(const struct kube_kubeconfig *config, const char *server)
{
	size_t length = strlen(server);

	while (length && server[length - 1] == '/')
		length--;
	for (size_t i = 0; i < config->count; i++)
		if (strlen(config->endpoints[i].server) == length &&
		    !strncmp(config->endpoints[i].server, server, length))
			return true;
	return false;
}

/* A context that logs in as the same user is another way to the same cluster: a second server
 * of it. A cluster of its own would have a user of its own, as k3s and kubeadm write it. */
static int read_peers(struct kube_kubeconfig *config, const json_t *root, const char *user,
		      struct err *err)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(root, "contexts"), i, item) {
		const json_t *context = json_object_get(item, "context");
		const char *its = text_of(context, "user"), *name = text_of(context, "cluster");
		const json_t *cluster = name ? named(root, "clusters", name, "cluster") : NULL;
		const char *server = text_of(cluster, "server");
		if (!its || strcmp(its, user) || !server || has_endpoint(config, server))
			continue;
		int r = read_endpoint(config, cluster, name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- the user --- */

static int refuse_plugins(const struct kube_kubeconfig *config, const json_t *user,
			  const char *name, struct err *err)
{
	static const char *const plugins[] = {"exec", "auth-provider"};

	for (size_t i = 0; i < sizeof(plugins) / sizeof(*plugins); i++) {
		if (!json_object_get(user, plugins[i]))
			continue;
		(void)err_set(err, ERR_INVALID,
			      "%s: user %s logs in by %s, which desired does not run", config->path,
			      name, plugins[i]);
		return err_hint(err, "use a kubeconfig with a certificate or a token; on k3s: "
				     "kubeconfig: " KUBE_KUBECONFIG_K3S);
	}
	return 0;
}

static void trim_end(char *text)
{
	for (size_t n = strlen(text); n && strchr(" \t\r\n", text[n - 1]); n--)
		text[n - 1] = '\0';
}

/* As in client-go, the file wins over the inline token. */
static int read_token(struct kube_kubeconfig *config, const json_t *user, struct err *err)
{
	const char *path = text_of(user, "tokenFile");

	if (!path) {
		config->token = mem_strdup(text_of(user, "token"));
		return 0;
	}
	cleanup_free char *full = resolve(config, path);
	if (read_stamped(config, full, &config->token, err) < 0)
		return err_wrap(err, "%s: tokenFile", config->path);
	trim_end(config->token);
	return 0;
}

static int read_user(struct kube_kubeconfig *config, const json_t *user, const char *name,
		     struct err *err)
{
	int r = refuse_plugins(config, user, name, err);
	if (r < 0)
		return r;
	if ((r = read_pem(config, user, "client-certificate", &config->certificate, err)) < 0)
		return r;
	if ((r = read_pem(config, user, "client-key", &config->key, err)) < 0)
		return r;
	if (!config->certificate != !config->key)
		return err_set(
			err, ERR_INVALID,
			"%s: user %s has a client certificate without its key, or a key alone",
			config->path, name);
	config->user = mem_strdup(text_of(user, "username"));
	config->password = mem_strdup(text_of(user, "password"));
	return read_token(config, user, err);
}

/* --- the whole --- */

static int interpret(struct kube_kubeconfig *config, const json_t *root, struct err *err)
{
	const char *current = text_of(root, "current-context");

	if (!current) {
		(void)err_set(err, ERR_INVALID, "%s: no current-context is set", config->path);
		return err_hint(err, "choose one: kubectl --kubeconfig %s config use-context NAME",
				config->path);
	}
	const json_t *context = named(root, "contexts", current, "context");
	const char *cluster_name = text_of(context, "cluster"),
		   *user_name = text_of(context, "user");
	const json_t *cluster =
		cluster_name ? named(root, "clusters", cluster_name, "cluster") : NULL;
	const json_t *user = user_name ? named(root, "users", user_name, "user") : NULL;

	if (!context)
		return err_set(err, ERR_INVALID, "%s: there is no context %s", config->path,
			       current);
	if (!cluster)
		return err_set(err, ERR_INVALID, "%s: context %s names no cluster that is there",
			       config->path, current);
	if (user_name && !user)
		return err_set(err, ERR_INVALID, "%s: there is no user %s", config->path,
			       user_name);
	int r = read_endpoint(config, cluster, cluster_name, err);
	if (r < 0 || !user_name)
		return r;
	if ((r = read_user(config, user, user_name, err)) < 0)
		return r;
	return read_peers(config, root, user_name, err);
}

static int parse(const char *text, const char *path, json_t **ret, struct err *err)
{
	struct tree_yaml_documents documents = {0};

	int r = tree_yaml_parse(text, strlen(text), path, &documents, err);
	if (r < 0)
		return r;
	r = tree_yaml_to_json(documents.n ? documents.roots[0] : NULL, path, ret, err);
	tree_yaml_done(&documents);
	return r;
}

static int read_all(struct kube_kubeconfig *config, struct err *err)
{
	cleanup_free char *text = NULL;
	json_auto_t *root = NULL;

	int r = read_stamped(config, config->path, &text, err);
	if (r == -ERR_NOT_FOUND)
		return err_hint(err, "is k3s installed? elsewhere, say where the kubeconfig is: "
				     "--kubeconfig FILE or `kubeconfig:` in desired.yaml");
	if (r < 0)
		return r;
	if ((r = parse(text, config->path, &root, err)) < 0)
		return r;
	if (!json_is_object(root))
		return err_set(err, ERR_INVALID, "%s is no kubeconfig", config->path);
	return interpret(config, root, err);
}

int kube_kubeconfig_read(const char *path, struct kube_kubeconfig *ret, struct err *err)
{
	struct kube_kubeconfig config = {
		.path = mem_strdup(path),
		.stamps = MAP_INIT(free),
	};

	int r = read_all(&config, err);
	if (r < 0) {
		kube_kubeconfig_done(&config);
		return r;
	}
	*ret = config;
	return 0;
}

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void kube_kubeconfig_done(struct kube_kubeconfig *config)
{
	for (size_t i = 0; i < config->count; i++) {
		free(config->endpoints[i].server);
		free(config->endpoints[i].ca);
		free(config->endpoints[i].server_name);
	}
	free(config->endpoints);
	free(config->certificate);
	free_secret(config->key);
	free_secret(config->token);
	free(config->user);
	free_secret(config->password);
	free(config->path);
	map_done(&config->stamps);
	*config = (struct kube_kubeconfig){0};
}
