/*
 * kube/exec: runs a command in a container and takes what it prints, as `kubectl exec` does: over a
 * websocket with the channels of v5.channel.k8s.io or v4.channel.k8s.io
 * (k8s.io/apimachinery/pkg/util/remotecommand). Its stdin is closed.
 */
#pragma once

#include "base/deadline.h"
#include "base/list.h"
#include "kube/client.h"

struct kube_exec {
	const char *ns, *pod;
	const char *container; /* NULL: the pod's only or default one */
	struct list command;   /* not through a shell */
	/* What it prints to stdout, piece by piece; negative ends it. */
	int (*out)(void *context, const void *bytes, size_t length, struct err *err);
	void *context;
};

struct kube_exec_result {
	int status;   /* its exit code */
	char *errors; /* the end of what it wrote to stderr, at most 4 KiB */
};

/* 0 only when the server said how the command ended. Everything else is an error: no such pod or
 * container (ERR_NOT_FOUND), not allowed (ERR_DENIED, with the rights to give), a connection that
 * ended without a status (ERR_UNREACHABLE), a command that takes too long (ERR_TIMEOUT: the
 * connection is closed, which ends most). */
int kube_exec(struct kube_client *client, const struct kube_exec *exec,
	      const struct deadline *deadline, struct kube_exec_result *ret, struct err *err);
void kube_exec_result_done(struct kube_exec_result *result);
