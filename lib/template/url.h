/* template/url: the parts of a URL, as Python's urlsplit finds them. */
#pragma once

struct url {
	char *scheme, *netloc, *path, *query, *fragment;
	char *username, *password, *hostname; /* NULL: not there */
	long port;			      /* -1: not there */
};

void template_url_split(const char *whole, struct url *ret);
void template_url_done(struct url *url);
#define cleanup_url __attribute__((cleanup(template_url_done)))
