/*
 * pull: members out of an archive, fetched and inflated by several threads, handed out in order.
 *
 * One thread gives members and takes their bytes. Neighbours of an archive are fetched in one read,
 * up to four of them; each thread fetches and inflates, so that both go on at once.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "tgz/press.h"
#include "tgz/tgz.h"

struct tgz_pull;

struct tgz_pull *tgz_pull_new(const struct tgz_source *source, int threads);
void tgz_pull_free(struct tgz_pull *pull); /* NULL is fine */

/* Whether one more can be given before bytes are taken. */
bool tgz_pull_has_room(const struct tgz_pull *pull);
void tgz_pull_give(struct tgz_pull *pull, const struct tgz_member *member);
/* No more neighbours come for now: what was given is begun. */
void tgz_pull_flush(struct tgz_pull *pull);

/* The bytes of the next member, borrowed until the next call. 1: they are there, 0: nothing was
 * given. Errors of the source, or ERR_INVALID with the member's place. */
int tgz_pull_take(struct tgz_pull *pull, struct tgz_member *ret_member, const char **ret_bytes,
		  struct err *err);

/* Bytes read from the source. */
uint64_t tgz_pull_fetched(const struct tgz_pull *pull);
