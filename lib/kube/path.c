#include "kube/path.h"

#include <ctype.h>
#include <string.h>

static void add_encoded(struct buf *path, const char *text, const char *also)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr(also, *text))
			buf_addch(path, *text);
		else
			buf_printf(path, "%%%02X", (unsigned char)*text);
	}
}

void kube_path_add(struct buf *path, const char *segment)
{
	buf_addch(path, '/');
	add_encoded(path, segment, "-._~:@");
}

void kube_path_query(struct buf *path, const char *key, const char *value)
{
	buf_addch(path, strchr(buf_str(path), '?') ? '&' : '?');
	buf_addstr(path, key);
	buf_addch(path, '=');
	add_encoded(path, value, "-._~");
}
