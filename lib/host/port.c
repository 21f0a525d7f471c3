#include "host/port.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

#define TABLE_MAX ((size_t)32 << 20)
#define TEXT_MAX  ((size_t)64 << 10)

struct scan {
	const char *proc;
	struct host_listener *items;
	size_t n, cap;
	struct map sockets; /* inode -> index + 1 of its listener */
};

/* Files of /proc have no size, and may be longer at the next read. */
static char *slurp(const char *path)
{
	FILE *file = fopen(path, "re");
	struct buf text = BUF_INIT;
	char piece[4096];
	size_t n;

	if (!file)
		return NULL;
	while (text.len < TABLE_MAX && (n = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_add(&text, piece, n);
	(void)fclose(file);
	return buf_steal(&text);
}

/* --- sockets: proc(5), /proc/net/tcp --- */

/* Words of the kernel's byte order. */
static bool parse_address(const char *hex, char *ret, size_t size)
{
	unsigned int words[4] = {0};
	size_t length = strcspn(hex, ":"), count = length / 8;

	if ((length != 8 && length != 32) || hex[length] != ':')
		return false;
	for (size_t i = 0; i < count; i++)
		if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	*ret = '\0';
	if (words[0] || words[1] || words[2] || words[3])
		(void)inet_ntop(count == 1 ? AF_INET : AF_INET6, words, ret, (socklen_t)size);
	return true;
}

/* "::ffff:10.0.0.1" is 10.0.0.1, and "::ffff:0.0.0.0" all. */
static void unmap(char *ip)
{
	static const char prefix[] = "::ffff:";
	size_t n = strlen(prefix);

	if (strncmp(ip, prefix, n) != 0)
		return;
	memmove(ip, ip + n, strlen(ip + n) + 1);
	if (!strcmp(ip, "0.0.0.0"))
		*ip = '\0';
}

static void take_line(struct scan *scan, const char *line, const char *protocol)
{
	const bool tcp = !strcmp(protocol, "TCP");
	struct host_listener add = {.protocol = protocol};
	char local[80], remote[80], inode[32];
	unsigned int state, port;

	if (sscanf(line, " %*[^:]: %79s %79s %x %*s %*s %*s %*s %*s %31s", local, remote, &state,
		   inode) != 4)
		return;
	/* TCP_LISTEN; a UDP socket without a peer */
	if (state != (tcp ? 0x0A : 0x07) || !parse_address(local, add.ip, sizeof(add.ip)) ||
	    sscanf(strrchr(local, ':'), ":%x", &port) != 1 || !port)
		return;
	unmap(add.ip);
	add.port = (int)port;
	mem_grow(scan->items, &scan->cap, scan->n + 1);
	scan->items[scan->n++] = add;
	map_put(&scan->sockets, inode, (void *)scan->n);
}

static int read_table(struct scan *scan, const char *name, const char *protocol, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/net/%s", scan->proc, name);
	cleanup_free char *text = slurp(path);
	char *rest;

	if (!text && errno == ENOENT)
		return 0; /* a kernel without IPv6 */
	if (!text)
		return err_errno(err, errno, "%s", path);
	(void)strtok_r(text, "\n", &rest); /* the heading */
	for (char *line; (line = strtok_r(NULL, "\n", &rest));)
		take_line(scan, line, protocol);
	return 0;
}

/* --- processes --- */

/* ".../pod1b2c-.../..." or ".../kubepods-besteffort-pod1b2c_....slice/...": cgroups of the
 * kubelet, by either of its drivers. */
static char *pod_of(const char *cgroup)
{
	const char *pods = strstr(cgroup, "kubepods");
	const char *pod = pods ? strstr(pods, "pod") : NULL;

	while (pod && !isxdigit((unsigned char)pod[strlen("pod")]))
		pod = strstr(pod + 1, "pod");
	if (!pod)
		return NULL;
	pod += strlen("pod");
	char *uid = mem_strndup(pod, strspn(pod, "0123456789abcdefABCDEF-_"));
	for (char *c = uid; *c; c++)
		if (*c == '_')
			*c = '-';
	return uid;
}

static char *read_text(const struct scan *scan, const char *pid, const char *name)
{
	cleanup_free char *path = mem_printf("%s/%s/%s", scan->proc, pid, name);

	return slurp(path);
}

static void name_process(const struct scan *scan, struct host_listener *listener, const char *pid)
{
	cleanup_free char *cgroup = read_text(scan, pid, "cgroup");
	char *comm = read_text(scan, pid, "comm");

	if (comm)
		comm[strcspn(comm, "\n")] = '\0';
	listener->pid = atol(pid);
	listener->process = comm;
	listener->pod = cgroup ? pod_of(cgroup) : NULL;
}

static void look_at_descriptor(struct scan *scan, const char *folder, const char *name,
			       const char *pid)
{
	cleanup_free char *path = file_join(folder, name);
	char target[64], inode[32];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n <= 0)
		return;
	target[n] = '\0';
	if (sscanf(target, "socket:[%31[0-9]]", inode) != 1)
		return;
	size_t found = (size_t)map_get(&scan->sockets, inode);
	if (found && !scan->items[found - 1].pid)
		name_process(scan, &scan->items[found - 1], pid);
}

static void look_at_process(struct scan *scan, const char *pid)
{
	cleanup_free char *folder = mem_printf("%s/%s/fd", scan->proc, pid);
	DIR *dir = opendir(folder);

	for (struct dirent *item; dir && (item = readdir(dir));)
		if (isdigit((unsigned char)*item->d_name))
			look_at_descriptor(scan, folder, item->d_name, pid);
	if (dir)
		closedir(dir);
}

static void look_at_processes(struct scan *scan)
{
	DIR *dir = opendir(scan->proc);

	for (struct dirent *item; dir && (item = readdir(dir));)
		if (isdigit((unsigned char)*item->d_name))
			look_at_process(scan, item->d_name);
	if (dir)
		closedir(dir);
}

int host_listeners(const char *proc, struct host_listener **ret, size_t *ret_count, struct err *err)
{
	static const char *const tables[][2] = {
		{"tcp", "TCP"}, {"tcp6", "TCP"}, {"udp", "UDP"}, {"udp6", "UDP"}};
	struct scan scan = {.proc = proc, .sockets = MAP_INIT(NULL)};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(tables) / sizeof(*tables); i++)
		r = read_table(&scan, tables[i][0], tables[i][1], err);
	if (r >= 0)
		look_at_processes(&scan);
	map_done(&scan.sockets);
	if (r < 0) {
		host_listeners_free(scan.items, scan.n);
		return r;
	}
	*ret = scan.items;
	*ret_count = scan.n;
	return 0;
}

void host_listeners_free(struct host_listener *listeners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(listeners[i].process);
		free(listeners[i].pod);
	}
	free(listeners);
}

/* --- who this machine is --- */

bool host_is_machine(const char *etc, const char *machine_id)
{
	cleanup_free char *path = file_join(etc, "machine-id");
	cleanup_err struct err ignored = ERR_INIT;
	cleanup_free char *own = NULL;

	if (!machine_id || !*machine_id || file_read(path, TEXT_MAX, &own, NULL, &ignored) < 0)
		return false;
	own[strcspn(own, "\n")] = '\0';
	return *own && !strcmp(own, machine_id);
}

bool host_is_named(const char *name)
{
	char own[HOST_NAME_MAX + 1] = "";

	return name && gethostname(own, sizeof(own) - 1) == 0 && !strcmp(own, name);
}

bool host_has_address(const char *address)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (!address || getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next) {
		char text[INET6_ADDRSTRLEN] = "";
		int family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC;
		if (family == AF_INET)
			(void)inet_ntop(family,
					&((const struct sockaddr_in *)(const void *)one->ifa_addr)
						 ->sin_addr,
					text, sizeof(text));
		else if (family == AF_INET6)
			(void)inet_ntop(family,
					&((const struct sockaddr_in6 *)(const void *)one->ifa_addr)
						 ->sin6_addr,
					text, sizeof(text));
		found = *text && !strcmp(text, address);
	}
	freeifaddrs(all);
	return found;
}
