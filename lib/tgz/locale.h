/* locale: libarchive takes names in the thread's locale, which in a system unit is C: there every
 * name that is not ASCII would be odd. Between these two the thread's is UTF-8. */
#pragma once

#include <locale.h>

struct tgz_locale {
	locale_t utf8, before;
};

struct tgz_locale tgz_locale_enter(void);
void tgz_locale_leave(struct tgz_locale *locale);
#define cleanup_tgz_locale __attribute__((cleanup(tgz_locale_leave)))
