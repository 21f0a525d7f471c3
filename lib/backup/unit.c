#include "backup/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/calm.h"
#include "backup/hook.h"
#include "backup/path.h"
#include "backup/keys.h"
#include "backup/sqlite.h"
#include "base/file.h"
#include "base/mem.h"
#include "tgz/hash.h"
#include "tree/path.h"

#define NOTES_MAX 20 /* that a marker names */

/* One unit on its way. */
struct writing {
	const struct backup_unit_options *options;
	const struct backup_source *source;
	struct backup_unit *unit;
	struct backup_archive_writer *writer;
	struct backup_calm calm;
	size_t tree; /* that is being read */
	bool dumped; /* a database's own dump is in the archive, its files need not be */
	uint64_t untold, unreadable;
};

/* --- what is there --- */

struct looking {
	struct tgz_hash *hash;
	struct backup_look *look;
};

/* A directory's times say nothing that its entries do not, and a database's companions come and go
 * beside it. */
static char *line_of(const struct tgz_entry *entry)
{
	const struct stat *st = &entry->st;

	if (S_ISDIR(st->st_mode))
		return mem_printf("%s %o %u %u\n", entry->path, st->st_mode, st->st_uid,
				  st->st_gid);
	return mem_printf("%s %o %u %u %lld %lld.%09ld %lld.%09ld %llu\n", entry->path, st->st_mode,
			  st->st_uid, st->st_gid, (long long)st->st_size,
			  (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			  (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
			  (unsigned long long)st->st_ino);
}

static int look_at(void *context, struct tgz_entry *entry, struct err *err)
{
	struct looking *looking = context;
	const struct stat *st = &entry->st;
	cleanup_free char *line = line_of(entry);

	(void)err;
	if (S_ISREG(st->st_mode) && backup_sqlite_is_companion(entry->folder, entry->name))
		return TGZ_LEAVE_OUT;
	tgz_hash_add(looking->hash, line, strlen(line));
	looking->look->files++;
	if (!S_ISREG(st->st_mode))
		return 0;
	uint64_t stored = (uint64_t)st->st_blocks * 512, size = (uint64_t)st->st_size;
	looking->look->bytes += stored < size ? stored : size;
	return 0;
}

/* A pattern that is a path on the machine means the same below a snapshot of it. */
static void add_exclude(struct tgz_walk_options *walk, const char *pattern, const char *path)
{
	if (*pattern == '/' && strcmp(walk->root, path) != 0 && backup_path_within(pattern, path))
		list_take(&walk->exclude, mem_printf("%s%s", walk->root, pattern + strlen(path)));
	else
		list_add(&walk->exclude, pattern);
}

/* What restores and snapshots leave beside data. */
static const char *const ours[] = {
	"*.restoring-[0-9]*T[0-9]*Z-*",
	"*.before-[0-9]*T[0-9]*Z-*",
	".desired-snapshot-*",
};

/* root: where the tree is read. */
static struct tgz_walk_options walk_of(const struct backup_source *source, size_t tree,
				       const char *root)
{
	struct tgz_walk_options walk = {
		.root = root,
		.name = source->trees[tree].name,
	};

	for (size_t i = 0; i < source->exclude.n; i++)
		add_exclude(&walk, source->exclude.items[i], source->trees[tree].path);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		list_add(&walk.exclude, ours[i]);
	return walk;
}

static int look_at_tree(const struct backup_source *source, size_t tree, struct looking *looking,
			struct err *err)
{
	struct tgz_walk_options walk = walk_of(source, tree, source->trees[tree].path);

	walk.visit = look_at;
	walk.context = looking;
	int r = tgz_walk(&walk, err);
	list_done(&walk.exclude);
	if (r != -ERR_NOT_FOUND)
		return r;
	list_add(&looking->look->missing, source->trees[tree].path);
	err_done(err);
	return 0;
}

int backup_unit_look(const struct backup_source *source, struct backup_look *ret, struct err *err)
{
	struct looking looking = {.hash = tgz_hash_new(), .look = ret};
	char hex[65];
	int r = 0;

	*ret = (struct backup_look){0};
	ret->has_programs = json_array_size(json_object_get(source->options, "dumps")) ||
			    json_array_size(json_object_get(source->options, "before"));
	for (size_t i = 0; r >= 0 && i < source->count; i++)
		r = look_at_tree(source, i, &looking, err);
	tgz_hash_hex(looking.hash, hex);
	tgz_hash_free(looking.hash);
	if (r < 0)
		backup_look_done(ret);
	else
		ret->fingerprint = mem_strdup(hex);
	return r;
}

void backup_look_done(struct backup_look *look)
{
	free(look->fingerprint);
	list_done(&look->missing);
	*look = (struct backup_look){0};
}

/* --- notes --- */

static void add_note(struct writing *writing, const char *text)
{
	if (writing->unit->notes.n < NOTES_MAX)
		list_add(&writing->unit->notes, text);
	else
		writing->untold++;
	if (writing->unit->state == BACKUP_OK)
		writing->unit->state = BACKUP_WARNING;
}

/* What is left out on purpose is no warning. */
static bool is_harmless(enum tgz_note_kind kind)
{
	return kind == TGZ_CACHE || kind == TGZ_SPECIAL || kind == TGZ_MOUNT;
}

static void began(void *context, const char *key, const char *upload_id)
{
	const struct backup_unit_options *options = ((struct writing *)context)->options;

	if (options->began)
		options->began(options->context, key, upload_id);
}

static void on_note(void *context, const struct tgz_note *note)
{
	struct writing *writing = context;

	writing->unreadable += note->kind == TGZ_UNREADABLE;
	cleanup_free char *text = mem_printf("/%s: %s", note->path, note->text);
	enum backup_state before = writing->unit->state;

	add_note(writing, text);
	if (is_harmless(note->kind))
		writing->unit->state = before;
}

/* --- what needs care --- */

/* A PostgreSQL data directory whose server runs (postgresql.org, "File System Level Backup"). */
static bool is_live_postgres(const struct tgz_entry *entry)
{
	static const char *const marks[] = {"PG_VERSION", "global/pg_control", "postmaster.pid"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		cleanup_free char *path = mem_printf("%s/%s", entry->name, marks[i]);
		if (faccessat(entry->folder, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
	}
	return true;
}

static int refuse_postgres(const struct writing *writing, const struct tgz_entry *entry,
			   struct err *err)
{
	(void)err_set(err, ERR_INVALID,
		      "/%s is the data directory of a running PostgreSQL: a copy of its files "
		      "cannot be restored",
		      entry->path);
	return err_hint(err,
			"in app.yaml of %s: backup: {dumps: [{name: all.sql, exec: {selector: "
			"{app: NAME}, command: [pg_dumpall, -U, postgres]}}]}, or cold: true",
			writing->source->name);
}

static int visit(void *context, struct tgz_entry *entry, struct err *err)
{
	struct writing *writing = context;

	if (S_ISDIR(entry->st.st_mode) && !backup_calm_holds(&writing->calm, writing->tree) &&
	    is_live_postgres(entry))
		return writing->dumped ? TGZ_LEAVE_OUT : refuse_postgres(writing, entry, err);
	if (!S_ISREG(entry->st.st_mode))
		return 0;
	if (backup_sqlite_is_companion(entry->folder, entry->name))
		return TGZ_LEAVE_OUT;
	if (!backup_sqlite_is(entry->folder, entry->name))
		return 0;
	return backup_sqlite_copy(entry->folder, entry->name, writing->options->scratch,
				  &entry->content, err);
}

/* --- hooks and dumps --- */

static struct backup_hook_options hooks_of(const struct writing *writing)
{
	return (struct backup_hook_options){
		.backup = writing->source->options,
		.client = writing->options->client,
		.ns = writing->source->ns ? writing->source->ns : "default",
		.deadline = writing->options->deadline,
	};
}

static int run_hooks(const struct writing *writing, const char *key, struct err *err)
{
	const struct backup_hook_options options = hooks_of(writing);

	return backup_hook_run(&options, key, err);
}

/* Into a file first: what a dump prints is good only when it ended well and is not empty. */
static int add_dump(struct writing *writing, const json_t *dump, struct err *err)
{
	const struct backup_hook_options hooks = hooks_of(writing);
	const char *name = tree_path_string(dump, "name");

	if (!name || !*name || strchr(name, '/') || *name == '.')
		return err_set(err, ERR_INVALID, "backup.dumps: each needs a name without slashes");
	int fd = open(writing->options->scratch, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "%s", writing->options->scratch);
	int r = backup_hook_dump(&hooks, dump, fd, err);
	cleanup_free char *path = mem_printf("_dumps/%s", name);
	const struct tgz_file file = {.path = path, .mode = 0600, .modified = time(NULL)};
	if (r >= 0)
		r = tgz_writer_add_file(backup_archive_tgz(writing->writer), &file, fd, err);
	file_close(&fd);
	return r < 0 ? err_wrap(err, "dump %s", name) : 0;
}

static int add_dumps(struct writing *writing, struct err *err)
{
	const json_t *dumps = json_object_get(writing->source->options, "dumps");
	json_t *dump;
	size_t i;

	json_array_foreach (dumps, i, dump) {
		int r = add_dump(writing, dump, err);
		if (r < 0)
			return r;
		writing->dumped = true;
	}
	return 0;
}

/* --- the archive --- */

/* What the set says of it. */
static void name_tree(struct backup_unit *unit, const struct backup_tree *tree)
{
	list_add(&unit->paths, tree->path);
	if (!tree->claim)
		return;
	json_t *volume = tree->volume ? json_copy(tree->volume) : json_object();
	json_object_set_new(volume, "path", json_string(tree->path));
	if (!unit->claim_volumes)
		unit->claim_volumes = json_object();
	json_object_set_new(unit->claim_volumes, tree->claim, volume);
	list_add(&unit->claims, tree->claim);
}

static int add_tree(struct writing *writing, const struct backup_look *look, struct err *err)
{
	const struct backup_tree *tree = &writing->source->trees[writing->tree];

	if (list_has(&look->missing, tree->path)) {
		cleanup_free char *text = mem_printf("%s is not there", tree->path);
		add_note(writing, text);
		return 0;
	}
	struct tgz_walk_options walk = walk_of(writing->source, writing->tree,
					       backup_calm_root(&writing->calm, writing->tree));
	walk.visit = visit;
	walk.note = on_note;
	walk.context = writing;
	int r = tgz_writer_add_tree(backup_archive_tgz(writing->writer), &walk, err);
	list_done(&walk.exclude);
	name_tree(writing->unit, tree);
	return r;
}

/* The data is good even where the app does not come back by itself: that is told, not a failure. */
static void end_calm(struct writing *writing)
{
	cleanup_err struct err err = ERR_INIT;

	if (backup_calm_end(&writing->calm, &err) >= 0)
		return;
	cleanup_free char *text = err_text(&err);
	add_note(writing, text);
	event_emit(writing->options->sink,
		   (struct event){.kind = EVENT_BACKUP_FAILED, .app = writing->source->name},
		   "%s; it is tried again until it works", text);
}

static int add_trees(struct writing *writing, const struct backup_look *look, struct err *err)
{
	const struct backup_unit_options *options = writing->options;
	const struct backup_calm_options calm = {
		.client = options->client,
		.state_dir = options->state_dir,
		.id = options->id,
		.deadline = options->deadline,
		.sink = options->sink,
	};

	int r = backup_calm_begin(&calm, writing->source, &writing->calm, err);
	if (r < 0)
		return r;
	for (writing->tree = 0; r >= 0 && writing->tree < writing->source->count; writing->tree++)
		r = add_tree(writing, look, err);
	end_calm(writing);
	return r;
}

static void take_object(struct backup_object *to, const struct s3_object *from)
{
	*to = (struct backup_object){.key = mem_strdup(from->key), .size = from->size};
}

static void take_archive(struct backup_unit *unit, const struct backup_archive *archive)
{
	for (size_t i = 0; i < archive->volume_count; i++)
		take_object(backup_unit_add_volume(unit), &archive->volumes[i]);
	take_object(&unit->index, &archive->index);
	unit->sha256 = mem_strdup(archive->sha256);
	unit->index_sha256 = mem_strdup(archive->index_sha256);
	unit->files = archive->summary.files;
	unit->bytes = archive->summary.bytes;
}

static int unreadable(const struct writing *writing, struct err *err)
{
	const struct list *notes = &writing->unit->notes;

	return err_set(err, ERR_IO, "%llu files could not be read%s%s",
		       (unsigned long long)writing->unreadable, notes->n ? ": " : "",
		       notes->n ? notes->items[0] : "");
}

static int write_unit(struct writing *writing, const struct backup_look *look, struct err *err)
{
	const struct backup_unit_options *options = writing->options;
	cleanup_free char *key =
		mem_printf("%s/%s/%s", options->node, writing->source->name, options->id);
	cleanup_backup_archive struct backup_archive archive = {0};
	const struct backup_archive_options wanted = {
		.key = key,
		.size_bound = look->bytes,
		.effort = options->effort,
		.recipients = options->recipients,
		.began = began,
		.note = on_note,
		.context = writing,
	};

	int r = backup_archive_begin(options->store, &wanted, options->deadline, &writing->writer,
				     err);
	if (r >= 0)
		r = add_dumps(writing, err);
	if (r >= 0)
		r = add_trees(writing, look, err);
	if (r >= 0 && writing->unreadable)
		r = unreadable(writing, err);
	if (r >= 0)
		r = backup_archive_finish(writing->writer, &archive, err);
	if (r >= 0)
		take_archive(writing->unit, &archive);
	if (r >= 0)
		backup_keys_names(options->recipients, &writing->unit->recipients);
	return r;
}

/* After a failure the hooks `after` run too: they undo what those before did. */
static int end_hooks(const struct writing *writing, int r, struct err *err)
{
	cleanup_err struct err also = ERR_INIT;

	if (r < 0 && run_hooks(writing, "onFailure", &also) < 0)
		(void)err_hint(err, "and backup.onFailure failed too: %s", also.message);
	err_done(&also);
	int after = run_hooks(writing, "after", &also);
	return r < 0 || after >= 0 ? r : err_move(err, &also);
}

int backup_unit_write(const struct backup_unit_options *options, const struct backup_source *source,
		      const struct backup_look *look, struct backup_unit *unit, struct err *err)
{
	struct writing writing = {.options = options, .source = source, .unit = unit};

	int r = run_hooks(&writing, "before", err);
	if (r >= 0)
		r = write_unit(&writing, look, err);
	r = end_hooks(&writing, r, err);
	backup_archive_end(writing.writer);
	if (writing.untold)
		list_printf(&unit->notes, "and %llu more", (unsigned long long)writing.untold);
	return r;
}
