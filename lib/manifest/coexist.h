/*
 * manifest/coexist: what the pods of a workload hold on the node that two of them cannot share
 * (design.md promise 2): host ports, and directories or ReadWriteOnce claims they write.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct manifest_port {
	int port;
	char protocol[8];
	char host_ip[64]; /* "" for all */
};

struct manifest_holdings {
	struct manifest_port *ports;
	size_t port_count;
	char **writers; /* "/home/kube/ghost/content" or "claim default/data"; not read-only mounts
			 */
	size_t writer_count;
};

/* Of a workload (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Pod); all else
 * holds nothing. hostNetwork makes every containerPort a host port. A claim counts when
 * `shared_claims` does not list it (names of claims that are ReadWriteMany; may be NULL). */
void manifest_holdings(const json_t *body, const json_t *shared_claims,
		       struct manifest_holdings *ret);
void manifest_holdings_done(struct manifest_holdings *holdings);

/* Whether many pods may write a PersistentVolumeClaim (ReadWriteMany). */
bool manifest_claim_is_shared(const json_t *claim);

/* The same port of the same protocol on an overlapping address. */
bool manifest_ports_clash(const struct manifest_port *a, const struct manifest_port *b);
/* The same writer, or one path within the other. */
bool manifest_writers_clash(const char *a, const char *b);

enum manifest_coexist {
	MANIFEST_COEXIST, /* old and new pods can run side by side, or are never asked to */
	MANIFEST_CLASH_PORTS,
	MANIFEST_CLASH_WRITERS,
};

/* Whether a rolling update of this workload must deadlock or run two writers: a Deployment
 * without Recreate or with maxSurge above 0, a DaemonSet with maxSurge. why ("host ports 80 443",
 * "two pods would write /home/kube/ghost/content") is the caller's to free; NULL when it coexists.
 *
 * Says nothing about whether the pod template changes: the caller knows. old_body NULL asks about
 * the new one against itself, as lint does. A Deployment with maxSurge 0 still overlaps writers,
 * because it does not wait until the old pod is gone; one with several replicas shares its paths on
 * purpose. When both clash, it is the ports: the scheduler starts no pod before they are free, so
 * the writers cannot meet either. */
enum manifest_coexist manifest_coexists(const json_t *old_body, const json_t *new_body,
					const json_t *shared_claims, char **ret_why);
