/*
 * template/template_to_yaml: values as YAML, byte for byte as PyYAML's dumper writes them.
 *
 * PyYAML uses libyaml's emitter, and so do we (rule R11); what is here is PyYAML's representer.
 * lib/tree writes json_t, which knows no dates, big integers or keys that are not strings.
 */
#pragma once

#include "template/types.h"

enum to_yaml_flow {
	TO_YAML_BLOCK,
	TO_YAML_FLOW,
	TO_YAML_FLOW_LEAVES, /* lists and dicts of scalars in one line */
};

struct to_yaml_style {
	int indent; /* 0: the emitter's own */
	int width;  /* 0: the emitter's own */
	enum to_yaml_flow flow;
	char scalar; /* '"' or '\'' around every scalar, '|' or '>' blocks; 0: as needed */
	bool keep_order;
	bool explicit_start, explicit_end;
	bool canonical;
	bool carriage_return, line_feed; /* what ends a line; none: a line feed */
	int version[2];			 /* of the %YAML line; 0: none */
};

/* ERR_INVALID for what YAML cannot hold. Must be settled. */
int template_to_yaml(const struct value *value, const struct to_yaml_style *style, struct buf *out,
		     struct err *err);
