/* slowlog.c - the slow query log of MySQL and MariaDB, as statements. I/O only; it is read in format/queries.
 */
#include <stdlib.h>

#include "format/queries/slowlog.h"
#include "source/log/follow.h"
#include "source/log/log_examine.h"
#include "source/log/log_statements.h"

struct slowlog_options {
    int64_t backlog;
};

static const struct sd_option OPTIONS[] = {
    {.name = "backlog",
     .type = SD_OPTION_BYTES,
     .offset = offsetof(struct slowlog_options, backlog),
     .fallback = "16MiB",
     .min = 0,
     .max = 1e15,
     .help = "how much of an existing log is read before following it"},
    {.name = NULL},
};

struct slowlog {
    struct follow follow;
    struct statement_log *statements;
    struct slowlog_state state;
    struct slowlog_counts counts;
    int64_t told;
};

static void take_execution(void *statements, const struct logged_execution *x)
{
    statement_log_add(statements, x);
}

static size_t slowlog_consume(struct sd_source *s, const char *text, size_t len, bool whole)
{
    struct slowlog *l = s->priv;
    return slowlog_read(text, len, whole, s->host->now(s), &l->state, take_execution, l->statements,
                        &l->counts);
}

static void slowlog_too_long(struct sd_source *s)
{
    struct slowlog *l = s->priv;
    l->counts.entries++;
    l->counts.unread++;
}

static void slowlog_quiet(struct sd_source *s)
{
    struct slowlog *l = s->priv;
    sd_time last = statement_log_last(l->statements);
    statement_log_flush(l->statements);
    if (l->counts.entries == l->told)
        return;
    l->told = l->counts.entries;
    struct sd_batch *b = s->host->batch(s, !s->follow && sd_known(last) ? last : s->host->now(s));
    s->host->add(b, SD_INTAKE,
                 &(struct sd_intake){
                     .unit = "entries",
                     .total = l->counts.entries,
                     .unparsed = l->counts.unread,
                     .bytes = l->follow.bytes,
                     .sample = l->counts.unread ? l->counts.sample : NULL,
                     .reason = l->counts.unread ? "it has no \"# Query_time:\" or no statement" : NULL});
    s->host->publish(s, b);
}

static enum sd_result slowlog_finish(struct sd_source *s, struct sd_error *err)
{
    struct slowlog *l = s->priv;
    slowlog_quiet(s);
    if (statement_log_calls(l->statements))
        return SD_GONE;
    return sd_fail(err, s->follow ? SD_GONE : SD_CONFIG, "%.300s has no entry of a slow query log",
                   s->target);
}

static const struct follow_ops FOLLOW = {
    .example = "slowlog:/var/log/mysql/mysql-slow.log",
    .take = slowlog_consume,
    .too_long = slowlog_too_long,
    .quiet = slowlog_quiet,
    .finish = slowlog_finish,
};

static enum sd_result slowlog_open(struct sd_source *s, struct sd_error *err)
{
    const struct slowlog_options *o = s->opts;
    struct slowlog *l = s->priv;
    *l = (struct slowlog){.told = 0};
    l->statements = statement_log_new(&(struct statement_log_options){
        .mysql = true, .max = LOG_STATEMENTS_MAX, .emit = log_statements_publish, .ctx = s});
    return follow_open(&l->follow, s, &FOLLOW, o->backlog, err);
}

static void slowlog_close(struct sd_source *s)
{
    struct slowlog *l = s->priv;
    follow_close(&l->follow);
    statement_log_free(l->statements);
    slowlog_free(&l->state);
    *l = (struct slowlog){.told = 0};
}

static enum sd_result slowlog_run(struct sd_source *s, struct sd_error *err)
{
    struct slowlog *l = s->priv;
    return follow_run(&l->follow, s, err);
}

static int slowlog_recognise(const char *target, const void *head, size_t len)
{
    const char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : target; /* not the folders' names */
    bool named = strstr(name, "slow") && str_ends(name, ".log") && !strstr(target, "://");
    if (!head || !len)
        return named ? 55 : 0;
    return slowlog_like(head, len) ? 96 : 0;
}

/* ---- decoding ---- */

static enum sd_result slowlog_decode(const struct sd_host *host, const void *bytes, size_t len,
                                     struct sd_batch *b, struct sd_error *err)
{
    struct log_statements_batch d = {.host = host, .b = b};
    struct slowlog_state state = {0};
    struct slowlog_counts counts = {0};
    struct statement_log *statements = statement_log_new(&(struct statement_log_options){
        .mysql = true, .max = LOG_STATEMENTS_MAX, .emit = log_statements_add, .ctx = &d});
    slowlog_read(bytes, len, true, SD_S, &state, take_execution, statements, &counts);
    statement_log_flush(statements);
    bool any = statement_log_calls(statements) > 0;
    statement_log_free(statements);
    slowlog_free(&state);
    return d.full ? sd_fail(err, SD_CONFIG, "The log holds more than one batch can.")
           : any  ? SD_OK
                  : sd_fail(err, SD_CONFIG, "There is no entry of a slow query log.");
}

extern const struct sd_source_ops slowlog_source_ops;
static void slowlog_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    if (s->target)
        log_examine_entries(s, &slowlog_source_ops, "entries",
                            "SET GLOBAL slow_query_log = ON; SET GLOBAL long_query_time = 0.1;",
                            &(struct examine){tell, ctx});
}

const struct sd_source_ops slowlog_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "slowlog",
    .summary = "the slow query log of MySQL, MariaDB or Percona Server: statements",
    .targets = "slowlog:PATH, PATH of such a log, slowlog:- (standard input)",
    .provides = SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct slowlog_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct slowlog),
    .recognise = slowlog_recognise,
    .open = slowlog_open,
    .run = slowlog_run,
    .close = slowlog_close,
    .decode = slowlog_decode,
    .examine = slowlog_examine,
};
