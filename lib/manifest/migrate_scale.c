/* HorizontalPodAutoscaler in autoscaling/v2: each metric has a name in metric: and a goal in
 * target:. */
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"

/* "key: value" becomes "outer: {first, now: value}", on one line or below one another as the
 * mapping is. */
static void wrap(const struct migrate_rule *rule, const struct tree_yaml_node *mapping, size_t pair,
		 const char *outer, const char *first, const char *now)
{
	const struct tree_yaml_node *key = mapping->items[2 * pair];
	const struct tree_yaml_node *value = mapping->items[2 * pair + 1];
	bool flow = migrate_rule_is_flow(rule, mapping);
	int indent = key->column + 1;
	cleanup_free char *block =
		*first ? mem_printf("%s:\n%*s%s\n%*s%s", outer, indent, "", first, indent, "", now)
		       : mem_printf("%s:\n%*s%s", outer, indent, "", now);
	cleanup_free char *line = mem_printf("%s: {%s%s%s", outer, first, *first ? ", " : "", now);

	if (value->kind != TREE_YAML_SCALAR) {
		migrate_rule_refuse(rule, key, NULL, "%s is no text and no number", key->text);
		return;
	}
	migrate_rule_replace(rule, key, flow ? line : block);
	if (flow)
		migrate_rule_append(rule, value, "}");
}

static void set_target(const struct migrate_rule *rule, const struct tree_yaml_node *metric)
{
	static const char *const fields[][3] = {
		{"targetAverageUtilization", "type: Utilization", "averageUtilization"},
		{"targetAverageValue", "type: AverageValue", "averageValue"},
		{"targetValue", "type: Value", "value"},
	};
	size_t pair;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (migrate_rule_pair(metric, fields[i][0], &pair))
			wrap(rule, metric, pair, "target", fields[i][1], fields[i][2]);
}

static void name_metric(const struct migrate_rule *rule, const struct tree_yaml_node *metric)
{
	size_t pair;

	if (migrate_rule_pair(metric, "metricName", &pair))
		wrap(rule, metric, pair, "metric", "", "name");
	for (int i = 0; i < 2; i++)
		if (migrate_rule_pair(metric, i ? "metricSelector" : "selector", &pair))
			migrate_rule_refuse(rule, metric->items[2 * pair],
					    "write metric: {name: ..., selector: ...}",
					    "a selector moves into metric:");
}

/* What was measured and what it should be were both called target. */
static void describe_object(const struct migrate_rule *rule, const struct tree_yaml_node *metric)
{
	size_t pair;

	if (migrate_rule_pair(metric, "averageValue", &pair))
		migrate_rule_refuse(rule, metric->items[2 * pair],
				    "write target: {type: AverageValue, averageValue: ...}",
				    "averageValue beside targetValue");
	if (migrate_rule_pair(metric, "target", &pair))
		migrate_rule_replace(rule, metric->items[2 * pair], "describedObject");
}

void migrate_autoscaler(const struct migrate_rule *rule)
{
	static const char *const sources[] = {"resource", "containerResource", "pods", "object",
					      "external"};
	const struct tree_yaml_node *metrics = migrate_rule_at(rule->object, "spec.metrics");

	for (size_t i = 0; i < migrate_rule_items(metrics); i++)
		for (size_t j = 0; j < sizeof(sources) / sizeof(*sources); j++) {
			const struct tree_yaml_node *metric =
				migrate_rule_at(metrics->items[i], sources[j]);
			if (!metric || metric->kind != TREE_YAML_MAPPING)
				continue;
			if (!strcmp(sources[j], "object"))
				describe_object(rule, metric);
			name_metric(rule, metric);
			set_target(rule, metric);
			migrate_rule_touch_at(rule, "spec.metrics[%zu].%s", i, sources[j]);
		}
}
