#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/number.h"
#include "tree/scalar.h"
#include "tree/yaml.h"

static void emit(yaml_emitter_t *emitter, const json_t *value);

/* Events are released by the emitter; what remains that could fail is memory. */
static void send(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
	if (!made || !yaml_emitter_emit(emitter, event))
		abort();
}

static void emit_scalar(yaml_emitter_t *emitter, const char *text, size_t length,
			yaml_scalar_style_t style)
{
	yaml_event_t event;

	send(emitter, &event,
	     yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
					  (int)length, 1, 1, style));
}

/* "12:30" is a number to parsers of YAML 1.1 other than kubectl's, and so is "1_0:59". */
static bool is_sexagesimal(const char *text)
{
	return strchr(text, ':') && text[strspn(text, "0123456789_:.+-")] == '\0';
}

/* Would it come back as something else, or annoy another parser? */
static bool needs_quotes(const char *text, size_t length)
{
	return tree_scalar_resolve(text, length).kind != TREE_SCALAR_STRING ||
	       !strcmp(text, "<<") || !strcmp(text, "=") || is_sexagesimal(text) ||
	       !strncmp(text, "\xc2\xa0", 2);
}

/* libyaml breaks lines at more than newlines; only escapes keep those. */
static bool needs_escapes(const char *text)
{
	return strpbrk(text, "\r\t") || strstr(text, "\xc2\x85") || strstr(text, "\xe2\x80\xa8") ||
	       strstr(text, "\xe2\x80\xa9") || strstr(text, "\xef\xbb\xbf");
}

static yaml_scalar_style_t style_of(const char *text, size_t length, bool key)
{
	if (needs_escapes(text))
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	if (strchr(text, '\n'))
		return key ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_LITERAL_SCALAR_STYLE;
	return needs_quotes(text, length) ? YAML_SINGLE_QUOTED_SCALAR_STYLE
					  : YAML_PLAIN_SCALAR_STYLE;
}

static void emit_string(yaml_emitter_t *emitter, const char *text, size_t length, bool key)
{
	emit_scalar(emitter, text, length, style_of(text, length, key));
}

static void emit_plain(yaml_emitter_t *emitter, const char *text)
{
	emit_scalar(emitter, text, strlen(text), YAML_PLAIN_SCALAR_STYLE);
}

static void emit_number(yaml_emitter_t *emitter, const json_t *value)
{
	cleanup_free char *text = json_is_integer(value)
					  ? mem_printf("%lld", (long long)json_integer_value(value))
					  : tree_number_text(json_real_value(value));

	emit_plain(emitter, text);
}

static void emit_array(yaml_emitter_t *emitter, const json_t *list)
{
	yaml_event_t event;
	size_t i;
	json_t *item;

	send(emitter, &event,
	     yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
						  YAML_BLOCK_SEQUENCE_STYLE));
	json_array_foreach (list, i, item)
		emit(emitter, item);
	send(emitter, &event, yaml_sequence_end_event_initialize(&event));
}

static void emit_object(yaml_emitter_t *emitter, const json_t *object)
{
	yaml_event_t event;
	const char *key;
	json_t *value;

	send(emitter, &event,
	     yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
	json_object_foreach ((json_t *)object, key, value) {
		emit_string(emitter, key, strlen(key), true);
		emit(emitter, value);
	}
	send(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static void emit(yaml_emitter_t *emitter, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		emit_object(emitter, value);
		return;
	case JSON_ARRAY:
		emit_array(emitter, value);
		return;
	case JSON_STRING:
		emit_string(emitter, json_string_value(value), json_string_length(value), false);
		return;
	case JSON_INTEGER:
	case JSON_REAL:
		emit_number(emitter, value);
		return;
	case JSON_TRUE:
		emit_plain(emitter, "true");
		return;
	case JSON_FALSE:
		emit_plain(emitter, "false");
		return;
	default:
		emit_plain(emitter, "null");
	}
}

static int add_to_buf(void *out, unsigned char *bytes, size_t length)
{
	buf_add(out, bytes, length);
	return 1;
}

/* Once a text ended with empty lines, libyaml closes the document with "...": nobody needs it. */
static void drop_document_end(struct buf *out)
{
	static const char end[] = "\n...\n";
	size_t length = strlen(end);

	if (out->len > length && !strcmp(out->data + out->len - length, end))
		buf_truncate(out, out->len - length + 1);
}

char *tree_yaml_dump(const json_t *tree)
{
	struct buf out = BUF_INIT;
	yaml_emitter_t emitter;
	yaml_event_t event;

	if (!yaml_emitter_initialize(&emitter))
		abort();
	yaml_emitter_set_output(&emitter, add_to_buf, &out);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	send(&emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	send(&emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	emit(&emitter, tree);
	send(&emitter, &event, yaml_document_end_event_initialize(&event, 1));
	send(&emitter, &event, yaml_stream_end_event_initialize(&event));
	yaml_emitter_delete(&emitter);
	drop_document_end(&out);
	return buf_steal(&out);
}
