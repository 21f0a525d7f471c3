#include "source/reading.h"

#include "base/mem.h"
#include "manifest/text.h"

char *source_reading_key(const char *app, const char *file, size_t document)
{
	return mem_printf("%s\n%s\n%zu", app, file, document);
}

static void on_parsed(void *context, const char *app, const char *file,
		      const struct manifest_text *text)
{
	struct source_reading *reading = context;

	if (!text)
		list_add_new(&reading->unread, file);
	for (size_t i = 0; text && i < text->documents.n; i++) {
		cleanup_err struct err ignored = ERR_INIT;
		cleanup_free char *key = source_reading_key(app, file, i);
		json_t *tree = NULL;
		if (tree_yaml_to_json(text->documents.roots[i], file, &tree, &ignored) >= 0)
			map_put(&reading->documents, key, tree);
	}
	if (text && reading->changes)
		manifest_migrate(text, app, &reading->served, reading->changes);
}

int source_reading_make(const struct source_options *options, struct manifest_changes *changes,
			struct source_reading *ret, struct err *err)
{
	*ret = (struct source_reading){
		.documents = MAP_INIT(json_decref),
		.served = {options->kinds, options->kube_release},
		.changes = changes,
	};
	int r = source_pass_begin(options, &ret->pass, err);
	if (r < 0) {
		map_done(&ret->documents);
		return r;
	}
	ret->pass.parsed = on_parsed;
	ret->pass.context = ret;
	source_load_run(&ret->pass);
	return 0;
}

void source_reading_done(struct source_reading *reading)
{
	source_pass_done(&reading->pass);
	map_done(&reading->documents);
	list_done(&reading->unread);
}
