/* verbs: every command, defined in the verb_*.c that its name says. */
#pragma once

#include "command.h"

extern const struct command verb_run, verb_reload;
extern const struct command verb_check, verb_render, verb_vars, verb_upgrade;
extern const struct command verb_plan, verb_apply, verb_approve;
extern const struct command verb_status, verb_suspend, verb_resume;
extern const struct command verb_history, verb_rollback, verb_undo, verb_purge, verb_adopt;
extern const struct command verb_backup, verb_restore, verb_bootstrap, verb_recovery_card;
extern const struct command verb_version, verb_help;

/* What a rollback needs of restore: whether a set has an app and can be read, and its data in the
 * place of what is there. */
enum command_exit restore_look(const struct options *options, const char *app, const char *set);
enum command_exit restore_replace(const struct options *options, const char *app, const char *set);
