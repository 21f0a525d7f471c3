/* manifest/image: names of container images. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* Whether two names mean one image: "traefik" is "docker.io/library/traefik:latest". */
bool manifest_image_same(const char *a, const char *b);

/* "Always", "IfNotPresent" or "Never": what the container says, or what Kubernetes makes of its
 * image when it says nothing. Borrowed. */
const char *manifest_image_policy(const json_t *container);
