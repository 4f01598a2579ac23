/* slowdive explain: a plan that was handed over, or SQL planned by a server. */
#include "app/app.h"

#include "app/output.h"
#include "app/server.h"
#include "base/clock.h"
#include "core/sql/statement.h"
#include "base/redact.h"
#include "base/units.h"
#include "view/plans/plan.h"
#include "view/shared/common.h"

#include <stdlib.h>
#include <unistd.h>

#define EXPLAIN_MAX_BYTES ((size_t)256 << 20)
#define SQL_MAX_BYTES     ((size_t)1 << 20)
#define ANSWER_NS         (20 * SD_S)

static int ask_db(struct app *a, const struct sd_request *req, int64_t patience, struct answer *answer)
{
    return ask_server(a, a->cli->values[CLI_DB],
                      "--db needs a database, such as postgres://user@host/database", req, patience, answer);
}

/* The plan of a reply, printed; `failed`: the status when there is none. */
static int print_plan(struct app *a, const struct sd_batch *reply, int failed)
{
    struct sd_error err;
    struct doc *d = plan_reply(reply, a->config->settings->show_literals, &err);
    int status = d ? output_doc(a, d) : failed;
    if (!d)
        complain("%s", err.text);
    doc_free(d);
    return status;
}

static int explain_on_server(struct app *a, const char *sql)
{
    struct answer answer = {0};
    const struct sd_job_explain job = {.query_id = SD_UNKNOWN, .query = sql};
    int status = ask_db(a, &(struct sd_request){SD_JOB_EXPLAIN, &job}, ANSWER_NS, &answer);
    if (status == EXIT_FINE)
        status = print_plan(a, answer.batch, EXIT_USAGE);
    batch_unref(answer.batch);
    return status;
}

/* ---- --analyze ---- */

/* What --yes would do, as a doc. */
static int print_intent(struct app *a, const struct sd_batch *reply, const char *sql, int64_t limit)
{
    size_t i = 0, k = 0;
    const struct sd_plan *p = batch_each(reply, SD_PLAN, &i);
    const struct sd_failure *failure = batch_each(reply, SD_FAILURE, &k);
    if (!p) {
        complain("%s", failure && failure->text ? failure->text : "the server gave no plan");
        return EXIT_USAGE;
    }
    struct doc *d = doc_new("analyze", "EXPLAIN ANALYZE");
    char *server = registry_redact(a->cli->values[CLI_DB]);
    bool may = p->body != NULL;
    doc_field(d, "executed", UNIT_NONE, cell_bool(false));
    doc_field(d, "would_execute", UNIT_NONE, cell_bool(may));
    struct section *s = doc_section(d, SECTION_FIELDS, "request", "EXPLAIN ANALYZE: nothing was executed");
    section_field(d, s, "database", "Database", UNIT_NONE, cell_text(p->database));
    section_field(d, s, "server", "Server", UNIT_NONE, cell_text(server));
    section_field(d, s, "limit_ns", "Time limit", UNIT_NS, cell_int(limit));
    section_field(d, s, "why_not", may ? NULL : "Refused", UNIT_NONE, cell_text(p->failed));
    if (may)
        section_field(d, s, NULL, "With --yes", UNIT_NONE,
                      cell_text("it would be executed once, in a read-only transaction that is rolled back; "
                                "this puts load on the server"));
    else
        section_field(d, s, NULL, "With --yes", UNIT_NONE,
                      cell_text("it would be refused for the same reason"));
    s = doc_section(d, SECTION_TEXT, "query", "Query");
    common_statement(d, s, doc_text(d, sql));
    int status = output_doc(a, d);
    doc_free(d);
    free(server);
    return status == EXIT_FINE && !may ? EXIT_CHECK : status;
}

static int analyze_on_server(struct app *a, const char *sql)
{
    struct sd_error err = {""};
    struct answer answer = {0};
    bool yes = cli_has(a->cli, CLI_YES);
    struct sd_job_analyze run = {
        .query_id = SD_UNKNOWN, .query = sql, .limit_ns = a->config->settings->analyze_limit_ns};
    if (cli_has(a->cli, CLI_TIMEOUT) &&
        (!unit_parse_duration(a->cli->values[CLI_TIMEOUT], &run.limit_ns, &err) ||
         run.limit_ns < 10 * SD_MS)) {
        complain("--timeout: %s", err.text[0] ? err.text : "must be at least 10ms");
        return EXIT_USAGE;
    }
    if (yes && isatty(STDERR_FILENO)) {
        char limit[UNIT_TEXT_MAX];
        complain("executing the statement, for at most %s; Ctrl-C stops it on the server",
                 unit_format_int(UNIT_NS, run.limit_ns, limit));
    }
    const struct sd_job_may_analyze check = {
        .query_id = run.query_id, .query = run.query, .limit_ns = run.limit_ns};
    const struct sd_request req = {.job = yes ? SD_JOB_ANALYZE : SD_JOB_MAY_ANALYZE,
                                   .args = yes ? (const void *)&run : &check};
    int status = ask_db(a, &req, ANSWER_NS + (yes ? run.limit_ns : 0), &answer);
    if (status == EXIT_FINE)
        status =
            yes ? print_plan(a, answer.batch, EXIT_CHECK) : print_intent(a, answer.batch, sql, run.limit_ns);
    batch_unref(answer.batch);
    return signals_stop() ? 128 + signals_stop() : status;
}

/* The options that belong together; false with a complaint. */
static bool options_fit(const struct cli *cli)
{
    if (cli_has(cli, CLI_ANALYZE) && !cli_has(cli, CLI_DB))
        complain("--analyze needs a server: explain --db postgres://user@host/database --analyze FILE.sql");
    else if (cli_has(cli, CLI_YES) && !cli_has(cli, CLI_ANALYZE))
        complain("--yes confirms --analyze, which is missing");
    else if (cli_has(cli, CLI_TIMEOUT) && !cli_has(cli, CLI_ANALYZE))
        complain("--timeout limits --analyze, which is missing");
    else
        return true;
    return false;
}

int verb_explain(struct app *a)
{
    struct sd_error err;
    char *text;
    size_t len;
    const char *path = a->cli->n_args ? a->cli->args[0] : "-";
    bool server = cli_has(a->cli, CLI_DB);
    if (!options_fit(a->cli))
        return EXIT_USAGE;
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
    if (server && strlen(text) != len) {
        complain("%s holds a NUL byte: it is not SQL", strcmp(path, "-") ? path : "standard input");
    } else if (server) {
        status = cli_has(a->cli, CLI_ANALYZE) ? analyze_on_server(a, text) : explain_on_server(a, text);
    } else {
        struct doc *d = plan_explain(text, len, strcmp(path, "-") ? path : "standard input", &err);
        struct sd_error ignored;
        if (d)
            status = output_doc(a, d);
        else if (sql_may_explain(text, &ignored))
            complain("this is SQL, not a plan; a server plans it: slowdive explain --db postgres://... %s",
                     path);
        else
            complain("%s", err.text);
        doc_free(d);
    }
    free(text);
    return status;
}
