#include "source/git_index.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

/* gitformat-index(5): a head of 12 bytes, then entries of 62 bytes and a name, padded to 8. */
#define HEAD	    12
#define ENTRY	    62
#define INDEX_LIMIT (64u << 20)
#define FILE_LIMIT  (8u << 20)
#define REGULAR	    0100000u
#define KIND	    0170000u
#define EXTENDED    0x4000u
#define SHA1	    20

struct entry {
	uint32_t seconds, nanoseconds, mode, size;
	const unsigned char *sha1;
	const char *name;
};

static uint32_t number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Returns the length of the entry, 0 when it does not fit. */
static size_t read_entry(const unsigned char *at, size_t room, struct entry *ret)
{
	size_t fixed = ENTRY;

	if (room < ENTRY)
		return 0;
	fixed += (((unsigned int)at[60] << 8) | at[61]) & EXTENDED ? 2 : 0;
	if (room <= fixed)
		return 0;
	const char *name = (const char *)at + fixed;
	size_t length = strnlen(name, room - fixed);
	*ret = (struct entry){number(at + 8),  number(at + 12), number(at + 24),
			      number(at + 36), at + 40,		name};
	size_t whole = (fixed + length + 8) & ~(size_t)7;
	return whole <= room ? whole : 0;
}

static bool content_differs(const char *path, const struct entry *entry)
{
	cleanup_free char *text = NULL, *digest = NULL;
	cleanup_err struct err err = ERR_INIT;
	size_t length;
	char wanted[2 * SHA1 + 1];

	if (file_read(path, FILE_LIMIT, &text, &length, &err) < 0)
		return true;
	cleanup_free char *head = mem_printf("blob %zu", length);
	size_t head_length = strlen(head) + 1;
	cleanup_free char *all = mem_alloc(head_length + length + 1);
	memcpy(all, head, head_length);
	memcpy(all + head_length, text, length);
	digest = digest_hex("sha1", all, head_length + length);
	for (int i = 0; i < SHA1; i++) {
		wanted[2 * i] = "0123456789abcdef"[entry->sha1[i] >> 4];
		wanted[2 * i + 1] = "0123456789abcdef"[entry->sha1[i] & 15];
	}
	wanted[2 * SHA1] = '\0';
	return !digest || strcmp(digest, wanted) != 0;
}

static bool entry_differs(const char *work_tree, const struct entry *entry)
{
	cleanup_free char *path = file_join(work_tree, entry->name);
	struct stat st;

	if ((entry->mode & KIND) != REGULAR)
		return false;
	if (stat(path, &st) < 0)
		return true;
	if ((uint32_t)st.st_size == entry->size && (uint32_t)st.st_mtim.tv_sec == entry->seconds &&
	    (uint32_t)st.st_mtim.tv_nsec == entry->nanoseconds)
		return false;
	return (uint32_t)st.st_size != entry->size || content_differs(path, entry);
}

static bool is_below(const char *name, const char *folder)
{
	size_t length = strlen(folder);

	return !length || (!strncmp(name, folder, length) && name[length] == '/');
}

bool source_git_index_differs(const char *git, const char *work_tree, const char *below)
{
	cleanup_free char *path = file_join(git, "index"), *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	size_t length;

	if (file_read(path, INDEX_LIMIT, &text, &length, &err) < 0)
		return false;
	const unsigned char *bytes = (const unsigned char *)text;
	if (length < HEAD || memcmp(text, "DIRC", 4) != 0 || number(bytes + 4) > 3)
		return false;
	uint32_t count = number(bytes + 8);
	size_t at = HEAD;
	for (uint32_t i = 0; i < count; i++) {
		struct entry entry;
		size_t used = read_entry(bytes + at, length - at, &entry);
		if (!used)
			return false;
		if (is_below(entry.name, below) && entry_differs(work_tree, &entry))
			return true;
		at += used;
	}
	return false;
}
