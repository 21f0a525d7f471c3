/* show: values of a tree in one short line, for people; and which of them are secret. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum tree_show_secrecy {
	TREE_SHOW_OPEN,
	TREE_SHOW_TEXT,	  /* secret: only its length */
	TREE_SHOW_BASE64, /* secret: only how many bytes it stands for */
};

/* True for a Secret of the API. */
bool tree_show_is_secret(const json_t *object);
/* True when a Secret stands anywhere in the tree. */
bool tree_show_has_secret(const json_t *tree);

/* How a field of a Secret may be shown; `path` is its path in the Secret. */
enum tree_show_secrecy tree_show_secrecy_of(const char *path);

/* Short JSON, without quotes where it is a text; `beside` is the other side of the difference (or
 * NULL): of texts of several lines the first line that differs is shown. NULL gives NULL. Caller
 * frees. */
char *tree_show_value(const json_t *value, const json_t *beside, enum tree_show_secrecy secrecy);
