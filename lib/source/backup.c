#include "source/backup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/path.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_command(const json_t *argv)
{
	json_t *word;
	size_t i;

	json_array_foreach (argv, i, word)
		if (!json_is_string(word))
			return false;
	return json_array_size(argv) > 0;
}

static void check_command(struct source_form *form, const char *at, const json_t *argv)
{
	if (!is_command(argv))
		source_form_fail(form, at, "write [cmd, arg, arg]; a shell is [sh, -c, \"...\"]",
				 "%s must be a command: a list of texts", at);
}

/* Reading it says what is wrong with it. */
static void check_timeout(struct source_form *form, const char *at)
{
	cleanup_free char *timeout = mem_printf("%s.timeout", at);

	(void)source_form_duration(form, timeout, 0);
}

/* [cmd, arg] or {command: [cmd, arg], timeout: 30s}. */
static void check_hook(struct source_form *form, const char *at, const json_t *hook)
{
	static const char *const known[] = {"command", "timeout"};

	if (!json_is_object(hook)) {
		check_command(form, at, hook);
		return;
	}
	cleanup_free char *command = mem_printf("%s.command", at);
	source_form_keys(form, at, known, COUNT(known));
	check_command(form, command, json_object_get(hook, "command"));
	check_timeout(form, at);
}

static void check_exec(struct source_form *form, const char *at, const json_t *exec)
{
	static const char *const known[] = {"selector", "pod", "namespace", "container", "command"};
	cleanup_free char *command = mem_printf("%s.command", at);
	const json_t *selector = json_object_get(exec, "selector");

	source_form_keys(form, at, known, COUNT(known));
	if (!json_is_string(json_object_get(exec, "pod")) && !json_is_string(selector) &&
	    !json_object_size(selector))
		source_form_fail(form, at, "write selector: {app: NAME}, the labels of the pod",
				 "%s needs a pod or a selector", at);
	check_command(form, command, json_object_get(exec, "command"));
}

static void check_dump(struct source_form *form, const char *at, const json_t *dump)
{
	static const char *const known[] = {"name", "command", "exec", "timeout"};
	const char *name = tree_path_string(dump, "name");
	const json_t *exec = json_object_get(dump, "exec");
	cleanup_free char *command = mem_printf("%s.command", at);
	cleanup_free char *in_pod = mem_printf("%s.exec", at);

	source_form_keys(form, at, known, COUNT(known));
	if (!name || !*name || *name == '.' || strchr(name, '/'))
		source_form_fail(form, at, "write name: blog.sql",
				 "%s needs a name without slashes", at);
	if (exec)
		check_exec(form, in_pod, exec);
	else
		check_command(form, command, json_object_get(dump, "command"));
	check_timeout(form, at);
}

static void each(struct source_form *form, const char *key,
		 void (*check)(struct source_form *form, const char *at, const json_t *item))
{
	cleanup_free char *place = mem_printf("backup.%s", key);
	const json_t *list = tree_path_get(form->tree, place);
	json_t *item;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		source_form_fail(form, place, NULL, "%s must be a list", place);
	json_array_foreach (list, i, item) {
		cleanup_free char *at = mem_printf("%s[%zu]", place, i);
		check(form, at, item);
	}
}

void source_backup_check(struct source_form *form)
{
	(void)source_form_flag(form, "backup.cold", false);
	each(form, "before", check_hook);
	each(form, "after", check_hook);
	each(form, "onFailure", check_hook);
	each(form, "dumps", check_dump);
}
