/* links: which files with several names were seen, so that the second name becomes a hard link. */
#pragma once

#include <sys/stat.h>

struct tgz_links;

struct tgz_links *tgz_links_new(void);
void tgz_links_free(struct tgz_links *links); /* NULL is fine */

/* The path under which this file was seen first, or NULL, and then `path` is remembered until all
 * of its names have come. Borrowed until the next call. */
const char *tgz_links_see(struct tgz_links *links, const struct stat *st, const char *path);
