/*
 * host/port: who listens on this machine, from /proc; and whether this machine is a node.
 *
 * As root every listener has its process; as anybody else only one's own have.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct host_listener {
	int port;
	const char *protocol; /* "TCP" or "UDP"; static */
	char ip[64];	      /* "" for all */
	long pid;	      /* 0: not known */
	char *process;	      /* "nginx"; NULL: not known */
	char *pod;	      /* UID of the pod that the process belongs to; NULL: none */
};

/* Everything that listens in the host's network, each process of a socket once. `proc` is "/proc"
 * but in tests. Release with host_listeners_free(). */
int host_listeners(const char *proc, struct host_listener **ret, size_t *ret_count,
		   struct err *err);
void host_listeners_free(struct host_listener *listeners, size_t count);

/* Whether a node that says this of itself is this machine: by machine id (of `etc`/machine-id),
 * host name, or an address that an interface has. NULL is unlike anything. */
bool host_is_machine(const char *etc, const char *machine_id);
bool host_is_named(const char *name);
bool host_has_address(const char *address);
