#include "template/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/text.h"

static size_t scheme_length(const char *text)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[n]) || template_text_one_of(text[n], "+-."))
		n++;
	return text[n] == ':' ? n : 0;
}

static char *lower(char *text)
{
	for (char *p = text; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

/* user:password@host:port */
static void split_netloc(struct url *url)
{
	const char *at = strrchr(url->netloc, '@'), *host = at ? at + 1 : url->netloc;

	if (at) {
		size_t user = strcspn(url->netloc, ":@");
		url->username = mem_strndup(url->netloc, user);
		if (url->netloc[user] == ':')
			url->password = mem_strndup(url->netloc + user + 1,
						    (size_t)(at - url->netloc) - user - 1);
	}
	bool bracket = *host == '[';
	const char *end = bracket ? strchr(host, ']') : NULL;
	size_t n = end ? (size_t)(end - host) : strcspn(host, ":");
	const char *port = host + n + (end != NULL);
	if (n > (end ? 1u : 0u))
		url->hostname = lower(mem_strndup(host + (end != NULL), n - (end != NULL)));
	if (*port == ':' && isdigit((unsigned char)port[1]))
		url->port = atol(port + 1);
}

/* As Python does: control characters and spaces in front go, and line ends and tabs anywhere. */
static char *without_noise(const char *text)
{
	char *clean, *to;

	while (*text > 0 && *text <= ' ')
		text++;
	for (clean = to = mem_strdup(text); *text; text++)
		if (*text != '\t' && *text != '\r' && *text != '\n')
			*to++ = *text;
	*to = '\0';
	return clean;
}

void template_url_split(const char *whole, struct url *ret)
{
	cleanup_free char *clean = without_noise(whole);
	const char *text = clean;
	size_t n = scheme_length(text);

	*ret = (struct url){.port = -1};
	ret->scheme = lower(mem_strndup(text, n));
	if (n)
		text += n + 1;
	if (!strncmp(text, "//", 2)) {
		n = strcspn(text + 2, "/?#");
		ret->netloc = mem_strndup(text + 2, n);
		text += 2 + n;
	} else {
		ret->netloc = mem_strdup("");
	}
	n = strcspn(text, "?#");
	ret->path = mem_strndup(text, n);
	text += n;
	n = *text == '?' ? strcspn(text + 1, "#") : 0;
	ret->query = mem_strndup(*text == '?' ? text + 1 : "", n);
	text += n + (*text == '?');
	ret->fragment = mem_strdup(*text == '#' ? text + 1 : "");
	split_netloc(ret);
}

void template_url_done(struct url *url)
{
	free(url->scheme);
	free(url->netloc);
	free(url->path);
	free(url->query);
	free(url->fragment);
	free(url->username);
	free(url->password);
	free(url->hostname);
}
