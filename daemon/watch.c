#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

#define SETTLE_MS   300
#define CHANGED_MAX 1000

/* One folder. */
struct eye {
	uv_fs_event_t uv;
	struct watch *watch;
	char *folder;
};

struct watch {
	struct loop *loop;
	struct loop_timer *timer;
	struct map eyes; /* folder -> struct eye */
	struct list changed;
	void (*settled)(void *context);
	void *context;
};

static void free_eye(uv_handle_t *handle)
{
	struct eye *eye = handle->data;

	free(eye->folder);
	free(eye);
}

static void close_eye(struct eye *eye)
{
	uv_close((uv_handle_t *)&eye->uv, free_eye);
}

static void on_timer(void *context)
{
	struct watch *watch = context;

	watch->settled(watch->context);
}

struct watch *watch_new(struct loop *loop, void (*settled)(void *context), void *context)
{
	struct watch *watch = mem_new(struct watch);

	watch->loop = loop;
	watch->timer = loop_timer_new(loop, on_timer, watch);
	watch->eyes = MAP_INIT(close_eye);
	watch->settled = settled;
	watch->context = context;
	return watch;
}

static bool is_noise(const char *name)
{
	size_t n = strlen(name);

	return name[0] == '.' || (n && name[n - 1] == '~') ||
	       (n > 4 && (!strcmp(name + n - 4, ".swp") || !strcmp(name + n - 4, ".bak")));
}

static void on_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
	struct eye *eye = uv->data;
	struct watch *watch = eye->watch;

	(void)events;
	if (status == 0 && name && is_noise(name))
		return;
	if (status == 0 && name && watch->changed.n < CHANGED_MAX) {
		cleanup_free char *path = file_join(eye->folder, name);
		list_add_new(&watch->changed, path);
	}
	loop_timer_start(watch->timer, SETTLE_MS, 0);
}

/* A folder that cannot be watched (gone already, no watches left) is looked at by the interval. */
static void open_eye(struct watch *watch, const char *folder)
{
	struct eye *eye = mem_new(struct eye);

	eye->watch = watch;
	eye->folder = mem_strdup(folder);
	eye->uv.data = eye;
	uv_fs_event_init(loop_uv(watch->loop), &eye->uv);
	if (uv_fs_event_start(&eye->uv, on_event, folder, 0) < 0)
		close_eye(eye);
	else
		map_put(&watch->eyes, folder, eye);
}

/* All of them anew: a folder of the same name may be another one by now. */
void watch_folders(struct watch *watch, const struct list *folders)
{
	map_done(&watch->eyes);
	watch->eyes = MAP_INIT(close_eye);
	for (size_t i = 0; i < folders->n; i++)
		open_eye(watch, folders->items[i]);
}

void watch_look(struct watch *watch)
{
	loop_timer_start(watch->timer, 0, 0);
}

size_t watch_changed(const struct watch *watch)
{
	return watch->changed.n;
}

void watch_reset(struct watch *watch)
{
	list_done(&watch->changed);
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	map_done(&watch->eyes);
	loop_timer_free(watch->timer);
	list_done(&watch->changed);
	free(watch);
}
