#include "kube/answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/field.h"
#include "tree/json.h"
#include "tree/path.h"

#define TEXT_MAX  600 /* of a message */
#define VALUE_MAX 80  /* of a value in it: the server likes to print whole structs */

/* A Status document, or what was in its place. */
struct status {
	int code;
	json_t *tree; /* NULL: the body is no Status */
	const char *reason;
	char *message;
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* --- reading --- */

/* On one line, without control characters, at most TEXT_MAX. */
static char *one_line(const char *text, size_t length)
{
	struct buf line = BUF_INIT;

	for (size_t i = 0; i < length && line.len < TEXT_MAX; i++) {
		bool blank = isspace((unsigned char)text[i]) || iscntrl((unsigned char)text[i]);
		if (!blank)
			buf_addch(&line, text[i]);
		else if (line.len && line.data[line.len - 1] != ' ')
			buf_addch(&line, ' ');
	}
	while (line.len && line.data[line.len - 1] == ' ')
		buf_truncate(&line, line.len - 1);
	return buf_steal(&line);
}

static void status_read(const struct http_response *response, struct status *ret)
{
	cleanup_err struct err ignored = ERR_INIT;
	const char *text = buf_str(&response->body);

	*ret = (struct status){.code = response->status, .reason = ""};
	if (tree_json_parse(text, response->body.len, "answer", false, &ret->tree, &ignored) >= 0 &&
	    strcmp(or_empty(tree_path_string(ret->tree, "kind")), "Status")) {
		json_decref(ret->tree);
		ret->tree = NULL;
	}
	const char *message = ret->tree ? tree_path_string(ret->tree, "message") : text;
	ret->message = one_line(or_empty(message), message ? strlen(message) : 0);
	if (ret->tree)
		ret->reason = or_empty(tree_path_string(ret->tree, "reason"));
}

static void status_done(struct status *status)
{
	json_decref(status->tree);
	free(status->message);
}

#define cleanup_status __attribute__((cleanup(status_done)))

static bool says(const struct status *status, const char *text)
{
	return strstr(status->message, text) != NULL;
}

static json_t *causes(const struct status *status)
{
	return status->tree ? tree_path_get(status->tree, "details.causes") : NULL;
}

static bool has_cause(const struct status *status, const char *reason)
{
	json_t *cause;
	size_t i;

	json_array_foreach (causes(status), i, cause)
		if (!strcmp(or_empty(tree_path_string(cause, "reason")), reason))
			return true;
	return false;
}

/* --- wording --- */

/* Appends a value, cut when it is long; a Secret's is left out altogether. */
static void add_value(struct buf *out, const char *start, const char *end, bool secret)
{
	static const char wrapper[] = "&value.valueUnstructured{Value:"; /* as Go prints it */

	if (!strncmp(start, wrapper, sizeof(wrapper) - 1) && end[-1] == '}') {
		start += sizeof(wrapper) - 1;
		end--;
	}
	if (secret)
		buf_addstr(out, "(hidden)");
	else if (end - start > VALUE_MAX)
		buf_addstr(out, "(...)");
	else
		buf_add(out, start, (size_t)(end - start));
}

/* "Invalid value: VALUE: why", "Unsupported value: VALUE: why", "expected string, got VALUE":
 * the end of VALUE is not marked, so the last ": " (or the end) has to do. */
static void add_message(struct buf *out, const char *message, bool secret)
{
	static const char *const marks[] = {"nvalid value: ", "nsupported value: ", ", got "};
	const char *value = NULL;

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks) && !value; i++) {
		value = strstr(message, marks[i]);
		value = value ? value + strlen(marks[i]) : NULL;
	}
	if (value) {
		const char *end = value + strlen(value);
		for (const char *p = value; (p = strstr(p, ": ")); p++)
			end = p;
		buf_add(out, message, (size_t)(value - message));
		/* Environment variables hold passwords, too. */
		add_value(out, value, end, secret || strstr(message, ".env["));
		message = end;
	}
	buf_addstr(out, message);
}

/* The causes of a 422, each with its field; false when there are none. */
static bool add_causes(struct buf *out, const struct status *status, bool secret)
{
	json_t *cause;
	size_t i;

	json_array_foreach (causes(status), i, cause) {
		const char *field = tree_path_string(cause, "field");
		const char *message = or_empty(tree_path_string(cause, "message"));
		if (out->len)
			buf_addstr(out, "; ");
		if (field && *field && strcmp(field, "<nil>"))
			buf_printf(out, "%s: ", field);
		add_message(out, message, secret);
	}
	return out->len > 0;
}

/* The sentences around a schema error say nothing that the user does not know. */
static const char *without_preamble(const char *message)
{
	static const char *const marks[] = {
		"strict decoding error: ", "errors: ", "error decoding from json: "};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *found = strstr(message, marks[i]);
		if (found)
			return found + strlen(marks[i]);
	}
	const char *typed = strstr(message, "failed to create typed patch object (");
	const char *end = typed ? strstr(typed, "): ") : NULL;
	return end ? end + 3 : message;
}

/* ".spec.a: field not declared in schema .spec.b: expected string": one or several, each begun by
 * its path. */
static void add_schema_errors(struct buf *out, const char *text, bool secret)
{
	while (*text == '.') {
		const char *next = strstr(++text, " .");
		cleanup_free char *one =
			mem_strndup(text, next ? (size_t)(next - text) : strlen(text));
		if (out->len)
			buf_addstr(out, "; ");
		add_message(out, one, secret);
		text = next ? next + 1 : "";
	}
}

static char *wording(const struct status *status, bool secret)
{
	const char *text = without_preamble(status->message);
	struct buf out = BUF_INIT;

	if (!add_causes(&out, status, secret))
		add_schema_errors(&out, text, secret);
	if (!out.len)
		add_message(&out, text, secret);
	if (!out.len)
		buf_printf(&out, "the API server answered %d", status->code);
	return buf_steal(&out);
}

/* --- what it means --- */

/* "failed calling webhook "x.y"": the webhook is down, not the object wrong. */
static char *failing_webhook(const struct status *status)
{
	static const char *const marks[] = {"failed calling webhook \"", "conversion webhook for "};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *found = strstr(status->message, marks[i]);
		if (!found)
			continue;
		found += strlen(marks[i]);
		return mem_strndup(found, strcspn(found, "\" "));
	}
	return NULL;
}

static bool is_schema_error(const struct status *status)
{
	return says(status, "field not declared in schema") ||
	       says(status, "failed to create typed patch object") ||
	       says(status, "failed to convert new object") || says(status, "unable to convert") ||
	       says(status, "strict decoding error");
}

static enum err_code code_of_conflict(const struct status *status)
{
	bool exists = !strcmp(status->reason, "AlreadyExists");

	/* "object is being deleted: x already exists" passes by waiting. */
	return exists && !says(status, "is being deleted") ? ERR_EXISTS : ERR_CONFLICT;
}

static enum err_code code_of_forbidden(const struct status *status)
{
	if (has_cause(status, "NamespaceTerminating") ||
	    says(status, "because it is being terminated"))
		return ERR_CONFLICT;
	if (says(status, "ValidatingAdmissionPolicy"))
		return ERR_INVALID;
	return ERR_DENIED;
}

/* Not the server's trouble: it is with this one object, or with the program that has a say in it.
 */
static enum err_code code_of_500(const struct status *status)
{
	cleanup_free char *webhook = failing_webhook(status);

	if (webhook)
		return ERR_CONFLICT;
	return is_schema_error(status) || says(status, "request is too large") ? ERR_INVALID
									       : ERR_UNREACHABLE;
}

static enum err_code code_of(const struct status *status)
{
	/* A webhook chooses the status of its refusal freely. */
	if (says(status, "admission webhook \"") && says(status, "denied the request"))
		return ERR_INVALID;
	switch (status->code) {
	case 401:
		return ERR_DENIED;
	case 403:
		return code_of_forbidden(status);
	case 404:
		return ERR_NOT_FOUND;
	case 408:
	case 504:
		return ERR_TIMEOUT;
	case 409:
		return code_of_conflict(status);
	case 410:
		return ERR_CONFLICT;
	case 429:
		return ERR_UNREACHABLE;
	case 500:
		return code_of_500(status);
	default:
		return status->code >= 500 ? ERR_UNREACHABLE : ERR_INVALID;
	}
}

static void add_hint(const struct status *status, struct err *err)
{
	if (status->code == 401)
		(void)err_hint(err, "the kubeconfig's certificate or token is no longer valid; a "
				    "copy of k3s.yaml goes stale when k3s renews its certificates");
	else if (status->code == 403 && says(status, "permissions not currently held"))
		(void)err_hint(err,
			       "a role can only grant what the kubeconfig's user may do itself");
	else if (status->code == 429)
		(void)err_hint(err, "the API server is overloaded; desired tries again");
}

/* The first field it speaks of, as the server writes it; NULL. */
static char *field_of(const struct status *status)
{
	json_t *cause;
	size_t i;

	json_array_foreach (causes(status), i, cause) {
		const char *field = tree_path_string(cause, "field");
		if (field && *field && strcmp(field, "<nil>"))
			return mem_strdup(field);
	}
	return kube_field_of_message(status->message);
}

static void set_field(const struct status *status, const json_t *body, char **ret_field)
{
	cleanup_free char *field = field_of(status);

	*ret_field = field ? kube_field_path(field, body) : NULL;
}

int kube_answer_check(const struct http_response *response, const char *what, const json_t *body,
		      char **ret_field, struct err *err)
{
	cleanup_status struct status status = {0};
	const char *kind = body ? tree_path_string(body, "kind") : NULL;

	if (ret_field)
		*ret_field = NULL;
	if (response->status >= 200 && response->status < 300)
		return 0;
	if (response->status == 0) {
		err_copy(err, &response->err);
		if (err->code == ERR_NONE)
			(void)err_set(err, ERR_UNREACHABLE, "no answer");
		return err_wrap(err, "%s", what);
	}
	status_read(response, &status);
	enum err_code code = code_of(&status);
	cleanup_free char *webhook = failing_webhook(&status);
	cleanup_free char *text = wording(&status, kind && !strcmp(kind, "Secret"));

	if (webhook && response->status >= 500)
		(void)err_set(err, code, "%s: webhook %s does not work: %s", what, webhook, text);
	else
		(void)err_set(err, code, "%s: %s", what, text);
	add_hint(&status, err);
	if (ret_field && code == ERR_INVALID)
		set_field(&status, body, ret_field);
	return -(int)code;
}

int kube_answer_json(const struct http_response *response, const char *what, const json_t *body,
		     char **ret_field, json_t **ret, struct err *err)
{
	int r = kube_answer_check(response, what, body, ret_field, err);
	if (r < 0)
		return r;
	r = tree_json_parse(buf_str(&response->body), response->body.len, what, false, ret, err);
	if (r < 0)
		return err_set(err, ERR_UNREACHABLE,
			       "%s: the answer is not JSON to its end: was it cut off?", what);
	return 0;
}

bool kube_answer_no_kind(const struct http_response *response)
{
	cleanup_status struct status status = {0};

	if (response->status != 404)
		return false;
	status_read(response, &status);
	/* A Status about an object, or about its namespace, names it. */
	const char *name = status.tree ? tree_path_string(status.tree, "details.name") : NULL;
	return !name || !*name;
}

bool kube_answer_namespace_ends(const struct http_response *response)
{
	cleanup_status struct status status = {0};

	if (response->status != 403)
		return false;
	status_read(response, &status);
	return code_of_forbidden(&status) == ERR_CONFLICT;
}
