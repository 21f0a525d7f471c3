/* age: any bytes as an age file, and as keys. What can be read was sealed for us, and what we seal
 * can be read: the first byte says whether the rest is a file or a content. */
#include <string.h>
#include <strings.h>

#include "age/age.h"
#include "age/bech32.h"
#include "base/buf.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

#define SECRET "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define PUBLIC "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static int take(void *context, const void *bytes, size_t length, struct err *err)
{
	(void)err;
	buf_add(context, bytes, length);
	return 0;
}

static int give(void *context, uint64_t offset, size_t length, void *bytes, struct err *err)
{
	const struct buf *file = context;

	fuzz_expect(offset <= file->len && length <= file->len - offset, "outside of the file");
	memcpy(bytes, file->data + offset, length);
	(void)err;
	return 0;
}

/* 0 and the content, or the error's code. */
static int open_file(struct buf *file, struct buf *ret)
{
	cleanup_age_identities struct age_identities identities = {0};
	cleanup_err struct err err = ERR_INIT;
	const struct age_source source = {give, file, file->len};
	struct age_reader *reader;

	age_identities_parse(&identities, SECRET, "key", &err);
	int r = age_reader_open(&source, &identities, &reader, &err);
	if (r >= 0) {
		buf_reserve(ret, (size_t)age_reader_size(reader));
		r = age_reader_read(reader, 0, (size_t)age_reader_size(reader), ret->data, &err);
		ret->len = (size_t)age_reader_size(reader);
		age_reader_free(reader);
	}
	fuzz_expect(r == 0 || r == -ERR_INVALID || r == -ERR_DENIED, "%d: %s", r,
		    err.message ? err.message : "");
	return r;
}

static void expect_round_trip(const uint8_t *bytes, size_t length)
{
	cleanup_age_recipients struct age_recipients recipients = {0};
	cleanup_err struct err err = ERR_INIT;
	cleanup_buf struct buf file = BUF_INIT, plain = BUF_INIT;
	const struct age_sink sink = {take, &file};

	age_recipients_add(&recipients, PUBLIC, &err);
	struct age_writer *writer = age_writer_new(&recipients, &sink);
	age_writer_write(writer, bytes, length, &err);
	age_writer_finish(writer, &err);
	age_writer_free(writer);
	fuzz_expect(open_file(&file, &plain) == 0 && plain.len == length &&
			    (!length || !memcmp(plain.data, bytes, length)),
		    "what was sealed does not open");
}

static void read_keys(const uint8_t *bytes, size_t length)
{
	cleanup_age_recipients struct age_recipients recipients = {0};
	cleanup_age_identities struct age_identities identities = {0};
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = mem_strndup((const char *)bytes, length);

	if (age_recipients_add(&recipients, text, &err) >= 0) {
		cleanup_free char *again = age_recipient_text(recipients.keys[0]);
		fuzz_expect(!strcasecmp(again, text), "%s is %s", text, again);
	}
	err_done(&err);
	(void)age_identities_parse(&identities, text, "key", &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	cleanup_buf struct buf plain = BUF_INIT;

	if (!length)
		return 0;
	if (*bytes == 'k') {
		read_keys(bytes + 1, length - 1);
	} else if (*bytes == 'c') {
		expect_round_trip(bytes + 1, length - 1);
	} else {
		struct buf file = {.data = (char *)bytes, .len = length};
		(void)open_file(&file, &plain);
	}
	return 0;
}
