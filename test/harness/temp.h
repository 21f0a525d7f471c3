/*
 * temp: folders for one test.
 *
 * All of them lie below one folder of the test program, which vanishes when the program ends,
 * also when a test failed or crashed in its own process.
 *
 *	cleanup_free char *dir = temp_dir();
 *	temp_write(dir, "blog/app.yaml", "namespace: blog\n");
 */
#pragma once

#include <stddef.h>

/* A new empty folder, mode 0700. Caller frees the path; the folder goes away by itself. */
char *temp_dir(void);

/* Writes a file below the folder (mode 0644) and makes the folders in between (0755). Fails the
 * test when it cannot. */
void temp_write(const char *dir, const char *name, const char *text);

/* The text of a file below the folder; fails the test when it cannot be read. Caller frees. */
char *temp_read(const char *dir, const char *name);

/* Removes a folder and all that is in it; one that is not there is fine. */
void temp_remove(const char *path);
