#include "s3/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "s3/credential_process.h"

/* What a profile may say and we do not do; the tools of AWS do, and can hand over the result. */
static const char *const foreign[] = {"role_arn", "sso_session", "sso_start_url",
				      "web_identity_token_file", "credential_source"};

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void s3_credentials_done(struct s3_credentials *credentials)
{
	free_secret(credentials->access_key);
	free_secret(credentials->secret_key);
	free_secret(credentials->session_token);
	free(credentials->source);
	memset(credentials, 0, sizeof(*credentials));
}

/* 1 when both keys are there, 0 when none is. */
static int take(const char *access_key, const char *secret_key, const char *token,
		const char *source, struct s3_credentials *ret, struct err *err)
{
	if (!access_key && !secret_key)
		return 0;
	if (!access_key || !secret_key)
		return err_set(err, ERR_INVALID, "%s has %s and no %s", source,
			       access_key ? "an access key" : "a secret key",
			       access_key ? "secret key" : "access key");
	*ret = (struct s3_credentials){
		.access_key = mem_strdup(access_key),
		.secret_key = mem_strdup(secret_key),
		.session_token = mem_strdup(token && *token ? token : NULL),
		.source = mem_strdup(source),
	};
	return 1;
}

static int from_environment(const struct s3_profile *profile, struct s3_credentials *ret,
			    struct err *err)
{
	if (profile->explicit)
		return 0;
	return take(s3_profile_env("AWS_ACCESS_KEY_ID"), s3_profile_env("AWS_SECRET_ACCESS_KEY"),
		    s3_profile_env("AWS_SESSION_TOKEN"), "the environment", ret, err);
}

typedef const char *lookup(const struct s3_profile *profile, const char *key);

static int from_file(const struct s3_profile *profile, lookup *get, const char *source,
		     struct s3_credentials *ret, struct err *err)
{
	const char *token = get(profile, "aws_session_token");

	if (!token)
		token = get(profile, "aws_security_token");
	return take(get(profile, "aws_access_key_id"), get(profile, "aws_secret_access_key"), token,
		    source, ret, err);
}

static int from_process(const struct s3_profile *profile, const char *secrets, const char *settings,
			const struct deadline *deadline, struct s3_credentials *ret,
			struct err *err)
{
	const char *command = s3_profile_config(profile, "credential_process");
	const char *source = command ? settings : secrets;

	if (!command)
		command = s3_profile_secret(profile, "credential_process");
	if (!command)
		return 0;
	int r = s3_credential_process_run(command, source, deadline, ret, err);
	return r < 0 ? r : 1;
}

static const char *foreign_key(const struct s3_profile *profile)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (s3_profile_config(profile, foreign[i]) ||
		    s3_profile_secret(profile, foreign[i]))
			return foreign[i];
	return NULL;
}

static int nowhere(const struct s3_profile *profile, const char *secrets, const char *settings,
		   struct err *err)
{
	const char *key = foreign_key(profile);

	if (key) {
		err_set(err, ERR_NOT_FOUND,
			"profile '%s' gets its keys through %s, which desired does not do",
			profile->name, key);
		return err_hint(err, "give it: credential_process = aws configure "
				     "export-credentials --profile NAME");
	}
	err_set(err, ERR_NOT_FOUND,
		"there are no credentials: looked at %s%s%s, credential_process, %s%s",
		profile->explicit ? "" : "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ", secrets,
		profile->has_credentials ? " (no keys in it)" : " (not there)", settings,
		profile->has_config ? " (no keys in it)" : " (not there)");
	return err_hint(err,
			"write aws_access_key_id and aws_secret_access_key below [%s] into %s, "
			"mode 0600",
			profile->name, profile->credentials.path);
}

int s3_credentials_find(const struct s3_profile *profile, const struct deadline *deadline,
			struct s3_credentials *ret, struct err *err)
{
	cleanup_free char *secrets =
		mem_printf("%s [%s]", profile->credentials.path, profile->name);
	bool is_default = !strcmp(profile->name, "default");
	cleanup_free char *settings = mem_printf("%s [%s%s]", profile->config.path,
						 is_default ? "" : "profile ", profile->name);

	int r = from_environment(profile, ret, err);
	if (r == 0)
		r = from_file(profile, s3_profile_secret, secrets, ret, err);
	if (r == 0)
		r = from_process(profile, secrets, settings, deadline, ret, err);
	if (r == 0)
		r = from_file(profile, s3_profile_config, settings, ret, err);
	if (r == 0)
		return nowhere(profile, secrets, settings, err);
	return r < 0 ? r : 0;
}
