/* notify: what systemd is told of us (sd_notify(3)). Nothing happens without systemd. */
#pragma once

/* Files are loaded and the control socket is open; also the end of a reload. */
void notify_ready(void);
void notify_reloading(void);
/* Also asks for time, because a replace between delete and create is finished first; may be
 * repeated. */
void notify_stopping(void);
/* The STATUS line of systemctl status. */
void notify_status(const char *text);
