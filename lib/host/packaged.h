/* host/packaged: whether this machine runs k3s, and which of the parts that k3s brings are on; from
 * its files, so that it works while k3s is down. */
#pragma once

#include <stdbool.h>

struct host_packaged {
	bool there;
	bool traefik, servicelb; /* not disabled */
};

/* `root` is "" but in tests. What cannot be read (without root's rights) counts as k3s has it by
 * default. */
void host_packaged(const char *root, struct host_packaged *ret);
