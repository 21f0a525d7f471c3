#include "tgz/pull.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tgz/codec.h"

#define MAX_THREADS 8
#define MAX_JOBS    (MAX_THREADS + 1)
#define NEIGHBOURS  3

enum job_state {
	JOB_EMPTY,
	JOB_GIVEN, /* waits for a thread */
	JOB_BUSY,  /* a thread's */
	JOB_DONE,
};

/* Some neighbours: fetched at once, inflated one behind the other. */
struct job {
	enum job_state state;
	struct tgz_member members[NEIGHBOURS];
	int count;
	char *bytes; /* inflated; room for NEIGHBOURS blocks */
	int result;
	struct err err;
};

struct tgz_pull {
	struct tgz_source source;
	pthread_t threads[MAX_THREADS];
	int thread_count, job_count;

	/* Only the taker's. */
	int giving, taking;   /* jobs */
	struct job gathering; /* neighbours so far; without bytes */
	int member;	      /* of the job that is taken from */
	size_t taken;	      /* bytes of it */
	uint64_t fetched;

	pthread_mutex_t lock; /* guards the jobs' states and what follows */
	pthread_cond_t changed;
	struct job jobs[MAX_JOBS];
	int next_given;
	bool ending;
};

/* ---- Threads. */

static uint64_t length_of(const struct job *job)
{
	const struct tgz_member *last = &job->members[job->count - 1];

	return last->offset + last->length - job->members[0].offset;
}

static int inflate_all(struct job *job, struct tgz_codec *codec, const char *fetched)
{
	size_t at = 0, length;

	for (int i = 0; i < job->count; i++) {
		const struct tgz_member *member = &job->members[i];
		int r = tgz_codec_inflate(
			codec, fetched + (member->offset - job->members[0].offset), member->length,
			job->bytes + at, member->tar_length, &length, &job->err);
		if (r >= 0 && length != member->tar_length)
			r = err_set(&job->err, ERR_INVALID, "it is shorter than the index says");
		if (r < 0)
			return err_wrap(&job->err, "byte %llu", (unsigned long long)member->offset);
		at += length;
	}
	return 0;
}

/* fetched: room for NEIGHBOURS members. */
static void do_job(struct tgz_pull *pull, struct job *job, struct tgz_codec *codec, char *fetched)
{
	const struct tgz_source *source = &pull->source;

	job->result = source->read(source->context, job->members[0].offset, length_of(job), fetched,
				   &job->err);
	if (job->result >= 0)
		job->result = inflate_all(job, codec, fetched);
}

/* The oldest job that was given; NULL at the end. With the lock held. */
static struct job *take_given(struct tgz_pull *pull)
{
	struct job *job;

	while ((job = &pull->jobs[pull->next_given])->state != JOB_GIVEN || pull->ending) {
		if (pull->ending)
			return NULL;
		pthread_cond_wait(&pull->changed, &pull->lock);
	}
	pull->next_given = (pull->next_given + 1) % pull->job_count;
	job->state = JOB_BUSY;
	return job;
}

static void *thread_main(void *context)
{
	struct tgz_pull *pull = context;
	struct tgz_codec *codec = tgz_codec_new(TGZ_FAST);
	cleanup_free char *fetched = mem_alloc(NEIGHBOURS * tgz_codec_bound(TGZ_BLOCK));
	struct job *job;

	pthread_mutex_lock(&pull->lock);
	while ((job = take_given(pull))) {
		pthread_mutex_unlock(&pull->lock);
		do_job(pull, job, codec, fetched);
		pthread_mutex_lock(&pull->lock);
		job->state = JOB_DONE;
		pthread_cond_broadcast(&pull->changed);
	}
	pthread_mutex_unlock(&pull->lock);
	tgz_codec_free(codec);
	return NULL;
}

struct tgz_pull *tgz_pull_new(const struct tgz_source *source, int threads)
{
	struct tgz_pull *pull = mem_new(struct tgz_pull);

	pull->source = *source;
	pull->thread_count = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
	pull->job_count = pull->thread_count + 1;
	for (int i = 0; i < pull->job_count; i++)
		pull->jobs[i].bytes = mem_alloc(NEIGHBOURS * TGZ_BLOCK);
	pthread_mutex_init(&pull->lock, NULL);
	pthread_cond_init(&pull->changed, NULL);
	for (int i = 0; i < pull->thread_count; i++) {
		if (pthread_create(&pull->threads[i], NULL, thread_main, pull)) {
			fputs("a thread that inflates did not start\n", stderr);
			abort();
		}
	}
	return pull;
}

void tgz_pull_free(struct tgz_pull *pull)
{
	if (!pull)
		return;
	pthread_mutex_lock(&pull->lock);
	pull->ending = true;
	pthread_cond_broadcast(&pull->changed);
	pthread_mutex_unlock(&pull->lock);
	for (int i = 0; i < pull->thread_count; i++)
		pthread_join(pull->threads[i], NULL);
	for (int i = 0; i < pull->job_count; i++) {
		free(pull->jobs[i].bytes);
		err_done(&pull->jobs[i].err);
	}
	pthread_cond_destroy(&pull->changed);
	pthread_mutex_destroy(&pull->lock);
	free(pull);
}

/* ---- Giving. */

/* Jobs are empty from `giving` up to `taking`; one that is taken from is not. */
bool tgz_pull_has_room(const struct tgz_pull *pull)
{
	return pull->jobs[pull->giving].count == 0;
}

void tgz_pull_flush(struct tgz_pull *pull)
{
	struct job *job = &pull->jobs[pull->giving];

	if (!pull->gathering.count)
		return;
	assert(!job->count);
	pthread_mutex_lock(&pull->lock);
	memcpy(job->members, pull->gathering.members, sizeof(job->members));
	job->count = pull->gathering.count;
	job->state = JOB_GIVEN;
	pthread_cond_broadcast(&pull->changed);
	pthread_mutex_unlock(&pull->lock);
	pull->fetched += length_of(job);
	pull->gathering.count = 0;
	pull->giving = (pull->giving + 1) % pull->job_count;
}

static bool is_neighbour(const struct job *job, const struct tgz_member *member)
{
	const struct tgz_member *last = &job->members[job->count - 1];

	return job->count < NEIGHBOURS && last->offset + last->length == member->offset;
}

void tgz_pull_give(struct tgz_pull *pull, const struct tgz_member *member)
{
	struct job *job = &pull->gathering;

	if (job->count && !is_neighbour(job, member))
		tgz_pull_flush(pull);
	job->members[job->count++] = *member;
}

/* ---- Taking. */

static void wait_for(struct tgz_pull *pull, const struct job *job)
{
	pthread_mutex_lock(&pull->lock);
	while (job->state != JOB_DONE)
		pthread_cond_wait(&pull->changed, &pull->lock);
	pthread_mutex_unlock(&pull->lock);
}

/* All of it was taken. */
static void leave_job(struct tgz_pull *pull, struct job *job)
{
	job->count = 0;
	pull->member = 0;
	pull->taken = 0;
	pull->taking = (pull->taking + 1) % pull->job_count;
}

int tgz_pull_take(struct tgz_pull *pull, struct tgz_member *ret_member, const char **ret_bytes,
		  struct err *err)
{
	struct job *job = &pull->jobs[pull->taking];

	if (job->count && pull->member == job->count) {
		leave_job(pull, job);
		job = &pull->jobs[pull->taking];
	}
	if (!job->count && pull->gathering.count)
		tgz_pull_flush(pull);
	if (!job->count)
		return 0;
	wait_for(pull, job);
	if (job->result < 0) {
		err_copy(err, &job->err);
		return job->result;
	}
	*ret_member = job->members[pull->member++];
	*ret_bytes = job->bytes + pull->taken;
	pull->taken += ret_member->tar_length;
	return 1;
}

uint64_t tgz_pull_fetched(const struct tgz_pull *pull)
{
	return pull->fetched;
}
