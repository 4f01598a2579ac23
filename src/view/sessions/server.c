#include "view/sessions/server.h"

#include "view/shared/common.h"

enum { SERVERS_MAX = 64, ORIGIN_MAX = 256 };

enum reduce { SUM, SMALLEST };

static bool same_origin(const struct metric_entry *a, const struct metric_entry *b)
{
    return a->origin_len == b->origin_len && !strncmp(a->origin, b->origin, a->origin_len);
}

/* The metric without labels of all servers; NAN: none has it. */
static double total(const struct view_ctx *c, const char *name, enum reduce how)
{
    struct metric_entry e[SERVERS_MAX];
    size_t n = model_metric_entries(c->model, name, c->now, e, SERVERS_MAX);
    double out = NAN;
    for (size_t i = 0; i < n; i++) {
        if (*e[i].labels || isnan(e[i].value))
            continue;
        out = isnan(out) ? e[i].value : how == SUM ? out + e[i].value : MIN(out, e[i].value);
    }
    return out;
}

/* The largest of what is not always there (no standby, no transaction): as of the last read only. */
static double largest_now(const struct view_ctx *c, const char *name)
{
    struct metric_entry e[SERVERS_MAX], read[SERVERS_MAX];
    size_t n = model_metric_entries(c->model, name, c->now, e, SERVERS_MAX);
    size_t n_read = model_metric_entries(c->model, "postgresql.uptime", c->now, read, SERVERS_MAX);
    double out = NAN;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_read; k++)
            if (!*e[i].labels && same_origin(&e[i], &read[k]) && e[i].at >= read[k].at)
                out = isnan(out) ? e[i].value : MAX(out, e[i].value);
    return out;
}

/* Growth per second of it, summed; NAN when it was read once only. */
static double growth(const struct view_ctx *c, const char *name)
{
    struct metric_entry e[SERVERS_MAX];
    size_t n = model_metric_entries(c->model, name, c->now, e, SERVERS_MAX);
    double out = NAN;
    for (size_t i = 0; i < n; i++) {
        char origin[ORIGIN_MAX];
        if (*e[i].labels)
            continue;
        snprintf(origin, sizeof origin, "%.*s", (int)MIN(e[i].origin_len, sizeof origin - 1), e[i].origin);
        double rate = model_metric_rate(c->model, origin, name, NULL, common_span(c));
        if (!isnan(rate))
            out = isnan(out) ? rate : out + rate;
    }
    return out;
}

/* The one of the same server that was read earlier; NULL. */
static const struct metric_entry *earlier(const struct metric_entry *e, size_t n,
                                          const struct metric_entry *than)
{
    for (size_t i = 0; i < n; i++)
        if (!*e[i].labels && same_origin(&e[i], than) && e[i].at < than->at)
            return &e[i];
    return NULL;
}

/* A size shrinks, too, which a counter never does: the difference between the ends of the window, from the
 * first time in it that the size was read. It is read once a minute: where that is as long as the window,
 * from the reading before the last, so that the figure does not come and go. */
static double size_growth(const struct view_ctx *c)
{
    enum { PARTS = 8 };
    struct span s = common_covered(c);
    struct metric_entry now[SERVERS_MAX], then[SERVERS_MAX], before[SERVERS_MAX];
    size_t n = model_metric_entries(c->model, "postgresql.size", c->now, now, SERVERS_MAX), n_then = 0;
    double out = NAN;
    if (!isfinite(common_seconds(s)))
        return NAN;
    for (int64_t i = 0; i < PARTS && !n_then; i++)
        n_then = model_metric_entries(c->model, "postgresql.size",
                                      add_sat(s.from, span_length(s) / PARTS * i), then, SERVERS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (*now[i].labels)
            continue;
        const struct metric_entry *from = earlier(then, n_then, &now[i]);
        if (!from) {
            size_t n_before = model_metric_entries(c->model, "postgresql.size", add_sat(now[i].at, -1),
                                                   before, SERVERS_MAX);
            from = earlier(before, n_before, &now[i]);
        }
        double seconds = from ? common_seconds((struct span){from->at, now[i].at}) : NAN;
        if (!isnan(seconds))
            out = (isnan(out) ? 0 : out) + (now[i].value - from->value) / seconds;
    }
    return out;
}

/* Without slowdive's own transactions, which are most of them on an idle server. The server counts ours up to
 * a second late: what is less than two seconds of them is not told from none. */
static double transactions(const struct view_ctx *c)
{
    double all = growth(c, "postgresql.xact_commit") + growth(c, "postgresql.xact_rollback");
    double own = growth(c, "postgresql.own_transactions"), seconds = common_seconds(common_covered(c));
    if (isnan(own))
        return all;
    double unsure = isfinite(seconds) ? own * MIN(1, 2 / MAX(seconds, 1)) : own;
    return isnan(all) ? all : all - own > unsure ? all - own : 0;
}

static void field(struct doc *d, struct section *f, const char *key, const char *label, enum unit u, double v)
{
    section_field(d, f, key, isfinite(v) ? label : NULL, u, cell_real(v));
}

void server_fields(struct doc *d, const struct view_ctx *c, struct section *f)
{
    double used = total(c, "postgresql.connections", SUM), most = total(c, "postgresql.max_connections", SUM);
    double others = transactions(c);
    bool busy = others >= 1; /* below it the blocks read are mostly our own */
    double hit = growth(c, "postgresql.blks_hit"), read = growth(c, "postgresql.blks_read");
    double grows = size_growth(c), up = total(c, "postgresql.uptime", SMALLEST);
    field(d, f, "uptime_ns", "Up", up < 60e9 ? UNIT_SINCE : UNIT_AGE, up); /* in steps, but never "now" */
    field(d, f, "connections", "Connections", UNIT_COUNT, used);
    field(d, f, "max_connections", "of at most", UNIT_COUNT, most);
    field(d, f, "transactions_per_s", "Transactions", UNIT_PER_S, others);
    field(d, f, "hit_ratio", "Hits", UNIT_SHARE, busy && hit + read > 0 ? hit / (hit + read) : NAN);
    field(d, f, "size_bytes", "Size", UNIT_BYTES, total(c, "postgresql.size", SUM));
    field(d, f, "growth_bytes_per_s", "Growth/s", UNIT_BYTES, grows);
    field(d, f, "oldest_xact_ns", "Oldest transaction", UNIT_SINCE, largest_now(c, "postgresql.oldest_xact"));
    field(d, f, "replication_lag_ns", "Replication lag", UNIT_NS,
          largest_now(c, "postgresql.replication_lag"));
    field(d, f, "wraparound_share", "Wraparound", UNIT_SHARE, largest_now(c, "postgresql.wraparound"));
}
