#include "source/settings.h"

#include <stdlib.h>
#include <string.h>

#include "age/key.h"
#include "base/file.h"
#include "base/mem.h"
#include "source/form.h"
#include "source/tree.h"
#include "source/vault.h"
#include "tree/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KUBECONFIG  "/etc/rancher/k3s/k3s.yaml"
#define INTERVAL_MS (5 * 60 * 1000)
#define SWEEP_MS    (24 * 3600 * (int64_t)1000)
#define REVISIONS   20

static void cleanup_documents(struct tree_yaml_documents *documents)
{
	tree_yaml_done(documents);
}

/* Who may read the backups; what says nothing stops a backup, not a reload. */
static void read_encrypt(struct source_form *form, const json_t *backup)
{
	cleanup_list struct list texts = LIST_INIT;
	cleanup_age_recipients struct age_recipients recipients = {0};
	cleanup_err struct err err = ERR_INIT;

	if (!json_object_get(backup, "encrypt") && json_object_get(backup, "target"))
		source_form_warn(form, "backup",
				 "encrypt: [age1...], with the public key that age-keygen prints, "
				 "or encrypt: none",
				 "no backup is made while backup.encrypt does not say who may read "
				 "them: they hold the configuration and the tokens of this node");
	source_form_list(form, "backup.encrypt", &texts);
	if (texts.n == 1 && !strcmp(texts.items[0], "none"))
		return;
	for (size_t i = 0; i < texts.n; i++)
		if (age_recipients_add(&recipients, texts.items[i], &err) < 0)
			source_form_fail(form, "backup.encrypt", err.hint, "backup.encrypt: %s",
					 err.message);
}

/* "50%", of one processor; 0: not said. */
static int read_percent(struct source_form *form, const char *path)
{
	cleanup_free char *text = source_form_text(form, path);
	char *end = NULL;
	long percent = text ? strtol(text, &end, 10) : 0;

	if (!text || (end != text && !strcmp(end, "%") && percent > 0 && percent <= 100000))
		return (int)percent;
	source_form_fail(form, path, "50% is half of a processor, 200% are two",
			 "%s must be a percentage, not '%s'", path, text);
	return 0;
}

/* What is read is put in the place of what was written. */
static void read_backup_limits(struct source_form *form, json_t *backup)
{
	int64_t bandwidth = source_form_size(form, "backup.bandwidth", 0);
	int cpu = read_percent(form, "backup.cpu");

	json_object_del(backup, "bandwidth");
	json_object_del(backup, "cpu");
	if (bandwidth > 0)
		json_object_set_new(backup, "bandwidth", json_integer(bandwidth));
	if (cpu)
		json_object_set_new(backup, "cpu", json_integer(cpu));
}

static void read_backup(struct source_form *form, struct source_settings *settings)
{
	static const char *const known[] = {"target",	"endpoint",  "region", "profile", "node",
					    "keep",	"encrypt",   "paths",  "storage", "k3s",
					    "identity", "bandwidth", "cpu"};
	static const char *const kept[] = {"last", "daily", "weekly", "monthly", "yearly"};
	json_t *backup = json_object_get(form->tree, "backup");

	if (!backup || json_is_null(backup))
		return;
	source_form_keys(form, "backup", known, COUNT(known));
	source_form_keys(form, "backup.keep", kept, COUNT(kept));
	read_encrypt(form, backup);
	settings->backup = json_deep_copy(backup);
	read_backup_limits(form, settings->backup);
}

/* Relative names stand beside the settings. */
static void add_password_file(struct source_form *form, const char *label, const char *path,
			      struct source_settings *settings)
{
	cleanup_free char *name = source_form_text(form, path);
	cleanup_free char *folder =
		mem_strndup(form->file, (size_t)(file_base(form->file) - form->file));

	if (!name)
		return;
	list_add(&settings->vault_labels, label);
	if (*name == '/' || !*folder)
		list_add(&settings->vault_files, name);
	else
		list_take(&settings->vault_files, file_join(folder, name));
}

/* vault: {passwordFile: FILE, passwordFiles: {LABEL: FILE}} */
static void read_vault(struct source_form *form, struct source_settings *settings)
{
	static const char *const known[] = {"passwordFile", "passwordFiles"};
	const char *label;
	json_t *file;

	source_form_keys(form, "vault", known, COUNT(known));
	add_password_file(form, SOURCE_VAULT_DEFAULT, "vault.passwordFile", settings);
	json_t *files = json_object_get(json_object_get(form->tree, "vault"), "passwordFiles");
	if (files && !json_is_object(files))
		source_form_fail(form, "vault.passwordFiles", "write {LABEL: FILE}",
				 "vault.passwordFiles must be a mapping of labels to files");
	json_object_foreach (files, label, file) {
		cleanup_free char *path = mem_printf("vault.passwordFiles[\"%s\"]", label);
		add_password_file(form, label, path, settings);
	}
}

/* What a template may take. */
static void read_limits(struct source_form *form, struct template_limits *limits)
{
	static const char *const known[] = {"output", "steps", "depth", "regex", "digits"};

	source_form_keys(form, "limits", known, COUNT(known));
	limits->output = (size_t)source_form_size(form, "limits.output", 0);
	limits->steps = (uint64_t)source_form_number(form, "limits.steps", 0);
	limits->depth = source_form_number(form, "limits.depth", 0);
	limits->regex = (uint32_t)source_form_number(form, "limits.regex", 0);
	limits->digits = source_form_number(form, "limits.digits", 0);
	if (limits->depth > TEMPLATE_DEEPEST)
		source_form_fail(form, "limits.depth", NULL, "limits.depth can be at most %d",
				 TEMPLATE_DEEPEST);
}

static void read_form(struct source_form *form, struct source_settings *settings)
{
	static const char *const known[] = {
		"kubeconfig", "follow",	 "interval", "sweep", "keepKinds", "revisions", "env",
		"alert",      "metrics", "backup",   "peers", "vault",	   "limits"};
	static const char *const idle[] = {"peers"};
	static const char *const follow[] = {"reload", "files"};

	source_form_keys(form, "", known, COUNT(known));
	for (size_t i = 0; i < COUNT(idle); i++)
		source_form_idle(form, idle[i]);
	settings->kubeconfig = source_form_text(form, "kubeconfig");
	settings->follow_files = source_form_choice(form, "follow", follow, COUNT(follow), 0) == 1;
	settings->interval_ms = source_form_duration(form, "interval", INTERVAL_MS);
	settings->sweep_ms = source_form_duration(form, "sweep", SWEEP_MS);
	settings->revisions = source_form_number(form, "revisions", REVISIONS);
	settings->metrics = source_form_text(form, "metrics");
	source_form_list(form, "keepKinds", &settings->keep_kinds);
	source_form_list(form, "env", &settings->env);
	source_form_list(form, "alert", &settings->alert);
	source_form_list(form, "peers", &settings->peers);
	read_backup(form, settings);
	read_vault(form, settings);
	read_limits(form, &settings->limits);
	if (settings->metrics && *settings->metrics != '/' && !strchr(settings->metrics, ':'))
		source_form_fail(form, "metrics", "write \"127.0.0.1:9477\", or /a/file.prom",
				 "metrics is neither an address with a port nor a file");
	if (settings->interval_ms < 1000)
		source_form_fail(form, "interval", NULL, "interval must be at least 1s");
	if (settings->sweep_ms < 1000)
		source_form_fail(form, "sweep", NULL, "sweep must be at least 1s");
	if (settings->revisions < 1)
		source_form_fail(form, "revisions", NULL, "revisions must be at least 1");
	if (!settings->kubeconfig)
		settings->kubeconfig = mem_strdup(KUBECONFIG);
}

static int parse(const char *file, struct tree_yaml_documents *documents, json_t **ret,
		 struct err *err)
{
	cleanup_free char *text = NULL;
	size_t length;

	int r = file_read(file, SOURCE_TEMPLATE_LIMIT, &text, &length, err);
	if (r < 0 && err->code == ERR_NOT_FOUND) {
		err_done(err);
		*ret = json_object();
		return 0;
	}
	if (r < 0)
		return err_at(err, file, 0, 0);
	r = tree_yaml_parse(text, length, file, documents, err);
	if (r < 0)
		return r;
	if (documents->n > 1) {
		(void)err_set(err, ERR_INVALID, "settings are one document");
		return err_at(err, file, 0, 0);
	}
	if (!documents->n || !documents->roots[0]) {
		*ret = json_object();
		return 0;
	}
	return tree_yaml_to_json(documents->roots[0], file, ret, err);
}

int source_settings_read(const char *file, struct source_settings *ret, struct diag_list *findings,
			 struct err *err)
{
	__attribute__((cleanup(cleanup_documents))) struct tree_yaml_documents documents = {0};
	struct source_settings settings = {0};
	json_auto_t *tree = NULL;

	if (parse(file, &documents, &tree, err) < 0) {
		struct err finding = ERR_INIT;
		err_copy(&finding, err);
		diag_add(findings, DIAG_ERROR, NULL, &finding);
		return -(int)err->code;
	}
	struct source_form form = {
		.tree = tree,
		.node = documents.n ? documents.roots[0] : NULL,
		.file = file,
		.findings = findings,
	};
	read_form(&form, &settings);
	if (form.failed) {
		source_settings_done(&settings);
		return err_set(err, ERR_INVALID, "%s has errors", file);
	}
	*ret = settings;
	return 0;
}

void source_settings_done(struct source_settings *settings)
{
	free(settings->kubeconfig);
	list_done(&settings->keep_kinds);
	list_done(&settings->env);
	list_done(&settings->alert);
	list_done(&settings->peers);
	list_done(&settings->vault_labels);
	list_done(&settings->vault_files);
	free(settings->metrics);
	json_decref(settings->backup);
	*settings = (struct source_settings){0};
}
