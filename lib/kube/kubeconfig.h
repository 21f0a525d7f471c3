/*
 * kube/kubeconfig: the file that says where the API server is and who we are.
 *
 * Read once into plain texts: certificates and tokens that stand in other files are read too, so
 * that nothing later depends on the disk. kube_kubeconfig_changed() tells whether any file that
 * took part has been replaced since (k3s writes its kubeconfig anew when it starts).
 *
 * Plugins (exec, auth-provider) are refused by name: a kubeconfig must not run code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "base/map.h"

#define KUBE_KUBECONFIG_K3S "/etc/rancher/k3s/k3s.yaml"

/* One API server: a cluster of the kubeconfig. */
struct kube_endpoint {
	char *server;	   /* "https://127.0.0.1:6443", without a slash at its end */
	char *ca;	   /* PEM; NULL: the system's */
	char *server_name; /* tls-server-name; or NULL */
	bool insecure;
};

struct kube_kubeconfig {
	/* The cluster of the current context first, then those of all contexts with its user. */
	struct kube_endpoint *endpoints;
	size_t count;
	char *certificate, *key; /* PEM; both or none */
	char *token;
	char *user, *password;
	char *path;
	struct map stamps; /* path -> what stat said when it was read */
};

/* ERR_NOT_FOUND with a hint when there is no such file; ERR_INVALID names what is wrong in it. */
int kube_kubeconfig_read(const char *path, struct kube_kubeconfig *ret, struct err *err);

/* True when a file that was read has another inode, size or time now. */
bool kube_kubeconfig_changed(const struct kube_kubeconfig *config);

void kube_kubeconfig_done(struct kube_kubeconfig *config);
