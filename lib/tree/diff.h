/*
 * tree/diff: what differs between two trees, for people.
 *
 * Values of Secrets (data, stringData of a kind: Secret) never appear: they print as a length and
 * "changed". Lists of objects are paired by name (or key, containerPort, mountPath ...) where all
 * items have one, else by index after what they have in common at both ends.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct tree_difference {
	char *path;  /* spec.template.spec.containers[ghost].image: items by what names them */
	char *place; /* the same as tree/path.h reads it in the `to` tree (or `from` when removed)
		      */
	char *from;  /* as short JSON without quotes where it is a string; NULL: was not there */
	char *to;    /* NULL: is no longer there */
};

struct tree_diff {
	struct tree_difference *items;
	size_t n;
	size_t cap;
};

#define cleanup_tree_diff __attribute__((cleanup(tree_diff_done)))

/* Everything that differs, a change of order included. Either tree may be NULL.
 * metadata.managedFields, resourceVersion, generation, uid, creationTimestamp and status are left
 * out when both are API objects. Long values are cut at 200 characters; of texts of several lines
 * the first line that differs is told. */
void tree_diff(const json_t *from, const json_t *to, struct tree_diff *ret);

/* Only fields that are in `wanted` (what we would send), as seen in `live`: objects are compared
 * for the keys of wanted only, and so are the lists of the built-in API that others may add to
 * (containers, env ...). What the server writes differently (quantities, empty values that it
 * leaves out) is the same. from is what live has. */
void tree_diff_wanted(const json_t *live, const json_t *wanted, struct tree_diff *ret);

/* True when every field of wanted stands in live with the same value, in the same sense. */
bool tree_covers(const json_t *live, const json_t *wanted);

void tree_diff_done(struct tree_diff *diff);
