/* source/claim: every object belongs to one app. */
#pragma once

#include "source/pass.h"

/* Identical objects of several instances of one app stay with the first; the same object in two
 * apps, twice in one, or different in two instances is an error of all that claim it. */
void source_claim_objects(struct source_pass *pass);
