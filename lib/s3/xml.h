/* xml: an answer of an S3 server as a small tree. Namespaces and attributes are left out. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct s3_xml {
	char *name;
	struct buf text;
	struct s3_xml *children, *next; /* in their order */
	struct s3_xml *parent, *last;
};

/* ERR_INVALID when it is not well-formed, has a DOCTYPE or is nested deeper than 16. */
int s3_xml_parse(const char *text, size_t length, struct s3_xml **ret, struct err *err);
void s3_xml_free(struct s3_xml *root);

/* The first child of that name, and the next of the same name after one. NULL gives NULL. */
const struct s3_xml *s3_xml_child(const struct s3_xml *parent, const char *name);
const struct s3_xml *s3_xml_again(const struct s3_xml *sibling);

/* The text of a child; "" without one. Borrowed. */
const char *s3_xml_text(const struct s3_xml *parent, const char *name);
