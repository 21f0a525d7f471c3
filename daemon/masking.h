/*
 * masking: secrets out of everything that leaves the process.
 *
 * Whoever decrypts or makes a value adds it to `mask` (base/mask.h). All ways out pass through
 * here: stdout and stderr are covered as streams, so that no verb can forget it; events on their
 * way to the journal; answers of the control socket. Nothing else writes to people.
 *
 * What was once shown masked stays so: texts of objects (other than Secrets) that held a secret are
 * kept in STATE/masked.json, because an old password may still stand in the cluster when the files
 * have a new one. They stand in the revisions of the same directory too.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/event.h"
#include "base/mask.h"
#include "manifest/set.h"

struct masking;

/* Covers stdout and stderr until masking_free(), which gives them back. One at a time. */
struct masking *masking_new(void);
void masking_free(struct masking *masking);

struct mask *masking_mask(struct masking *masking); /* borrowed; NULL gives NULL */

/* From now on stdout shows everything: somebody asked for it (--show-secrets). */
void masking_reveal(struct masking *masking);

/* A sink that masks the texts of events on their way to `behind`. Lives as long as masking. */
struct event_sink *masking_sink(struct masking *masking, struct event_sink *behind);

/* Reads what STATE/masked.json keeps, if it is there and can be read. */
void masking_recall(struct masking *masking, const char *state_dir);
/* Notes texts of these objects that hold secrets, and keeps them there when they are new. */
int masking_keep(struct masking *masking, const struct manifest_set *set, const char *state_dir,
		 struct err *err);

/* The text of a manifest file; when it holds a Secret, rewritten without its values. Caller frees.
 */
char *masking_manifest(const char *text, size_t length);

/* Puts lengths in the place of the values of a Secret, or of those in a List; true when there were
 * any. */
bool masking_object(json_t *object);
