#include "manifest/image.h"

#include <string.h>

#include "base/mem.h"
#include "tree/path.h"

/* The registry is the first part when it looks like a host (github.com/distribution/reference). */
static bool has_registry(const char *image)
{
	size_t n = strcspn(image, "/");

	return image[n] && (memchr(image, '.', n) || memchr(image, ':', n) ||
			    (n == strlen("localhost") && !strncmp(image, "localhost", n)));
}

static bool has_digest(const char *image)
{
	return strchr(image, '@');
}

/* A colon behind the last slash; one before it belongs to a registry's port. */
static const char *tag_of(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *colon = strchr(slash ? slash : image, ':');

	return colon ? colon + 1 : NULL;
}

static char *full_name(const char *image)
{
	const char *registry = has_registry(image) ? "" : "docker.io/";
	const char *folder = *registry && !strchr(image, '/') ? "library/" : "";
	const char *tag = has_digest(image) || tag_of(image) ? "" : ":latest";

	return mem_printf("%s%s%s%s", registry, folder, image, tag);
}

bool manifest_image_same(const char *a, const char *b)
{
	cleanup_free char *one = full_name(a), *other = full_name(b);

	return !strcmp(one, other);
}

const char *manifest_image_policy(const json_t *container)
{
	const char *said = tree_path_string(container, "imagePullPolicy");
	const char *image = tree_path_string(container, "image");

	if (said)
		return said;
	if (!image || has_digest(image))
		return "IfNotPresent";
	const char *tag = tag_of(image);
	return !tag || !strcmp(tag, "latest") ? "Always" : "IfNotPresent";
}
