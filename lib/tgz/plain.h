/*
 * plain: names that are no UTF-8, in a form that every tar takes without a word.
 *
 * libarchive writes such a name as a pax record `path` beside `hdrcharset=BINARY`, which GNU tar
 * does not know and warns of. Where the name stands in the ustar header as it is, both records can
 * go: there all readers take bytes as bytes.
 */
#pragma once

#include "base/buf.h"

/* `header` is all that stands before an entry's data: a pax header and the ustar header behind it.
 * Changed only where nothing is lost. path and link (NULL: none) are the entry's. */
void tgz_plain(struct buf *header, const char *path, const char *link);
