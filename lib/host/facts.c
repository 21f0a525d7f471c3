#include "host/facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "host/address.h"
#include "tree/yaml.h"

#define LIMIT	   (256 << 10)
#define K3S_CONFIG "/etc/rancher/k3s/config.yaml"

static void set_text(json_t *facts, const char *name, const char *text)
{
	if (text)
		json_object_set_new(facts, name, json_string(text));
}

/* NULL when it cannot be read. Caller frees. */
static char *content(const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	char *text;

	return file_read(path, LIMIT, &text, NULL, &err) < 0 ? NULL : text;
}

/* --- names --- */

/* The first name with a dot in the line of /etc/hosts that has this one: asking DNS would take
 * time, and the answer may change. */
static char *full_name(const char *host)
{
	cleanup_free char *text = content("/etc/hosts");
	cleanup_list struct list lines = LIST_INIT;

	list_split(&lines, text ? text : "", "\n");
	for (size_t i = 0; i < lines.n && !strchr(host, '.'); i++) {
		cleanup_list struct list names = LIST_INIT;
		lines.items[i][strcspn(lines.items[i], "#")] = '\0';
		list_split(&names, lines.items[i], " \t\r");
		if (!list_has(&names, host))
			continue;
		for (size_t j = 1; j < names.n; j++)
			if (strchr(names.items[j], '.'))
				return mem_strdup(names.items[j]);
	}
	return mem_strdup(host);
}

static void add_names(json_t *facts, const struct utsname *names)
{
	cleanup_free char *host = mem_strndup(names->nodename, strcspn(names->nodename, "."));
	cleanup_free char *full = full_name(names->nodename);
	const char *dot = strchr(full, '.');

	set_text(facts, "nodename", names->nodename);
	set_text(facts, "hostname", host);
	set_text(facts, "fqdn", full);
	set_text(facts, "domain", dot ? dot + 1 : "");
}

/* --- the system --- */

/* KEY=value or KEY="value" of /etc/os-release; NULL when it is not there. Caller frees. */
static char *release_value(const char *text, const char *key)
{
	cleanup_list struct list lines = LIST_INIT;
	size_t n = strlen(key);

	list_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *value = lines.items[i] + n + 1;
		if (strncmp(lines.items[i], key, n) != 0 || lines.items[i][n] != '=')
			continue;
		value += *value == '"';
		return mem_strndup(value, strcspn(value, "\""));
	}
	return NULL;
}

/* Ansible's names of distributions, where they differ from their own, and their families. */
static const struct {
	const char *id, *name, *family;
} distributions[] = {
	{"debian", "Debian", "Debian"},
	{"ubuntu", "Ubuntu", "Debian"},
	{"raspbian", "Debian", "Debian"},
	{"linuxmint", "Linux Mint", "Debian"},
	{"rhel", "RedHat", "RedHat"},
	{"centos", "CentOS", "RedHat"},
	{"rocky", "Rocky", "RedHat"},
	{"almalinux", "AlmaLinux", "RedHat"},
	{"fedora", "Fedora", "RedHat"},
	{"amzn", "Amazon", "RedHat"},
	{"ol", "OracleLinux", "RedHat"},
	{"sles", "SLES", "Suse"},
	{"opensuse-leap", "openSUSE Leap", "Suse"},
	{"arch", "Archlinux", "Archlinux"},
	{"alpine", "Alpine", "Alpine"},
};

static void add_distribution_names(json_t *facts, const char *id, const char *name)
{
	for (size_t i = 0; i < sizeof(distributions) / sizeof(*distributions); i++)
		if (id && !strcmp(distributions[i].id, id)) {
			set_text(facts, "distribution", distributions[i].name);
			set_text(facts, "os_family", distributions[i].family);
			return;
		}
	set_text(facts, "distribution", name);
	set_text(facts, "os_family", name);
}

/* Debian keeps the point release in a file of its own: 12 is 12.11 to Ansible. */
static char *point_release(const char *id)
{
	char *version = id && !strcmp(id, "debian") ? content("/etc/debian_version") : NULL;

	if (version)
		version[strcspn(version, "\n")] = '\0';
	if (version && isdigit((unsigned char)*version))
		return version;
	free(version);
	return NULL;
}

static void add_distribution(json_t *facts)
{
	cleanup_free char *text = content("/etc/os-release");

	if (!text)
		return;
	cleanup_free char *id = release_value(text, "ID"), *name = release_value(text, "NAME");
	cleanup_free char *major = release_value(text, "VERSION_ID");
	cleanup_free char *codename = release_value(text, "VERSION_CODENAME");
	cleanup_free char *point = point_release(id);
	add_distribution_names(facts, id, name);
	set_text(facts, "distribution_version", point ? point : major);
	set_text(facts, "distribution_release", codename);
	if (major) {
		major[strcspn(major, ".")] = '\0';
		set_text(facts, "distribution_major_version", major);
	}
}

static void add_machine(json_t *facts, const struct utsname *names)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct sysinfo info;

	set_text(facts, "system", names->sysname);
	set_text(facts, "kernel", names->release);
	set_text(facts, "architecture", names->machine);
	if (file_exists("/run/systemd/system"))
		set_text(facts, "service_mgr", "systemd");
	if (processors > 0)
		json_object_set_new(facts, "processor_vcpus", json_integer(processors));
	if (sysinfo(&info) == 0)
		json_object_set_new(
			facts, "memtotal_mb",
			json_integer((json_int_t)(info.totalram * info.mem_unit >> 20)));
}

json_t *host_facts(void)
{
	json_t *facts = json_object();
	struct utsname names;

	host_address_add(facts);
	if (uname(&names) < 0)
		return facts;
	add_names(facts, &names);
	add_machine(facts, &names);
	add_distribution(facts);
	return facts;
}

/* --- Kubernetes --- */

/* node-name of k3s' configuration; NULL when it does not say. Caller frees. */
static char *configured_name(void)
{
	cleanup_free char *text = content(K3S_CONFIG);
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	char *name = NULL;

	if (!text || tree_yaml_parse(text, strlen(text), K3S_CONFIG, &documents, &err) < 0)
		return NULL;
	const struct tree_yaml_node *node =
		documents.n ? tree_yaml_get(documents.roots[0], "node-name") : NULL;
	if (node && node->kind == TREE_YAML_SCALAR && node->length)
		name = mem_strdup(node->text);
	tree_yaml_done(&documents);
	return name;
}

char *host_node_name(void)
{
	char *name = configured_name();
	struct utsname names;

	if (!name)
		name = mem_strdup(uname(&names) < 0 ? "localhost" : names.nodename);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}
