/*
 * backup/volume: where a restored claim goes, and the PersistentVolume that makes Kubernetes find
 * it there.
 *
 * A claim that is bound to a volume of this node goes into that volume's directory. One that has
 * none gets a fresh directory beside the other claims, and a volume that names it (claimRef)
 * before its claim is applied: the provisioner then makes none.
 */
#pragma once

#include <jansson.h>

#include "base/deadline.h"
#include "kube/client.h"

/* What the volume of a claim is to be; live as in backup/live.h, or NULL where nobody can be asked.
 * `known` is what the set says of it (claim_volumes[claim]). Returns its directory (caller frees);
 * *ret_body gets the volume to make, or NULL. The same set gives the same names each time. */
char *backup_volume_place(const char *claim, const json_t *known, const json_t *live,
			  const char *set_id, json_t **ret_body);

/* Makes it; one of that name that is there is fine. */
int backup_volume_make(struct kube_client *client, const json_t *body,
		       const struct deadline *deadline, struct err *err);
