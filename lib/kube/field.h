/*
 * kube/field: field paths of API server messages in the form of tree/path.h.
 *
 * The server writes .spec.containers[name="a"].imag, spec.ports[0].port, metadata.labels[a.b/c] or
 * metadata.annotations.a.b/c; with the body at hand each becomes one path that tree/path.h and
 * tree/yaml.h can follow.
 */
#pragma once

#include <jansson.h>

/* Caller frees. What the body does not have is kept as the server wrote it. body may be NULL. */
char *kube_field_path(const char *written, const json_t *body);

/* The first field that a message complains of: `unknown field "spec.a"`, ".spec.a: field not
 * declared in schema", ".spec.a: expected string, got ...". NULL when it names none. Caller
 * frees; not yet a path of tree/path.h. */
char *kube_field_of_message(const char *message);
