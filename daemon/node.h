/* node: what `check` may know of the node, when it runs on it. */
#pragma once

#include "manifest/set.h"
#include "options.h"
#include "source/settings.h"

/* Adds what the set claims and this machine cannot give. Nothing, unless this machine runs k3s or
 * the kubeconfig's API server. */
void node_check(const struct options *options, const struct source_settings *settings,
		const struct manifest_set *set, struct diag_list *findings);
