#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "template/filter.h"
#include "template/lookup.h"
#include "template/number.h"

/* The parts of a sequence. */
enum part {
	START,
	END,
	COUNT,
	STRIDE,
	PARTS
};

static const char *const names[PARTS] = {"start", "end", "count", "stride"};

struct sequence {
	int64_t numbers[PARTS];
	bool given[PARTS];
	char *format;
};

static bool set_number(struct call *call, struct sequence *sequence, enum part part,
		       const char *text, size_t length)
{
	cleanup_value struct value *number = template_number_parse_int(text, length, 10);

	sequence->given[part] = true;
	if (number && value_as_int(number, &sequence->numbers[part]) &&
	    llabs(sequence->numbers[part]) < INT64_C(1) << 53)
		return true;
	return template_call_fail(call, "sequence: %s must be a whole number, not '%.*s'",
				  names[part], (int)length, text);
}

static void set_format(struct sequence *sequence, const char *text)
{
	free(sequence->format);
	sequence->format = mem_strdup(text);
}

/* start=1 end=4 stride=1 format=web%02d as arguments of the lookup. */
static bool read_options(struct call *call, struct sequence *sequence)
{
	const struct value *format = template_lookup_option(call, "format");

	for (enum part part = START; part < PARTS; part++) {
		struct value *option = template_lookup_option(call, names[part]);
		if (!option || option->kind == VALUE_NONE)
			continue;
		cleanup_value struct value *text = template_filter_string(option);
		if (!set_number(call, sequence, part, text->string.text, text->string.length))
			return false;
	}
	if (format && format->kind == VALUE_STRING)
		set_format(sequence, format->string.text);
	return true;
}

/* One word "start=1" of a term. */
static bool read_word(struct call *call, struct sequence *sequence, const char *word)
{
	size_t n = strcspn(word, "=");

	if (!word[n])
		return template_call_fail(
			call, "sequence: write start=, end=, count=, stride=, format=, or 1-9/2");
	for (enum part part = START; part < PARTS; part++)
		if (!strncmp(word, names[part], n) && !names[part][n])
			return set_number(call, sequence, part, word + n + 1, strlen(word + n + 1));
	if (n != strlen("format") || strncmp(word, "format", n) != 0)
		return template_call_fail(call, "sequence has no argument '%.*s'", (int)n, word);
	set_format(sequence, word + n + 1);
	return true;
}

/* [start-]end[/stride][:format]. 1 when the term is that, 0 when it is not. */
static int read_short(struct call *call, struct sequence *sequence, const char *term)
{
	size_t first = strspn(term, "0123456789"), at = first;
	size_t second = term[at] == '-' ? strspn(term + at + 1, "0123456789") : 0;

	at += second ? 1 + second : 0;
	size_t third = term[at] == '/' ? strspn(term + at + 1, "0123456789") : 0;
	const char *stride = term + at + 1;
	at += third ? 1 + third : 0;
	if (!first || (term[at] && (term[at] != ':' || !term[at + 1])))
		return 0;
	if (second && (!set_number(call, sequence, START, term, first) ||
		       !set_number(call, sequence, END, term + first + 1, second)))
		return -1;
	if (!second && !set_number(call, sequence, END, term, first))
		return -1;
	if (third && !set_number(call, sequence, STRIDE, stride, third))
		return -1;
	if (term[at])
		set_format(sequence, term + at + 1);
	return 1;
}

static bool read_term(struct call *call, struct sequence *sequence, const char *term)
{
	cleanup_list struct list words = LIST_INIT;
	int r = read_short(call, sequence, term);

	if (r != 0)
		return r > 0;
	list_split(&words, term, " ");
	for (size_t i = 0; i < words.n; i++)
		if (!read_word(call, sequence, words.items[i]))
			return false;
	return true;
}

/* Whether there is anything to count; false also after a failure. */
static bool is_countable(struct call *call, struct sequence *sequence)
{
	int64_t *n = sequence->numbers;
	const char *problem = NULL;

	if (sequence->given[COUNT] == sequence->given[END])
		problem = "needs either count or end";
	if (sequence->given[COUNT] && !n[COUNT])
		return false;
	if (sequence->given[COUNT])
		n[END] = n[START] + n[COUNT] * n[STRIDE] - 1;
	if (!problem && n[STRIDE] > 0 && n[END] < n[START])
		problem = "counts backwards only with a negative stride";
	if (!problem && n[STRIDE] < 0 && n[END] > n[START])
		problem = "counts forward only with a positive stride";
	if (!problem && !n[STRIDE])
		return false;
	const char *percent = strchr(sequence->format, '%');
	if (!problem && (!percent || strchr(percent + 1, '%')))
		problem = "needs a format with one %";
	if (problem)
		template_call_fail(call, "sequence %s", problem);
	return !problem;
}

static bool generate(struct call *call, const struct sequence *sequence, struct value *results)
{
	const int64_t *n = sequence->numbers;
	cleanup_value struct value *pattern = value_text_of(sequence->format);

	for (int64_t i = n[START]; n[STRIDE] > 0 ? i <= n[END] : i >= n[END]; i += n[STRIDE]) {
		cleanup_value struct value *number = value_int(i);
		if (!template_eval_step(call->eval, call->node, 1))
			return false;
		struct value *text = template_call_builtin(call, template_filter_find("format"),
							   pattern, &number, 1);
		if (!text)
			return false;
		value_list_add(results, text);
	}
	return true;
}

bool template_lookup_sequence(struct call *call, struct value *terms, struct value *results)
{
	bool ok = true;

	for (size_t i = 0; ok && (i < terms->list.n || (i == 0 && call->named)); i++) {
		struct sequence sequence = {.numbers = {1, 0, 0, 1}, .format = mem_strdup("%d")};
		const char *term = "";
		ok = read_options(call, &sequence) &&
		     (i >= terms->list.n ||
		      template_lookup_text(call, terms->list.items[i], &term)) &&
		     (!*term || read_term(call, &sequence, term));
		if (ok && is_countable(call, &sequence))
			ok = generate(call, &sequence, results);
		ok = ok && !call->eval->raised;
		free(sequence.format);
	}
	return ok;
}

/* Everything of a dict but one key of it, however deep: what the lookup leaves of an item. */
static struct value *without(const struct value *item, const struct list *path, size_t depth)
{
	struct value *copy = value_dict();

	for (size_t i = 0; i < item->dict.n; i++) {
		const struct dict_entry *entry = &item->dict.entries[i];
		bool here = value_is_text(entry->key, path->items[depth]);
		if (here && depth + 1 == path->n)
			continue;
		struct value *kept = here && entry->item->kind == VALUE_DICT
					     ? without(entry->item, path, depth + 1)
					     : value_keep(entry->item);
		template_dict_put(&copy->dict, value_keep(entry->key), kept);
	}
	return copy;
}

static bool is_skipped(const struct value *item)
{
	const struct value *skipped = value_get(item, "skipped");

	return skipped && !(skipped->kind == VALUE_BOOL && !skipped->boolean);
}

/* The list at the path; NULL when it is not there. */
static const struct value *sublist(const struct value *item, const struct list *path)
{
	for (size_t i = 0; item && i < path->n; i++)
		item = item->kind == VALUE_DICT ? value_get(item, path->items[i]) : NULL;
	return item;
}

static bool add_item(struct call *call, const struct value *item, const struct list *path,
		     bool skip_missing, struct value *results)
{
	if (item->kind != VALUE_DICT)
		return template_call_fail(call, "lookup('subelements') needs dicts, not a %s",
					  value_type(item));
	if (is_skipped(item))
		return true;
	const struct value *inner = sublist(item, path);
	if (!inner && skip_missing)
		return true;
	if (!inner || !value_is_list(inner))
		return template_call_fail(call, "lookup('subelements') finds no list in an item");
	cleanup_value struct value *rest = without(item, path, 0);
	for (size_t i = 0; i < inner->list.n; i++)
		value_list_add(results,
			       value_pair_of(value_keep(rest), value_keep(inner->list.items[i])));
	return true;
}

bool template_lookup_subelements(struct call *call, struct value *terms, struct value *results)
{
	cleanup_list struct list path = LIST_INIT;
	const struct value *skip = NULL;

	if (terms->list.n < 2 || terms->list.n > 3 || terms->list.items[1]->kind != VALUE_STRING)
		return template_call_fail(call,
					  "lookup('subelements') needs a list or dict, the path "
					  "of a key and maybe {'skip_missing': true}");
	const struct value *all = terms->list.items[0];
	if (terms->list.n == 3 && terms->list.items[2]->kind == VALUE_DICT)
		skip = value_get(terms->list.items[2], "skip_missing");
	else if (terms->list.n == 3)
		return template_call_fail(call, "lookup('subelements'): the flags must be a dict");
	list_split(&path, terms->list.items[1]->string.text, ".");
	bool map = all->kind == VALUE_DICT, missing = skip && value_true(skip);
	if ((!map && !value_is_list(all)) || !path.n)
		return template_call_fail(call, "lookup('subelements') needs a list or dict first");
	if (map && is_skipped(all))
		return true;
	for (size_t i = 0; i < (map ? all->dict.n : all->list.n); i++)
		if (!add_item(call, map ? all->dict.entries[i].item : all->list.items[i], &path,
			      missing, results))
			return false;
	return true;
}
