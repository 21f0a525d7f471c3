#include "notify.h"

#include <systemd/sd-daemon.h>

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	sd_notify(0, "RELOADING=1");
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
}

void notify_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}
