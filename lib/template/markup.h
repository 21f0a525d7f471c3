/*
 * template/markup: strings that count as HTML already, as markupsafe's Markup has them.
 *
 * escape and safe give such strings; their methods and operators give them again and escape what
 * is put into them. Nothing else looks at the difference: Ansible escapes nothing by itself.
 */
#pragma once

#include "template/call.h"

void template_markup_escape_text(const char *text, size_t length, struct buf *out);
/* escape(): str(value), escaped unless it counts as HTML. New reference. */
struct value *template_markup_escape(struct value *value);
/* str() as an argument of a string that counts as HTML (`like`): escaped, too. New reference. */
struct value *template_markup_like(const struct value *like, struct value *value);
/* The string, or the strings in the list, count as HTML. New reference. */
struct value *template_markup_mark(struct value *value_stolen);
/* The same, when `like` does. */
struct value *template_markup_keep(const struct value *like, struct value *value_stolen);
/* The method of a string that counts as HTML, which is the call's first argument. */
struct value *template_markup_method(struct call *call, const struct builtin *builtin);
/* The methods that other strings have not: unescape and striptags; NULL: none of that name. */
const struct builtin *template_markup_own(const char *name);
/* Characters for &lt; and its like. */
void template_markup_unescape(const char *text, size_t length, struct buf *out);
/* Tags and comments go, white space becomes single blanks, entities become characters. */
struct value *template_markup_strip(const struct value *string);
