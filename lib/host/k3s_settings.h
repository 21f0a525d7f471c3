/* host/k3s_settings: how k3s was told to run on this machine, for whoever has to install it anew.
 */
#pragma once

#include "base/list.h"

#define HOST_K3S_CONFIG "/etc/rancher/k3s/config.yaml"
#define HOST_K3S_UNIT	"/etc/systemd/system/k3s.service"

/* A line for each setting of its configuration file ("disable: [\"traefik\"]"), then the arguments
 * of its unit as one. Tokens and the like are shown as "***"; what is not there gives nothing. */
void host_k3s_settings(const char *config, const char *unit, struct list *ret);
