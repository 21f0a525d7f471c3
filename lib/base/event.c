#include "base/event.h"

#include <stdarg.h>

#include "base/mem.h"

void event_emit(struct event_sink *sink, struct event event, const char *format, ...)
{
	va_list args;

	if (!sink)
		return;
	va_start(args, format);
	cleanup_free char *message = mem_vprintf(format, args);
	va_end(args);
	event.message = message;
	sink->emit(sink, &event);
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = {
		[EVENT_LOADED] = "loaded",
		[EVENT_LOAD_FAILED] = "load-failed",
		[EVENT_CREATED] = "created",
		[EVENT_CHANGED] = "changed",
		[EVENT_PUT_BACK] = "put-back",
		[EVENT_REPLACED] = "replaced",
		[EVENT_REPAIRED] = "repaired",
		[EVENT_ADOPTED] = "adopted",
		[EVENT_DELETED] = "deleted",
		[EVENT_KEPT] = "kept",
		[EVENT_APPROVAL] = "approval",
		[EVENT_REFUSED] = "refused",
		[EVENT_WAITING] = "waiting",
		[EVENT_READY] = "ready",
		[EVENT_NOT_READY] = "not-ready",
		[EVENT_FAILED] = "failed",
		[EVENT_WARNING] = "warning",
		[EVENT_API_GONE] = "api-gone",
		[EVENT_API_BACK] = "api-back",
		[EVENT_SUSPENDED] = "suspended",
		[EVENT_RESUMED] = "resumed",
		[EVENT_ROLLED_BACK] = "rolled-back",
		[EVENT_PURGED] = "purged",
		[EVENT_UNDONE] = "undone",
		[EVENT_UNPINNED] = "unpinned",
		[EVENT_STARTED] = "started",
		[EVENT_STOPPED] = "stopped",
		[EVENT_RELOADED] = "reloaded",
		[EVENT_CONTESTED] = "contested",
		[EVENT_HOOK] = "hook",
		[EVENT_BACKUP] = "backup",
		[EVENT_BACKUP_FAILED] = "backup-failed",
		[EVENT_BACKUP_STALE] = "backup-stale",
		[EVENT_UNPROTECTED] = "unprotected",
		[EVENT_VERIFY_FAILED] = "verify-failed",
		[EVENT_REHEARSED] = "rehearsed",
		[EVENT_REHEARSAL_FAILED] = "rehearsal-failed",
		[EVENT_WELL] = "well",
		[EVENT_FIRST_INSTALL] = "first-install",
		[EVENT_RESTORED] = "restored",
		[EVENT_DATA_MISSING] = "data-missing",
	};

	return names[kind];
}
