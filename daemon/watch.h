/*
 * watch: inotify on the folders of the files.
 *
 * libuv is not recursive on Linux: one watch a folder, armed anew after each scan, symlink targets
 * included. Events settle for 300 ms and are then only a hint: whether anything changed is decided
 * by the fingerprint. A watch that breaks or overflows means to look again, never that files are
 * gone.
 */
#pragma once

#include <stddef.h>

#include "base/list.h"
#include "loop.h"

struct watch;

/* `settled` is called on the loop's thread when something happened and 300 ms were quiet. */
struct watch *watch_new(struct loop *loop, void (*settled)(void *context), void *context);

/* Watches exactly these folders from now on. */
void watch_folders(struct watch *watch, const struct list *folders);

/* Behaves as if something had happened. */
void watch_look(struct watch *watch);

/* How many names changed since watch_reset(); hidden and backup names do not count. */
size_t watch_changed(const struct watch *watch);
void watch_reset(struct watch *watch);

void watch_free(struct watch *watch);
