#include "s3/credential_process.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/timespan.h"
#include "tree/json.h"

#define OUTPUT_LIMIT ((size_t)64 << 10)
#define TIME_MS	     60000

/* One character of a word, as a POSIX shell quotes; moves on. */
static void take_character(const char **at, char *quote, struct buf *word)
{
	char c = *(*at)++;

	if (c == '\\' && *quote != '\'' && **at) {
		char next = *(*at)++;
		if (*quote == '"' && next != '"' && next != '\\')
			buf_addch(word, '\\');
		buf_addch(word, next);
	} else if (*quote ? c == *quote : c == '"' || c == '\'') {
		*quote = *quote ? '\0' : c;
	} else {
		buf_addch(word, c);
	}
}

/* Into words, without a shell. */
static int split(const char *command, struct list *ret, struct err *err)
{
	const char *at = command;

	while (*(at += strspn(at, " \t\n"))) {
		struct buf word = BUF_INIT;
		char quote = '\0';
		while (*at && (quote || !isspace((unsigned char)*at)))
			take_character(&at, &quote, &word);
		list_take(ret, buf_steal(&word));
		if (quote)
			return err_set(err, ERR_INVALID,
				       "credential_process has a quote that does not end");
	}
	if (!ret->n)
		return err_set(err, ERR_INVALID, "credential_process is empty");
	return 0;
}

static int run(const char *command, const struct deadline *deadline, struct process_result *ret,
	       struct err *err)
{
	cleanup_list struct list words = LIST_INIT;
	struct deadline end = *deadline;

	int r = split(command, &words, err);
	if (r < 0)
		return r;
	const char **argv = mem_zalloc((words.n + 1) * sizeof(*argv));
	memcpy(argv, words.items, words.n * sizeof(*argv));
	if (deadline_left(&end) > TIME_MS)
		end = deadline_in(deadline->clock, deadline->cancel, TIME_MS);
	r = process_run(argv, OUTPUT_LIMIT, &end, ret, err);
	free(argv);
	return r;
}

static int check_status(const struct process_result *result, struct err *err)
{
	const char *said = buf_str(&result->errors);

	if (!result->status)
		return 0;
	return err_set(err, ERR_DENIED, "credential_process ended with status %d%s%.*s",
		       result->status, *said ? ": " : "", (int)strcspn(said, "\n"), said);
}

static char *copy_text(const json_t *answer, const char *key)
{
	return mem_strdup(json_string_value(json_object_get(answer, key)));
}

static int read_answer(const json_t *answer, struct s3_credentials *ret, struct err *err)
{
	const char *expires = json_string_value(json_object_get(answer, "Expiration"));

	if (json_integer_value(json_object_get(answer, "Version")) != 1)
		return err_set(err, ERR_INVALID,
			       "credential_process printed no JSON with \"Version\": 1");
	ret->access_key = copy_text(answer, "AccessKeyId");
	ret->secret_key = copy_text(answer, "SecretAccessKey");
	ret->session_token = copy_text(answer, "SessionToken");
	ret->expires = expires ? timespan_parse_rfc3339(expires) : 0;
	if (!ret->access_key || !ret->secret_key)
		return err_set(err, ERR_INVALID,
			       "credential_process printed no AccessKeyId and SecretAccessKey");
	if (ret->expires < 0)
		return err_set(err, ERR_INVALID,
			       "credential_process printed an Expiration that is not a time");
	return 0;
}

static int parse(struct process_result *result, struct s3_credentials *ret, struct err *err)
{
	cleanup_err struct err problem = ERR_INIT; /* its excerpt might quote a secret */
	json_t *answer = NULL;

	if (tree_json_parse(buf_str(&result->output), result->output.len, "credential_process",
			    false, &answer, &problem) < 0)
		return err_set(err, ERR_INVALID, "credential_process did not print JSON");
	int r = read_answer(answer, ret, err);
	json_decref(answer);
	return r;
}

int s3_credential_process_run(const char *command, const char *source,
			      const struct deadline *deadline, struct s3_credentials *ret,
			      struct err *err)
{
	cleanup_process struct process_result result = {0};
	cleanup_s3_credentials struct s3_credentials found = {0};

	int r = run(command, deadline, &result, err);
	if (r >= 0)
		r = check_status(&result, err);
	if (r >= 0)
		r = parse(&result, &found, err);
	if (result.output.data)
		explicit_bzero(result.output.data, result.output.len);
	if (r < 0)
		return err_wrap(err, "%s", source);
	found.source = mem_printf("credential_process of %s", source);
	*ret = found;
	found = (struct s3_credentials){0};
	return 0;
}
