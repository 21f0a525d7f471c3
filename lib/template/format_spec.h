/*
 * template/format_spec: how one value is written, as Python's format specifications say it:
 * "0>+#10,.3f".
 *
 * Both str.format and the % operator end here. Problems are static texts, NULL when it went well.
 */
#pragma once

#include "template/types.h"

#define FORMAT_WIDEST 1000000 /* characters of padding or digits for one value */

struct format_spec {
	uint32_t fill;
	char align; /* '<' '>' '^' '=', 0: as the type has it */
	char sign;  /* '+' ' ' '-', 0: not given */
	bool no_minus_zero, alternate, zero;
	char group;	      /* ',' '_', 0: none */
	int width, precision; /* -1: not given */
	char type;	      /* 0: not given */
};

/* The text behind the colon of "{:...}". */
const char *template_format_read(const char *text, size_t length, struct format_spec *ret);

/* A number by a type of "bdoxX" (integers) or "eEfFgG%" (any), or 0: as str has it. */
void template_format_number(const struct value *number, const struct format_spec *spec,
			    struct buf *out);
/* Text, cut at the precision and padded; `align` where the spec has none. */
void template_format_text(const char *text, size_t length, const struct format_spec *spec,
			  char align, struct buf *out);
/* ascii(): repr() with everything that is not ASCII escaped. */
void template_format_ascii(const struct value *value, struct buf *out);
