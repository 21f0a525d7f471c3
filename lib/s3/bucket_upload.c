/* Uploads in parts to an S3 server. */
#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "s3/answer.h"
#include "s3/bucket.h"

#define ABORT_TRIES 5
#define CLOCK_SLACK 60 /* seconds between our clock and the server's that prove nothing */

static struct s3_bucket *bucket_of(struct s3_store *store)
{
	return (struct s3_bucket *)store;
}

int s3_bucket_begin(struct s3_store *store, const char *key, const char *content_type,
		    const struct deadline *deadline, char **ret_id, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	const struct s3_parameter query = {"uploads", ""};
	const struct s3_request request = {.method = "POST",
					   .key = key,
					   .query = &query,
					   .query_count = 1,
					   .content_type = content_type,
					   .xml = true};
	struct s3_xml *root;

	int r = s3_bucket_xml(bucket_of(store), &request, "InitiateMultipartUploadResult", &root,
			      &response, deadline, err);
	if (r < 0)
		return r;
	const char *id = s3_xml_text(root, "UploadId");
	if (*id)
		*ret_id = mem_strdup(id);
	else
		r = err_set(err, ERR_INVALID, "%s began an upload and gave it no id", store->name);
	s3_xml_free(root);
	return r;
}

int s3_bucket_part(struct s3_store *store, const char *key, const char *id,
		   const struct s3_part *part, const struct deadline *deadline, char **ret_etag,
		   struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	cleanup_free char *number = mem_printf("%d", part->number);
	const struct s3_parameter query[] = {{"partNumber", number}, {"uploadId", id}};
	const struct s3_request request = {.method = "PUT",
					   .key = key,
					   .query = query,
					   .query_count = 2,
					   .body = part->bytes,
					   .body_length = part->length,
					   .content_type = "application/octet-stream"};

	int r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	if (r < 0)
		return err_wrap(err, "part %d", part->number);
	if (!response.http.etag)
		return err_set(err, ERR_INVALID, "%s took part %d and gave it no ETag", store->name,
			       part->number);
	*ret_etag = s3_bucket_etag(response.http.etag);
	return 0;
}

/* ---- Completing. */

static char *completion(const struct s3_whole *whole)
{
	struct buf text = BUF_INIT;

	buf_addstr(&text, "<CompleteMultipartUpload>");
	for (int i = 0; i < whole->count; i++)
		buf_printf(&text, "<Part><PartNumber>%d</PartNumber><ETag>\"%s\"</ETag></Part>",
			   i + 1, whole->etags[i]);
	buf_addstr(&text, "</CompleteMultipartUpload>");
	return buf_steal(&text);
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* "md5 of the md5s-N", as AWS and most others make it. NULL when the parts' tags are no MD5s. */
static char *expected_etag(const struct s3_whole *whole)
{
	cleanup_buf struct buf digests = BUF_INIT;
	unsigned char value[EVP_MAX_MD_SIZE];
	struct buf text = BUF_INIT;
	unsigned int size = 0;

	for (int i = 0; i < whole->count; i++) {
		const char *etag = whole->etags[i];
		if (strlen(etag) != 32 || strspn(etag, "0123456789abcdefABCDEF") != 32)
			return NULL;
		for (int j = 0; j < 32; j += 2)
			buf_addch(&digests,
				  (char)(hex_digit(etag[j]) << 4 | hex_digit(etag[j + 1])));
	}
	EVP_Digest(digests.data, digests.len, value, &size, EVP_md5(), NULL);
	for (unsigned int i = 0; i < size; i++)
		buf_printf(&text, "%02x", value[i]);
	buf_printf(&text, "-%d", whole->count);
	return buf_steal(&text);
}

/* Whether what is there is what was sent: the right size, and the ETag or else a time that says so.
 */
static bool is_ours(const struct s3_object *object, const struct s3_whole *whole)
{
	cleanup_free char *etag = expected_etag(whole);

	if (object->size != whole->size)
		return false;
	if (etag && object->etag && !strcmp(etag, object->etag))
		return true;
	return object->modified >= whole->begun - CLOCK_SLACK;
}

static int confirm(struct s3_store *store, const char *key, const struct s3_whole *whole,
		   const struct deadline *deadline, struct s3_object *ret, struct err *err)
{
	cleanup_s3_object struct s3_object there = {0};

	int r = s3_bucket_head(store, key, &there, deadline, err);
	if (r < 0)
		return r;
	if (there.size != whole->size)
		return err_set(err, ERR_INVALID,
			       "%s has %llu bytes in %s after %llu were sent: it is not complete",
			       key, (unsigned long long)there.size, store->name,
			       (unsigned long long)whole->size);
	*ret = there;
	there = (struct s3_object){0};
	return 0;
}

/* The answer to an earlier try may have been lost after the upload was completed: its id is gone
 * then, and the object is there. */
static bool was_completed(struct s3_store *store, const char *key, const struct s3_whole *whole,
			  const struct deadline *deadline)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object there = {0};

	return s3_bucket_head(store, key, &there, deadline, &err) >= 0 && is_ours(&there, whole);
}

int s3_bucket_complete(struct s3_store *store, const char *key, const char *id,
		       const struct s3_whole *whole, const struct deadline *deadline,
		       struct s3_object *ret, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	cleanup_free char *body = completion(whole);
	const struct s3_parameter query = {"uploadId", id};
	const struct s3_request request = {.method = "POST",
					   .key = key,
					   .query = &query,
					   .query_count = 1,
					   .body = body,
					   .body_length = strlen(body),
					   .content_type = "application/xml",
					   .xml = true};
	struct s3_xml *root = NULL;

	int r = s3_bucket_xml(bucket_of(store), &request, "CompleteMultipartUploadResult", &root,
			      &response, deadline, err);
	s3_xml_free(root);
	if (r < 0 && (response.tries > 1 || r == -ERR_NOT_FOUND) &&
	    was_completed(store, key, whole, deadline)) {
		err_done(err);
		r = 0;
	}
	if (r < 0)
		return err_wrap(err, "completing the upload");
	return confirm(store, key, whole, deadline, ret, err);
}

/* ---- Aborting. A part that was under way may survive an abort, so it is repeated until the server
 * does not know the upload any more. */

int s3_bucket_abort(struct s3_store *store, const char *key, const char *id,
		    const struct deadline *deadline, struct err *err)
{
	const struct s3_parameter query = {"uploadId", id};
	const struct s3_request request = {
		.method = "DELETE", .key = key, .query = &query, .query_count = 1};
	int r = 0;

	for (int i = 0; i < ABORT_TRIES && r >= 0; i++) {
		cleanup_s3_response struct s3_response response = {0};
		r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	}
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		r = 0;
	}
	return r;
}

struct orphan {
	char *key, *id;
};

struct orphans {
	struct orphan *items;
	size_t n, cap;
	char *key_marker, *id_marker; /* where the next page begins; NULL at the end */
};

static void orphans_done(struct orphans *orphans)
{
	for (size_t i = 0; i < orphans->n; i++) {
		free(orphans->items[i].key);
		free(orphans->items[i].id);
	}
	free(orphans->items);
	free(orphans->key_marker);
	free(orphans->id_marker);
}

static void add_orphans(const struct s3_xml *root, time_t before, struct orphans *ret)
{
	const struct s3_xml *node;

	for (node = s3_xml_child(root, "Upload"); node; node = s3_xml_again(node)) {
		time_t begun = s3_answer_time(s3_xml_text(node, "Initiated"));
		if (!begun || begun > before)
			continue;
		mem_grow(ret->items, &ret->cap, ret->n + 1);
		ret->items[ret->n++] = (struct orphan){mem_strdup(s3_xml_text(node, "Key")),
						       mem_strdup(s3_xml_text(node, "UploadId"))};
	}
}

static void next_page(struct orphans *orphans, const struct s3_xml *root)
{
	bool more = !strcmp(s3_xml_text(root, "IsTruncated"), "true");
	const char *key = s3_xml_text(root, "NextKeyMarker");

	free(steal(&orphans->key_marker));
	free(steal(&orphans->id_marker));
	if (!more || !*key)
		return;
	orphans->key_marker = mem_strdup(key);
	orphans->id_marker = mem_strdup(s3_xml_text(root, "NextUploadIdMarker"));
}

static int list_orphans(struct s3_store *store, const char *prefix, int64_t min_age_s,
			struct orphans *ret, const struct deadline *deadline, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	struct s3_parameter query[4];
	struct s3_xml *root;
	size_t n = 0;

	if (ret->key_marker)
		query[n++] = (struct s3_parameter){"key-marker", ret->key_marker};
	query[n++] = (struct s3_parameter){"prefix", prefix};
	if (ret->id_marker)
		query[n++] = (struct s3_parameter){"upload-id-marker", ret->id_marker};
	query[n++] = (struct s3_parameter){"uploads", ""};
	const struct s3_request request = {
		.method = "GET", .query = query, .query_count = n, .xml = true};
	int r = s3_bucket_xml(bucket_of(store), &request, "ListMultipartUploadsResult", &root,
			      &response, deadline, err);
	if (r < 0)
		return r;
	time_t now = response.server_time ? response.server_time : time(NULL);
	add_orphans(root, now - min_age_s, ret);
	next_page(ret, root);
	s3_xml_free(root);
	return 0;
}

int s3_bucket_abort_orphans(struct s3_store *store, const char *prefix, int64_t min_age_s,
			    const struct deadline *deadline, struct err *err)
{
	__attribute__((cleanup(orphans_done))) struct orphans orphans = {0};
	int r;

	do {
		r = list_orphans(store, prefix, min_age_s, &orphans, deadline, err);
	} while (r >= 0 && orphans.key_marker);
	for (size_t i = 0; i < orphans.n && r >= 0; i++)
		r = s3_bucket_abort(store, orphans.items[i].key, orphans.items[i].id, deadline,
				    err);
	return r < 0 ? r : (int)orphans.n;
}
