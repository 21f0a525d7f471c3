/* host/address: the interfaces and addresses of the machine, for facts.c. */
#pragma once

#include <jansson.h>

/* interfaces, all_ipv4_addresses, all_ipv6_addresses, default_ipv4, default_ipv6, and each
 * interface by its name. */
void host_address_add(json_t *facts);
