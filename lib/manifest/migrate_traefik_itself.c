/* What runs Traefik 3: what it may read, its options, its image, its CRDs. */
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"
#include "manifest/upgrade.h"

#define NEW_TRAEFIK "traefik.io"
#define NEW_IMAGE   "v3.7"
#define CRDS                                                                                  \
	"take those of Traefik 3 in its place: share/desired/manifests/traefik/crd.yaml has " \
	"them"

/* --- what it may read --- */

static bool lists(const struct tree_yaml_node *rule, const char *field, const char *word)
{
	const struct tree_yaml_node *items = migrate_rule_at(rule, field);

	for (size_t i = 0; i < migrate_rule_items(items); i++)
		if (migrate_rule_says(items->items[i], word))
			return true;
	return false;
}

/* Puts words at the head of a list of words, as that is written. */
static void add_words(const struct migrate_rule *rule, const struct tree_yaml_node *policy,
		      const char *field, const char *const *words, size_t count)
{
	const struct tree_yaml_node *items = migrate_rule_at(policy, field);
	bool flow = migrate_rule_items(items) && migrate_rule_is_flow(rule, items);
	cleanup_buf struct buf now = BUF_INIT;

	for (size_t i = 0; i < count; i++) {
		const struct tree_yaml_node *first = items->items[0];
		if (lists(policy, field, words[i]))
			continue;
		if (flow)
			buf_printf(&now, "%s, ", words[i]);
		else
			buf_printf(&now, "%s\n%*s- ", words[i], first->column - 3, "");
	}
	if (!now.len)
		return;
	buf_addstr(&now, items->items[0]->text);
	if (items->items[0]->plain)
		migrate_rule_replace(rule, items->items[0], buf_str(&now));
	else
		migrate_rule_refuse(rule, items, "take the rules of the shipped ClusterRole",
				    "Traefik 3 reads more than this allows");
}

static void rename_groups(const struct migrate_rule *rule, const struct tree_yaml_node *policy)
{
	const struct tree_yaml_node *groups = migrate_rule_at(policy, "apiGroups");

	for (size_t i = 0; i < migrate_rule_items(groups); i++)
		if (migrate_rule_says(groups->items[i], MANIFEST_OLD_TRAEFIK))
			migrate_rule_replace(rule, groups->items[i], NEW_TRAEFIK);
}

/* Endpoints are read from EndpointSlices now. */
static void add_slices(const struct migrate_rule *rule, const struct tree_yaml_node *rules)
{
	const struct tree_yaml_node *first = rules->items[0];

	for (size_t i = 0; i < rules->count; i++)
		if (lists(rules->items[i], "resources", "endpointslices"))
			return;
	if (first->kind != TREE_YAML_MAPPING || !first->count ||
	    migrate_rule_is_flow(rule, rules) || migrate_rule_is_flow(rule, first)) {
		migrate_rule_note(rule, rules,
				  "Traefik 3 also lists and watches endpointslices of "
				  "discovery.k8s.io; allow it");
		return;
	}
	int indent = first->items[0]->column - 1;
	cleanup_free char *lines =
		mem_printf("apiGroups: [discovery.k8s.io]\n"
			   "%*sresources: [endpointslices]\n"
			   "%*sverbs: [list, watch]\n%*s- %s",
			   indent, "", indent, "", indent - 2, "", first->items[0]->text);
	migrate_rule_replace(rule, first->items[0], lines);
}

static void migrate_policy(const struct migrate_rule *rule, const struct tree_yaml_node *policy)
{
	static const char *const of_traefik[] = {"middlewaretcps", "serverstransporttcps"};
	static const char *const of_core[] = {"nodes", "configmaps"};

	rename_groups(rule, policy);
	if (lists(policy, "apiGroups", MANIFEST_OLD_TRAEFIK) &&
	    migrate_rule_items(migrate_rule_at(policy, "resources")) &&
	    !lists(policy, "resources", "*"))
		add_words(rule, policy, "resources", of_traefik, 2);
	if (lists(policy, "apiGroups", "") && lists(policy, "resources", "services") &&
	    lists(policy, "resources", "secrets"))
		add_words(rule, policy, "resources", of_core, 2);
}

static void migrate_role(const struct migrate_rule *rule)
{
	const struct tree_yaml_node *rules = migrate_rule_at(rule->object, "rules");
	bool concerned = false;

	for (size_t i = 0; i < migrate_rule_items(rules); i++)
		concerned |= lists(rules->items[i], "apiGroups", MANIFEST_OLD_TRAEFIK);
	if (!concerned)
		return;
	for (size_t i = 0; i < rules->count; i++)
		migrate_policy(rule, rules->items[i]);
	add_slices(rule, rules);
	migrate_rule_touch(rule, "rules");
}

/* --- its options --- */

/* "docker.io/library/traefik:v2.4": where the tag begins; NULL for anything but Traefik 2. */
static const char *old_tag(const struct tree_yaml_node *image)
{
	if (!image || image->kind != TREE_YAML_SCALAR)
		return NULL;
	const char *slash = strrchr(image->text, '/');
	const char *name = slash ? slash + 1 : image->text;
	const char *tag = strncmp(name, "traefik:", strlen("traefik:")) != 0
				  ? NULL
				  : name + strlen("traefik:");

	return tag && (!strncmp(tag, "v2", 2) || *tag == '2') ? tag : NULL;
}

static void migrate_image(const struct migrate_rule *rule, const struct tree_yaml_node *image,
			  const char *path)
{
	const char *tag = old_tag(image);

	if (!tag)
		return;
	size_t at = migrate_rule_offset(rule, image);
	if (!migrate_rule_is_literal(rule, at, at + image->length) || strchr(tag, '@')) {
		migrate_rule_note(rule, image,
				  "%s does not know traefik.io: set it to traefik:" NEW_IMAGE
				  " before you apply this",
				  image->text);
		return;
	}
	cleanup_free char *now =
		mem_printf("%.*s" NEW_IMAGE, (int)(tag - image->text), image->text);
	migrate_rule_replace(rule, image, now);
	migrate_rule_touch_at(rule, "%s.image", path);
}

/* Traefik 3 does not start with these, but Pilot's can just go. */
static void migrate_arg(const struct migrate_rule *rule, const struct tree_yaml_node *args,
			size_t item)
{
	static const char *const gone[] = {
		"--providers.marathon", "--providers.rancher", "--metrics.influxdb.",
		"--tracing.jaeger",	"--tracing.zipkin",    "--tracing.datadog",
		"--tracing.instana",	"--tracing.haystack",  "--tracing.elastic"};
	const struct tree_yaml_node *arg = args->items[item];

	if (arg->kind != TREE_YAML_SCALAR)
		return;
	if (!strncasecmp(arg->text, "--pilot", strlen("--pilot")) ||
	    !strncasecmp(arg->text, "--experimental.http3", strlen("--experimental.http3"))) {
		migrate_rule_drop_item(rule, args, item);
		return;
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		if (!strncasecmp(arg->text, gone[i], strlen(gone[i])))
			migrate_rule_refuse(rule, arg, "see Traefik's guide from v2 to v3",
					    "Traefik 3 does not start with %s", gone[i]);
}

static bool is_traefik(const struct tree_yaml_node *image)
{
	if (!image || image->kind != TREE_YAML_SCALAR)
		return false;
	const char *slash = strrchr(image->text, '/');
	const char *name = slash ? slash + 1 : image->text;

	return !strncmp(name, "traefik", strlen("traefik")) &&
	       strchr(":@", name[strlen("traefik")]) != NULL;
}

static void migrate_container(const struct migrate_rule *rule,
			      const struct tree_yaml_node *container, const char *path)
{
	static const char *const lists_of_args[] = {"args", "command"};
	const struct tree_yaml_node *image = migrate_rule_at(container, "image");

	if (!is_traefik(image))
		return;
	migrate_image(rule, image, path);
	for (int l = 0; l < 2; l++) {
		const struct tree_yaml_node *args = migrate_rule_at(container, lists_of_args[l]);
		for (size_t i = 0; i < migrate_rule_items(args); i++)
			migrate_arg(rule, args, i);
		migrate_rule_touch_at(rule, "%s.%s", path, lists_of_args[l]);
	}
	rule->change->of_traefik |= old_tag(image) != NULL;
}

static void migrate_pods(const struct migrate_rule *rule)
{
	static const char path[] = "spec.template.spec.containers";
	const struct tree_yaml_node *containers = migrate_rule_at(rule->object, path);

	for (size_t i = 0; i < migrate_rule_items(containers); i++) {
		cleanup_free char *at = mem_printf("%s[%zu]", path, i);
		migrate_container(rule, containers->items[i], at);
	}
}

void migrate_traefik_itself(const struct migrate_rule *rule, const char *kind)
{
	const struct tree_yaml_node *group = migrate_rule_at(rule->object, "spec.group");

	if (!strcmp(kind, "ClusterRole") || !strcmp(kind, "Role"))
		migrate_role(rule);
	else if (!strcmp(kind, "Deployment") || !strcmp(kind, "DaemonSet"))
		migrate_pods(rule);
	else if (!strcmp(kind, "CustomResourceDefinition") &&
		 migrate_rule_says(group, MANIFEST_OLD_TRAEFIK))
		migrate_rule_refuse(rule, rule->object, CRDS, "this CRD is of Traefik 2");
}
