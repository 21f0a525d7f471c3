#include "age/bech32.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

#define CHECKSUM 6 /* characters */

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* ---- The checksum, a BCH code over groups of five bits. */

static uint32_t add_group(uint32_t sum, unsigned int group)
{
	static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					     0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ group;
	for (int i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

static uint32_t start_sum(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *c = prefix; *c; c++)
		sum = add_group(sum, (unsigned int)*c >> 5);
	sum = add_group(sum, 0);
	for (const char *c = prefix; *c; c++)
		sum = add_group(sum, (unsigned int)*c & 31);
	return sum;
}

/* ---- Out. */

static void put_group(struct buf *text, uint32_t *sum, unsigned int group)
{
	*sum = add_group(*sum, group);
	buf_addch(text, alphabet[group]);
}

char *age_bech32_encode(const char *prefix, const unsigned char *bytes, size_t length)
{
	struct buf text = BUF_INIT;
	uint32_t sum = start_sum(prefix);
	unsigned int bits = 0;
	int count = 0;

	buf_printf(&text, "%s1", prefix);
	for (size_t i = 0; i < length; i++) {
		bits = (bits << 8 | bytes[i]) & 0xfff;
		for (count += 8; count >= 5; count -= 5)
			put_group(&text, &sum, bits >> (count - 5) & 31);
	}
	if (count)
		put_group(&text, &sum, bits << (5 - count) & 31);
	for (int i = 0; i < CHECKSUM; i++)
		sum = add_group(sum, 0);
	sum ^= 1;
	for (int i = CHECKSUM - 1; i >= 0; i--)
		buf_addch(&text, alphabet[sum >> (5 * i) & 31]);
	return buf_steal(&text);
}

/* ---- In. */

static bool is_mixed(const char *text)
{
	bool upper = false, lower = false;

	for (; *text; text++) {
		upper |= isupper((unsigned char)*text);
		lower |= islower((unsigned char)*text);
	}
	return upper && lower;
}

static bool check_sum(const char *data, const char *prefix)
{
	uint32_t sum = start_sum(prefix);

	for (; *data; data++)
		sum = add_group(sum, (unsigned int)(strchr(alphabet, tolower(*data)) - alphabet));
	return sum == 1;
}

/* Five bits each into bytes; what is left over must be zeros, fewer than five. */
static bool unpack(const char *data, size_t groups, unsigned char *ret, size_t length)
{
	unsigned int bits = 0;
	size_t at = 0;
	int count = 0;

	for (size_t i = 0; i < groups; i++) {
		unsigned int group = (unsigned int)(strchr(alphabet, tolower(data[i])) - alphabet);
		bits = (bits << 5 | group) & 0xfff;
		count += 5;
		if (count < 8)
			continue;
		count -= 8;
		if (at == length)
			return false;
		ret[at++] = (unsigned char)(bits >> count);
	}
	return at == length && count < 5 && !(bits & ((1U << count) - 1));
}

int age_bech32_decode(const char *text, const char *prefix, unsigned char *ret, size_t length,
		      struct err *err)
{
	size_t n = strlen(prefix);

	if (strncasecmp(text, prefix, n) != 0 || text[n] != '1')
		return err_set(err, ERR_INVALID, "it does not begin with %s1", prefix);
	const char *data = text + n + 1;
	if (strspn(data, "qpzry9x8gf2tvdw0s3jn54khce6mua7lQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L") !=
		    strlen(data) ||
	    is_mixed(text))
		return err_set(err, ERR_INVALID, "it has a character that no key has");
	if (strlen(data) < CHECKSUM || !check_sum(data, prefix))
		return err_set(err, ERR_INVALID,
			       "its checksum is wrong: a character is missing, "
			       "doubled or mistyped");
	if (!unpack(data, strlen(data) - CHECKSUM, ret, length))
		return err_set(err, ERR_INVALID, "it has the wrong length");
	return 0;
}
