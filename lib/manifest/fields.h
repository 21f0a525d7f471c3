/*
 * manifest/fields: sets of fields, as managedFields writes them (fieldsV1; the format is that of
 * sigs.k8s.io/structured-merge-diff/fieldpath).
 *
 *	"f:spec"               the field spec
 *	"k:{"name":"web"}"     the item of a list whose fields have these values
 *	"v:"x""                the item x of a set
 *	"."                    the map or the item itself
 *
 * What has nothing below it is owned as a whole.
 */
#pragma once

#include <jansson.h>

/* Adds all of `from` to `to`. */
void manifest_fields_add(json_t *to, const json_t *from);

/* What is owned of an item of a list; NULL: nothing. Borrowed from fields. */
const json_t *manifest_fields_of_item(const json_t *fields, const json_t *item);

/* The part of an object that these fields own, with its identity: what an apply that owns exactly
 * them sends. New reference. */
json_t *manifest_fields_extract(const json_t *body, const json_t *fields);

/* Takes out of a body, in place, what these fields own, `wanted` does not have and nobody else
 * owns: what goes when their owner applies `wanted`. `others` are the fields of everybody else. */
void manifest_fields_withdraw(json_t *body, const json_t *fields, const json_t *others,
			      const json_t *wanted);
