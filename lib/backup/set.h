/*
 * backup/set: what one run of `desired backup` left in the store.
 *
 *	NODE/UNIT/ID.tgz, NODE/UNIT/ID.idx.gz     the archive of a unit, and its index
 *	NODE/_sets/ID.json                        the set: its marker, written last
 *
 * A set exists when its marker exists. A unit that did not change since an earlier set names the
 * objects of that set; nothing of it is sent again.
 *
 * ID is the UTC time of the start and eight hex digits, "20261123T020004Z-1a2b3c4d": five that say
 * how far the second had gone, three by chance. Ids sort as times do.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/list.h"

#define BACKUP_SYSTEM "_system" /* /etc/desired, the state directory, k3s' datastore and token */
#define BACKUP_CLAIMS "_claims" /* claims that no app names */

enum backup_state {
	BACKUP_OK,
	BACKUP_WARNING, /* files changed or vanished while they were read; see notes */
	BACKUP_FAILED,	/* nothing of this unit is in the set */
};

/* An object in the store. */
struct backup_object {
	char *key;
	uint64_t size;
};

struct backup_unit {
	char *name; /* an app or instance: "ghost@tfe-fr"; or one of the names above */
	enum backup_state state;
	struct list paths;     /* that are in it, as on the node: "/home/kube/blog/content" */
	struct list claims;    /* "NAMESPACE/NAME", archived below _claims/NAMESPACE/NAME */
	json_t *claim_volumes; /* {"NAMESPACE/NAME": what backup/live.h says of it, with its path};
				* NULL
				*/
	struct backup_object *volumes; /* of the archive, in order; lib/backup/archive.h */
	size_t volume_count;
	struct backup_object index;
	char *sha256; /* of the archive as it is stored, all volumes together */
	char *index_sha256;
	struct list recipients; /* "age1...", who may read it; none: it is not encrypted */
	uint64_t files, bytes;	/* of content */
	char *fingerprint;	/* of names, sizes and times; two equal ones: nothing changed */
	char *same_as;		/* the set whose objects these are; NULL: sent by this one */
	int revision;		/* of the app, in force when it was taken; 0: none */
	struct list notes;	/* sentences */
	char *error;		/* why it failed; NULL */
};

struct backup_set {
	char *id, *node, *version; /* of desired */
	char *cluster;		   /* its UID; NULL: not known */
	time_t began, ended;
	struct backup_unit *units; /* by name */
	size_t count;
	struct list unprotected; /* "/srv/photos (pod default/immich-0)" */
	struct list notes;	 /* about the run: sentences */
};

void backup_unit_done(struct backup_unit *unit);
void backup_set_free(struct backup_set *set);

/* A new id for a run that begins now. Caller frees. */
char *backup_set_id(const struct timespec *now);
/* The time in an id; 0 when it is none. */
time_t backup_set_time(const char *id);

/* A zeroed unit more, with its name. Pointers to units are stale after that. */
struct backup_unit *backup_set_add(struct backup_set *set, const char *name);
struct backup_object *backup_unit_add_volume(struct backup_unit *unit); /* a zeroed one more */
/* Bytes in the store. */
uint64_t backup_unit_stored(const struct backup_unit *unit);
const struct backup_unit *backup_set_find(const struct backup_set *set, const char *unit);

/* The claim that this path of the unit is, "NAMESPACE/NAME"; NULL. Borrowed. */
const char *backup_unit_claim_at(const struct backup_unit *unit, const char *path);

/* The worst of its units. FAILED: it is kept and can be restored from, but is not a good set. */
enum backup_state backup_set_state(const struct backup_set *set);
const char *backup_state_name(enum backup_state state); /* "ok", "warning", "failed"; static */

json_t *backup_set_to_json(const struct backup_set *set);
/* ERR_INVALID when it is no set, or one of a later version. */
int backup_set_from_json(const json_t *tree, struct backup_set **ret, struct err *err);

/* "kube1/_sets/ID.json". Caller frees. */
char *backup_set_key(const char *node, const char *id);
