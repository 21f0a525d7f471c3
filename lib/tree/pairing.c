#include "tree/pairing.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static char *text_of(const json_t *value)
{
	if (json_is_integer(value))
		return mem_printf("%lld", (long long)json_integer_value(value));
	return mem_strdup(json_string_value(value));
}

json_t *tree_pairing_index(const json_t *list, const char *field)
{
	json_auto_t *index = json_object();
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item) {
		cleanup_free char *text = text_of(json_object_get(item, field));
		if (!text || json_object_get(index, text))
			return NULL;
		json_object_set_new(index, text, json_integer((json_int_t)i));
	}
	return steal(&index);
}

static bool names_all(const json_t *list, const char *field)
{
	json_auto_t *index = tree_pairing_index(list, field);

	return index;
}

const char *tree_pairing_field(const json_t *a, const json_t *b)
{
	static const char *const fields[] = {
		"name", "key",	"containerPort", "port", "mountPath",	"devicePath",
		"ip",	"type", "path",		 "host", "topologyKey", "uid"};

	if (!json_array_size(a) && !json_array_size(b))
		return NULL;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (names_all(a, fields[i]) && names_all(b, fields[i]))
			return fields[i];
	return NULL;
}

bool tree_pairing_is_shared(const char *key)
{
	static const char *const shared[] = {
		"containers",
		"initContainers",
		"ephemeralContainers",
		"volumes",
		"volumeMounts",
		"volumeDevices",
		"env",
		"ports",
		"hostAliases",
		"conditions",
		"ownerReferences",
		"topologySpreadConstraints",
		"secrets",
		"finalizers",
		"imagePullSecrets",
		"resourceClaims",
	};

	for (size_t i = 0; key && i < sizeof(shared) / sizeof(*shared); i++)
		if (!strcmp(key, shared[i]))
			return true;
	return false;
}
