/* source/build: the instances of one app, from its files to unlinked objects in the set. */
#pragma once

#include "source/pass.h"

void source_build_app(struct source_pass *pass, const struct source_app *app);
