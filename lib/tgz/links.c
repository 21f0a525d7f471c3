#include "tgz/links.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUCKETS 16384

struct link {
	struct link *next;
	dev_t device;
	ino_t inode;
	nlink_t left; /* names that are still to come */
	char path[];
};

struct tgz_links {
	struct link *buckets[BUCKETS];
	char *last; /* what was returned */
};

struct tgz_links *tgz_links_new(void)
{
	return mem_new(struct tgz_links);
}

void tgz_links_free(struct tgz_links *links)
{
	if (!links)
		return;
	for (int i = 0; i < BUCKETS; i++)
		for (struct link *next; links->buckets[i]; links->buckets[i] = next) {
			next = links->buckets[i]->next;
			free(links->buckets[i]);
		}
	free(links->last);
	free(links);
}

static struct link **find(struct tgz_links *links, const struct stat *st)
{
	struct link **at = &links->buckets[(st->st_ino ^ st->st_dev << 7) % BUCKETS];

	while (*at && ((*at)->inode != st->st_ino || (*at)->device != st->st_dev))
		at = &(*at)->next;
	return at;
}

static void remember(struct link **at, const struct stat *st, const char *path)
{
	size_t length = strlen(path) + 1;
	struct link *link = mem_alloc(sizeof(*link) + length);

	*link = (struct link){.device = st->st_dev, .inode = st->st_ino, .left = st->st_nlink - 1};
	memcpy(link->path, path, length);
	*at = link;
}

const char *tgz_links_see(struct tgz_links *links, const struct stat *st, const char *path)
{
	struct link **at, *link;

	if (st->st_nlink < 2)
		return NULL;
	at = find(links, st);
	link = *at;
	if (!link) {
		remember(at, st, path);
		return NULL;
	}
	free(links->last);
	links->last = mem_strdup(link->path);
	if (--link->left == 0) {
		*at = link->next;
		free(link);
	}
	return links->last;
}
