/* The S3 kind of store: operations as requests, answers as objects. Multipart uploads are in
 * bucket_upload.c. */
#include "s3/bucket.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "s3/answer.h"

#define AWS_MAX_PARTS	10000
#define OTHER_MAX_PARTS 1000 /* Scaleway's; others take more */
#define PARALLEL	4

static struct s3_bucket *bucket_of(struct s3_store *store)
{
	return (struct s3_bucket *)store;
}

static void bucket_close(struct s3_store *store)
{
	s3_client_free(bucket_of(store)->client);
	free(store);
}

/* ---- One object. */

/* Without the quotes, which XML may have as entities and proxies as weak tags. */
char *s3_bucket_etag(const char *text)
{
	if (!text)
		return NULL;
	if (!strncmp(text, "W/", 2))
		text += 2;
	size_t length = strlen(text);
	if (length >= 2 && *text == '"' && text[length - 1] == '"')
		return mem_strndup(text + 1, length - 2);
	return mem_strdup(text);
}

static void read_object(const struct s3_response *response, const char *key, uint64_t size,
			struct s3_object *ret)
{
	const struct http_response *http = &response->http;

	*ret = (struct s3_object){
		.key = mem_strdup(key),
		.size = size,
		.modified = s3_answer_time(http_response_header(http, "Last-Modified")),
		.etag = s3_bucket_etag(http->etag),
	};
	if (!ret->modified)
		ret->modified = response->server_time;
}

static bool is_own_put(struct s3_store *store, const struct s3_put *put,
		       const struct deadline *deadline)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_s3_object struct s3_object there = {0};
	cleanup_free char *md5 = digest_hex("md5", put->bytes, put->length);

	return s3_bucket_head(store, put->key, &there, deadline, &err) >= 0 &&
	       there.size == put->length && there.etag && !strcmp(there.etag, md5);
}

static int bucket_put(struct s3_store *store, const struct s3_put *put,
		      const struct deadline *deadline, struct s3_object *ret, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	const struct http_header condition = {"If-None-Match", "*"};
	const struct s3_request request = {
		.method = "PUT",
		.key = put->key,
		.body = put->bytes,
		.body_length = put->length,
		.content_type = put->content_type,
		.headers = &condition,
		.header_count = put->create,
	};

	int r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	/* The answer to a first try may have been lost after it was done; libcurl, too, sends again
	 * what went down a dead connection. */
	if (r == -ERR_EXISTS && is_own_put(store, put, deadline)) {
		err_done(err);
		return s3_bucket_head(store, put->key, ret, deadline, err);
	}
	if (r < 0)
		return r;
	read_object(&response, put->key, put->length, ret);
	return 0;
}

int s3_bucket_head(struct s3_store *store, const char *key, struct s3_object *ret,
		   const struct deadline *deadline, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	const struct s3_request request = {.method = "HEAD", .key = key};

	int r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	if (r < 0)
		return r;
	const char *length = http_response_header(&response.http, "Content-Length");
	if (!length)
		return err_set(err, ERR_INVALID, "%s: the server does not tell the size of %s",
			       store->name, key);
	read_object(&response, key, strtoull(length, NULL, 10), ret);
	return 0;
}

static int too_large(const struct s3_store *store, const char *key, size_t limit, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s in %s has more than the %zu bytes that it may have",
		       key, store->name, limit);
}

/* Whole, in one request: for small objects such as the marker of a set. */
static int bucket_get(struct s3_store *store, const char *key, size_t limit, struct buf *ret,
		      const struct deadline *deadline, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	cleanup_s3_object struct s3_object object = {0};

	int r = s3_bucket_head(store, key, &object, deadline, err);
	if (r < 0)
		return r;
	if (object.size > limit)
		return too_large(store, key, limit, err);
	cleanup_free char *bytes = mem_alloc(object.size + 1);
	const struct s3_request request = {
		.method = "GET", .key = key, .into = bytes, .into_room = object.size};
	r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	if (r < 0)
		return r;
	if (response.http.into_length != object.size)
		return err_set(err, ERR_INVALID, "%s in %s changed while it was read", key,
			       store->name);
	buf_add(ret, bytes, object.size);
	return 0;
}

static int bucket_read(struct s3_store *store, const char *key, uint64_t offset, size_t length,
		       void *bytes, const struct deadline *deadline, struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	cleanup_free char *range = mem_printf("bytes=%llu-%llu", (unsigned long long)offset,
					      (unsigned long long)(offset + length - 1));
	const struct http_header header = {"Range", range};
	const struct s3_request request = {.method = "GET",
					   .key = key,
					   .headers = &header,
					   .header_count = 1,
					   .into = bytes,
					   .into_room = length};

	if (!length)
		return 0;
	int r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	if (r < 0)
		return r;
	if (response.http.into_length == length)
		return 0;
	return err_set(err, ERR_INVALID, "%s in %s ends at byte %llu; %llu were expected", key,
		       store->name, (unsigned long long)(offset + response.http.into_length),
		       (unsigned long long)(offset + length));
}

static int bucket_remove(struct s3_store *store, const char *key, const struct deadline *deadline,
			 struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	const struct s3_request request = {.method = "DELETE", .key = key};

	int r = s3_client_call(bucket_of(store)->client, &request, &response, deadline, err);
	if (r != -ERR_NOT_FOUND)
		return r;
	err_done(err);
	return 0;
}

/* ---- Listing. */

static void add_object(const struct s3_xml *node, struct s3_listing *ret)
{
	const char *etag = s3_xml_text(node, "ETag");
	struct s3_object *object = s3_listing_add(ret);

	object->key = mem_strdup(s3_xml_text(node, "Key"));
	object->size = strtoull(s3_xml_text(node, "Size"), NULL, 10);
	object->modified = s3_answer_time(s3_xml_text(node, "LastModified"));
	object->etag = *etag ? s3_bucket_etag(etag) : NULL;
}

static void add_page(const struct s3_xml *root, struct s3_listing *ret)
{
	const struct s3_xml *node;

	for (node = s3_xml_child(root, "Contents"); node; node = s3_xml_again(node))
		add_object(node, ret);
	for (node = s3_xml_child(root, "CommonPrefixes"); node; node = s3_xml_again(node))
		s3_listing_add_folder(ret, mem_strdup(s3_xml_text(node, "Prefix")));
}

int s3_bucket_xml(struct s3_bucket *bucket, const struct s3_request *request, const char *root_name,
		  struct s3_xml **ret, struct s3_response *response,
		  const struct deadline *deadline, struct err *err)
{
	struct s3_xml *root;

	int r = s3_client_call(bucket->client, request, response, deadline, err);
	if (r < 0)
		return r;
	r = s3_xml_parse(buf_str(&response->http.body), response->http.body.len, &root, err);
	if (r < 0)
		return err_wrap(err, "%s", bucket->store.name);
	if (strcmp(root->name, root_name) != 0) {
		err_set(err, ERR_INVALID, "%s answered with <%s> where <%s> was expected",
			bucket->store.name, root->name, root_name);
		s3_xml_free(root);
		return -ERR_INVALID;
	}
	*ret = root;
	return 0;
}

/* One page from *token on; *token is the next one afterwards, NULL at the end. Trust the flag, not
 * the token: some servers send one with the last page. */
static int list_page(struct s3_bucket *bucket, const char *prefix, bool one_level, int max_keys,
		     char **token, struct s3_listing *ret, const struct deadline *deadline,
		     struct err *err)
{
	cleanup_s3_response struct s3_response response = {0};
	struct s3_parameter query[5];
	struct s3_xml *root;
	char limit[16];
	size_t n = 0;

	snprintf(limit, sizeof(limit), "%d", max_keys);
	if (*token)
		query[n++] = (struct s3_parameter){"continuation-token", *token};
	if (one_level)
		query[n++] = (struct s3_parameter){"delimiter", "/"};
	query[n++] = (struct s3_parameter){"list-type", "2"};
	query[n++] = (struct s3_parameter){"max-keys", limit};
	query[n++] = (struct s3_parameter){"prefix", prefix};
	const struct s3_request request = {
		.method = "GET", .query = query, .query_count = n, .xml = true};
	int r = s3_bucket_xml(bucket, &request, "ListBucketResult", &root, &response, deadline,
			      err);
	if (r < 0)
		return r;
	add_page(root, ret);
	ret->server_time = response.server_time;
	const char *next = s3_xml_text(root, "NextContinuationToken");
	bool more = !strcmp(s3_xml_text(root, "IsTruncated"), "true");
	if (more && (!*next || (*token && !strcmp(*token, next))))
		r = err_set(err, ERR_INVALID, "%s says that its list goes on, and not where",
			    bucket->store.name);
	free(*token);
	*token = more ? mem_strdup(next) : NULL;
	s3_xml_free(root);
	return r;
}

static int bucket_list(struct s3_store *store, const char *prefix, bool one_level,
		       struct s3_listing *ret, const struct deadline *deadline, struct err *err)
{
	cleanup_free char *token = NULL;
	int r;

	do {
		r = list_page(bucket_of(store), prefix, one_level, 1000, &token, ret, deadline,
			      err);
	} while (r >= 0 && token);
	return r;
}

static int bucket_check(struct s3_store *store, const struct deadline *deadline, struct err *err)
{
	cleanup_s3_listing struct s3_listing listing = {0};
	cleanup_free char *token = NULL;

	return list_page(bucket_of(store), store->prefix, false, 1, &token, &listing, deadline,
			 err);
}

/* ---- The whole. */

static struct list bucket_notices(struct s3_store *store)
{
	return s3_client_notices(bucket_of(store)->client);
}

static struct s3_traffic bucket_traffic(const struct s3_store *store)
{
	return s3_client_traffic(((const struct s3_bucket *)store)->client);
}

static const struct s3_backend backend = {
	.close = bucket_close,
	.check = bucket_check,
	.put = bucket_put,
	.get = bucket_get,
	.read = bucket_read,
	.head = s3_bucket_head,
	.list = bucket_list,
	.remove = bucket_remove,
	.begin = s3_bucket_begin,
	.part = s3_bucket_part,
	.complete = s3_bucket_complete,
	.abort = s3_bucket_abort,
	.abort_orphans = s3_bucket_abort_orphans,
	.notices = bucket_notices,
	.traffic = bucket_traffic,
};

int s3_bucket_open(const struct s3_store_options *options, const char *name, struct s3_store **ret,
		   struct err *err)
{
	const struct s3_client_options client_options = {
		.http = options->http,
		.bucket = name,
		.profile = options->profile,
		.endpoint = options->endpoint,
		.region = options->region,
		.bandwidth = options->bandwidth,
	};
	struct s3_client *client;

	int r = s3_client_new(&client_options, &client, err);
	if (r < 0)
		return r;
	const struct s3_settings *settings = s3_client_settings(client);
	struct s3_bucket *bucket = mem_new(struct s3_bucket);
	bucket->client = client;
	bucket->store = (struct s3_store){
		.backend = &backend,
		.parallel = settings->parallel ? settings->parallel : PARALLEL,
		.max_parts = settings->is_aws ? AWS_MAX_PARTS : OTHER_MAX_PARTS,
		.part_size = settings->part_size,
	};
	bucket->store.name = mem_printf("%s at %s", options->url, settings->endpoint);
	*ret = &bucket->store;
	return 0;
}
