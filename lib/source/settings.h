/*
 * source/settings: desired.yaml. Every setting has a default that suits a stock k3s node; an
 * unknown key is an error with the nearest known one.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/list.h"
#include "template/template.h"

struct source_settings {
	char *kubeconfig;  /* /etc/rancher/k3s/k3s.yaml */
	bool follow_files; /* follow: files */
	int64_t interval_ms;
	int64_t sweep_ms;	/* between comparisons of everything in full */
	struct list keep_kinds; /* further kinds that bear data: "Kind" or "Kind.group" */
	int revisions;
	struct list env;   /* names lookup('env') may see */
	struct list alert; /* argv */
	char *metrics;	   /* as written, or NULL */
	json_t *backup;	   /* as written, checked for unknown keys; or NULL */
	struct list peers;
	struct list vault_labels;      /* of ansible-vault passwords ... */
	struct list vault_files;       /* ... and the file of each */
	struct template_limits limits; /* of each rendering; 0: the default of lib/template */
};

/* Reads `file` ("DIR/desired.yaml" or --config). A missing file gives the defaults. Findings are
 * added; returns negative when there was an error among them (ret is then not filled). */
int source_settings_read(const char *file, struct source_settings *ret, struct diag_list *findings,
			 struct err *err);
void source_settings_done(struct source_settings *settings);
