/* use: whether a container on this machine uses a directory, whatever an API server says. */
#pragma once

/* A process in another mount namespace that has the directory, or something in it, mounted:
 * "process 4711 (postgres)". NULL when there is none. Caller frees. */
char *host_use_find(const char *path);
