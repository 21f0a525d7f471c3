/* source/backup: `backup:` of app.yaml, as far as its form goes; lib/backup reads the values. */
#pragma once

#include "source/form.h"

/* Findings for what nothing can be done with: hooks that are no commands, dumps without a name. */
void source_backup_check(struct source_form *form);
