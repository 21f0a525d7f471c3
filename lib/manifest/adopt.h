/*
 * manifest/adopt: taking over objects that somebody else made.
 *
 * What kubectl or Ansible applied belongs to their managers, and a server-side apply removes only
 * fields that the applying manager owns alone. So their entries of managedFields are merged into
 * one of ours before the first apply, as `kubectl apply --server-side` does with its own old
 * entries (k8s.io/client-go/util/csaupgrade); then what our files do not say goes.
 *
 * What Helm, a k3s Addon, Flux, Argo CD or another ApplySet claims is taken over only when somebody
 * says so (`released`): then their managers count as well, and the marks of their claim go.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* managedFields as they are to be; NULL when no entry has to move. New reference. */
json_t *manifest_adopt_entries(const json_t *live, bool released);

/* The JSON patch that makes an object ours to apply, with its resourceVersion as the precondition;
 * NULL when there is nothing to do. New reference. */
json_t *manifest_adopt_patch(const json_t *live, bool released);

/* `body` (what is there, or what a dry run made of it) without what goes when it is adopted and
 * `wanted` applied. New reference. */
json_t *manifest_adopt_remains(const json_t *body, const json_t *wanted, bool released);

/* What is left to do where it came from, so that it is not taken back or deleted: "Helm release x
 * still lists it ..."; NULL: nothing. Caller frees. */
char *manifest_adopt_note(const json_t *live);
