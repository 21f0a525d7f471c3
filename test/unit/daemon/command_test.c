#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define MAP_OF(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"

static char *dir;

static void set_up(void)
{
	dir = temp_dir();
}

static void tear_down(void)
{
	mem_cleanup(&dir);
}

/* The words of a line, "$DIR" being the test's folder. */
static int split(const char *line, char **argv, char *room, size_t size)
{
	int argc = 0;
	char *state;

	snprintf(room, size, "desired %s", line);
	for (char *word = strtok_r(room, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		const char *at = strstr(word, "$DIR");
		argv[argc++] = at ? mem_printf("%.*s%s%s", (int)(at - word), word, dir, at + 4)
				  : mem_strdup(word);
	}
	return argc;
}

/* Runs a command line in a process of its own; what it prints on both streams goes to ret_output.
 */
static int run(const char *line, char **ret_output)
{
	char room[1024], *argv[32], part[4096];
	int argc = split(line, argv, room, sizeof(room)), ends[2], status;
	struct buf output = BUF_INIT;
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		int code = (int)command_main(argc, argv);
		fflush(NULL);
		_exit(code);
	}
	close(ends[1]);
	while ((n = read(ends[0], part, sizeof(part))) > 0)
		buf_add(&output, part, (size_t)n);
	close(ends[0]);
	waitpid(child, &status, 0);
	for (int i = 0; i < argc; i++)
		mem_cleanup(&argv[i]);
	*ret_output = buf_steal(&output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void prints(const char *line, int code, const char *part)
{
	cleanup_free char *output = NULL;
	int got = run(line, &output);

	ck_assert_msg(got == code, "%s: exit %d instead of %d:\n%s", line, got, code, output);
	ck_assert_msg(strstr(output, part) != NULL, "%s does not print '%s' but:\n%s", line, part,
		      output);
}

START_TEST(test_command__help_lists_every_verb)
{
	prints("help", 0, "  suspend           Leave an app alone, for debugging\n");
	prints("help reload", 0, "Usage: desired reload\n");
	prints("upgrade-manifests --help", 0,
	       "Usage: desired upgrade-manifests [OPTION...] [FILE|APP...]\n");
	prints("plan --help", 0, "Exit codes: 0 everything is as the files say");
	prints("--version", 0, "desired ");
	prints("version --output json", 0, "\"schema\": 1");
}
END_TEST

START_TEST(test_command__check_looks_ahead)
{
	static const char object[] = "kind: %s\nmetadata: {name: a}\nspec: {}\n";
	cleanup_free char *files = temp_dir();
	cleanup_free char *cidr = mem_printf(object, "ServiceCIDR");
	cleanup_free char *ending = mem_printf("apiVersion: networking.k8s.io/v1beta1\n%s", cidr);
	cleanup_free char *now = mem_printf("check --dir %s --kube-version 1.36", files);
	cleanup_free char *ahead = mem_printf("check --dir %s --kube-version v1.37.0+k3s1", files);

	temp_write(files, "cidr.yaml", ending);
	prints(now, 3,
	       "networking.k8s.io/v1beta1 ServiceCIDR ends with Kubernetes 1.37; write "
	       "networking.k8s.io/v1");
	prints(ahead, 3,
	       "networking.k8s.io/v1beta1 ServiceCIDR was removed in Kubernetes 1.37; "
	       "read as networking.k8s.io/v1");
	cleanup_free char *ingress = mem_printf(object, "Ingress");
	cleanup_free char *gone = mem_printf("apiVersion: extensions/v1beta1\n%s", ingress);
	temp_write(files, "ingress.yaml", gone);
	prints(now, 1,
	       "run 'desired upgrade-manifests', or write apiVersion: "
	       "networking.k8s.io/v1; paths need pathType");
	prints("check --kube-version soon", 64, "--kube-version is written 1.36, not 'soon'");
}
END_TEST

START_TEST(test_command__upgrade_manifests_rewrites_and_keeps)
{
	static const char old[] = "# kept\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n"
				  "metadata: {name: a}\nspec: {minAvailable: 1, selector: "
				  "{matchLabels: {app: a}}}\n";
	cleanup_free char *files = temp_dir(), *state = temp_dir();
	cleanup_free char *places =
		mem_printf("--dir %s --state %s --kubeconfig /nowhere", files, state);
	cleanup_free char *look = mem_printf("upgrade-manifests --dry-run %s", places);
	cleanup_free char *ask = mem_printf("upgrade-manifests %s", places);
	cleanup_free char *yes = mem_printf("upgrade-manifests --yes %s", places);
	cleanup_free char *unknown = mem_printf("upgrade-manifests nothing %s", places);

	temp_write(files, "a.yaml", old);
	prints(look, 2, "+apiVersion: policy/v1\n");
	prints(ask, 2, "Nothing was changed; --yes rewrites 1 object in 1 file\n");
	prints(unknown, 1, "there is no file and no app 'nothing'");
	cleanup_free char *same = temp_read(files, "a.yaml");
	ck_assert_str_eq(same, old);
	prints(yes, 0, "Rewrote 1 object in 1 file; the old files are kept in ");
	cleanup_free char *now = temp_read(files, "a.yaml");
	ck_assert_ptr_nonnull(strstr(now, "# kept\napiVersion: policy/v1\nkind"));
	prints(yes, 0, "Nothing has to be rewritten\n");
}
END_TEST

START_TEST(test_command__wrong_usage_says_what_is_right)
{
	prints("", 64, "Usage: desired VERB");
	prints("aplly", 64, "did you mean 'desired apply'?");
	prints("help aplly", 64, "did you mean 'desired apply'?");
	prints("suspend", 64, "suspend needs APP[@INSTANCE]");
	prints("resume a b", 64, "resume: 'b' is one argument too many");
	prints("suspend a --for ever", 64, "write it as systemd does");
	prints("plan --fource", 64, "did you mean --force?");
}
END_TEST

START_TEST(test_command__check_tells_by_its_exit_code)
{
	temp_write(dir, "blog/cm.yaml", MAP_OF("blog"));
	prints("check --dir $DIR", 0, "0 errors, 0 warnings; 1 app passes\n");
	temp_write(dir, "shop/cm.yaml", "kind: ConfigMap\n\tx: 1\n");
	prints("check --dir $DIR", 1, "1 error, 0 warnings; shop fails, 1 app passes\n");
	prints("--dir $DIR --output json check", 1, "\"file\": \"shop/cm.yaml\"");
	prints("check --dir $DIR --app blog", 0, "0 errors");
}
END_TEST

START_TEST(test_command__render_prints_exactly_the_bytes)
{
	cleanup_free char *output = NULL;

	temp_write(dir, "t.j2", "a {{ name }}\n  b");
	temp_write(dir, "v.yaml", "name: x\n");
	ck_assert_int_eq(run("render --file $DIR/t.j2 --vars $DIR/v.yaml", &output), 0);
	ck_assert_str_eq(output, "a x\n  b");
	prints("render --file $DIR/t.j2", 1, "undefined variable 'name'");
	prints("render --vars $DIR/v.yaml", 64, "--vars goes with --file");
}
END_TEST

START_TEST(test_command__render_masks_secrets)
{
	cleanup_free char *output = NULL;

	temp_write(dir, "blog/s.yaml",
		   "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: geheim}\n");
	prints("render blog --dir $DIR", 0, "*** (6 bytes)");
	ck_assert_int_eq(run("render --dir $DIR", &output), 0);
	ck_assert_ptr_null(strstr(output, "geheim"));
	prints("render --dir $DIR --show-secrets", 0, "geheim");
}
END_TEST

START_TEST(test_command__reload_without_a_daemon_says_what_to_do)
{
	prints("reload --dir $DIR --runtime $DIR/run", 1, "systemctl start desired");
}
END_TEST

START_TEST(test_command__a_state_in_use_is_busy)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *path = mem_printf("%s/state/lock", dir);
	cleanup_fd int fd = -1;

	temp_write(dir, "state/lock", "desired backup (process 7)\n");
	must(file_lock(path, &fd, &err), &err);
	prints("apply --dir $DIR --state $DIR/state --runtime $DIR/run", 4,
	       "in use by desired backup (process 7)");
}
END_TEST

START_TEST(test_command__suspend_and_resume_work_without_a_daemon)
{
	temp_write(dir, "files/blog/cm.yaml", MAP_OF("blog"));
	prints("suspend blog --for 30m --dir $DIR/files --state $DIR/s --runtime $DIR/run", 0,
	       "blog: suspended by ");
	prints("suspend blgo --dir $DIR/files --state $DIR/s --runtime $DIR/run", 1,
	       "did you mean blog?");
	prints("resume blog --dir $DIR/files --state $DIR/s --runtime $DIR/run", 0,
	       "blog: resumed");
	prints("resume blog --dir $DIR/files --state $DIR/s --runtime $DIR/run", 0,
	       "blog was neither suspended nor pinned");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/command");
	TCase *tests = tcase_create("command");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_command__help_lists_every_verb);
	tcase_add_test(tests, test_command__check_looks_ahead);
	tcase_add_test(tests, test_command__upgrade_manifests_rewrites_and_keeps);
	tcase_add_test(tests, test_command__wrong_usage_says_what_is_right);
	tcase_add_test(tests, test_command__check_tells_by_its_exit_code);
	tcase_add_test(tests, test_command__render_prints_exactly_the_bytes);
	tcase_add_test(tests, test_command__render_masks_secrets);
	tcase_add_test(tests, test_command__reload_without_a_daemon_says_what_to_do);
	tcase_add_test(tests, test_command__a_state_in_use_is_busy);
	tcase_add_test(tests, test_command__suspend_and_resume_work_without_a_daemon);
	suite_add_tcase(suite, tests);
	return suite;
}
