/*
 * alarm: looks after what nobody else would notice, once a minute and whenever a backup left word.
 *
 * A backup that did not come, a set that is damaged, a rehearsal that failed and data that no
 * backup takes along are lines in the journal; each run has one, whatever came of it. What goes bad
 * and what is well again, apps and the API server too, also goes to the command `alert:`, with
 * "bad" or "well" and one line of text as its last arguments. `metrics:` is kept here as well: a
 * file, or an address that is served.
 *
 * Nothing of it runs when desired.yaml asks for none of the three.
 */
#pragma once

#include "daemon.h"

struct alarm *alarm_new(struct daemon *daemon);
void alarm_free(struct alarm *alarm);

/* The first reading has ended. Loop thread. */
void alarm_start(struct alarm *alarm);
/* Something may have changed: looks now. Any thread. */
void alarm_look(struct daemon *daemon);
