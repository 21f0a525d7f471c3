#include "tgz/tgz.h"

const char *tgz_note_name(enum tgz_note_kind kind)
{
	static const char *const names[] = {
		[TGZ_CHANGED] = "changed",	 [TGZ_GREW] = "grew",
		[TGZ_SHRANK] = "shrank",	 [TGZ_VANISHED] = "vanished",
		[TGZ_UNREADABLE] = "unreadable", [TGZ_MOUNT] = "mount",
		[TGZ_CACHE] = "cache",		 [TGZ_SPECIAL] = "special",
		[TGZ_NOT_KEPT] = "not-kept",
	};

	return names[kind];
}
