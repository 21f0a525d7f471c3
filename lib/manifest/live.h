/*
 * manifest/live: what the API server holds of the objects that matter to us.
 *
 * lib/kube fills it, lib/plan reads it. An object is known by its metadata at least; `full` says
 * that the whole body was fetched. A key that was *looked up* and has no object does not exist;
 * a key that was not looked up is unknown, and nothing is concluded from it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/map.h"

struct manifest_live_object {
	json_t *body; /* metadata (with managedFields) or everything */
	bool full;
	char *owned; /* digest of our own managedFields entry, time included; NULL: none */
};

struct manifest_live {
	struct map objects; /* key -> struct manifest_live_object */
	struct map looked;  /* key -> (void *)1 */
};

void manifest_live_init(struct manifest_live *live);
/* Adds or replaces; takes a new reference to body. NULL body: looked up, not there. */
void manifest_live_put(struct manifest_live *live, const char *key, json_t *body, bool full);
/* Adds what a watch knows: it is there, with our label, as we left it; nothing else is known of it.
 */
void manifest_live_put_settled(struct manifest_live *live, const char *key, const char *uid,
			       const char *owned);
const struct manifest_live_object *manifest_live_get(const struct manifest_live *live,
						     const char *key);
bool manifest_live_looked(const struct manifest_live *live, const char *key);
void manifest_live_done(struct manifest_live *live);

/* Digest of the managedFields entry of our manager (operation Apply, no subresource): its
 * fieldsV1 and time; performance.md section 3. NULL when there is none. Caller frees. */
char *manifest_live_owned(const json_t *body);
/* The managers other than ours that own fields, "kubectl-edit, helm"; NULL: none. Caller frees. */
char *manifest_live_managers(const json_t *body);
/* Who else claims the object: "Helm release x", "k3s Addon y", "Flux kustomization z", "ApplySet
 * id"; NULL: nobody. Caller frees. */
char *manifest_live_owner(const json_t *body);
