#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/name.h"

static const struct option_spec global_options[] = {
	{"dir", "DIR", "the files (/etc/desired)"},
	{"state", "DIR", "what desired remembers (/var/lib/desired)"},
	{"runtime", "DIR", "where the control socket is (/run/desired)"},
	{"config", "FILE", "the settings (DIR/desired.yaml)"},
	{"kubeconfig", "FILE", "how to reach the API server, instead of the setting"},
	{"app", "APP[@INSTANCE]", "only this app, or this instance of it"},
	{"tags", "TAG,...", "only apps that have one of these tags"},
	{"skip-tags", "TAG,...", "no app that has one of these tags"},
	{"output", "text|json", "how to print; JSON carries \"schema\": 1"},
	{"help", NULL, "what a verb does and which options it has"},
	{"version", NULL, "the version of this program"},
	{NULL, NULL, NULL},
};

const struct option_spec *options_global(void)
{
	return global_options;
}

struct parser {
	int argc, next;
	char **argv;
	const struct option_spec *verb_options; /* NULL before the verb */
	struct options *out;
};

static const struct option_spec *find(const struct option_spec *specs, const char *name,
				      size_t length)
{
	for (; specs && specs->name; specs++)
		if (strlen(specs->name) == length && !strncmp(specs->name, name, length))
			return specs;
	return NULL;
}

static size_t collect_names(const struct option_spec *specs, const char **names, size_t room)
{
	size_t count = 0;

	for (; specs && specs->name && count < room; specs++)
		names[count++] = specs->name;
	return count;
}

static int unknown_option(const struct parser *parser, const char *name, size_t length,
			  struct err *err)
{
	const char *names[64];
	cleanup_free char *written = mem_strndup(name, length);
	size_t count = collect_names(global_options, names, 64);

	count += collect_names(parser->verb_options, names + count, 64 - count);
	const char *nearest = name_nearest(written, names, count);
	(void)err_set(err, ERR_INVALID, "unknown option --%s", written);
	if (nearest)
		return err_hint(err, "did you mean --%s?", nearest);
	if (!parser->out->verb)
		return err_hint(err, "a verb's own options come after the verb");
	return err_hint(err, "desired %s --help lists them", parser->out->verb);
}

static int store_output(struct options *out, const char *value, struct err *err)
{
	if (strcmp(value, "text") && strcmp(value, "json"))
		return err_set(err, ERR_INVALID, "--output is text or json, not '%s'", value);
	out->json = value[0] == 'j';
	return 0;
}

static int store_global(struct options *out, const char *name, const char *value, struct err *err)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{"dir", &out->dir},	    {"state", &out->state},
		{"runtime", &out->runtime}, {"kubeconfig", &out->kubeconfig},
		{"app", &out->app},
	};

	if (value && !*value)
		return err_set(err, ERR_INVALID, "--%s needs a value", name);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(texts[i].name, name))
			*texts[i].text = value;
	if (!strcmp(name, "config")) {
		free(out->config);
		out->config = mem_strdup(value);
	}
	if (!strcmp(name, "tags"))
		list_split(&out->tags, value, ",");
	if (!strcmp(name, "skip-tags"))
		list_split(&out->skip_tags, value, ",");
	if (!strcmp(name, "output"))
		return store_output(out, value, err);
	out->help |= !strcmp(name, "help");
	out->version |= !strcmp(name, "version");
	return 0;
}

/* The text after "=", or the next word; NULL for a switch. */
static int take_value(struct parser *parser, const struct option_spec *spec, const char *equals,
		      const char **ret, struct err *err)
{
	if (!spec->argument && equals)
		return err_set(err, ERR_INVALID, "--%s takes no value", spec->name);
	*ret = NULL;
	if (!spec->argument)
		return 0;
	if (equals)
		*ret = equals + 1;
	else if (parser->next < parser->argc)
		*ret = parser->argv[parser->next++];
	else
		return err_set(err, ERR_INVALID, "--%s needs a value: --%s %s", spec->name,
			       spec->name, spec->argument);
	return 0;
}

static int parse_option(struct parser *parser, const char *word, struct err *err)
{
	const char *name = word + 2, *equals = strchr(name, '='), *value = NULL;
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_spec *global = find(global_options, name, length);
	const struct option_spec *spec = find(parser->verb_options, name, length);

	if (!spec && !(spec = global))
		return unknown_option(parser, name, length, err);
	int r = take_value(parser, spec, equals, &value, err);
	if (r < 0)
		return r;
	if (spec == global)
		return store_global(parser->out, spec->name, value, err);
	map_put(&parser->out->values, spec->name, mem_strdup(value ? value : ""));
	return 0;
}

static int parse_word(struct parser *parser, const char *word,
		      const struct option_spec *(*specs_of)(const char *verb, struct err *err),
		      struct err *err)
{
	if (!strcmp(word, "-h"))
		word = "--help";
	if (!strncmp(word, "--", 2))
		return parse_option(parser, word, err);
	if (word[0] == '-' && word[1]) {
		(void)err_set(err, ERR_INVALID, "unknown option %s", word);
		return err_hint(err, "options are written out, as in --output json");
	}
	if (parser->out->verb) {
		list_add(&parser->out->arguments, word);
		return 0;
	}
	parser->out->verb = word;
	parser->verb_options = specs_of(word, err);
	return parser->verb_options ? 0 : -(int)err->code;
}

int options_parse(int argc, char **argv,
		  const struct option_spec *(*specs_of)(const char *verb, struct err *err),
		  struct options *ret, struct err *err)
{
	struct parser parser = {.argc = argc, .next = 1, .argv = argv, .out = ret};

	*ret = (struct options){
		.dir = "/etc/desired",
		.state = "/var/lib/desired",
		.runtime = "/run/desired",
		.values = MAP_INIT(free),
	};
	while (parser.next < argc) {
		const char *word = argv[parser.next++];
		if (!strcmp(word, "--"))
			break;
		int r = parse_word(&parser, word, specs_of, err);
		if (r < 0)
			return r;
	}
	while (parser.next < argc)
		list_add(&ret->arguments, argv[parser.next++]);
	if (!ret->config)
		ret->config = file_join(ret->dir, "desired.yaml");
	return 0;
}

const char *options_value(const struct options *options, const char *name)
{
	return map_get(&options->values, name);
}

bool options_given(const struct options *options, const char *name)
{
	return map_has(&options->values, name);
}

void options_done(struct options *options)
{
	free(options->config);
	list_done(&options->tags);
	list_done(&options->skip_tags);
	list_done(&options->arguments);
	map_done(&options->values);
}
