/*
 * For test/bench/templates: renders a corpus in this process and tells what it took.
 *
 *	render CORPUS PASSES
 *
 * CORPUS/cases has a line "TEMPLATE VARIABLES OUTPUT" of paths for each rendering. Everything is
 *read before the clock runs; the first pass writes the outputs. Printed are, as JSON, CPU seconds
 *of the median pass over all cases, with the templates compiled already (warm) and compiled each
 *time (cold), and the peak of the resident memory.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "template/scope.h"
#include "template/template.h"

#define LARGEST (1 << 20)

struct source {
	char *name, *text;
	size_t length;
	struct template *compiled;
};

struct sample {
	const struct source *source;
	struct template_scope *scope;
	char *output;
};

struct corpus {
	struct map sources; /* by name */
	struct sample *samples;
	size_t n, cap;
};

static void stop_at(const struct err *err)
{
	cleanup_free char *message = err_text(err);

	fprintf(stderr, "%s\n", message);
	exit(EXIT_FAILURE);
}

static struct source *source_of(struct corpus *corpus, const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	struct source *source = map_get(&corpus->sources, path);

	if (source)
		return source;
	source = mem_new(struct source);
	source->name = mem_strdup(path);
	if (file_read(path, LARGEST, &source->text, &source->length, &err) < 0 ||
	    template_compile(path, source->text, source->length, &source->compiled, &err) < 0)
		stop_at(&err);
	map_put(&corpus->sources, path, source);
	return source;
}

static struct template_scope *scope_of(const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = NULL;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0};
	size_t length;

	if (file_read(path, LARGEST, &text, &length, &err) < 0 ||
	    tree_yaml_parse(text, length, path, &documents, &err) < 0 ||
	    template_scope_add_yaml(scope, documents.roots[0], path, &err) < 0)
		stop_at(&err);
	tree_yaml_done(&documents);
	return scope;
}

static void read_corpus(struct corpus *corpus, const char *list)
{
	char template[512], variables[512], output[512];
	FILE *file = fopen(list, "re");

	while (file && fscanf(file, "%511s %511s %511s", template, variables, output) == 3) {
		mem_grow(corpus->samples, &corpus->cap, corpus->n + 1);
		corpus->samples[corpus->n++] = (struct sample){
			source_of(corpus, template), scope_of(variables), mem_strdup(output)};
	}
	if (!corpus->n) {
		perror(list);
		exit(EXIT_FAILURE);
	}
	fclose(file);
}

static void render(const struct template *template, const struct template_scope *scope,
		   struct template_output *ret)
{
	cleanup_err struct err err = ERR_INIT;

	if (template_render(template, scope, NULL, NULL, ret, &err) < 0)
		stop_at(&err);
}

static void write_outputs(const struct corpus *corpus)
{
	struct template_output output;

	for (size_t i = 0; i < corpus->n; i++) {
		render(corpus->samples[i].source->compiled, corpus->samples[i].scope, &output);
		FILE *file = fopen(corpus->samples[i].output, "we");
		if (!file ||
		    fwrite(buf_str(&output.text), 1, output.text.len, file) != output.text.len ||
		    fclose(file)) {
			perror(corpus->samples[i].output);
			exit(EXIT_FAILURE);
		}
		template_output_done(&output);
	}
}

static void pass_warm(const struct corpus *corpus)
{
	struct template_output output;

	for (size_t i = 0; i < corpus->n; i++) {
		render(corpus->samples[i].source->compiled, corpus->samples[i].scope, &output);
		template_output_done(&output);
	}
}

static void pass_cold(const struct corpus *corpus)
{
	cleanup_err struct err err = ERR_INIT;
	struct template_output output;
	struct template *template;

	for (size_t i = 0; i < corpus->n; i++) {
		const struct source *source = corpus->samples[i].source;
		if (template_compile(source->name, source->text, source->length, &template, &err) <
		    0)
			stop_at(&err);
		render(template, corpus->samples[i].scope, &output);
		template_output_done(&output);
		template_free(template);
	}
}

static double cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The fastest pass: what disturbed the others was not our work. */
static double measure(void (*pass)(const struct corpus *), const struct corpus *corpus,
		      size_t passes)
{
	double fastest = INFINITY;

	for (size_t i = 0; i < passes; i++) {
		double before = cpu_now();
		pass(corpus);
		fastest = fmin(fastest, cpu_now() - before);
	}
	return fastest;
}

/* Of this program alone; what getrusage tells begins with the program that started it. */
static long peak_kib(void)
{
	char line[256];
	long peak = -1;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && peak < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "VmHWM: %ld", &peak);
	if (file)
		fclose(file);
	return peak;
}

static void source_free(void *pointer)
{
	struct source *source = pointer;

	template_free(source->compiled);
	free(source->name);
	free(source->text);
	free(source);
}

static void corpus_done(struct corpus *corpus)
{
	map_done(&corpus->sources);
	for (size_t i = 0; i < corpus->n; i++) {
		template_scope_free(corpus->samples[i].scope);
		free(corpus->samples[i].output);
	}
	free(corpus->samples);
}

int main(int argc, char **argv)
{
	struct corpus corpus = {.sources = MAP_INIT(source_free)};
	size_t passes = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (!passes) {
		fprintf(stderr, "usage: render CASES PASSES\n");
		return EXIT_FAILURE;
	}
	read_corpus(&corpus, argv[1]);
	write_outputs(&corpus);
	double warm = measure(pass_warm, &corpus, passes);
	double cold = measure(pass_cold, &corpus, 1 + passes / 8);
	printf("{\"renderings\": %zu, \"warm\": %.9f, \"cold\": %.9f, \"peak_kib\": %ld}\n",
	       corpus.n, warm, cold, peak_kib());
	corpus_done(&corpus);
	return EXIT_SUCCESS;
}
