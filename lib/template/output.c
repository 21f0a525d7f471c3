#include <stdlib.h>
#include <string.h>

#include "template/template.h"
#include "template/text.h"

/* The bytes of a line without its end. False when there is no such line; what follows the last
 * newline is a line only when it is not empty. */
static bool find_line(const struct buf *text, int line, size_t *ret_begin, size_t *ret_end)
{
	const char *at = buf_str(text), *end = at + text->len, *newline;

	for (int i = 1; i < line; i++) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline || newline + 1 == end)
			return false;
		at = newline + 1;
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	*ret_begin = (size_t)(at - buf_str(text));
	*ret_end = (size_t)((newline ? newline : end) - buf_str(text));
	return line > 0;
}

/* The mark that a byte belongs to: the last one that does not begin behind it. */
static size_t mark_of(const struct template_output *output, size_t at)
{
	size_t low = 0, high = output->mark_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (output->marks[middle].at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Of the marks of a line, beginning with i, the last expression; without one the first. */
static size_t last_printed(const struct template_output *output, size_t i, size_t line_end)
{
	size_t found = i;

	for (; i < output->mark_count && output->marks[i].at < line_end; i++)
		if (output->marks[i].printed)
			found = i;
	return found;
}

/* Text of the template stands in the output as it is, so that places in it can be counted. */
static void count_text(const char *text, size_t length, int *line, int *column)
{
	const char *end = text + length, *newline;

	while ((newline = memchr(text, '\n', (size_t)(end - text)))) {
		(*line)++;
		*column = 1;
		text = newline + 1;
	}
	*column += (int)template_text_count(text, (size_t)(end - text));
}

bool template_output_origin(const struct template_output *output, int line, int column,
			    const char **ret_file, int *ret_line, int *ret_column)
{
	const char *text = buf_str(&output->text);
	size_t begin, end;

	if (!output->mark_count || !find_line(&output->text, line, &begin, &end))
		return false;
	if (column > 0)
		begin += template_text_offset(text + begin, end - begin, (size_t)column - 1);
	size_t i = mark_of(output, begin);
	if (column <= 0)
		i = last_printed(output, i, end);
	const struct template_mark *mark = &output->marks[i];
	*ret_file = output->files.data + mark->file;
	*ret_line = (int)mark->line;
	*ret_column = (int)mark->column;
	if (!mark->printed && begin > mark->at)
		count_text(text + mark->at, begin - mark->at, ret_line, ret_column);
	return true;
}

void template_output_done(struct template_output *output)
{
	buf_done(&output->text);
	free(output->marks);
	buf_done(&output->files);
	*output = (struct template_output){0};
}
