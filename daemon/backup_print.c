#include "backup_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"

char *backup_size_text(uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double size = (double)bytes;
	int unit = 0;

	while (size >= 1000 && unit < 4) {
		size /= 1000;
		unit++;
	}
	return mem_printf(unit && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

uint64_t backup_set_sent(const struct backup_set *set)
{
	uint64_t sent = 0;

	for (size_t i = 0; i < set->count; i++)
		if (!set->units[i].same_as)
			sent += backup_unit_stored(&set->units[i]);
	return sent;
}

/* --- list --- */

static char *note_of(const struct backup_set *set)
{
	size_t unchanged = 0, notes = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct backup_unit *unit = &set->units[i];
		if (unit->state == BACKUP_FAILED)
			return mem_printf("%s: %s", unit->name,
					  unit->error ? unit->error : "failed");
		unchanged += unit->same_as != NULL;
		notes += unit->notes.n;
	}
	if (backup_set_state(set) == BACKUP_WARNING)
		return mem_printf("%zu note%s: desired backup show %s", notes,
				  notes == 1 ? "" : "s", set->id);
	return unchanged ? mem_printf("%zu unchanged", unchanged) : mem_strdup("");
}

static char *units_text(const struct backup_set *set)
{
	size_t good = 0;

	for (size_t i = 0; i < set->count; i++)
		good += set->units[i].state != BACKUP_FAILED;
	return good == set->count ? mem_printf("%zu", set->count)
				  : mem_printf("%zu/%zu", good, set->count);
}

static void print_line(const struct backup_set *set, struct buf *out)
{
	cleanup_free char *units = units_text(set), *note = note_of(set);
	cleanup_free char *sent = backup_size_text(backup_set_sent(set));
	cleanup_free char *took = timespan_text((int64_t)(set->ended - set->began) * 1000);

	buf_printf(out, "%-26s %-8s %-6s %-8s %-6s %s", set->id,
		   backup_state_name(backup_set_state(set)), units, sent, took, note);
	while (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_addch(out, '\n');
}

void backup_print_list(const struct backup_catalog *catalog, const char *store, const char *node,
		       struct buf *out)
{
	buf_printf(out, "# desired backup list\n%s  node %s\n", store, node);
	if (!catalog->count)
		buf_addstr(out, "no sets\n");
	else
		buf_printf(out, "%-26s %-8s %-6s %-8s %-6s NOTE\n", "SET", "STATE", "UNITS", "SENT",
			   "TIME");
	for (size_t i = catalog->count; i-- > 0;)
		print_line(catalog->sets[i], out);
	for (size_t i = 0; i < catalog->damaged.n; i++)
		buf_printf(out, "damaged: %s\n", catalog->damaged.items[i]);
	const struct backup_set *newest = catalog->count ? catalog->sets[catalog->count - 1] : NULL;
	for (size_t i = 0; newest && i < newest->unprotected.n; i++)
		buf_printf(out, "unprotected: %s\n", newest->unprotected.items[i]);
}

json_t *backup_list_to_json(const struct backup_catalog *catalog)
{
	json_t *sets = json_array(), *damaged = json_array();

	for (size_t i = 0; i < catalog->count; i++)
		json_array_append_new(sets, backup_set_to_json(catalog->sets[i]));
	for (size_t i = 0; i < catalog->damaged.n; i++)
		json_array_append_new(damaged, json_string(catalog->damaged.items[i]));
	return json_pack("{s:i, s:o, s:o}", "schema", 1, "sets", sets, "damaged", damaged);
}

/* --- show --- */

static void print_unit(const struct backup_unit *unit, struct buf *out)
{
	cleanup_free char *size = backup_size_text(unit->bytes);
	cleanup_free char *stored = backup_size_text(backup_unit_stored(unit));

	buf_printf(out, "%s  %s", unit->name, backup_state_name(unit->state));
	if (unit->index.key)
		buf_printf(out, "  %llu files, %s (%s stored)", (unsigned long long)unit->files,
			   size, stored);
	if (unit->same_as)
		buf_printf(out, "  unchanged since %s", unit->same_as);
	buf_addch(out, '\n');
	if (unit->error)
		buf_printf(out, "  error: %s\n", unit->error);
	for (size_t i = 0; i < unit->paths.n; i++)
		buf_printf(out, "  %s\n", unit->paths.items[i]);
	for (size_t i = 0; i < unit->notes.n; i++)
		buf_printf(out, "  note: %s\n", unit->notes.items[i]);
}

void backup_print_set(const struct backup_set *set, struct buf *out)
{
	cleanup_free char *began = timespan_rfc3339(set->began);

	buf_printf(out, "# desired backup show\n%s  %s  node %s  taken %s by desired %s\n", set->id,
		   backup_state_name(backup_set_state(set)), set->node, began, set->version);
	for (size_t i = 0; i < set->count; i++)
		print_unit(&set->units[i], out);
	for (size_t i = 0; i < set->notes.n; i++)
		buf_printf(out, "note: %s\n", set->notes.items[i]);
	for (size_t i = 0; i < set->unprotected.n; i++)
		buf_printf(out, "unprotected: %s\n", set->unprotected.items[i]);
}
