/* `desired recovery-card`: what a person must keep elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "backup/keys.h"
#include "backup_print.h"
#include "backup_record.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "host/facts.h"
#include "host/k3s_settings.h"
#include "s3/credentials.h"
#include "store.h"
#include "terminal.h"
#include "tree/path.h"
#include "verbs.h"

#define FIND_MS	  10000
#define TEXT_NONE ""

/* Everything that is on it. */
struct card {
	const struct options *options;
	const struct store *store;
	char *target, *endpoint, *region, *profile; /* as the settings have them; "" */
	char *access_key;			    /* its public half; "" */
	struct list recipients, k3s;
	char *k3s_version, *node_name, *system;
	bool has_vault;
	json_t *record;
};

static char *setting(const struct store *store, const char *key)
{
	const char *text = tree_path_string(store->settings.backup, key);

	return mem_strdup(text ? text : TEXT_NONE);
}

/* --- what there is --- */

static char *find_access_key(const struct card *card)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, FIND_MS);
	cleanup_s3_profile struct s3_profile profile = {0};
	cleanup_s3_credentials struct s3_credentials credentials = {0};
	cleanup_err struct err none = ERR_INIT;

	if (strncmp(card->target, "s3://", 5) != 0 ||
	    s3_profile_load(*card->profile ? card->profile : NULL, &profile, &none) < 0 ||
	    s3_credentials_find(&profile, &deadline, &credentials, &none) < 0)
		return mem_strdup(TEXT_NONE);
	return mem_strdup(credentials.access_key);
}

static char *system_text(void)
{
	json_auto_t *facts = host_facts();
	const char *name = tree_path_string(facts, "distribution");
	const char *version = tree_path_string(facts, "distribution_version");
	const char *kernel = tree_path_string(facts, "kernel");
	const char *machine = tree_path_string(facts, "architecture");

	return mem_printf("%s %s, Linux %s, %s", name ? name : "Linux", version ? version : "",
			  kernel ? kernel : "", machine ? machine : "");
}

static void find_recipients(struct card *card)
{
	struct age_recipients recipients = {0};
	cleanup_err struct err none = ERR_INIT;

	if (backup_keys_recipients(card->store->settings.backup, &recipients, &none) >= 0)
		backup_keys_names(&recipients, &card->recipients);
	age_recipients_done(&recipients);
}

static void fill(struct card *card)
{
	card->target = setting(card->store, "target");
	card->endpoint = setting(card->store, "endpoint");
	card->region = setting(card->store, "region");
	card->profile = setting(card->store, "profile");
	card->access_key = find_access_key(card);
	card->k3s_version = host_k3s_version(HOST_K3S);
	card->node_name = host_node_name();
	card->system = system_text();
	card->has_vault =
		card->store->settings.vault_files.n || file_exists("/etc/credstore/vault-password");
	card->record = backup_record_read(card->options->state);
	host_k3s_settings(HOST_K3S_CONFIG, HOST_K3S_UNIT, &card->k3s);
	find_recipients(card);
}

static void card_done(struct card *card)
{
	free(card->target);
	free(card->endpoint);
	free(card->region);
	free(card->profile);
	free(card->access_key);
	free(card->k3s_version);
	free(card->node_name);
	free(card->system);
	list_done(&card->recipients);
	list_done(&card->k3s);
	json_decref(card->record);
}

/* --- the command that uses it --- */

static void add_option(struct buf *out, const char *name, const char *value)
{
	if (*value)
		buf_printf(out, " --%s %s", name, value);
}

static char *command(const struct card *card)
{
	struct buf out = BUF_INIT;

	buf_printf(&out, "desired bootstrap --from %s --node %s", card->target, card->store->node);
	add_option(&out, "endpoint", card->endpoint);
	add_option(&out, "region", card->region);
	add_option(&out, "profile", card->profile);
	if (card->recipients.n)
		buf_addstr(&out, " --identity KEYFILE");
	return buf_steal(&out);
}

/* --- on paper --- */

static void print_backups(const struct card *card, struct buf *out)
{
	cleanup_free char *last = backup_record_text(card->record);
	cleanup_free char *rehearsal = backup_record_rehearsal_text(card->record);

	buf_printf(out, "Backups     %s\n", card->target);
	if (*card->endpoint)
		buf_printf(out, "            endpoint %s\n", card->endpoint);
	if (*card->region)
		buf_printf(out, "            region %s\n", card->region);
	buf_printf(out, "            node %s\n", card->store->node);
	if (last)
		buf_printf(out, "            %s\n", last);
	buf_printf(out, "            %s\n", rehearsal ? rehearsal : "no restore was rehearsed yet");
}

static void print_keys(const struct card *card, struct buf *out)
{
	if (*card->access_key)
		buf_printf(out, "Access key  %s; keep its secret half, or ~/.aws, with this card\n",
			   card->access_key);
	if (!card->recipients.n)
		buf_addstr(out, "Encryption  none\n");
	for (size_t i = 0; i < card->recipients.n; i++)
		buf_printf(out, "Encryption  %s; %s\n", card->recipients.items[i],
			   i ? "or that of this one"
			     : "keep the file with its secret key (KEYFILE below)");
	if (card->has_vault)
		buf_addstr(out, "Vault       keep the password of ansible-vault: it is in no "
				"backup unless it is below the files\n");
}

static void print_system(const struct card *card, struct buf *out)
{
	buf_printf(out, "System      %s\n", card->system);
	buf_printf(out, "k3s         %s, node %s\n",
		   *card->k3s_version ? card->k3s_version : "not found here", card->node_name);
	for (size_t i = 0; i < card->k3s.n; i++)
		buf_printf(out, "            %s\n", card->k3s.items[i]);
	buf_printf(out, "desired     %s; files in %s, state in %s\n", DESIRED_VERSION,
		   card->options->dir, card->options->state);
}

static void print_commands(const struct card *card, struct buf *out)
{
	cleanup_free char *line = command(card);

	buf_printf(out,
		   "\nOn a blank machine:\n"
		   "  1. hostnamectl set-hostname %s, then install k3s%s%s as above\n"
		   "  2. install desired %s\n"
		   "  3. put the keys of the store into ~/.aws of root\n"
		   "  4. %s\n"
		   "  5. systemctl enable --now desired desired-backup.timer "
		   "desired-rehearsal.timer\n",
		   card->node_name, *card->k3s_version ? " " : "", card->k3s_version,
		   DESIRED_VERSION, line);
}

static void print(const struct card *card)
{
	cleanup_free char *now = timespan_rfc3339(time(NULL));
	cleanup_buf struct buf out = BUF_INIT;

	buf_printf(&out,
		   "# desired recovery-card\n%s, %s. It holds no secret; keep it where this "
		   "machine is not.\n\n",
		   card->store->node, now);
	print_backups(card, &out);
	print_keys(card, &out);
	print_system(card, &out);
	print_commands(card, &out);
	terminal_print(buf_str(&out));
}

static json_t *texts(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static void print_json(const struct card *card)
{
	cleanup_free char *line = command(card);
	json_auto_t *tree = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:{s:s, s:s, s:o}, s:s, s:s, s:b, s:s, s:O?}",
		"schema", 1, "node", card->store->node, "target", card->target, "endpoint",
		card->endpoint, "region", card->region, "accessKey", card->access_key, "recipients",
		texts(&card->recipients), "k3s", "version", card->k3s_version, "node",
		card->node_name, "settings", texts(&card->k3s), "system", card->system, "version",
		DESIRED_VERSION, "vault", card->has_vault, "command", line, "backup", card->record);

	terminal_print_json(tree);
}

static enum command_exit recovery_card(const struct options *options)
{
	cleanup_store struct store store = STORE_INIT;
	cleanup_err struct err err = ERR_INIT;

	if (store_open(options, NULL, NULL, &store, &err) < 0)
		return terminal_fail(&err);
	struct card card = {.options = options, .store = &store};
	fill(&card);
	if (options->json)
		print_json(&card);
	else
		print(&card);
	card_done(&card);
	return COMMAND_FINE;
}

const struct command verb_recovery_card = {
	.name = "recovery-card",
	.run = recovery_card,
	.arguments = "",
	.summary = "Print what you must keep elsewhere to get this machine back",
	.text = "Where the backups are and under which name, the versions and flags of k3s, the "
		"public\n"
		"halves of all keys, and the commands for a blank machine. No secret is on it: "
		"keep "
		"the\n"
		"secret halves with it, and both where this machine is not.",
	.options = command_no_options,
};
