/* kubeconfig: any text as the file that says where the API server is. What is accepted names a
 * server, and a certificate never comes without its key. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "kube/kubeconfig.h"

static void expect_sound(const struct kube_kubeconfig *config)
{
	fuzz_expect(config->count > 0, "no endpoint");
	for (size_t i = 0; i < config->count; i++) {
		const char *server = config->endpoints[i].server;
		size_t length = strlen(server);
		fuzz_expect(!strncasecmp(server, "http", 4), "server %s", server);
		fuzz_expect(server[length - 1] != '/', "server %s", server);
	}
	fuzz_expect(!config->certificate == !config->key, "half a login");
	fuzz_expect(!kube_kubeconfig_changed(config), "it changed");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	struct kube_kubeconfig config;
	char path[64];

	cleanup_fd int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
	fuzz_expect(fd >= 0 && write(fd, bytes, length) == (ssize_t)length, "memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const struct fuzz_source source = {path, (const char *)bytes, length, FUZZ_BREAKS_YAML};
	if (kube_kubeconfig_read(path, &config, &err) < 0) {
		fuzz_expect_told(&source, &err);
		return 0;
	}
	expect_sound(&config);
	kube_kubeconfig_done(&config);
	return 0;
}
