/* slowdive advise: the indexes a whole workload should have, within a budget. */
#include "app/app.h"

#include <stdlib.h>

#include "app/output.h"
#include "app/server.h"
#include "app/workload.h"
#include "base/clock.h"
#include "base/units.h"
#include "view/indexes/advise.h"

#define LIMIT_NS  (180 * SD_S) /* for all of it, once connected */
#define ANSWER_NS (LIMIT_NS + 20 * SD_S)

static const char NEEDS[] = "advise needs one database, such as postgres://user@host/database";

/* The statements of --workload as arguments of the job; lists and items are the caller's. */
struct given {
    struct workload workload;
    const char **ids, **texts;
    double *weights;
    struct sd_texts id_list, text_list;
    struct sd_reals weight_list;
};

static bool read_workload(struct given *g, const char *path, struct sd_error *err)
{
    if (!workload_read(&g->workload, path, err))
        return false;
    size_t n = g->workload.n;
    g->ids = mem_array(n + 1, sizeof *g->ids);
    g->texts = mem_array(n + 1, sizeof *g->texts);
    g->weights = mem_array(n + 1, sizeof *g->weights);
    for (size_t i = 0; i < n; i++) {
        g->ids[i] = g->workload.items[i].id;
        g->texts[i] = g->workload.items[i].text;
        g->weights[i] = g->workload.items[i].weight;
    }
    g->id_list = (struct sd_texts){.n = (uint32_t)n, .items = g->ids};
    g->text_list = (struct sd_texts){.n = (uint32_t)n, .items = g->texts};
    g->weight_list = (struct sd_reals){.n = (uint32_t)n, .items = g->weights};
    return true;
}

static void given_free(struct given *g)
{
    workload_free(&g->workload);
    free(g->ids);
    free(g->texts);
    free(g->weights);
}

static int print_reply(struct app *a, const struct sd_batch *reply)
{
    struct sd_error err;
    struct doc *d = advise_reply(reply, a->config->settings->show_literals, &err);
    int status = d ? output_doc(a, d) : EXIT_USAGE;
    if (!d)
        complain("%s", err.text);
    doc_free(d);
    return status;
}

/* `given` NULL: pg_stat_statements. */
static int advise(struct app *a, const char *target, const struct given *given, int64_t budget)
{
    struct answer answer = {0};
    const struct sd_job_advise job = {
        .limit_ns = LIMIT_NS,
        .budget_bytes = budget,
        .workload = given ? a->cli->values[CLI_WORKLOAD] : NULL,
        .ids = given ? &given->id_list : NULL,
        .statements = given ? &given->text_list : NULL,
        .weights = given ? &given->weight_list : NULL,
        .literals = given || a->config->settings->show_literals,
    };
    /* What libpq takes beside a URL, such as host=... dbname=... */
    bool url = str_starts(target, "postgres:") || str_starts(target, "postgresql:");
    char *kind = url ? mem_strdup(target) : mem_printf("postgres:%s", target);
    int status = ask_server(a, kind, NEEDS, &(struct sd_request){SD_JOB_ADVISE, &job}, ANSWER_NS, &answer);
    free(kind);
    if (signals_stop())
        status = 128 + signals_stop();
    else if (status == EXIT_FINE)
        status = print_reply(a, answer.batch);
    batch_unref(answer.batch);
    return status;
}

/* SD_UNKNOWN without --budget; false after a complaint. */
static bool read_budget(const struct cli *cli, int64_t *bytes)
{
    struct sd_error err;
    *bytes = SD_UNKNOWN;
    if (!cli_has(cli, CLI_BUDGET))
        return true;
    *bytes = 0;
    if (unit_parse_bytes(cli->values[CLI_BUDGET], bytes, &err) && *bytes > 0)
        return true;
    complain("--budget: %s", *bytes <= 0 ? "must be more than 0" : err.text);
    return false;
}

int verb_advise(struct app *a)
{
    struct given given = {0};
    struct sd_error err;
    int64_t budget;
    bool own = cli_has(a->cli, CLI_WORKLOAD);
    const char *target = a->cli->n_args ? a->cli->args[0] : getenv("DATABASE_URL");
    if (!output_ready(a))
        return EXIT_USAGE;
    if (!target || a->cli->n_args > 1) {
        complain("%s", NEEDS);
        return EXIT_USAGE;
    }
    if (!read_budget(a->cli, &budget))
        return EXIT_USAGE;
    int status = EXIT_USAGE;
    if (!own || read_workload(&given, a->cli->values[CLI_WORKLOAD], &err))
        status = advise(a, target, own ? &given : NULL, budget);
    else
        complain("%s", err.text);
    given_free(&given);
    return status;
}
