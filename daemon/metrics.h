/*
 * metrics: the status in Prometheus' text format
 * (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4).
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void metrics_print(const json_t *status, struct buf *out);
