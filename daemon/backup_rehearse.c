#include "backup_rehearse.h"

#include <stdio.h>
#include <stdlib.h>

#include "backup/rehearse.h"
#include "backup_print.h"
#include "backup_record.h"
#include "base/mem.h"
#include "terminal.h"

static void say(void *context, const char *text)
{
	(void)context;
	printf("%s\n", text);
	(void)fflush(stdout);
}

static enum command_exit tell(const struct backup_set *set,
			      const struct backup_rehearse_report *report)
{
	cleanup_free char *bytes = backup_size_text(report->bytes);

	for (size_t i = 0; i < report->dumps.n; i++)
		printf("dump of %s\n", report->dumps.items[i]);
	if (report->sealed)
		printf("%zu unit%s encrypted for others than us: what is stored was compared, not "
		       "restored (--identity FILE)\n",
		       report->sealed, report->sealed == 1 ? " is" : "s are");
	for (size_t i = 0; i < report->problems.n; i++)
		printf("%s\n", report->problems.items[i]);
	printf("set %s: %llu files (%s), %zu database%s, %zu dump%s restored and looked at; %zu "
	       "problem%s\n",
	       set->id, (unsigned long long)report->files, bytes, report->databases,
	       report->databases == 1 ? "" : "s", report->dumps.n, report->dumps.n == 1 ? "" : "s",
	       report->problems.n, report->problems.n == 1 ? "" : "s");
	return report->problems.n ? COMMAND_FAILED : COMMAND_FINE;
}

/* Not to have been able to is a failed rehearsal, too: silence would look like success. */
static void record_error(const struct store *store, const char *set, time_t began,
			 const struct err *err)
{
	struct backup_rehearse_report report = {0};
	cleanup_free char *text = err_text(err);

	if (err->code == ERR_CANCELED || err->code == ERR_BUSY)
		return;
	list_add(&report.problems, text);
	backup_record_rehearsed(store->options->state, set, began, &report);
	backup_rehearse_report_done(&report);
}

static enum command_exit rehearse(struct store *store, const struct backup_set *set,
				  const char *scratch, time_t began)
{
	struct backup_rehearse_report report = {0};
	cleanup_err struct err err = ERR_INIT;
	enum command_exit code;

	int r = backup_rehearse(&(struct backup_rehearse_options){.store = store->store,
								  .set = set,
								  .identities = &store->identities,
								  .scratch = scratch,
								  .deadline = &store->deadline,
								  .cancel = store->cancel,
								  .say = say},
				&report, &err);
	if (r < 0) {
		record_error(store, set->id, began, &err);
		code = terminal_fail(&err);
	} else {
		backup_record_rehearsed(store->options->state, set->id, began, &report);
		code = tell(set, &report);
	}
	backup_rehearse_report_done(&report);
	return code;
}

enum command_exit backup_rehearse_run(struct store *store, const struct options *options)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	cleanup_err struct err err = ERR_INIT;
	const char *id = options->arguments.n > 1 ? options->arguments.items[1] : "latest";
	const char *chosen = options_value(options, "scratch");
	cleanup_free char *scratch = mem_printf("%s/%s", chosen ? chosen : options->state,
						chosen ? "desired-rehearsal" : "backup/rehearsal");
	time_t began = time(NULL);

	const struct backup_set *set =
		backup_catalog_read(store->store, store->node, &store->deadline, &catalog, &err) < 0
			? NULL
			: backup_catalog_find(&catalog, id, &err);
	if (set)
		return rehearse(store, set, scratch, began);
	if (options->arguments.n < 2)
		record_error(store, "latest", began, &err);
	return terminal_fail(&err);
}
