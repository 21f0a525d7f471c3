#include "s3/xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_DEPTH 16

struct builder {
	XML_Parser parser;
	struct s3_xml *root, *open;
	int depth;
	const char *refusal;
};

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void refuse(struct builder *builder, const char *why)
{
	builder->refusal = why;
	XML_StopParser(builder->parser, XML_FALSE);
}

static void on_start(void *context, const char *name, const char **attributes)
{
	struct builder *builder = context;
	struct s3_xml *node, *parent = builder->open;

	(void)attributes;
	if (++builder->depth > MAX_DEPTH) {
		refuse(builder, "it is nested too deep");
		return;
	}
	node = mem_new(struct s3_xml);
	node->name = mem_strdup(local_name(name));
	node->parent = parent;
	if (!parent)
		builder->root = node;
	else if (parent->last)
		parent->last->next = node;
	else
		parent->children = node;
	if (parent)
		parent->last = node;
	builder->open = node;
}

static void on_end(void *context, const char *name)
{
	struct builder *builder = context;

	(void)name;
	builder->depth--;
	builder->open = builder->open->parent;
}

static void on_text(void *context, const char *text, int length)
{
	struct builder *builder = context;

	if (builder->open)
		buf_add(&builder->open->text, text, (size_t)length);
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
		       int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	refuse(context, "it has a DOCTYPE");
}

int s3_xml_parse(const char *text, size_t length, struct s3_xml **ret, struct err *err)
{
	struct builder builder = {.parser = XML_ParserCreate(NULL)};

	/* AWS keeps a connection alive with blanks before the document. */
	for (; length && strchr(" \t\r\n", *text); length--)
		text++;
	XML_SetUserData(builder.parser, &builder);
	XML_SetElementHandler(builder.parser, on_start, on_end);
	XML_SetCharacterDataHandler(builder.parser, on_text);
	XML_SetStartDoctypeDeclHandler(builder.parser, on_doctype);
	enum XML_Status status = XML_Parse(builder.parser, text, (int)length, XML_TRUE);
	const char *why = builder.refusal ? builder.refusal
					  : XML_ErrorString(XML_GetErrorCode(builder.parser));
	XML_ParserFree(builder.parser);
	if (status != XML_STATUS_OK) {
		s3_xml_free(builder.root);
		return err_set(err, ERR_INVALID, "the answer is not XML of S3: %s", why);
	}
	*ret = builder.root;
	return 0;
}

void s3_xml_free(struct s3_xml *root)
{
	while (root) {
		struct s3_xml *next = root->next;
		s3_xml_free(root->children);
		free(root->name);
		buf_done(&root->text);
		free(root);
		root = next;
	}
}

static const struct s3_xml *find(const struct s3_xml *from, const char *name)
{
	while (from && strcmp(from->name, name) != 0)
		from = from->next;
	return from;
}

const struct s3_xml *s3_xml_child(const struct s3_xml *parent, const char *name)
{
	return parent ? find(parent->children, name) : NULL;
}

const struct s3_xml *s3_xml_again(const struct s3_xml *sibling)
{
	return find(sibling->next, sibling->name);
}

const char *s3_xml_text(const struct s3_xml *parent, const char *name)
{
	const struct s3_xml *child = s3_xml_child(parent, name);

	return child ? buf_str(&child->text) : "";
}
