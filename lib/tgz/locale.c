#include "tgz/locale.h"

struct tgz_locale tgz_locale_enter(void)
{
	struct tgz_locale locale = {.utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)};

	if (locale.utf8)
		locale.before = uselocale(locale.utf8);
	return locale;
}

void tgz_locale_leave(struct tgz_locale *locale)
{
	if (!locale->utf8)
		return;
	uselocale(locale->before);
	freelocale(locale->utf8);
}
