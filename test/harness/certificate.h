/* certificate: a certification authority for one test, and what it signs. All texts are PEM. */
#pragma once

struct certificate_authority;

struct certificate_options {
	const char *name;	 /* common name */
	const char *alternative; /* "IP:127.0.0.1,DNS:localhost"; NULL: none */
	int from_days, to_days;	 /* validity, from now: -1 is yesterday */
	const char *key;	 /* PEM; NULL: a new one */
};

/* Called "desired test CA"; or by another name. */
struct certificate_authority *certificate_authority_new(void);
struct certificate_authority *certificate_authority_named(const char *name);
void certificate_authority_free(struct certificate_authority *authority);

/* Its own certificate. Borrowed. */
const char *certificate_authority_pem(const struct certificate_authority *authority);

/* A certificate and the key in it; the caller frees both. */
void certificate_issue(const struct certificate_authority *authority,
		       const struct certificate_options *options, char **ret_certificate,
		       char **ret_key);
