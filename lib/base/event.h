/*
 * event: how lib/ says what happens, without knowing who listens.
 *
 * The daemon's sink writes the journal, the CLI's a terminal, a test's remembers. An event is
 * borrowed for the duration of the call; sinks may be called from any thread.
 */
#pragma once

enum event_kind {
	EVENT_LOADED,	   /* the files of an app were taken up */
	EVENT_LOAD_FAILED, /* they were not; what was in force stays */
	EVENT_CREATED,
	EVENT_CHANGED,
	EVENT_REPLACED, /* deleted and created again */
	EVENT_PUT_BACK, /* the new one did not become ready, the old one is there again */
	EVENT_REPAIRED, /* drift put right */
	EVENT_ADOPTED,
	EVENT_DELETED,	     /* pruned */
	EVENT_KEPT,	     /* left the files, holds data, stays */
	EVENT_APPROVAL,	     /* deletes wait for desired approve */
	EVENT_REFUSED,	     /* not done, and why */
	EVENT_WAITING,	     /* not ready yet, and why */
	EVENT_READY,	     /* the app is ready */
	EVENT_NOT_READY,     /* it did not become so in time */
	EVENT_FAILED,	     /* a step failed */
	EVENT_WARNING,	     /* a Warning header of the API server ... */
	EVENT_CONTESTED,     /* a field that another manager changes back is left alone */
	EVENT_HOOK,	     /* a line of a hook's log, and how it ended */
	EVENT_BACKUP,	     /* a unit was backed up, or a run ended well */
	EVENT_BACKUP_FAILED, /* a run left no good set */
	EVENT_BACKUP_STALE,  /* there was no good set for too long */
	EVENT_UNPROTECTED,   /* data that no backup takes along */
	EVENT_VERIFY_FAILED, /* what is in the store is not what was written */
	EVENT_REHEARSED,     /* the newest set was restored to a scratch place, and is good */
	EVENT_REHEARSAL_FAILED,
	EVENT_WELL,	     /* what one of these said is over */
	EVENT_FIRST_INSTALL, /* an app's data is nowhere: it begins with nothing */
	EVENT_RESTORED,	     /* it came back from a backup, before the app was applied */
	EVENT_DATA_MISSING,  /* the app waits for its data, or for a person */
	EVENT_API_GONE,
	EVENT_API_BACK,
	EVENT_SUSPENDED,
	EVENT_RESUMED,
	EVENT_ROLLED_BACK, /* pinned to an earlier revision, by a person or by itself */
	EVENT_PURGED,	   /* data went, because somebody said so */
	EVENT_UNDONE,	   /* what was pruned comes back */
	EVENT_UNPINNED,	   /* it follows its files again */
	EVENT_STARTED,
	EVENT_STOPPED,
	EVENT_RELOADED, /* the verdict of a reload */
};

struct event {
	enum event_kind kind;
	const char *app;	 /* "ghost@tfe-fr"; NULL when it concerns all */
	const char *object_kind; /* "Deployment" ...; these three NULL for no object */
	const char *object_namespace;
	const char *object_name;
	const char *step;    /* "create", "replace" ...; may be NULL */
	int revision;	     /* 0: none */
	const char *message; /* one line, complete by itself, without secrets */
};

struct event_sink {
	void (*emit)(struct event_sink *sink, const struct event *event);
};

/* Fills .message from the format and emits; a NULL sink swallows it. */
void event_emit(struct event_sink *sink, struct event event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "loaded", "load-failed" ...: stable names for JSON. Static. */
const char *event_kind_name(enum event_kind kind);
