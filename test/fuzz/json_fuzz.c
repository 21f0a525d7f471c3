/* json: any text as JSON, for the two readers there are: the tree's (API objects, state) and
 * from_json of templates. What is read can be written in each form and reads back as the same. */
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "template/from_json.h"
#include "template/to_json.h"
#include "tree/json.h"

static json_t *read_back(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	fuzz_expect(tree_json_parse(text, strlen(text), "dump", false, &tree, &err) == 0, "%s: %s",
		    err.message, text);
	return tree;
}

/* The canonical form is what is hashed: it must not depend on how the text was written. */
static void expect_canonical(const char *canonical, char *text_stolen)
{
	cleanup_free char *text = text_stolen;
	json_auto_t *again = read_back(text);
	cleanup_free char *same = tree_json_canonical(again);

	fuzz_expect(!strcmp(canonical, same), "%s became %s", canonical, same);
}

/* Whether it could be read. */
static bool check_tree(const struct fuzz_source *source, bool strict)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	if (tree_json_parse(source->text, source->length, source->name, strict, &tree, &err) < 0) {
		fuzz_expect_told(source, &err);
		return false;
	}
	cleanup_free char *canonical = tree_json_canonical(tree);
	expect_canonical(canonical, tree_json_canonical(tree));
	expect_canonical(canonical, tree_json_dump(tree));
	expect_canonical(canonical, tree_json_pretty(tree));
	return true;
}

/* Python takes more than JSON: NaN, bytes that are not UTF-8, halves of surrogate pairs. Not all of
 * that reads back as the same, there either. */
static void check_value(const struct fuzz_source *source, bool is_json)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_value struct value *value = NULL, *again = NULL;
	struct buf text = BUF_INIT;

	if (template_from_json(source->text, source->length, &value, &err) < 0) {
		fuzz_expect_told(source, &err);
		return;
	}
	fuzz_expect(template_to_json(value, &TO_JSON_DEFAULT, &text, &err) == 0, "%s", err.message);
	fuzz_expect(template_from_json(buf_str(&text), text.len, &again, &err) == 0, "%s: %s",
		    err.message, buf_str(&text));
	fuzz_expect(!is_json || value_equal(value, again), "%s", buf_str(&text));
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct fuzz_source source = {"a.json", (const char *)bytes, length, FUZZ_BREAKS_JSON};

	bool is_json = check_tree(&source, false);
	fuzz_expect(!check_tree(&source, true) || is_json, "strict takes more");
	check_value(&source, is_json);
	return 0;
}
