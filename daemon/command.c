#include "command.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/name.h"
#include "masking.h"
#include "terminal.h"
#include "verbs.h"

const struct option_spec command_no_options[] = {{NULL, NULL, NULL}};

static const struct command *const commands[] = {
	&verb_check,   &verb_plan,     &verb_apply,	&verb_reload,	     &verb_status,
	&verb_render,  &verb_vars,     &verb_suspend,	&verb_resume,	     &verb_approve,
	&verb_history, &verb_rollback, &verb_undo,	&verb_purge,	     &verb_adopt,
	&verb_backup,  &verb_restore,  &verb_bootstrap, &verb_recovery_card, &verb_upgrade,
	&verb_run,     &verb_version,  &verb_help,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown_verb(const char *name, struct err *err)
{
	const char *names[COMMAND_COUNT];

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i]->name;
	const char *nearest = name_nearest(name, names, COMMAND_COUNT);
	(void)err_set(err, ERR_INVALID, "unknown verb '%s'", name);
	if (nearest)
		return err_hint(err, "did you mean 'desired %s'?", nearest);
	return err_hint(err, "'desired help' lists the verbs");
}

static const struct option_spec *options_of(const char *name, struct err *err)
{
	const struct command *command = find(name);

	if (command)
		return command->options;
	(void)unknown_verb(name, err);
	return NULL;
}

static void print_options(const struct option_spec *specs, struct buf *out)
{
	for (; specs->name; specs++) {
		cleanup_free char *left =
			mem_printf("--%s%s%s", specs->name, specs->argument ? " " : "",
				   specs->argument ? specs->argument : "");
		buf_printf(out, "  %-22s %s\n", left, specs->help);
	}
}

static void print_help(struct buf *out)
{
	buf_addstr(out, "desired keeps one Kubernetes node in the state that the files under\n"
			"/etc/desired describe.\n\n"
			"Usage: desired VERB [OPTION...] [ARGUMENT...]\n\n"
			"Verbs:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		buf_printf(out, "  %-17s %s\n", commands[i]->name, commands[i]->summary);
	buf_addstr(out, "\nOptions of every verb, before or after it:\n");
	print_options(options_global(), out);
	buf_addstr(
		out,
		"\nExit codes: 0 fine, 1 something failed, 2 plan: changes are pending,\n"
		"3 done with warnings, 4 busy, 64 wrong usage.\n\n"
		"Begin with: desired check, desired plan, desired apply.\n"
		"'desired VERB --help' tells more about a verb; so does the manual, desired(8).\n");
}

static void print_verb_help(const struct command *command, struct buf *out)
{
	buf_printf(out, "Usage: desired %s%s%s%s\n\n%s.\n", command->name,
		   command->options->name ? " [OPTION...]" : "", *command->arguments ? " " : "",
		   command->arguments, command->summary);
	if (*command->text)
		buf_printf(out, "\n%s\n", command->text);
	if (command->options->name) {
		buf_addstr(out, "\nOptions:\n");
		print_options(command->options, out);
	}
	buf_addstr(out, "\nThe options of every verb are in 'desired help'.\n");
}

static enum command_exit show_help(const struct command *command)
{
	cleanup_buf struct buf out = BUF_INIT;

	if (command)
		print_verb_help(command, &out);
	else
		print_help(&out);
	terminal_print(buf_str(&out));
	return COMMAND_FINE;
}

static enum command_exit help(const struct options *options)
{
	cleanup_err struct err err = ERR_INIT;

	if (!options->arguments.n)
		return show_help(NULL);
	const struct command *command = find(options->arguments.items[0]);
	if (command)
		return show_help(command);
	(void)unknown_verb(options->arguments.items[0], &err);
	terminal_error(&err);
	return COMMAND_USAGE;
}

const struct command verb_help = {
	.name = "help",
	.run = help,
	.arguments = "[VERB]",
	.summary = "List the verbs, or tell about one",
	.text = "",
	.options = command_no_options,
	.max = 1,
};

static enum command_exit wrong_usage(const struct command *command, struct err *err)
{
	terminal_error(err);
	if (command)
		fprintf(stderr, "Usage: desired %s%s%s%s\n", command->name,
			command->options->name ? " [OPTION...]" : "",
			*command->arguments ? " " : "", command->arguments);
	else
		fputs("'desired help' lists the verbs\n", stderr);
	return COMMAND_USAGE;
}

static int check_arguments(const struct command *command, const struct options *options,
			   struct err *err)
{
	if (options->arguments.n < command->min)
		return err_set(err, ERR_INVALID, "%s needs %s", command->name, command->arguments);
	if (options->arguments.n > command->max)
		return err_set(err, ERR_INVALID, "%s: '%s' is one argument too many", command->name,
			       options->arguments.items[command->max]);
	return 0;
}

static enum command_exit run(int argc, char **argv, struct masking *masking)
{
	cleanup_options struct options options;
	cleanup_err struct err err = ERR_INIT;
	int r = options_parse(argc, argv, options_of, &options, &err);

	options.masking = masking;
	const struct command *command = options.verb ? find(options.verb) : NULL;
	if (r < 0)
		return wrong_usage(command, &err);
	if (options.help)
		return show_help(command);
	if (options.version)
		return verb_version.run(&options);
	if (!command) {
		(void)show_help(NULL);
		return COMMAND_USAGE;
	}
	if (check_arguments(command, &options, &err) < 0)
		return wrong_usage(command, &err);
	return command->run(&options);
}

enum command_exit command_main(int argc, char **argv)
{
	struct masking *masking = masking_new();
	enum command_exit code = run(argc, argv, masking);

	masking_free(masking);
	return code;
}
