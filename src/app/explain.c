/* slowdive explain: a plan that was handed over, or SQL planned by a server. */
#include "app/app.h"

#include "app/output.h"
#include "base/clock.h"
#include "view/plan.h"

#include <stdlib.h>

#define EXPLAIN_MAX_BYTES ((size_t)256 << 20)
#define SQL_MAX_BYTES ((size_t)1 << 20)
#define ANSWER_NS (20 * SD_S)

/* What the server has answered: the plan as a record, kept by its batch. */
struct answer {
    const struct sd_batch *batch;
    const char *failed; /* the source cannot serve anything; owned by `batch` */
};

static void look(void *ctx, const struct sd_batch *b)
{
    struct answer *a = ctx;
    size_t i = 0;
    const struct sd_status *s;
    if (a->batch)
        return;
    if (batch_each(b, SD_PLAN, &i)) {
        a->batch = batch_ref(b);
        return;
    }
    i = 0;
    while ((s = batch_each(b, SD_STATUS, &i)))
        if (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF) {
            a->batch = batch_ref(b);
            a->failed = s->text ? s->text : "the source failed";
        }
}

static int explain_on_server(struct app *a, const char *sql)
{
    struct sd_error err;
    struct answer answer = {0};
    if (!app_add_target(a, a->cli->values[CLI_DB], NULL, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    struct sd_request req = {.kind = SD_REQUEST_EXPLAIN, .query_id = SD_UNKNOWN, .query = sql};
    if (!a->n_sources || !rt_request(a->rt, a->names[0], &req, &err)) {
        complain("%s", a->n_sources ? err.text : "--db needs a database, such as postgres://user@host/database");
        return EXIT_USAGE;
    }
    int64_t deadline = clock_mono() + ANSWER_NS;
    while (!answer.batch && clock_mono() < deadline && app_wait(a, 100 * SD_MS))
        rt_drain(a->rt, SD_S, look, &answer);
    if (!answer.batch || answer.failed) {
        complain("%s", answer.failed ? answer.failed : "the server did not answer in time");
        batch_unref(answer.batch);
        return EXIT_USAGE;
    }
    struct doc *d = plan_reply(answer.batch, a->config->settings->show_literals, &err);
    int status = d ? output_doc(a, d) : EXIT_USAGE;
    if (!d)
        complain("%s", err.text);
    doc_free(d);
    batch_unref(answer.batch);
    return status;
}

int verb_explain(struct app *a)
{
    struct sd_error err;
    char *text;
    size_t len;
    const char *path = a->cli->n_args ? a->cli->args[0] : "-";
    bool server = cli_has(a->cli, CLI_DB);
    if (a->cli->n_args == 2 && !server)
        return explain_two(a, a->cli->args[0], a->cli->args[1]);
    if (a->cli->n_args > 1) {
        complain(server ? "explain --db takes one file of SQL, or - for standard input"
                        : "explain takes one file, or two to compare; - is standard input");
        return EXIT_USAGE;
    }
    if (!file_read(path, server ? SQL_MAX_BYTES : EXPLAIN_MAX_BYTES, &text, &len, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    int status = EXIT_USAGE;
    if (server) {
        status = explain_on_server(a, text);
    } else {
        struct doc *d = plan_explain(text, len, strcmp(path, "-") ? path : "standard input", &err);
        if (d)
            status = output_doc(a, d);
        else
            complain("%s", err.text);
        doc_free(d);
    }
    free(text);
    return status;
}
