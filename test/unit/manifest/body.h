/* body: a manifest from YAML, for the tests of this folder. */
#pragma once

#include <string.h>

#include "harness/suite.h"
#include "tree/json.h"
#include "tree/path.h"
#include "tree/yaml.h"

static inline json_t *body_of(const char *text)
{
	struct tree_yaml_documents documents;
	struct err err = ERR_INIT;
	json_t *body = NULL;

	must(tree_yaml_parse(text, strlen(text), "test.yaml", &documents, &err), &err);
	must(tree_yaml_to_json(documents.roots[0], "test.yaml", &body, &err), &err);
	tree_yaml_done(&documents);
	return body;
}
