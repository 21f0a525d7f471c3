/* desired: keeps one Kubernetes node as the files under /etc/desired describe it. */
#include <malloc.h>
#include <signal.h>

#include "command.h"

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a client that left is an error of write() */
	mallopt(M_ARENA_MAX, 2); /* a heap for each of a few threads would cost more than they do */
	mallopt(M_TRIM_THRESHOLD, 256 << 10);
	return (int)command_main(argc, argv);
}
