#include "base/name.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 64

/* Optimal string alignment: a swap of neighbours counts as one typing mistake. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], la = strlen(a), lb = strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = rows[i % 3], *up = rows[(i + 2) % 3], *above = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = up[j - 1] + (tolower((unsigned char)a[i - 1]) !=
						   tolower((unsigned char)b[j - 1]));
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above[j - 2] + 1 < best)
				best = above[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[la % 3][lb];
}

const char *name_nearest(const char *written, const char *const *known, size_t count)
{
	const char *nearest = NULL;
	size_t best = strlen(written) / 3 + 1;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(written, known[i]);
		if (d < best || (d == best && !nearest && d < strlen(known[i]))) {
			best = d;
			nearest = known[i];
		}
	}
	return nearest;
}

bool name_is_label(const char *name)
{
	size_t length = strlen(name);

	if (!length || length > 63 || name[0] == '-' || name[length - 1] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}
