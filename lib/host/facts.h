/*
 * host/facts: what templates may know of the machine, under the names that Ansible gives it.
 *
 * Only what is cheap to learn and stays the same while nobody changes the machine: no DNS, no free
 * memory, none of the interfaces and addresses that the cluster's network makes for pods, no
 * temporary IPv6 addresses.
 */
#pragma once

#include <jansson.h>

/* nodename, hostname, fqdn, domain, system, kernel, architecture, distribution,
 * distribution_version, distribution_major_version, distribution_release, os_family,
 * processor_vcpus, memtotal_mb, service_mgr, interfaces, all_ipv4_addresses, all_ipv6_addresses,
 * default_ipv4 and default_ipv6 {address, interface, ...}, and each interface by its name. What
 * cannot be told is not there. New reference. */
json_t *host_facts(void);

/* The name of this node in Kubernetes: what k3s' configuration says, else the host's name in small
 * letters. Caller frees. */
char *host_node_name(void);

/* "v1.35.4+k3s1", asked of the program itself; "" when it is not there. Caller frees. */
char *host_k3s_version(const char *program);

/* The usual place of that program. */
#define HOST_K3S "/usr/local/bin/k3s"
