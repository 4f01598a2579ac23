/* Which sources a verb that prints a view opens, and what it needs of them. */
#include "app/verb_sources.h"

#include <stdlib.h>

static bool is_http(const char *target)
{
    return str_starts(target, "https://") || str_starts(target, "http://");
}

/* URLs are loaded, which costs their site that many visits: only when --runs asks for it. */
static size_t add_loads(struct app *a, const struct view *v, follow_rule *follow)
{
    const struct cli *cli = a->cli;
    size_t failed = 0;
    char *runs = cli_has(cli, CLI_RUNS) ? mem_printf("runs=%s", cli->values[CLI_RUNS]) : NULL;
    for (size_t i = 0; i < cli->n_args; i++) {
        struct sd_error err;
        bool ok = !is_http(cli->args[i]) ? app_add_target(a, cli->args[i], follow, &err)
                  : runs                 ? app_add_of_kind(a, v->url_source, cli->args[i], runs, follow, &err)
                         : fail(&err, "this is a page, and is loaded when you say how often: --runs 3");
        failed += !ok;
        if (!ok)
            strbuf_printf(&a->problems, "%s\n", err.text);
    }
    free(runs);
    return failed;
}

bool verb_has_url(const struct cli *cli)
{
    for (size_t i = 0; i < cli->n_args; i++)
        if (is_http(cli->args[i]))
            return true;
    return false;
}

static bool may_provide(const char *target, sd_kinds kinds)
{
    struct registry_resolved r;
    struct sd_error err;
    if (app_is_recording(target) || is_http(target) || !registry_resolve(target, &r, &err))
        return true; /* of a URL it is known when it has answered */
    bool may = (r.ops->provides & kinds) != 0;
    registry_resolved_free(&r);
    return may;
}

/* Of a log with many routes, keeping the slots of each would be the most work, and nobody asks for them. */
bool verb_needs_totals_only(const struct app *a, const struct view *v)
{
    bool enough = v->verb_spans && a->cli->n_args > 0;
    for (size_t i = 0; i < a->cli->n_args && enough; i++)
        enough = !may_provide(a->cli->args[i], v->verb_spans);
    return enough;
}

size_t verb_add_sources(struct app *a, const struct view *v, follow_rule *follow)
{
    const struct cli *cli = a->cli;
    if (v->url_source && verb_has_url(cli))
        return add_loads(a, v, follow);
    if (v->verb_source && (cli->n_args || !a->config->n_sources))
        return app_add_lines(a, v->verb_source, cli->args, cli->n_args, follow);
    return app_add_all(a, cli->args, cli->n_args, follow);
}
