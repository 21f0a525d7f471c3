#include "template/number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/text.h"

#define LARGEST_BITS 1000000

static BIGNUM *big_of(const struct value *value)
{
	int64_t integer;

	if (value->kind == VALUE_BIG)
		return BN_dup(value->big);
	value_as_int(value, &integer);
	BIGNUM *big = BN_new();
	BN_set_word(big, integer < 0 ? -(uint64_t)integer : (uint64_t)integer);
	BN_set_negative(big, integer < 0);
	return big;
}

static double big_double(const BIGNUM *big)
{
	char *digits = BN_bn2dec(big);
	double number = strtod(digits, NULL);

	OPENSSL_free(digits);
	return number;
}

double template_number_double(const struct value *number)
{
	int64_t integer;

	if (number->kind == VALUE_FLOAT)
		return number->real;
	if (number->kind == VALUE_BIG)
		return big_double(number->big);
	return value_as_int(number, &integer) ? (double)integer : 0;
}

int template_number_compare(const struct value *a, const struct value *b)
{
	int64_t x, y;

	if (value_as_int(a, &x) && value_as_int(b, &y))
		return x < y ? -1 : x > y;
	if (a->kind != VALUE_FLOAT && b->kind != VALUE_FLOAT) {
		BIGNUM *left = big_of(a), *right = big_of(b);
		int order = BN_cmp(left, right);
		BN_free(left);
		BN_free(right);
		return order;
	}
	double p = template_number_double(a), q = template_number_double(b);
	if (isnan(p) || isnan(q))
		return NUMBER_UNORDERED;
	return p < q ? -1 : p > q;
}

/* Python rounds the quotient down and gives the rest the sign of the divisor. */
static void big_floor(BIGNUM *quotient, BIGNUM *rest, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx)
{
	BN_div(quotient, rest, a, b, ctx);
	if (!BN_is_zero(rest) && BN_is_negative(rest) != BN_is_negative(b)) {
		BN_add(rest, rest, b);
		BN_sub_word(quotient, 1);
	}
}

static bool big_power(BIGNUM *result, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx)
{
	if (BN_num_bits(b) > 30 && BN_num_bits(a) > 1)
		return false;
	if (BN_num_bits(a) > 1 && (uint64_t)BN_num_bits(a) * BN_get_word(b) > LARGEST_BITS)
		return false;
	return BN_exp(result, a, b, ctx);
}

static bool big_operate(enum number_operator op, BIGNUM *r, const BIGNUM *a, const BIGNUM *b,
			BN_CTX *ctx)
{
	BIGNUM *other = BN_new();
	bool ok = BN_num_bits(a) <= LARGEST_BITS && BN_num_bits(b) <= LARGEST_BITS;

	if (!ok) {
		BN_free(other);
		return false;
	}
	switch (op) {
	case NUMBER_ADD:
		BN_add(r, a, b);
		break;
	case NUMBER_SUBTRACT:
		BN_sub(r, a, b);
		break;
	case NUMBER_MULTIPLY:
		BN_mul(r, a, b, ctx);
		break;
	case NUMBER_FLOOR_DIVIDE:
		big_floor(r, other, a, b, ctx);
		break;
	case NUMBER_MODULO:
		big_floor(other, r, a, b, ctx);
		break;
	default:
		ok = big_power(r, a, b, ctx);
		break;
	}
	BN_free(other);
	return ok;
}

static struct value *calculate_big(enum number_operator op, const struct value *x,
				   const struct value *y, const char **ret_problem)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *a = big_of(x), *b = big_of(y), *r = BN_new();
	bool ok = big_operate(op, r, a, b, ctx);

	BN_free(a);
	BN_free(b);
	BN_CTX_free(ctx);
	if (ok)
		return value_big(r);
	BN_free(r);
	*ret_problem = "the result has more than a million bits";
	return NULL;
}

static bool calculate_small(enum number_operator op, int64_t a, int64_t b, int64_t *ret)
{
	switch (op) {
	case NUMBER_ADD:
		return !__builtin_add_overflow(a, b, ret);
	case NUMBER_SUBTRACT:
		return !__builtin_sub_overflow(a, b, ret);
	case NUMBER_MULTIPLY:
		return !__builtin_mul_overflow(a, b, ret);
	case NUMBER_FLOOR_DIVIDE:
		if (a == INT64_MIN)
			return false;
		*ret = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
		return true;
	case NUMBER_MODULO:
		if (a == INT64_MIN)
			return false;
		*ret = a % b + (a % b != 0 && (a % b < 0) != (b < 0) ? b : 0);
		return true;
	default:
		return false;
	}
}

static double float_modulo(double a, double b)
{
	double rest = fmod(a, b);

	if (rest != 0 && (rest < 0) != (b < 0))
		return rest + b;
	return rest == 0 ? copysign(0, b) : rest;
}

static double float_floor_divide(double a, double b)
{
	double rest = fmod(a, b), quotient = (a - rest) / b;

	if (rest != 0 && (rest < 0) != (b < 0))
		quotient -= 1;
	if (quotient == 0)
		return copysign(0, a / b);
	double down = floor(quotient);
	return quotient - down > 0.5 ? down + 1 : down;
}

static struct value *calculate_float(enum number_operator op, double a, double b,
				     const char **ret_problem)
{
	switch (op) {
	case NUMBER_ADD:
		return value_float(a + b);
	case NUMBER_SUBTRACT:
		return value_float(a - b);
	case NUMBER_MULTIPLY:
		return value_float(a * b);
	case NUMBER_DIVIDE:
		return value_float(a / b);
	case NUMBER_FLOOR_DIVIDE:
		return value_float(float_floor_divide(a, b));
	case NUMBER_MODULO:
		return value_float(float_modulo(a, b));
	default:
		break;
	}
	if (a == 0 && b < 0)
		*ret_problem = "0.0 cannot be raised to a negative power";
	else if (a < 0 && b != floor(b))
		*ret_problem = "a negative number cannot be raised to a fraction";
	else if (isinf(pow(a, b)) && !isinf(a) && !isinf(b))
		*ret_problem = "numerical result out of range";
	else
		return value_float(pow(a, b));
	return NULL;
}

static const char *zero_problem(enum number_operator op, bool floats)
{
	if (op == NUMBER_DIVIDE)
		return floats ? "float division by zero" : "division by zero";
	if (op == NUMBER_MODULO)
		return floats ? "float modulo" : "integer modulo by zero";
	return floats ? "float floor division by zero" : "integer division or modulo by zero";
}

struct value *template_number_calculate(enum number_operator op, const struct value *a,
					const struct value *b, const char **ret_problem)
{
	int64_t x, y, result;
	bool floats = a->kind == VALUE_FLOAT || b->kind == VALUE_FLOAT;
	bool divides = op == NUMBER_DIVIDE || op == NUMBER_FLOOR_DIVIDE || op == NUMBER_MODULO;

	if (divides && b->kind != VALUE_BIG && template_number_double(b) == 0) {
		*ret_problem = zero_problem(op, floats);
		return NULL;
	}
	if (op == NUMBER_POWER && !floats && template_number_double(b) < 0)
		floats = true;
	if (floats || op == NUMBER_DIVIDE) {
		double p = template_number_double(a), q = template_number_double(b);
		if ((a->kind == VALUE_BIG && isinf(p)) || (b->kind == VALUE_BIG && isinf(q))) {
			*ret_problem = "an integer is too large for a float";
			return NULL;
		}
		return calculate_float(op, p, q, ret_problem);
	}
	if (value_as_int(a, &x) && value_as_int(b, &y) && calculate_small(op, x, y, &result))
		return value_int(result);
	return calculate_big(op, a, b, ret_problem);
}

struct value *template_number_negative(const struct value *number)
{
	int64_t integer;

	if (number->kind == VALUE_FLOAT)
		return value_float(-number->real);
	if (value_as_int(number, &integer) && integer != INT64_MIN)
		return value_int(-integer);
	BIGNUM *big = big_of(number);
	BN_set_negative(big, !BN_is_negative(big));
	return value_big(big);
}

struct value *template_number_absolute(const struct value *number)
{
	int64_t integer;

	if (number->kind == VALUE_FLOAT)
		return value_float(fabs(number->real));
	if (value_as_int(number, &integer) && integer >= 0)
		return value_int(integer);
	if (number->kind == VALUE_BIG && !BN_is_negative(number->big))
		return value_keep((struct value *)number);
	return template_number_negative(number);
}

/* Copies the digits of text without the underscores between them; false for one that is not
 * between two. */
static bool without_underscores(const char *text, size_t length, char *out)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '_') {
			*out++ = text[i];
			continue;
		}
		if (i == 0 || i + 1 == length || !isalnum((unsigned char)text[i - 1]) ||
		    !isalnum((unsigned char)text[i + 1]))
			return false;
	}
	*out = '\0';
	return true;
}

static void trim(const char **text, size_t *length)
{
	while (*length && isspace((unsigned char)**text)) {
		(*text)++;
		(*length)--;
	}
	while (*length && isspace((unsigned char)(*text)[*length - 1]))
		(*length)--;
}

/* Skips 0x and its like where the base allows it; base 0 finds its base. */
static char *skip_prefix(char *digits, int *base)
{
	static const struct {
		char letter;
		int base;
	} prefixes[] = {{'x', 16}, {'o', 8}, {'b', 2}};

	for (size_t i = 0; digits[0] == '0' && i < 3; i++)
		if (tolower((unsigned char)digits[1]) == prefixes[i].letter &&
		    (*base == 0 || *base == prefixes[i].base)) {
			*base = prefixes[i].base;
			return digits + 2;
		}
	if (*base == 0)
		*base = 10;
	return digits;
}

static BIGNUM *accumulate(const char *digits, int base)
{
	BIGNUM *big = BN_new();

	for (; *digits; digits++) {
		int c = tolower((unsigned char)*digits);
		int digit = isdigit(c) ? c - '0' : isalpha(c) ? c - 'a' + 10 : 99;
		if (digit >= base) {
			BN_free(big);
			return NULL;
		}
		BN_mul_word(big, (BN_ULONG)base);
		BN_add_word(big, (BN_ULONG)digit);
	}
	return big;
}

/* The digits of all scripts, and all white space, as ASCII has them. False: there is something
 * else. */
static bool to_ascii(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length;) {
		uint32_t c = template_text_next(text, length, &i);
		int digit = template_text_decimal(c);
		if (digit >= 0)
			buf_addch(out, (char)('0' + digit));
		else if (template_text_is_space(c))
			buf_addch(out, ' ');
		else if (c < 0x80)
			buf_addch(out, (char)c);
		else
			return false;
	}
	return true;
}

static struct value *parse_int(const char *text, size_t length, int base)
{
	trim(&text, &length);
	bool negative = length && *text == '-';
	if (length && (*text == '-' || *text == '+')) {
		text++;
		length--;
	}
	cleanup_free char *copy = mem_alloc(length + 1);
	if (!length || length > 4300 || !without_underscores(text, length, copy))
		return NULL;
	char *digits = skip_prefix(copy, &base);
	BIGNUM *big = *digits ? accumulate(digits, base) : NULL;
	if (!big)
		return NULL;
	BN_set_negative(big, negative);
	return value_big(big);
}

struct value *template_number_parse_int(const char *text, size_t length, int base)
{
	cleanup_buf struct buf ascii = BUF_INIT;

	if (template_text_is_ascii(text, length))
		return parse_int(text, length, base);
	return to_ascii(text, length, &ascii) ? parse_int(buf_str(&ascii), ascii.len, base) : NULL;
}

static struct value *parse_float(const char *text, size_t length)
{
	char *end;

	trim(&text, &length);
	cleanup_free char *copy = mem_alloc(length + 1);
	if (!length || !without_underscores(text, length, copy) || strpbrk(copy, "xXpP("))
		return NULL;
	double number = strtod(copy, &end);
	return end == copy || *end ? NULL : value_float(number);
}

struct value *template_number_parse_float(const char *text, size_t length)
{
	cleanup_buf struct buf ascii = BUF_INIT;

	if (template_text_is_ascii(text, length))
		return parse_float(text, length);
	return to_ascii(text, length, &ascii) ? parse_float(buf_str(&ascii), ascii.len) : NULL;
}

struct value *template_number_truncate(const struct value *number)
{
	char digits[512];
	int64_t integer;

	if (number->kind == VALUE_BIG)
		return value_keep((struct value *)number);
	if (value_as_int(number, &integer))
		return value_int(integer);
	if (!isfinite(number->real))
		return NULL;
	if (fabs(number->real) < 9e18)
		return value_int((int64_t)number->real);
	snprintf(digits, sizeof(digits), "%.0f", trunc(number->real));
	return template_number_parse_int(digits, strlen(digits), 10);
}

/* The digits in front of the point, rounded at the last of those that stay; half goes to even. */
static double round_whole(double number, int zeros)
{
	cleanup_free char *text = mem_printf("%.1100f", fabs(number));
	char *point = strchr(text, '.');
	int whole = (int)(point - text);

	memmove(point, point + 1, strlen(point)); /* one row of digits */
	if (zeros > whole)
		return copysign(0, number);
	const char *rest = text + whole - zeros;
	size_t after = strspn(rest + 1, "0");
	bool half = *rest == '5' && !rest[1 + after];
	bool odd = zeros < whole && (rest[-1] - '0') % 2;
	bool up = *rest > '5' || (*rest == '5' && (!half || odd));
	cleanup_free char *kept = mem_printf("%.*s", whole - zeros, text);
	struct value *digits = parse_int(*kept ? kept : "0", *kept ? strlen(kept) : 1, 10);
	cleanup_free char *shown = NULL;
	const char *problem = NULL;
	struct value *one = value_int(up ? 1 : 0);
	struct value *sum = template_number_calculate(NUMBER_ADD, digits, one, &problem);
	char *sum_text = template_number_digits(sum, 10);

	shown = mem_printf("%se%d", sum_text, zeros);
	free(sum_text);
	value_unref(digits);
	value_unref(one);
	value_unref(sum);
	return copysign(strtod(shown, NULL), number);
}

/* Through the decimal text, as Python does: 2.675 is a little less than it looks. */
double template_number_round(double number, int64_t digits)
{
	if (!isfinite(number) || digits > 323)
		return number;
	if (digits < -308)
		return copysign(0, number);
	if (digits < 0)
		return round_whole(number, (int)-digits);
	cleanup_free char *text = mem_printf("%.*f", (int)digits, number);
	return strtod(text, NULL);
}

struct value *template_number_round_integer(const struct value *number, int64_t digits)
{
	const char *problem = NULL;

	if (digits >= 0)
		return template_number_truncate(number);
	cleanup_free char *text = template_number_digits(number, 10);
	if (-digits > (int64_t)strlen(text))
		return value_int(0);
	cleanup_value struct value *ten = value_int(10), *two = value_int(2),
				   *exponent = value_int(-digits);
	cleanup_value struct value *unit =
		template_number_calculate(NUMBER_POWER, ten, exponent, &problem);
	cleanup_value struct value *quotient =
		template_number_calculate(NUMBER_FLOOR_DIVIDE, number, unit, &problem);
	cleanup_value struct value *rest =
		template_number_calculate(NUMBER_MODULO, number, unit, &problem);
	cleanup_value struct value *twice =
		template_number_calculate(NUMBER_MULTIPLY, rest, two, &problem);
	cleanup_value struct value *parity =
		template_number_calculate(NUMBER_MODULO, quotient, two, &problem);
	int order = template_number_compare(twice, unit);
	cleanup_value struct value *up = value_int(order > 0 || (order == 0 && value_true(parity)));
	cleanup_value struct value *rounded =
		template_number_calculate(NUMBER_ADD, quotient, up, &problem);
	return template_number_calculate(NUMBER_MULTIPLY, rounded, unit, &problem);
}

char *template_number_digits(const struct value *integer, int base)
{
	BIGNUM *big = big_of(integer);
	struct buf reversed = BUF_INIT;
	bool negative = BN_is_negative(big);

	if (base == 10) {
		char *digits = BN_bn2dec(big), *copy = mem_strdup(digits);
		OPENSSL_free(digits);
		BN_free(big);
		return copy;
	}
	BN_set_negative(big, 0);
	do
		buf_addch(&reversed, "0123456789abcdef"[BN_div_word(big, (BN_ULONG)base)]);
	while (!BN_is_zero(big));
	if (negative)
		buf_addch(&reversed, '-');
	BN_free(big);
	for (size_t i = 0; i < reversed.len / 2; i++) {
		char c = reversed.data[i];
		reversed.data[i] = reversed.data[reversed.len - 1 - i];
		reversed.data[reversed.len - 1 - i] = c;
	}
	return buf_steal(&reversed);
}
