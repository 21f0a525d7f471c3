#include "tgz/press.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tgz/codec.h"

#define MAX_THREADS 4
#define MAX_SLOTS   (MAX_THREADS + 2)

enum slot_state {
	SLOT_EMPTY,
	SLOT_FULL,    /* waits for a thread */
	SLOT_BUSY,    /* a thread's */
	SLOT_PRESSED, /* its member can go out */
};

struct slot {
	enum slot_state state;
	char *bytes, *member;
	size_t length, member_length; /* of bytes, of member */
};

struct tgz_press {
	struct tgz_press_options options;
	pthread_t threads[MAX_THREADS];
	int thread_count, slot_count;

	/* Only the writer's. */
	int filling; /* the slot */
	size_t fill; /* bytes in it */
	uint64_t written, tar_out, out;

	pthread_mutex_t lock; /* guards the slots' states and what follows */
	pthread_cond_t changed;
	struct slot slots[MAX_SLOTS];
	int next_full; /* the oldest slot that no thread has taken */
	bool ending;
};

/* ---- Threads. */

/* The oldest full slot; NULL at the end. With the lock held. */
static struct slot *take_full(struct tgz_press *press)
{
	struct slot *slot;

	while ((slot = &press->slots[press->next_full])->state != SLOT_FULL) {
		if (press->ending)
			return NULL;
		pthread_cond_wait(&press->changed, &press->lock);
	}
	press->next_full = (press->next_full + 1) % press->slot_count;
	slot->state = SLOT_BUSY;
	return slot;
}

static void *thread_main(void *context)
{
	struct tgz_press *press = context;
	struct tgz_codec *codec = tgz_codec_new(press->options.effort);
	struct slot *slot;

	pthread_mutex_lock(&press->lock);
	while ((slot = take_full(press))) {
		pthread_mutex_unlock(&press->lock);
		slot->member_length =
			tgz_codec_compress(codec, slot->bytes, slot->length, slot->member);
		pthread_mutex_lock(&press->lock);
		slot->state = SLOT_PRESSED;
		pthread_cond_broadcast(&press->changed);
	}
	pthread_mutex_unlock(&press->lock);
	tgz_codec_free(codec);
	return NULL;
}

static int thread_limit(int wanted)
{
	long cpus = wanted > 0 ? wanted : sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (int)cpus;
}

struct tgz_press *tgz_press_new(const struct tgz_press_options *options)
{
	struct tgz_press *press = mem_new(struct tgz_press);

	press->options = *options;
	press->thread_count = thread_limit(options->threads);
	press->slot_count = press->thread_count + 2;
	pthread_mutex_init(&press->lock, NULL);
	pthread_cond_init(&press->changed, NULL);
	for (int i = 0; i < press->slot_count; i++) {
		press->slots[i].bytes = mem_alloc(TGZ_BLOCK);
		press->slots[i].member = mem_alloc(tgz_codec_bound(TGZ_BLOCK));
	}
	for (int i = 0; i < press->thread_count; i++) {
		if (pthread_create(&press->threads[i], NULL, thread_main, press)) {
			fputs("a thread that compresses did not start\n", stderr);
			abort();
		}
	}
	return press;
}

void tgz_press_free(struct tgz_press *press)
{
	if (!press)
		return;
	pthread_mutex_lock(&press->lock);
	press->ending = true;
	pthread_cond_broadcast(&press->changed);
	pthread_mutex_unlock(&press->lock);
	for (int i = 0; i < press->thread_count; i++)
		pthread_join(press->threads[i], NULL);
	for (int i = 0; i < press->slot_count; i++) {
		free(press->slots[i].bytes);
		free(press->slots[i].member);
	}
	pthread_cond_destroy(&press->changed);
	pthread_mutex_destroy(&press->lock);
	free(press);
}

/* ---- The writer. */

static void hand_over(struct tgz_press *press, struct slot *slot)
{
	pthread_mutex_lock(&press->lock);
	slot->length = press->fill;
	slot->state = SLOT_FULL;
	pthread_cond_broadcast(&press->changed);
	pthread_mutex_unlock(&press->lock);
	press->filling = (press->filling + 1) % press->slot_count;
	press->fill = 0;
}

static int send_member(struct tgz_press *press, struct slot *slot, struct err *err)
{
	const struct tgz_member member = {.offset = press->out,
					  .length = slot->member_length,
					  .tar_offset = press->tar_out,
					  .tar_length = slot->length};

	press->out += member.length;
	press->tar_out += member.tar_length;
	slot->state = SLOT_EMPTY;
	return press->options.member(press->options.context, &member, slot->member, err);
}

/* Waits until the slot's member is there, if it was given out, and sends it. */
static int empty_slot(struct tgz_press *press, struct slot *slot, struct err *err)
{
	pthread_mutex_lock(&press->lock);
	while (slot->state == SLOT_FULL || slot->state == SLOT_BUSY)
		pthread_cond_wait(&press->changed, &press->lock);
	bool pressed = slot->state == SLOT_PRESSED;
	pthread_mutex_unlock(&press->lock);
	return pressed ? send_member(press, slot, err) : 0;
}

int tgz_press_write(struct tgz_press *press, const void *bytes, size_t length, struct err *err)
{
	const char *from = bytes;

	press->written += length;
	while (length) {
		struct slot *slot = &press->slots[press->filling];
		int r = press->fill ? 0 : empty_slot(press, slot, err);
		if (r < 0)
			return r;
		size_t piece = TGZ_BLOCK - press->fill;
		if (piece > length)
			piece = length;
		memcpy(slot->bytes + press->fill, from, piece);
		press->fill += piece;
		from += piece;
		length -= piece;
		if (press->fill == TGZ_BLOCK)
			hand_over(press, slot);
	}
	return 0;
}

int tgz_press_finish(struct tgz_press *press, struct err *err)
{
	struct slot *slot = &press->slots[press->filling];
	int r = 0;

	if (press->fill)
		hand_over(press, slot);
	for (int i = 0; i < press->slot_count && r >= 0; i++)
		r = empty_slot(press, &press->slots[(press->filling + i) % press->slot_count], err);
	return r;
}

uint64_t tgz_press_offset(const struct tgz_press *press)
{
	return press->written;
}
