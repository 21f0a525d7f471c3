/*
 * source/files: the ConfigMaps and Secrets that app.yaml makes from files.
 *
 *	configMaps:
 *	  proxysql-configmap: [proxysql.cnf.j2]          keys lose .j2
 *	  site: [{nginx.conf: site-{{ x }}.conf.j2}]     another key
 *	  env-of-app: {env: app.env, files: [logo.png]}
 *	secrets:
 *	  smtp: {env: smtp.env.j2}
 *	  tls: {files: [tls.crt, tls.key], type: kubernetes.io/tls}
 *	  db: {generate: {password: 32}}                 made once, kept in the state directory;
 *	                                                 templates: desired.generated.db.password
 */
#pragma once

#include "source/options.h"

/* Adds the objects to build->made, and the paths they came from to build->consumed. */
void source_files_make(struct source_build *build);
