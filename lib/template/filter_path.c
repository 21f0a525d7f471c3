#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/url.h"

/* os.path on POSIX, and ntpath for the win_ ones: text only, no file is looked at. */

static bool text(struct call *call, struct value *arg, const char **ret)
{
	size_t length;

	return template_call_text(call, arg, NULL, ret, &length);
}

static struct value *do_basename(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	const char *slash = strrchr(path, '/');
	return value_text_of(slash ? slash + 1 : path);
}

static struct value *do_dirname(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0, end = n;
	while (end > 0 && path[end - 1] == '/')
		end--;
	return value_string(path, end ? end : n);
}

static struct value *do_splitext(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	while (*name == '.') /* the points in front belong to the name */
		name++;
	size_t n = dot && dot > name ? (size_t)(dot - path) : strlen(path);
	return value_pair_of(value_string(path, n), value_text_of(path + n));
}

static void join(struct buf *path, const char *part)
{
	if (*part == '/')
		buf_truncate(path, 0);
	else if (path->len && path->data[path->len - 1] != '/')
		buf_addch(path, '/');
	buf_addstr(path, part);
}

static struct value *do_path_join(struct call *call, struct value **a)
{
	struct buf path = BUF_INIT;
	const char *part;

	if (a[0]->kind == VALUE_STRING)
		return value_keep(a[0]);
	cleanup_value struct value *parts = template_filter_items(call, a[0]);
	if (parts && (!value_is_list(a[0]) || !parts->list.n))
		return template_call_fail(call, "path_join needs a list with at least one path");
	for (size_t i = 0; parts && i < parts->list.n; i++) {
		if (!text(call, parts->list.items[i], &part)) {
			buf_done(&path);
			return NULL;
		}
		if (i)
			join(&path, part);
		else
			buf_addstr(&path, part);
	}
	return parts ? value_take_buf(&path) : NULL;
}

static char *normal(const char *path)
{
	cleanup_list struct list parts = LIST_INIT, kept = LIST_INIT;
	bool absolute = *path == '/', two = absolute && path[1] == '/' && path[2] != '/';

	list_split(&parts, path, "/");
	for (size_t i = 0; i < parts.n; i++) {
		bool up = !strcmp(parts.items[i], "..");
		if (!strcmp(parts.items[i], "."))
			continue;
		if (up && kept.n && strcmp(kept.items[kept.n - 1], ".."))
			free(kept.items[--kept.n]);
		else if (!up || !absolute)
			list_add(&kept, parts.items[i]);
	}
	cleanup_free char *joined = list_join(&kept, "/");
	if (!absolute)
		return mem_strdup(*joined ? joined : ".");
	return mem_printf("%s%s", two ? "//" : "/", joined);
}

static struct value *do_normpath(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	cleanup_free char *clean = normal(path);
	return value_text_of(clean);
}

static bool climbs(const char *relative)
{
	cleanup_free char *plain = normal(relative);

	return !strncmp(plain, "..", 2) && (!plain[2] || plain[2] == '/');
}

static struct value *do_relpath(struct call *call, struct value **a)
{
	cleanup_list struct list to = LIST_INIT, from = LIST_INIT;
	const char *path, *start = "";
	size_t same = 0;
	struct buf out = BUF_INIT;

	if (!text(call, a[0], &path) || (a[1] && !text(call, a[1], &start)))
		return NULL;
	if (!*path)
		return template_call_fail(call, "relpath needs a path");
	if ((*path == '/') != (*start == '/'))
		return template_call_fail(call, "relpath cannot tell from where the relative path "
						"starts: give two absolute or two relative paths");
	if (*path != '/' && (climbs(path) || climbs(start)))
		return template_call_fail(call,
					  "relpath: which folder '..' is depends on where the "
					  "relative paths start");
	/* both begin in the same folder, whichever that is */
	cleanup_free char *from_root = mem_printf("/%s", path),
			  *start_root = mem_printf("/%s", start);
	cleanup_free char *p = normal(from_root), *s = normal(start_root);
	list_split(&to, p, "/");
	list_split(&from, s, "/");
	while (same < to.n && same < from.n && !strcmp(to.items[same], from.items[same]))
		same++;
	for (size_t i = same; i < from.n; i++)
		join(&out, "..");
	for (size_t i = same; i < to.n; i++)
		join(&out, to.items[i]);
	if (!out.len)
		buf_addch(&out, '.');
	return value_take_buf(&out);
}

static void drop(struct list *list, size_t at)
{
	free(list->items[at]);
	list->n--;
	memmove(&list->items[at], &list->items[at + 1], (list->n - at) * sizeof(*list->items));
}

static struct value *do_commonpath(struct call *call, struct value **a)
{
	cleanup_value struct value *paths = template_filter_items(call, a[0]);
	cleanup_list struct list common = LIST_INIT;
	const char *path = "";
	bool absolute = false;

	if (!paths)
		return NULL;
	if (!paths->list.n || !value_is_list(a[0]))
		return template_call_fail(call, "commonpath needs a list with at least one path");
	for (size_t i = 0; i < paths->list.n; i++) {
		cleanup_list struct list parts = LIST_INIT;
		if (!text(call, paths->list.items[i], &path))
			return NULL;
		if ((*path == '/') != absolute && i)
			return template_call_fail(
				call, "absolute and relative paths have nothing in common");
		absolute = *path == '/';
		list_split(&parts, path, "/");
		for (size_t j = parts.n; j-- > 0;)
			if (!strcmp(parts.items[j], "."))
				drop(&parts, j);
		if (!i)
			list_copy(&common, &parts);
		size_t same = 0;
		while (same < common.n && same < parts.n &&
		       !strcmp(common.items[same], parts.items[same]))
			same++;
		while (common.n > same)
			free(common.items[--common.n]);
	}
	cleanup_free char *joined = list_join(&common, "/");
	cleanup_free char *whole = mem_printf("%s%s", *path == '/' ? "/" : "", joined);
	return value_text_of(whole);
}

static const char *last_separator(const char *path)
{
	const char *last = NULL;

	for (const char *p = path; *p; p++)
		if (*p == '\\' || *p == '/' || (*p == ':' && p == path + 1))
			last = p;
	return last;
}

static struct value *do_win_basename(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	const char *last = last_separator(path);
	return value_text_of(last ? last + 1 : path);
}

static struct value *do_win_dirname(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	const char *last = last_separator(path);
	size_t n = last ? (size_t)(last - path) + 1 : 0, end = n;
	while (end > 0 && (path[end - 1] == '\\' || path[end - 1] == '/'))
		end--;
	return value_string(path, end == 0 || path[end - 1] == ':' ? n : end);
}

static struct value *do_win_splitdrive(struct call *call, struct value **a)
{
	const char *path;

	if (!text(call, a[0], &path))
		return NULL;
	size_t n = *path && path[1] == ':' ? 2 : 0;
	return value_pair_of(value_string(path, n), value_text_of(path + n));
}

static struct value *or_none(const char *text)
{
	return text ? value_text_of(text) : value_none();
}

static struct value *do_urlsplit(struct call *call, struct value **a)
{
	cleanup_url struct url url = {0};
	cleanup_value struct value *parts = value_dict();
	const char *whole, *query;
	size_t length;

	if (!text(call, a[0], &whole) || !template_call_text(call, a[1], "", &query, &length))
		return NULL;
	template_url_split(whole, &url);
	value_dict_set(parts, "fragment", value_text_of(url.fragment));
	value_dict_set(parts, "hostname", or_none(url.hostname));
	value_dict_set(parts, "netloc", value_text_of(url.netloc));
	value_dict_set(parts, "password", or_none(url.password));
	value_dict_set(parts, "path", value_text_of(url.path));
	value_dict_set(parts, "port", url.port < 0 ? value_none() : value_int(url.port));
	value_dict_set(parts, "query", value_text_of(url.query));
	value_dict_set(parts, "scheme", value_text_of(url.scheme));
	value_dict_set(parts, "username", or_none(url.username));
	if (!*query)
		return steal(&parts);
	struct value *part = value_get(parts, query);
	return part ? value_keep(part)
		    : template_call_fail(call, "urlsplit: unknown URL component: %s", query);
}

static struct value *refuse(struct call *call, struct value **a)
{
	(void)a;
	return template_call_fail(
		call, "filter '%s' looks at this machine, which templates must not", call->name);
}

static const struct builtin entries[] = {
	{"basename", do_basename, "path", 1, 0},
	{"dirname", do_dirname, "path", 1, 0},
	{"splitext", do_splitext, "path", 1, 0},
	{"path_join", do_path_join, "paths", 1, 0},
	{"normpath", do_normpath, "path", 1, 0},
	{"relpath", do_relpath, "path start", 1, 0},
	{"commonpath", do_commonpath, "paths", 1, 0},
	{"win_basename", do_win_basename, "path", 1, 0},
	{"win_dirname", do_win_dirname, "path", 1, 0},
	{"win_splitdrive", do_win_splitdrive, "path", 1, 0},
	{"urlsplit", do_urlsplit, "value query alias", 1, 0},
	{"expanduser", refuse, "path", 1, 0},
	{"expandvars", refuse, "path", 1, 0},
	{"realpath", refuse, "path", 1, 0},
	{"fileglob", refuse, "path", 1, 0},
};

const struct filter_table template_filter_path_table = {entries,
							sizeof(entries) / sizeof(*entries)};
