/*
 * source/link: what can be told of objects only beside all others.
 *
 * Scope and namespace (a CRD may stand in another app), the pods that a changed ConfigMap rolls,
 * label, annotation, key and hash; then one object in two apps, identical objects of several
 * instances, and lint. Broken apps end without objects.
 */
#pragma once

#include "source/pass.h"

void source_link(struct source_pass *pass);
