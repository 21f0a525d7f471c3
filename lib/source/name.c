#include "source/name.h"

#include <fnmatch.h>
#include <string.h>

static bool ends(const char *name, const char *suffix)
{
	size_t length = strlen(name), tail = strlen(suffix);

	return length > tail && !strcmp(name + length - tail, suffix);
}

bool source_name_ignored(const char *name)
{
	static const char *const patterns[] = {".*",	   "*~",     "*.swp",	   "*.bak",
					       "*.dpkg-*", "*.rpm*", "*.disabled", "lost+found"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (!fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

size_t source_name_manifest(const char *name, bool *ret_template)
{
	static const char *const suffixes[] = {".yaml", ".yml", ".json"};
	size_t length = strlen(name);
	bool template = ends(name, ".j2");

	length -= template ? strlen(".j2") : 0;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t tail = strlen(suffixes[i]);
		if (length > tail && !strncmp(name + length - tail, suffixes[i], tail)) {
			*ret_template = template;
			return length - tail;
		}
	}
	return 0;
}

bool source_name_is_yaml(const char *name, const char *stem)
{
	size_t length = strlen(stem);

	return !strncmp(name, stem, length) &&
	       (!strcmp(name + length, ".yaml") || !strcmp(name + length, ".yml"));
}

bool source_name_is_template(const char *name)
{
	return ends(name, ".j2");
}

const char *source_name_foreign(const char *name)
{
	static const struct {
		const char *pattern, *what;
	} known[] = {
		{"docker-compose*.y*ml", "a Compose file"},
		{"compose*.y*ml", "a Compose file"},
		{"kustomization.y*ml", "a kustomization"},
		{"Chart.y*ml", "a Helm chart"},
		{"Chart.lock", "a Helm chart"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!fnmatch(known[i].pattern, name, 0))
			return known[i].what;
	return NULL;
}
