/* rig: a store on the real S3 server of test/s3/s3, whose environment is ours, and the faults that
 * its proxy makes. One for a test. */
#pragma once

#include <jansson.h>

#include "base/deadline.h"
#include "s3/store.h"

struct rig {
	struct http *http;
	struct http_peer *proxy;
	struct s3_store *store; /* below a prefix of its own */
	char *url;
};

struct rig rig_start(void);
/* Another store in place of the one that is there; NULLs of options are filled in. */
void rig_use(struct rig *rig, struct s3_store_options options);
void rig_stop(struct rig *rig);

/* The rules of test/s3/fault-proxy from now on, as JSON with ' for ". */
void rig_rules(const struct rig *rig, const char *rules);
/* What came since. */
json_t *rig_log(const struct rig *rig);
/* How often the rules made a fault. */
int rig_faults(const struct rig *rig);
/* How many requests of that method have the text in their path. */
int rig_count(const struct rig *rig, const char *method, const char *text);

/* The content of an object as the server has it on disk: its size, or -1. */
long long rig_size_on_disk(const struct rig *rig, const char *key);

struct deadline rig_deadline(int64_t milliseconds);
