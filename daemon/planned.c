#include "planned.h"

#define ANSWER_MS 30000

static int load(const struct options *options, struct planned *planned, struct err *err)
{
	int r = site_look(options, &planned->site, err);

	if (r < 0)
		return r;
	return loaded_read(
		&(struct loaded_options){
			.dir = options->dir,
			.config = options->config,
			.state_dir = options->state,
			.masking = options->masking,
			.kinds_of = link_kinds,
			.link_of = link_once,
			.context = &planned->site,
		},
		&planned->loaded, err);
}

static int begin(const struct pass_request *request, struct planned *planned, struct err *err)
{
	struct link *link = NULL;
	int r = link_open(&planned->site, &planned->loaded->settings, &link, err);

	if (r >= 0)
		r = pass_round_begin(
			&(struct pass_round_options){
				.site = &planned->site,
				.loaded = planned->loaded,
				.link = link,
				.clock = &clock_real,
				.request = request,
				.timeout_ms = ANSWER_MS,
			},
			&planned->round, err);
	link_unref(link);
	return r;
}

int planned_open(const struct options *options, const struct pass_request *request,
		 struct planned *ret, struct err *err)
{
	*ret = PLANNED_INIT;
	int r = load(options, ret, err);
	if (r >= 0)
		r = begin(request, ret, err);
	if (r < 0 || !request->app || ret->round->apps.n)
		return r;
	(void)err_set(err, ERR_NOT_FOUND, "there is no app '%s'", request->app);
	return err_hint(err, "'desired check' finds out why, if its files are there");
}

int planned_app(const struct planned *planned, const char *name, struct reconcile_result *ret,
		struct err *err)
{
	const struct pass_round *round = planned->round;
	const struct pass_request *request = &round->request;
	const struct reconcile_options options = {
		.show = true,
		.retry = request->force || request->app,
		.force = request->force,
		.force_replace = request->force_replace,
	};

	return reconcile_app(&round->world, round->round, name, &options, ret, err);
}

void planned_close(struct planned *planned)
{
	pass_round_unref(planned->round);
	loaded_unref(planned->loaded);
	site_close(&planned->site);
	*planned = PLANNED_INIT;
}
