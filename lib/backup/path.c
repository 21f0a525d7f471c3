#include "backup/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

bool backup_path_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

char *backup_path_clean(const char *path)
{
	struct buf out = BUF_INIT;

	for (; *path; path++)
		if (*path != '/' || (path[1] != '/' && path[1]))
			buf_addch(&out, *path);
	return buf_steal(&out);
}

bool backup_path_is_system(const char *path)
{
	static const char *const folders[] = {
		"/dev",
		"/proc",
		"/sys",
		"/run",
		"/var/run",
		"/usr",
		"/bin",
		"/sbin",
		"/lib",
		"/lib64",
		"/boot",
		"/tmp",
		"/etc",
		"/root",
		"/var/log",
		"/var/tmp",
		"/var/lib/kubelet",
		"/var/lib/rancher",
		"/var/lib/containerd",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (backup_path_within(path, folders[i]))
			return true;
	return !*path || !strcmp(path, "/");
}

char *backup_path_real(const char *path)
{
	cleanup_free char *there = mem_strdup(path);

	for (;;) {
		cleanup_free char *real = realpath(there, NULL);
		const char *rest = path + strlen(there);
		if (real)
			return mem_printf("%s%s", strcmp(real, "/") || !*rest ? real : "", rest);
		char *slash = strrchr(there, '/');
		if (!slash || slash == there)
			return mem_strdup(path);
		*slash = '\0';
	}
}
