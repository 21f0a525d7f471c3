#include "s3/profile.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#define STORE "/etc/credstore"

const char *s3_profile_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const char *home(void)
{
	const char *set = s3_profile_env("HOME");
	const struct passwd *entry = set ? NULL : getpwuid(geteuid());

	return set ? set : entry ? entry->pw_dir : "/root";
}

/* $NAME or ${NAME} at *at, as Python's expandvars: one that is not set stays as it is. */
static void expand_variable(struct buf *out, const char **at)
{
	const char *name = *at + 1;
	bool braced = *name == '{';

	name += braced;
	size_t length = 0;
	while (isalnum((unsigned char)name[length]) || name[length] == '_')
		length++;
	const char *end = name + length + braced;
	cleanup_free char *key = mem_strndup(name, length);
	const char *value = length ? getenv(key) : NULL;
	if (value && (!braced || name[length] == '}'))
		buf_addstr(out, value);
	else
		buf_add(out, *at, (size_t)(end - *at));
	*at = end;
}

static char *expand(const char *path)
{
	struct buf out = BUF_INIT;

	if (path[0] == '~' && (path[1] == '/' || !path[1])) {
		buf_addstr(&out, home());
		path++;
	}
	while (*path) {
		if (*path == '$')
			expand_variable(&out, &path);
		else
			buf_addch(&out, *path++);
	}
	return buf_steal(&out);
}

/* Where one of the two files is; *ret_named: it must be there. */
static char *locate(const char *variable, const char *name, bool *ret_named)
{
	const char *named = s3_profile_env(variable),
		   *systemd = s3_profile_env("CREDENTIALS_DIRECTORY");

	*ret_named = named != NULL;
	if (named)
		return expand(named);
	cleanup_free char *path = mem_printf("%s/aws-%s", systemd ? systemd : STORE, name);
	if (file_exists(path))
		return steal(&path);
	return mem_printf("%s/.aws/%s", home(), name);
}

static int read_file(const char *variable, const char *name, struct s3_ini *ret, bool *ret_has,
		     struct err *err)
{
	bool named;
	cleanup_free char *path = locate(variable, name, &named);

	int r = s3_ini_read(path, ret, err);
	*ret_has = r >= 0;
	if (r >= 0)
		return 0;
	if (r == -ERR_NOT_FOUND && !named) {
		err_done(err);
		*ret = (struct s3_ini){.path = steal(&path)};
		return 0;
	}
	return named ? err_wrap(err, "%s", variable) : r;
}

/* Whether others can come by: each folder above must let them through. */
static bool is_reachable(const char *path)
{
	cleanup_free char *folder = realpath(path, NULL);
	struct stat st;

	while (folder && *folder) {
		char *slash = strrchr(folder, '/');
		*slash = '\0';
		if (stat(*folder ? folder : "/", &st) < 0 || !(st.st_mode & S_IXOTH))
			return false;
	}
	return true;
}

static int check_private(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || !(st.st_mode & S_IROTH) || !is_reachable(path))
		return 0;
	err_set(err, ERR_DENIED, "%s can be read by everybody on this machine", path);
	return err_hint(err, "chmod 600 %s", path);
}

/* The section of the config file that is this profile. */
static const struct map *config_section(const struct s3_profile *profile)
{
	const char *section;
	void *keys;

	if (!strcmp(profile->name, "default") && map_has(&profile->config.sections, "default"))
		return map_get(&profile->config.sections, "default");
	map_foreach (&profile->config.sections, section, keys) {
		if (strncmp(section, "profile", 7) || !isspace((unsigned char)section[7]))
			continue;
		const char *name = section + 8 + strspn(section + 8, " \t");
		size_t length = strlen(name);
		if (length >= 2 && (*name == '"' || *name == '\'') && name[length - 1] == *name)
			name++, length -= 2;
		if (strlen(profile->name) == length && !strncmp(profile->name, name, length))
			return keys;
	}
	return NULL;
}

const char *s3_profile_config(const struct s3_profile *profile, const char *key)
{
	const struct map *keys = config_section(profile);

	return keys ? map_get(keys, key) : NULL;
}

const char *s3_profile_secret(const struct s3_profile *profile, const char *key)
{
	return s3_ini_get(&profile->credentials, profile->name, key);
}

static int choose_name(struct s3_profile *profile, const char *name, struct err *err)
{
	const char *wanted = name;

	profile->explicit = name != NULL;
	if (!wanted)
		wanted = s3_profile_env("AWS_PROFILE");
	if (!wanted)
		wanted = s3_profile_env("AWS_DEFAULT_PROFILE");
	profile->name = mem_strdup(wanted ? wanted : "default");
	if (!wanted || config_section(profile) ||
	    map_has(&profile->credentials.sections, profile->name))
		return 0;
	err_set(err, ERR_NOT_FOUND, "there is no profile '%s' in %s or %s", profile->name,
		profile->credentials.path, profile->config.path);
	return err_hint(err, "it is called [%s] in the first, [profile %s] in the second",
			profile->name, profile->name);
}

static void read_service(struct s3_profile *profile)
{
	const char *name = s3_profile_config(profile, "services");
	cleanup_free char *section = name ? mem_printf("services %s", name) : NULL;

	s3_ini_nested(section ? s3_ini_get(&profile->config, section, "s3") : NULL,
		      &profile->service);
}

static void look_for_plugins(struct s3_profile *profile)
{
	if (map_has(&profile->config.sections, "plugins"))
		list_printf(
			&profile->notices,
			"%s: [plugins] is not needed: endpoint_url below `s3 =` is read without it",
			profile->config.path);
}

static int load(const char *name, struct s3_profile *profile, struct err *err)
{
	int r = read_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", &profile->credentials,
			  &profile->has_credentials, err);
	if (r < 0)
		return r;
	r = read_file("AWS_CONFIG_FILE", "config", &profile->config, &profile->has_config, err);
	if (r < 0)
		return r;
	if (profile->has_credentials)
		r = check_private(profile->credentials.path, err);
	if (r < 0)
		return r;
	r = choose_name(profile, name, err);
	if (r >= 0 && s3_profile_config(profile, "aws_secret_access_key"))
		r = check_private(profile->config.path, err);
	if (r < 0)
		return r;
	s3_ini_nested(s3_profile_config(profile, "s3"), &profile->s3);
	s3_ini_nested(s3_profile_config(profile, "s3api"), &profile->s3api);
	read_service(profile);
	look_for_plugins(profile);
	return 0;
}

int s3_profile_load(const char *name, struct s3_profile *ret, struct err *err)
{
	struct s3_profile profile = {0};

	int r = load(name, &profile, err);
	if (r < 0)
		s3_profile_done(&profile);
	else
		*ret = profile;
	return r;
}

void s3_profile_done(struct s3_profile *profile)
{
	free(profile->name);
	s3_ini_done(&profile->credentials);
	s3_ini_done(&profile->config);
	map_done(&profile->s3);
	map_done(&profile->s3api);
	map_done(&profile->service);
	list_done(&profile->notices);
	memset(profile, 0, sizeof(*profile));
}
