#include "host/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"

/* Networks of pods come and go with them. */
static bool belongs_to_cluster(const char *interface)
{
	static const char *const prefixes[] = {"cni",	 "flannel", "veth",  "cali",
					       "cilium", "lxc",	    "kube-", "nodelocaldns"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(interface, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* The object of an interface; made when it is not there. Borrowed. "eth0.100" is eth0_100, as
 * Ansible writes it. */
static json_t *interface_of(json_t *facts, const char *interface)
{
	cleanup_free char *name = mem_strdup(interface);

	for (char *c = name; *c; c++)
		if (*c == '-' || *c == '.' || *c == ':')
			*c = '_';
	json_t *object = json_object_get(facts, name);
	if (object)
		return object;
	object = json_pack("{s:s}", "device", interface);
	json_object_set_new(facts, name, object);
	return object;
}

static void add_to_list(json_t *facts, const char *name, const char *text)
{
	json_t *list = json_object_get(facts, name);

	json_array_append_new(list, json_string(text));
}

/* --- IPv4 and hardware --- */

static void set_ipv4(json_t *object, const char *key, in_addr_t address)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	json_object_set_new(object, key, json_string(text));
}

static in_addr_t ipv4_of(const struct sockaddr *address)
{
	struct sockaddr_in copy;

	memcpy(&copy, address, sizeof(copy));
	return copy.sin_addr.s_addr;
}

static json_t *ipv4(const struct ifaddrs *entry)
{
	in_addr_t address = ipv4_of(entry->ifa_addr);
	in_addr_t mask = entry->ifa_netmask ? ipv4_of(entry->ifa_netmask) : INADDR_NONE;
	json_t *object = json_object();

	set_ipv4(object, "address", address);
	set_ipv4(object, "netmask", mask);
	set_ipv4(object, "network", address & mask);
	if (entry->ifa_flags & IFF_BROADCAST && entry->ifa_broadaddr)
		set_ipv4(object, "broadcast", ipv4_of(entry->ifa_broadaddr));
	json_object_set_new(object, "prefix",
			    json_sprintf("%d", __builtin_popcount((unsigned int)mask)));
	return object;
}

static void add_ipv4(json_t *facts, const struct ifaddrs *entry)
{
	json_t *interface = interface_of(facts, entry->ifa_name), *object = ipv4(entry);

	if (!(entry->ifa_flags & IFF_LOOPBACK))
		add_to_list(facts, "all_ipv4_addresses",
			    json_string_value(json_object_get(object, "address")));
	if (json_object_get(interface, "ipv4"))
		json_decref(object); /* Ansible lists further ones elsewhere */
	else
		json_object_set_new(interface, "ipv4", object);
}

static void add_hardware(json_t *facts, const struct ifaddrs *entry)
{
	struct sockaddr_ll link;

	memcpy(&link, entry->ifa_addr, sizeof(link));
	json_t *interface = interface_of(facts, entry->ifa_name);
	json_object_set_new(interface, "active", json_boolean(entry->ifa_flags & IFF_UP));
	if (link.sll_halen == 6 && !(entry->ifa_flags & IFF_LOOPBACK))
		json_object_set_new(interface, "macaddress",
				    json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", link.sll_addr[0],
						 link.sll_addr[1], link.sll_addr[2],
						 link.sll_addr[3], link.sll_addr[4],
						 link.sll_addr[5]));
}

static void add_interfaces(json_t *facts, struct list *ret_names)
{
	struct ifaddrs *entries;

	if (getifaddrs(&entries) < 0)
		return;
	for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next) {
		if (belongs_to_cluster(entry->ifa_name) || !entry->ifa_addr)
			continue;
		list_add_new(ret_names, entry->ifa_name);
		if (entry->ifa_addr->sa_family == AF_PACKET)
			add_hardware(facts, entry);
		else if (entry->ifa_addr->sa_family == AF_INET)
			add_ipv4(facts, entry);
	}
	freeifaddrs(entries);
}

/* --- IPv6: the kernel's table, because it tells temporary addresses apart --- */

static void add_ipv6(json_t *facts, const char *digits, unsigned int prefix, unsigned int scope,
		     const char *name)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < 16; i++)
		if (sscanf(digits + 2 * i, "%2hhx", &address.s6_addr[i]) != 1)
			return;
	inet_ntop(AF_INET6, &address, text, sizeof(text));
	json_t *interface = interface_of(facts, name);
	json_t *list = json_object_get(interface, "ipv6");
	if (!list)
		json_object_set_new(interface, "ipv6", list = json_array());
	json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "address", text, "prefix",
					      json_sprintf("%u", prefix), "scope",
					      scope == 0x10   ? "host"
					      : scope == 0x20 ? "link"
							      : "global"));
	if (scope != 0x10)
		add_to_list(facts, "all_ipv6_addresses", text);
}

/* The lines of a file of /proc, whose size the kernel does not tell. */
static void read_lines(const char *path, struct list *ret)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0)
		list_add(ret, line);
	if (file)
		fclose(file);
	free(line);
}

static void add_ipv6_table(json_t *facts)
{
	cleanup_list struct list lines = LIST_INIT;

	read_lines("/proc/net/if_inet6", &lines);
	list_sort(&lines); /* the kernel's order is that of its hash table */
	for (size_t i = 0; i < lines.n; i++) {
		char digits[33], name[17];
		unsigned int index, prefix, scope, flags;
		if (sscanf(lines.items[i], "%32s %x %x %x %x %16s", digits, &index, &prefix, &scope,
			   &flags, name) == 6 &&
		    !(flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE)) &&
		    !belongs_to_cluster(name))
			add_ipv6(facts, digits, prefix, scope, name);
	}
}

/* --- the ones that lead out --- */

/* The address from which another one would be reached; asks the routing table, sends nothing. */
static bool own_address(const struct sockaddr *there, socklen_t size, char *ret, size_t room)
{
	cleanup_fd int fd = socket(there->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage here;
	socklen_t here_size = sizeof(here);

	if (fd < 0 || connect(fd, there, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&here, &here_size) < 0)
		return false;
	const void *address = there->sa_family == AF_INET
				      ? (const void *)&((struct sockaddr_in *)&here)->sin_addr
				      : (const void *)&((struct sockaddr_in6 *)&here)->sin6_addr;
	return inet_ntop(there->sa_family, address, ret, (socklen_t)room);
}

/* What an interface has of an address: its own fields, and those of the interface. */
static void add_default(json_t *facts, const char *name, const json_t *interface,
			const json_t *address)
{
	json_t *object = json_deep_copy(address);
	json_t *mac = json_object_get(interface, "macaddress");

	json_object_set(object, "interface", json_object_get(interface, "device"));
	if (mac)
		json_object_set(object, "macaddress", mac);
	json_object_set_new(facts, name, object);
}

static bool is_address(const json_t *object, const char *text)
{
	const char *address = json_string_value(json_object_get(object, "address"));

	return address && !strcmp(address, text);
}

static void find_default(json_t *facts, const char *name, const char *text)
{
	const char *key;
	json_t *interface, *address;
	size_t i;

	json_object_foreach (facts, key, interface) {
		if (is_address(json_object_get(interface, "ipv4"), text)) {
			add_default(facts, name, interface, json_object_get(interface, "ipv4"));
			return;
		}
		json_array_foreach (json_object_get(interface, "ipv6"), i, address) {
			if (!is_address(address, text))
				continue;
			add_default(facts, name, interface, address);
			return;
		}
	}
}

static void add_gateway(json_t *facts)
{
	cleanup_list struct list lines = LIST_INIT;

	read_lines("/proc/net/route", &lines);
	for (size_t i = 0; i < lines.n; i++) {
		unsigned int destination, gateway;
		if (sscanf(lines.items[i], "%*s %x %x", &destination, &gateway) != 2 || destination)
			continue;
		set_ipv4(json_object_get(facts, "default_ipv4"), "gateway", gateway);
		return;
	}
}

/* Ansible asks for the way to the same addresses. */
static void add_defaults(json_t *facts)
{
	struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct sockaddr_in6 there6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
	char text[INET6_ADDRSTRLEN];

	inet_pton(AF_INET, "8.8.8.8", &there.sin_addr);
	inet_pton(AF_INET6, "2404:6800:400a:800::1012", &there6.sin6_addr);
	json_object_set_new(facts, "default_ipv4", json_object());
	json_object_set_new(facts, "default_ipv6", json_object());
	if (own_address((const struct sockaddr *)&there, sizeof(there), text, sizeof(text)))
		find_default(facts, "default_ipv4", text);
	add_gateway(facts);
	if (own_address((const struct sockaddr *)&there6, sizeof(there6), text, sizeof(text)))
		find_default(facts, "default_ipv6", text);
}

void host_address_add(json_t *facts)
{
	cleanup_list struct list names = LIST_INIT;
	json_t *interfaces = json_array();

	json_object_set_new(facts, "all_ipv4_addresses", json_array());
	json_object_set_new(facts, "all_ipv6_addresses", json_array());
	add_interfaces(facts, &names);
	add_ipv6_table(facts);
	add_defaults(facts);
	list_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(interfaces, json_string(names.items[i]));
	json_object_set_new(facts, "interfaces", interfaces);
}
