#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "template/dict.h"
#include "template/types.h"

static struct value *from_array(const json_t *array)
{
	struct value *list = value_list_room(json_array_size(array));
	size_t i;
	json_t *item;

	json_array_foreach ((json_t *)array, i, item)
		value_list_add(list, value_from_json(item));
	return list;
}

static struct value *from_object(const json_t *object)
{
	struct value *dict = value_dict();
	const char *key;
	json_t *item;

	json_object_foreach ((json_t *)object, key, item)
		value_dict_set(dict, key, value_from_json(item));
	return dict;
}

struct value *value_from_json(const json_t *tree)
{
	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		return from_object(tree);
	case JSON_ARRAY:
		return from_array(tree);
	case JSON_STRING:
		return value_string(json_string_value(tree), json_string_length(tree));
	case JSON_INTEGER:
		return value_int(json_integer_value(tree));
	case JSON_REAL:
		return value_float(json_real_value(tree));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(tree));
	default:
		return value_none();
	}
}

static int to_array(const struct value *list, json_t **ret, struct err *err)
{
	json_auto_t *array = json_array();

	for (size_t i = 0; i < list->list.n; i++) {
		json_t *item;
		int r = value_to_json(list->list.items[i], &item, err);
		if (r < 0)
			return r;
		json_array_append_new(array, item);
	}
	*ret = steal(&array);
	return 0;
}

static int to_object(const struct dict *dict, json_t **ret, struct err *err)
{
	json_auto_t *object = json_object();

	for (size_t i = 0; i < dict->n; i++) {
		cleanup_buf struct buf key = BUF_INIT;
		json_t *item;
		int r = value_to_json(dict->entries[i].item, &item, err);
		if (r < 0)
			return r;
		value_str(dict->entries[i].key, &key);
		if (json_object_set_new(object, buf_str(&key), item) < 0)
			return err_set(err, ERR_INVALID, "a key is not valid UTF-8");
	}
	*ret = steal(&object);
	return 0;
}

static int as_string(const struct value *value, json_t **ret, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;

	value_str(value, &text);
	*ret = json_stringn(buf_str(&text), text.len);
	return *ret ? 0 : err_set(err, ERR_INVALID, "a string is not valid UTF-8");
}

int value_to_json(const struct value *value, json_t **ret, struct err *err)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NONE:
		*ret = json_null();
		return 0;
	case VALUE_BOOL:
		*ret = json_boolean(value->boolean);
		return 0;
	case VALUE_INT:
		*ret = json_integer(value->integer);
		return 0;
	case VALUE_FLOAT:
		if (!isfinite(value->real))
			return err_set(err, ERR_INVALID, "JSON has no number for infinity or nan");
		*ret = json_real(value->real);
		return 0;
	case VALUE_LIST:
	case VALUE_TUPLE:
		return to_array(value, ret, err);
	case VALUE_DICT:
		return to_object(&value->dict, ret, err);
	case VALUE_STRING:
	case VALUE_BIG:
	case VALUE_DATE:
		return as_string(value, ret, err);
	default:
		return err_set(err, ERR_INVALID, "a value of type %s is no data",
			       value_type(value));
	}
}
