/*
 * header: the beginning of an age file: the key of the file, wrapped for each who may read it, and
 * a MAC over that by the key itself (age-encryption.org/v1).
 *
 *	age-encryption.org/v1
 *	-> X25519 SHARE
 *	WRAPPED-KEY
 *	--- MAC
 */
#pragma once

#include "age/key.h"
#include "base/buf.h"

#define AGE_FILE_KEY   16
#define AGE_HEADER_MAX ((size_t)64 << 10)

/* A header for these recipients, appended to ret. */
void age_header_write(const struct age_recipients *recipients,
		      const unsigned char file_key[AGE_FILE_KEY], struct buf *ret);

/* Reads the header at the start of these bytes and unwraps the key of the file with any of the
 * identities. Returns its length; 0 when it goes on behind the bytes. ERR_INVALID: damaged, or no
 * age file. ERR_DENIED: none of the identities may read it. */
int age_header_read(const char *bytes, size_t length, const struct age_identities *identities,
		    unsigned char ret_key[AGE_FILE_KEY], struct err *err);
