/*
 * host: the only door to what needs the host itself. In the daemon for now; a later helper unit
 * serves the same requests.
 */
#pragma once

#include "base/err.h"
#include "manifest/set.h"

/* Creates what is missing of app.yaml's directories, with mode and owner; what is there is never
 * changed. Returns how many were made; ERR_* names the path. Nothing in or below
 * /proc, /sys, /dev is touched, and paths must be absolute and without "..". */
int host_directories_make(const struct manifest_directory *directories, size_t count,
			  struct err *err);
