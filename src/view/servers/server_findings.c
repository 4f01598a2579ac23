/* server_findings.c - a row for each thing that may be wrong with a server. */
#include "view/servers/server_findings.h"

#include "view/shared/common.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(AGE_WARN, 1e9,                                                                                         \
      "transactions or multixacts not frozen: autovacuum, which freezes at 2e8, is far behind")              \
    X(AGE_BAD, 1.6e9, "the same, act now: vacuum_failsafe_age")                                              \
    X(OLDEST_WARN_NS, 1800e9, "age of a transaction that is not idle")                                       \
    X(ARCHIVE_BAD_NS, 900e9, "since the last WAL file was archived, while attempts fail")                    \
    X(TEMP_WARN, 50e6, "bytes written to temporary files per second")                                        \
    X(FRESH_NS, 60e9, "figures read longer ago than this say nothing about now")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

/* Each gives a sentence and how grave it is; NULL: all is well. */
struct rule {
    const char *what;
    const char *(*why)(struct doc *d, const struct server_facts *f, enum severity *severity);
};

static const char *not_frozen(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    const struct sd_server *s = f->s;
    bool multi = s->mxid_age > s->xid_age;
    double age = (double)MAX(s->xid_age, s->mxid_age), left = server_wraparound_ns(f);
    if (!(age >= LIMIT[T_AGE_WARN]))
        return NULL;
    *severity = age >= LIMIT[T_AGE_BAD] ? SEVERITY_BAD : SEVERITY_WARN;
    const char *database = multi ? s->mxid_age_database : s->xid_age_database;
    bool known = !multi && isfinite(left);
    return doc_printf(d,
                      "%s %s of %s are not frozen: vacuum does not get on; writes are refused at 2.14 G%s%s",
                      unit_format(UNIT_COUNT, age, a), multi ? "multixacts" : "transactions",
                      database ? database : "a database", known ? ", at this rate in " : "",
                      known ? unit_format(UNIT_SINCE, left, b) : "");
}

static const char *archiver_fails(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    const struct sd_server *s = f->s;
    char a[UNIT_TEXT_MAX];
    if (!sd_known(s->last_failed) || str_eq(s->archive_mode, "off") || s->last_archived >= s->last_failed)
        return NULL;
    int64_t since = sd_known(s->last_archived) ? common_age(f->at, s->last_archived) : SD_UNKNOWN;
    *severity = !sd_known(since) || (double)since >= LIMIT[T_ARCHIVE_BAD_NS] ? SEVERITY_BAD : SEVERITY_WARN;
    return doc_printf(d, "archiving of %s fails, the last file was archived %s%s: WAL is kept until it works",
                      s->last_failed_wal ? s->last_failed_wal : "WAL",
                      sd_known(since) ? unit_format_int(UNIT_SINCE, since, a) : "never",
                      sd_known(since) ? " ago" : "");
}

static const char *checksums(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    if (f->s->checksum_failures <= 0)
        return NULL;
    *severity = SEVERITY_BAD;
    return doc_printf(d,
                      "%lld page%s with a wrong checksum: the storage returned other data than was written",
                      (long long)f->s->checksum_failures, f->s->checksum_failures == 1 ? "" : "s");
}

static const char *deadlocks(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    int64_t n = SERVER_GROWTH(f, deadlocks);
    if (n <= 0)
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(d, "%lld deadlock%s in this time window: the server's log has the statements",
                      (long long)n, n == 1 ? "" : "s");
}

static const char *oldest(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    char a[UNIT_TEXT_MAX];
    int64_t age = common_age(f->at, f->s->oldest_xact);
    /* one that is idle is told by the sessions */
    if (!((double)age >= LIMIT[T_OLDEST_WARN_NS]) ||
        (f->s->oldest_xact_state && str_starts(f->s->oldest_xact_state, "idle")))
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(d, "the transaction of pid %lld is open for %s: vacuum removes no row deleted since",
                      (long long)f->s->oldest_xact_pid, unit_format_int(UNIT_SINCE, age, a));
}

static const char *temporary(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    char a[UNIT_TEXT_MAX];
    double rate = SERVER_RATE(f, temp_bytes);
    if (!(rate >= LIMIT[T_TEMP_WARN]))
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_printf(d, "%s/s are written to temporary files: sorts and hashes do not fit in work_mem",
                      unit_format(UNIT_BYTES, rate, a));
}

static const char *paused(struct doc *d, const struct server_facts *f, enum severity *severity)
{
    if (f->s->replay_paused != 1)
        return NULL;
    *severity = SEVERITY_WARN;
    return doc_text(d, "replay is paused on this standby: pg_wal_replay_resume() continues it");
}

static const struct rule RULES[] = {
    {.what = "wraparound", .why = not_frozen}, {.what = "archiver", .why = archiver_fails},
    {.what = "checksum", .why = checksums},    {.what = "deadlock", .why = deadlocks},
    {.what = "transaction", .why = oldest},    {.what = "temporary", .why = temporary},
    {.what = "replay", .why = paused},
};

static void list_server(const struct server_facts *f, struct worst_list *l)
{
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        enum severity severity = SEVERITY_NONE;
        const char *why = RULES[i].why(l->d, f, &severity);
        if (why)
            worst_add(l, (struct worst_item){.what = RULES[i].what,
                                             .severity = severity,
                                             .share = NAN,
                                             .subject = doc_text(l->d, f->origin),
                                             .why = why,
                                             .dive = {.view = "server"}});
    }
}

static bool is_of_now(const struct view_ctx *c, const struct server_facts *f)
{
    return (double)common_age(c->now, f->at) <= LIMIT[T_FRESH_NS] && !server_is_gone(c, f->origin);
}

void server_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct server_facts f[SERVERS_SHOWN];
    size_t n = servers_find(c, f, SERVERS_SHOWN);
    for (size_t i = 0; i < n; i++)
        if (is_of_now(c, &f[i]))
            list_server(&f[i], l);
}

enum severity findings_gravest(const struct view_ctx *c, const struct server_facts *f)
{
    struct doc *d = doc_new("", "");
    struct worst_list l = {.d = d};
    enum severity gravest = SEVERITY_NONE;
    if (is_of_now(c, f))
        list_server(f, &l);
    for (size_t i = 0; i < l.n; i++)
        gravest = MAX(gravest, l.items[i].severity);
    free(l.items);
    doc_free(d);
    return gravest;
}

static const struct column FINDINGS[] = {
    {.key = "what", .title = "What", .flags = COLUMN_LEFT, .width = 12, .help = "in one word"},
    {.key = "server",
     .title = "Where",
     .flags = COLUMN_LEFT,
     .priority = 1,
     .help = "the server, or what of it"},
    {.key = "why", .title = "Why", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 30, .help = "the figures"},
    {.key = "severity",
     .title = "Severity",
     .flags = COLUMN_LEFT | COLUMN_HIDDEN,
     .priority = 9,
     .help = "info, warn or bad"},
};

void findings_table(struct doc *d, const struct worst_list *l)
{
    if (!l->n)
        return;
    struct section *s = doc_table(d, "findings", "Needs attention", FINDINGS, ARRAY_LEN(FINDINGS));
    for (size_t i = 0; i < l->n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(l->items[i].what);
        r->cells[1] = cell_text(l->items[i].subject);
        r->cells[2] = cell_text(l->items[i].why);
        r->cells[3] = cell_text(severity_name(l->items[i].severity));
        r->severity = l->items[i].severity;
    }
}

void findings_section(struct doc *d, const struct view_ctx *c)
{
    struct worst_list l = {.d = d};
    server_worst(c, &l);
    worst_sort(&l);
    findings_table(d, &l);
    free(l.items);
}
