/* `desired bootstrap`: a blank machine takes the place of one that is gone. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backup/bootstrap.h"
#include "backup/known.h"
#include "backup/restore.h"
#include "backup/target.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "node.h"
#include "remote.h"
#include "store.h"
#include "terminal.h"
#include "tree/path.h"
#include "verbs.h"

#define API_MS	 60000 /* for the API server, before volumes are made */
#define NAME_LEN 64

static void say(void *context, const char *text)
{
	(void)context;
	printf("%s\n", text);
	(void)fflush(stdout);
}

/* --- may it? --- */

/* A daemon would apply half of the files, and write into the state that is swapped. */
static int refuse_daemon(const struct options *options, struct err *err)
{
	cleanup_free char *lock = file_join(options->state, "lock");
	cleanup_fd int fd = -1;

	if (!file_exists(lock))
		return 0;
	int r = file_lock(lock, &fd, err);
	if (r != -ERR_BUSY)
		return r < 0 ? r : 0;
	(void)err_set(err, ERR_BUSY, "desired is running on this machine");
	return err_hint(err, "systemctl stop desired");
}

/* The name of a process; "" when it is gone. */
static void name_of(const char *pid, char name[NAME_LEN])
{
	cleanup_free char *path = mem_printf("/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");

	*name = '\0';
	if (!file)
		return;
	if (!fgets(name, NAME_LEN, file))
		*name = '\0';
	name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

/* Its datastore is swapped under it otherwise. */
static int refuse_k3s(struct err *err)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	char name[NAME_LEN];
	bool runs = false;

	while (folder && !runs && (entry = readdir(folder))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		name_of(entry->d_name, name);
		runs = !strcmp(name, "k3s-server") || !strcmp(name, "k3s");
	}
	if (folder)
		closedir(folder);
	if (!runs)
		return 0;
	(void)err_set(err, ERR_BUSY, "k3s is running, and --datastore would swap its datastore");
	return err_hint(err, "systemctl stop k3s, and start it again afterwards");
}

/* --- claims: their volumes need the API server --- */

/* For the gate: its volume waits for it, there is nothing to bring back any more. */
static int note_claim(const struct store *store, const struct backup_set *set, const char *path,
		      struct err *err)
{
	cleanup_backup_known struct backup_known known = {0};

	backup_known_open(store->options->state, &known);
	for (size_t i = 0; i < set->count; i++) {
		const char *claim = backup_unit_claim_at(&set->units[i], path);
		if (claim)
			(void)backup_known_note(&known, claim, set->units[i].name,
						BACKUP_MAY_BE_EMPTY, time(NULL));
	}
	return backup_known_write(&known, err);
}

static int restore_claim(struct store *store, const struct backup_set *set, const char *path,
			 struct err *err)
{
	struct backup_restore_report report = {0};
	int r = backup_restore(
		&(struct backup_restore_options){
			.store = store->store,
			.identities = &store->identities,
			.client = store->client,
			.machine = store->node,
			.set = set,
			.path = path,
			.deadline = &store->deadline,
			.cancel = store->cancel,
			.say = say,
		},
		&report, err);

	backup_restore_report_done(&report);
	return r < 0 ? r : note_claim(store, set, path, err);
}

static int restore_claims(struct store *store, const struct backup_bootstrap_report *report,
			  struct err *err)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	int r = backup_catalog_read(store->store, report->node, &store->deadline, &catalog, err);

	if (r < 0)
		return r;
	const struct backup_set *set = backup_catalog_find(&catalog, report->set, err);
	for (size_t i = 0; set && r >= 0 && i < report->claims.n; i++)
		r = restore_claim(store, set, report->claims.items[i], err);
	return set ? r : -(int)err->code;
}

static int wait_for_api(struct store *store, struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, store->cancel, API_MS);
	struct kube_cluster cluster;

	if (!store->client) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no kubeconfig yet");
		return err_hint(err, "install k3s, then: desired restore && desired apply");
	}
	int r = kube_client_cluster(store->client, &deadline, &cluster, err);
	if (r >= 0)
		kube_cluster_done(&cluster);
	return r;
}

/* --- the end of it --- */

/* Backups go on where the files say, which need not be where they came from. */
static void tell_target(const struct options *options)
{
	struct source_settings settings;
	struct diag_list findings = {0};
	cleanup_err struct err err = ERR_INIT;

	if (source_settings_read(options->config, &settings, &findings, &err) < 0) {
		diag_done(&findings);
		return;
	}
	const char *target = tree_path_string(settings.backup, "target");
	const char *from = options_value(options, "from");
	if (!target)
		printf("%s names no backup target: nothing is backed up on this machine\n",
		       options->config);
	else if (strcmp(target, from) != 0)
		printf("backups go on to %s, as %s says\n", target, options->config);
	source_settings_done(&settings);
	diag_done(&findings);
}

static void tell(const struct backup_bootstrap_report *report)
{
	cleanup_free char *taken = timespan_rfc3339(report->taken);

	for (size_t i = 0; i < report->warnings.n; i++)
		fprintf(stderr, "warning: %s\n", report->warnings.items[i]);
	for (size_t i = 0; i < report->in_way.n; i++)
		fprintf(stderr,
			"warning: %s is not empty and stays as it is (desired restore %s --replace "
			"takes what the backup has)\n",
			report->in_way.items[i], report->in_way.items[i]);
	printf("this machine is %s now: %zu paths of set %s, taken %s, are back\n", report->node,
	       report->trees, report->set, taken);
}

/* From the files, with an empty ledger: what the cluster lacks is made. */
static enum command_exit converge(const struct options *options)
{
	struct options plain = {
		.dir = options->dir,
		.state = options->state,
		.runtime = options->runtime,
		.config = options->config,
		.kubeconfig = options->kubeconfig,
		.json = options->json,
		.masking = options->masking,
		.verb = "apply",
	};

	return verb_apply.run(&plain);
}

static enum command_exit finish(struct store *store, const struct options *options,
				const struct backup_bootstrap_report *report)
{
	cleanup_err struct err err = ERR_INIT;

	tell(report);
	tell_target(options);
	enum command_exit code =
		report->in_way.n || report->warnings.n ? COMMAND_WARNINGS : COMMAND_FINE;
	if (options_given(options, "no-apply"))
		return code;
	if (report->claims.n &&
	    (wait_for_api(store, &err) < 0 || restore_claims(store, report, &err) < 0))
		return terminal_fail(&err);
	enum command_exit applied = converge(options);
	return applied == COMMAND_FINE ? code : applied;
}

static int open_store(const struct options *options, struct store *ret, struct err *err)
{
	const char *from = options_value(options, "from");

	if (!from) {
		(void)err_set(err, ERR_INVALID, "desired bootstrap needs --from");
		return err_hint(err, "--from s3://bucket/prefix, or --from file:///directory");
	}
	int r = refuse_daemon(options, err);
	if (r >= 0 && options_given(options, "datastore"))
		r = refuse_k3s(err);
	return r < 0 ? r : store_open(options, from, NULL, ret, err);
}

static enum command_exit bootstrap(const struct options *options)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_err struct err err = ERR_INIT;
	struct backup_bootstrap_report report = {0};
	int r = open_store(options, &store, &err);

	if (r >= 0)
		r = backup_bootstrap(
			&(struct backup_bootstrap_options){
				.store = store.store,
				.identities = &store.identities,
				.node = options_value(options, "node"),
				.host = store.node,
				.dir = options->dir,
				.state_dir = options->state,
				.k3s = store.k3s,
				.datastore = options_given(options, "datastore"),
				.now = time(NULL),
				.deadline = &store.deadline,
				.cancel = store.cancel,
				.say = say,
			},
			&report, &err);
	enum command_exit code = r < 0 ? terminal_fail(&err) : finish(&store, options, &report);
	backup_bootstrap_report_done(&report);
	return code;
}

static const struct option_spec bootstrap_options[] = {
	{"from", "URL", "where the backups are: s3://bucket/prefix, or file:///directory"},
	{"node", "NAME", "whose place this machine takes, when there are backups of several"},
	{"datastore", NULL, "k3s' own datastore and token, too: the same cluster goes on"},
	{"identity", "FILE", "the secret key for what is encrypted, as age-keygen writes it"},
	{"endpoint", "URL", "of the bucket, unless ~/.aws/config or the environment say it"},
	{"region", "NAME", "of the bucket, in the same way"},
	{"profile", "NAME", "of the files below ~/.aws"},
	{"no-apply", NULL, "only bring back files, state and data"},
	{NULL, NULL, NULL},
};

const struct command verb_bootstrap = {
	.name = "bootstrap",
	.run = bootstrap,
	.arguments = "",
	.summary = "Make this blank machine what another one was, from its backups",
	.text = "Brings back the state directory, the data of all apps and /etc/desired from the "
		"newest\n"
		"good set, and then applies the files to the cluster, which is taken to be a new "
		"one\n"
		"(with --datastore it is the old one; stop k3s for that). It goes on under the "
		"old\n"
		"node's name. Only the package, k3s and the keys of the store are needed; nothing "
		"that\n"
		"holds data is written over. Interrupted, the same command goes on.\n\n"
		"Then: systemctl enable --now desired desired-backup.timer "
		"desired-rehearsal.timer\n\n"
		"Exit codes: 0 everything is back and ready; 1 something failed; 3 with warnings; "
		"4 the\n"
		"daemon is running.",
	.options = bootstrap_options,
};
