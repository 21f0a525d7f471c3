/*
 * point: named places between two steps that must survive a crash, so that a test can end the
 * process exactly there (test/cluster/scenarios/crash).
 *
 * Nothing happens unless the environment variable DESIRED_CRASH_AT names the place: then the
 * process kills itself with SIGKILL, as a power failure would. "NAME:3" means the third time.
 */
#pragma once

/* What stands before the call is done, what stands behind it is not. */
void point_reached(const char *name);
