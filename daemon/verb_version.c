#include <jansson.h>

#include "terminal.h"
#include "verbs.h"

static enum command_exit version(const struct options *options)
{
	if (options->json) {
		json_auto_t *tree =
			json_pack("{s:i, s:s}", "schema", 1, "version", DESIRED_VERSION);
		terminal_print_json(tree);
	} else {
		terminal_print("desired " DESIRED_VERSION "\n");
	}
	return COMMAND_FINE;
}

const struct command verb_version = {
	.name = "version",
	.run = version,
	.arguments = "",
	.summary = "Print the version",
	.text = "",
	.options = command_no_options,
};
