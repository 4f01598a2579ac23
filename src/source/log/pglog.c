/* pglog.c - a PostgreSQL server's log as it comes: the plans that auto_explain writes into it, the statements
 * of log_min_duration_statement, and what else it reports. I/O only; the log is read in format/. */
#include <stdlib.h>

#include "format/plans/explain_input.h"
#include "format/queries/pglog_facts.h"
#include "source/log/follow.h"
#include "source/log/log_examine.h"
#include "source/log/log_statements.h"

struct pglog_options {
    int64_t backlog;
};

static const struct sd_option OPTIONS[] = {
    {.name = "backlog",
     .type = SD_OPTION_BYTES,
     .offset = offsetof(struct pglog_options, backlog),
     .fallback = "16MiB",
     .min = 0,
     .max = 1e15,
     .help = "how much of an existing log is read before following it"},
    {.name = NULL},
};

struct pglog {
    struct follow follow;
    struct statement_log *statements;
    struct pglog_facts *facts;
    struct pglog_counts counts;
    int64_t plans, skipped, told;
    char reason[200]; /* of the last plan that could not be read */
};

/* ---- handing out ---- */

static bool add_plan(const struct sd_host *h, struct sd_batch *b, const struct plan *p)
{
    char *body = explain_to_json(p);
    bool ok = h->add(b, SD_PLAN,
                     &(struct sd_plan){.query_id = p->query_id,
                                       .database = p->database,
                                       .query = p->query ? p->query : "",
                                       .body = body,
                                       .generic = 0,
                                       .analyzed = p->analyzed});
    free(body);
    return ok;
}

static void publish_plan(struct sd_source *s, const struct plan *p)
{
    struct sd_batch *b = s->host->batch(s, sd_known(p->at) ? p->at : s->host->now(s));
    add_plan(s->host, b, p);
    s->host->publish(s, b);
}

static void publish_event(void *ctx, sd_time at, const struct sd_event *e)
{
    struct sd_source *s = ctx;
    struct sd_batch *b = s->host->batch(s, at);
    s->host->add(b, SD_EVENT, e);
    s->host->publish(s, b);
}

/* What of the log was read: its lines. Not understood are those that belong to no entry, plans that could not
 * be read, and durations that cannot be given to a statement. */
static void tell_intake(struct sd_source *s, struct pglog *l)
{
    static const char NAMELESS[] = "a duration without its statement: log_min_duration_statement writes both",
                      FOREIGN[] = "a duration in another language than English: set lc_messages = 'C'",
                      STRAY[] = "it belongs to no entry of the log";
    int64_t nameless = pglog_facts_nameless(l->facts), foreign = pglog_facts_foreign(l->facts);
    int64_t unparsed = l->counts.unread + l->skipped + nameless + foreign,
            total = l->counts.lines + l->skipped;
    sd_time last = statement_log_last(l->statements);
    if (total == l->told)
        return;
    l->told = total;
    const char *reason = l->skipped && l->reason[0] ? l->reason
                         : foreign                  ? FOREIGN
                         : nameless                 ? NAMELESS
                         : l->counts.unread         ? STRAY
                                                    : NULL;
    struct sd_batch *b = s->host->batch(s, !s->follow && sd_known(last) ? last : s->host->now(s));
    s->host->add(b, SD_INTAKE,
                 &(struct sd_intake){.unit = "lines",
                                     .total = total,
                                     .unparsed = unparsed,
                                     .bytes = l->follow.bytes,
                                     .sample = !reason               ? NULL
                                               : reason == STRAY     ? l->counts.sample
                                               : reason == l->reason ? "an entry of auto_explain"
                                                                     : "a duration",
                                     .reason = reason});
    s->host->publish(s, b);
}

/* ---- taking ---- */

static void take_plans(struct sd_source *s, struct pglog *l, const char *text, size_t n)
{
    struct explain e;
    struct sd_error err;
    if (explain_log_read(text, n, &e, &err)) {
        for (size_t i = 0; i < e.n_plans; i++)
            publish_plan(s, e.plans[i]);
        l->plans += (int64_t)e.n_plans;
        const struct plan *last = e.n_plans ? e.plans[e.n_plans - 1] : NULL;
        if (e.skipped && last && last->notes.n)
            snprintf(l->reason, sizeof l->reason, "%.199s", last->notes.items[last->notes.n - 1]);
    } else if (e.skipped) {
        snprintf(l->reason, sizeof l->reason, "%.199s", err.text);
    }
    l->skipped += (int64_t)e.skipped;
    explain_free(&e);
}

static size_t pglog_consume(struct sd_source *s, const char *text, size_t len, bool whole)
{
    struct pglog *l = s->priv;
    size_t n = whole ? len : explain_log_settled(text, len);
    pglog_facts_now(l->facts, s->host->now(s));
    n = pglog_read(text, n, whole, pglog_facts_take, l->facts, &l->counts);
    if (n)
        take_plans(s, l, text, n);
    return n;
}

static void pglog_too_long(struct sd_source *s)
{
    struct pglog *l = s->priv;
    l->skipped++;
    snprintf(l->reason, sizeof l->reason, "an entry is longer than 32 MiB");
}

static void pglog_quiet(struct sd_source *s)
{
    struct pglog *l = s->priv;
    pglog_facts_flush(l->facts);
    tell_intake(s, l);
}

static enum sd_result pglog_finish(struct sd_source *s, struct sd_error *err)
{
    struct pglog *l = s->priv;
    pglog_quiet(s);
    if (l->plans || statement_log_calls(l->statements) || pglog_facts_events(l->facts))
        return SD_GONE;
    enum sd_result result = s->follow ? SD_GONE : SD_CONFIG;
    if (l->skipped)
        return sd_fail(err, result, "no plan in %.300s could be read", s->target);
    if (pglog_facts_foreign(l->facts))
        return sd_fail(err, result,
                       "the durations in %.200s are not in English; set lc_messages = 'C' on the server",
                       s->target);
    if (pglog_facts_nameless(l->facts))
        return sd_fail(
            err, result,
            "%.200s has durations without their statements: log_min_duration_statement writes both, and "
            "log_duration needs log_statement and %%p in log_line_prefix",
            s->target);
    return sd_fail(err, result,
                   pglog_facts_entries(l->facts)
                       ? "%.200s has no statements with durations (log_min_duration_statement), no plans "
                         "(auto_explain) and none of the events that are read"
                       : "%.200s has no entry of a PostgreSQL server",
                   s->target);
}

static const struct follow_ops FOLLOW = {
    .example = "pglog:/var/log/postgresql/postgresql-15-main.log",
    .take = pglog_consume,
    .too_long = pglog_too_long,
    .quiet = pglog_quiet,
    .finish = pglog_finish,
};

/* ---- the table ---- */

static enum sd_result pglog_open(struct sd_source *s, struct sd_error *err)
{
    const struct pglog_options *o = s->opts;
    struct pglog *l = s->priv;
    *l = (struct pglog){.told = 0};
    l->statements = statement_log_new(
        &(struct statement_log_options){.max = LOG_STATEMENTS_MAX, .emit = log_statements_publish, .ctx = s});
    l->facts = pglog_facts_new(
        &(struct pglog_facts_options){.statements = l->statements, .event = publish_event, .ctx = s});
    return follow_open(&l->follow, s, &FOLLOW, o->backlog, err);
}

static void pglog_close(struct sd_source *s)
{
    struct pglog *l = s->priv;
    follow_close(&l->follow);
    pglog_facts_free(l->facts);
    statement_log_free(l->statements);
    *l = (struct pglog){.told = 0};
}

static enum sd_result pglog_run(struct sd_source *s, struct sd_error *err)
{
    struct pglog *l = s->priv;
    return follow_run(&l->follow, s, err);
}

static int pglog_recognise(const char *target, const void *head, size_t len)
{
    const char *base = strrchr(target, '/');
    bool named = str_starts(base ? base + 1 : target, "postgresql") &&
                 (strstr(target, ".log") || strstr(target, ".csv") || strstr(target, ".json"));
    if (!head || !len)
        return strstr(target, "://") ? 0 : named ? 60 : 0;
    if (explain_log_has(head, len))
        return 95;
    return explain_log_like(head, len) ? 88 : named ? 60 : 0;
}

/* ---- decoding ---- */

static void decoded_event(void *ctx, sd_time at, const struct sd_event *e)
{
    struct log_statements_batch *d = ctx;
    (void)at;
    d->full |= !d->host->add(d->b, SD_EVENT, e);
}

static enum sd_result pglog_decode(const struct sd_host *host, const void *bytes, size_t len,
                                   struct sd_batch *b, struct sd_error *err)
{
    struct log_statements_batch d = {.host = host, .b = b};
    struct pglog_counts counts = {0};
    struct explain e;
    struct statement_log *statements = statement_log_new(
        &(struct statement_log_options){.max = LOG_STATEMENTS_MAX, .emit = log_statements_add, .ctx = &d});
    struct pglog_facts *facts = pglog_facts_new(
        &(struct pglog_facts_options){.statements = statements, .event = decoded_event, .ctx = &d});
    pglog_read(bytes, len, true, pglog_facts_take, facts, &counts);
    pglog_facts_flush(facts);
    bool any = statement_log_calls(statements) || pglog_facts_events(facts);
    pglog_facts_free(facts);
    statement_log_free(statements);
    struct sd_error why = {""};
    bool plans = explain_log_read(bytes, len, &e, &why);
    for (size_t i = 0; plans && i < e.n_plans && !d.full; i++)
        d.full = !add_plan(host, b, e.plans[i]);
    explain_free(&e);
    return d.full         ? sd_fail(err, SD_CONFIG, "The log holds more than one batch can.")
           : plans || any ? SD_OK
                          : sd_fail(err, SD_CONFIG, "%s", why.text);
}

extern const struct sd_source_ops pglog_source_ops;
static void pglog_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    if (s->target)
        log_examine_entries(s, &pglog_source_ops, "entries",
                            "ALTER SYSTEM SET log_min_duration_statement = '100ms'; ALTER SYSTEM SET "
                            "log_lock_waits = on; SELECT pg_reload_conf();",
                            &(struct examine){tell, ctx});
}

const struct sd_source_ops pglog_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "pglog",
    .summary =
        "a PostgreSQL server's log: slow statements, auto_explain's plans, lock waits and other events",
    .targets = "pglog:PATH, PATH of such a log (stderr, csvlog, jsonlog, syslog), pglog:- (standard input)",
    .provides =
        SD_KIND_BIT(SD_PLAN) | SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_EVENT) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct pglog_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct pglog),
    .recognise = pglog_recognise,
    .open = pglog_open,
    .run = pglog_run,
    .close = pglog_close,
    .decode = pglog_decode,
    .examine = pglog_examine,
};
