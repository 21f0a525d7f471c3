#include "store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/keys.h"
#include "backup/target.h"
#include "base/mem.h"
#include "findings.h"
#include "terminal.h"
#include "tree/path.h"

#define BUDGET_MS    (12LL * 3600 * 1000) /* of one verb */
#define STALE_S	     (26 * 3600)
#define KEEP_LAST    3
#define KEEP_DAILY   7
#define KEEP_WEEKLY  4
#define KEEP_MONTHLY 6

/* --- signals are read, not handled: raising takes a lock --- */

static void *await_signal(void *context)
{
	struct cancel *cancel = context;
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	while (sigwait(&signals, &number) == 0)
		cancel_raise(cancel);
	return NULL;
}

/* The thread, and what it raises, live as long as the process. */
static void listen_for_signals(struct store *store)
{
	sigset_t signals;
	pthread_t thread;

	store->cancel = cancel_new();
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (pthread_create(&thread, NULL, await_signal, store->cancel) == 0)
		pthread_detach(thread);
	else
		pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

/* --- parts --- */

bool store_wanted(const struct source_settings *settings)
{
	return tree_path_string(settings->backup, "target");
}

static char *text_or(const struct store *store, const char *key, const char *otherwise)
{
	const char *text = tree_path_string(store->settings.backup, key);

	return mem_strdup(text ? text : otherwise);
}

static int read_settings(struct store *store, struct err *err)
{
	struct diag_list findings = {0};
	int r = source_settings_read(store->options->config, &store->settings, &findings, err);

	for (size_t i = 0; r < 0 && i < findings.n && !err->message; i++)
		err_copy(err, &findings.items[i].err);
	diag_done(&findings);
	return r;
}

/* Backups need no API server: without a kubeconfig there is none. */
static void open_client(struct store *store)
{
	const char *kubeconfig = store->options->kubeconfig;
	const struct kube_client_options options = {
		.http = store->http,
		.kubeconfig = kubeconfig ? kubeconfig : store->settings.kubeconfig,
	};
	cleanup_err struct err ignored = ERR_INIT;

	if (kube_client_new(&options, &store->client, &ignored) < 0)
		store->client = NULL;
}

/* Where a verb takes them as options, these come before the settings. */
static void take_options(struct store *store)
{
	static const char *const keys[] = {"endpoint", "region", "profile"};
	json_t *backup = store->settings.backup ? json_copy(store->settings.backup) : json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (options_value(store->options, keys[i]))
			json_object_set_new(backup, keys[i],
					    json_string(options_value(store->options, keys[i])));
	json_decref(store->settings.backup);
	store->settings.backup = backup;
}

int store_open(const struct options *options, const char *target, const char *node,
	       struct store *ret, struct err *err)
{
	*ret = (struct store){.options = options};
	listen_for_signals(ret);
	ret->http = http_new();
	ret->deadline = deadline_in(&clock_real, ret->cancel, BUDGET_MS);
	int r = read_settings(ret, err);
	if (r < 0)
		return r;
	take_options(ret);
	const json_t *backup = ret->settings.backup;
	ret->node = node ? mem_strdup(node) : backup_target_node(backup, options->state, NULL);
	ret->storage = text_or(ret, "storage", BACKUP_STORAGE);
	ret->k3s = text_or(ret, "k3s", BACKUP_K3S);
	open_client(ret);
	r = backup_keys_identities(backup, options_value(options, "identity"), &ret->identities,
				   err);
	if (r < 0)
		return r;
	return backup_target_open(backup, target, options->config, ret->http, &ret->store, err);
}

void store_close(struct store *store)
{
	s3_store_close(store->store);
	kube_client_free(store->client);
	age_recipients_done(&store->recipients);
	age_identities_done(&store->identities);
	http_free(store->http);
	source_settings_done(&store->settings);
	free(store->node);
	free(store->storage);
	free(store->k3s);
}

static int number(const json_t *keep, const char *key, int otherwise)
{
	return (int)tree_path_integer(keep, key, otherwise);
}

static struct backup_retain keep_of(const json_t *backup)
{
	const json_t *keep = json_object_get(backup, "keep");

	return (struct backup_retain){
		.last = number(keep, "last", KEEP_LAST),
		.daily = number(keep, "daily", KEEP_DAILY),
		.weekly = number(keep, "weekly", KEEP_WEEKLY),
		.monthly = number(keep, "monthly", KEEP_MONTHLY),
		.yearly = number(keep, "yearly", 0),
		.max_age_s = STALE_S,
	};
}

int store_recipients(struct store *store, struct err *err)
{
	return backup_keys_recipients(store->settings.backup, &store->recipients, err);
}

struct backup_options store_backup_options(const struct store *store)
{
	return (struct backup_options){
		.store = store->store,
		.client = store->client,
		.node = store->node,
		.version = DESIRED_VERSION,
		.state_dir = store->options->state,
		.dir = store->options->dir,
		.recipients = &store->recipients,
		.storage = store->storage,
		.k3s = store->k3s,
		.paths = json_object_get(store->settings.backup, "paths"),
		.only = store->options->app,
		.keep = keep_of(store->settings.backup),
		.deadline = &store->deadline,
		.cancel = store->cancel,
		.sink = terminal_sink(),
	};
}
