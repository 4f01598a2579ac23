/* Caching: what to cache where, for how long, under which key, and what removes it: the specification that
 * `slowdive report caching` prints.
 *
 * A statement without parameters is one entry. When it is called at random at a rate r and kept for a time t,
 * then r t / (1 + r t) of its calls are hits: each miss is followed by t in which all calls hit. With
 * parameters the share of calls that repeat is not known from a server's counters, and no saving is given.
 *
 * How long: of an entry that is changed w times a second and kept for t, the share of answers that are old is
 * at most w t / 2; t is chosen so that it is one in ten. */
#include <stdlib.h>
#include <strings.h>

#include "core/sql/statement.h"
#include "core/table.h"
#include "view/caches/caches.h"
#include "view/shared/linked.h"

enum { QUERIES_LOOKED_AT = 200, QUERIES_SHOWN = 10, TABLES_MAX = 2000, PARTS_SHOWN = 20, WARM_KEYS = 5 };
#define STALE_SHARE 0.1 /* of the answers that may be old */
#define TTL_LEAST   (1 * SD_S)
#define TTL_MOST    (3600 * SD_S)
#define SHARE_LEAST 0.02          /* of the time of all statements, from which one is listed */
#define VIEW_MEAN   (500 * SD_MS) /* from which a reader may rather wait for a materialized view */

#define UNKNOWN "unknown" /* never a dash: the report is read without this program */

#define ROWS(X)                                                                                              \
    X(what, "What", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, "a cache, a part of one, or a statement")       \
    X(hit_ratio, "Hit rate", UNIT_SHARE, 0, 0,                                                               \
      "measured; of a statement not cached yet: what the TTL would give")                                    \
    X(ttl, "TTL", UNIT_NONE, COLUMN_LEFT, 0, "how long it is, or is to be, kept")                            \
    X(key_pattern, "Key pattern", UNIT_NONE, COLUMN_LEFT, 1, "under which it is kept")                       \
    X(invalidation, "Invalidation", UNIT_NONE, COLUMN_LEFT, 1, "what has to remove it")                      \
    X(warming, "Warming", UNIT_NONE, COLUMN_LEFT, 2, "what to fill before traffic comes")                    \
    X(saves_share, "Saves", UNIT_SHARE, 0, 1, "of the database's time in statements; null: unknown")         \
    X(why, "Why", UNIT_NONE, COLUMN_LEFT, 2, "the figures it follows from")
#define ROW_ENUM(key, title, unit, flags, priority, help) R_##key,
enum { ROWS(ROW_ENUM) R_COLUMNS };
#define ROW_COLUMN(key_, title_, unit_, flags_, priority_, help_)                                            \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .unknown = UNKNOWN,                                                                                     \
     .width = ((flags_)&COLUMN_GROW) ? 20 : 0},
static const struct column COLUMNS[R_COLUMNS] = {ROWS(ROW_COLUMN)};

static struct cell known(const char *s)
{
    return cell_text(s ? s : UNKNOWN);
}

static const char *time_text(struct doc *d, double ns)
{
    char text[UNIT_TEXT_MAX];
    return doc_text(d, unit_format(UNIT_SINCE, ns, text));
}

/* ---- caches there are ---- */

static const char *warm_keys(struct doc *d, const struct cache_facts *f, const char *prefix)
{
    struct strbuf list = {0};
    size_t n = 0;
    for (size_t i = 0; i < f->n_keys && n < WARM_KEYS; i++) {
        const struct sd_cache_key *x = f->keys[i].r;
        if (x->lookups <= 0 || !x->key || (prefix && !str_eq(x->prefix, prefix)))
            continue;
        strbuf_printf(&list, "%s%s", n++ ? ", " : "", x->key);
    }
    const char *out = n ? doc_printf(d, "the keys that carry most lookups: %s", strbuf_text(&list)) : NULL;
    strbuf_free(&list);
    return out;
}

static const char *deletes(struct doc *d, const struct sd_cache_prefix *p)
{
    if (p->misses_invalidated > 0)
        return doc_printf(d, "deleted by the application (%lld misses follow from it)",
                          (long long)p->misses_invalidated);
    return p->deletes > 0 ? doc_text(d, "deleted by the application") : NULL;
}

static void part(struct doc *d, struct table *t, const struct cache_facts *f, const struct sd_cache_prefix *p)
{
    struct row *r = doc_row(d, t);
    double all = (double)MAX(p->hits, 0) + (double)MAX(p->misses, 0);
    struct sd_cache x = {.misses = p->misses,
                         .misses_cold = p->misses_cold,
                         .misses_expired = p->misses_expired,
                         .misses_evicted = p->misses_evicted,
                         .misses_invalidated = p->misses_invalidated,
                         .bypassed = SD_UNKNOWN};
    const char *why = cache_miss_reasons(d, &x);
    bool short_ttl = p->ttl_p50_ns > 0 && p->reuse_p50_ns > p->ttl_p50_ns;
    r->cells[R_what] = cell_text(doc_printf(d, "%s of %s", p->prefix ? p->prefix : "?", f->e.r.name));
    r->cells[R_hit_ratio] = cell_real(p->hits >= 0 && all > 0 ? (double)p->hits / all : (double)NAN);
    r->cells[R_ttl] = cell_text(
        short_ttl           ? doc_printf(d, "%s now; longer than %s, after which it is read again",
                                         time_text(d, (double)p->ttl_p50_ns), time_text(d, (double)p->reuse_p50_ns))
        : p->ttl_p50_ns > 0 ? time_text(d, (double)p->ttl_p50_ns)
        : p->with_ttl == 0  ? "none now; give it one"
                            : UNKNOWN);
    r->cells[R_key_pattern] = cell_text(doc_text(d, p->prefix));
    r->cells[R_invalidation] = known(deletes(d, p));
    r->cells[R_warming] = known(warm_keys(d, f, p->prefix));
    r->cells[R_why] = cell_text(why ? doc_printf(d, "misses: %s", why) : NULL);
}

static void one_cache(struct doc *d, struct table *t, const struct cache_facts *f)
{
    struct row *r = doc_row(d, t);
    const char *why = cache_miss_reasons(d, &f->e.r);
    r->cells[R_what] = cell_text(doc_text(d, f->e.r.name));
    r->cells[R_hit_ratio] = cell_real(f->hit_ratio);
    r->cells[R_ttl] =
        cell_text(str_eq(f->e.r.layer, "database") ? "none: blocks stay until they are replaced" : UNKNOWN);
    r->cells[R_key_pattern] =
        cell_text(str_eq(f->e.r.layer, "database") ? "block of a table or an index" : UNKNOWN);
    r->cells[R_invalidation] = cell_text(str_eq(f->e.r.layer, "database") ? "the server's own" : UNKNOWN);
    r->cells[R_warming] = known(warm_keys(d, f, NULL));
    r->cells[R_why] = cell_text(why ? doc_printf(d, "misses: %s", why) : NULL);
    for (size_t i = 0; i < MIN(f->n_prefixes, (size_t)PARTS_SHOWN); i++)
        part(d, t, f, f->prefixes[i].r);
}

/* ---- statements ---- */

struct candidate {
    const struct query *q;
    struct query_stats s;
    double share; /* of the time of all statements */
};

static int larger_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->share > y->share ? -1 : x->share < y->share;
}

static bool reads_only(const char *text)
{
    while (text && (*text == ' ' || *text == '\n' || *text == '\t' || *text == '('))
        text++;
    return text && !strncasecmp(text, "select", 6) && !strcasestr(text, " for update") &&
           !strcasestr(text, " for share") && !sql_is_tool(text);
}

static size_t candidates(const struct view_ctx *c, struct candidate *out)
{
    double all = 0;
    size_t n = 0;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        struct query_stats s;
        const struct query *q = model_query(c->model, i);
        query_stats(q, c->span, &s);
        if (!s.known || s.calls <= 0 || s.total_ns <= 0)
            continue;
        all += (double)s.total_ns;
        if (n == QUERIES_LOOKED_AT || !reads_only(query_text(q)))
            continue;
        out[n++] = (struct candidate){.q = q, .s = s, .share = (double)s.total_ns};
    }
    for (size_t i = 0; i < n; i++)
        out[i].share /= all;
    qsort(out, n, sizeof *out, larger_first);
    return n;
}

/* The tables of a statement, and how often rows of them are written; NAN: not known of one of them. */
static const char *tables_of(struct doc *d, const struct view_ctx *c, const char *sql, double *writes)
{
    struct table_entry *e = mem_array(TABLES_MAX, sizeof *e);
    size_t n = model_tables(c->model, c->span, c->now, e, TABLES_MAX), found = 0;
    struct strbuf names = {0};
    *writes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sd_table *t = e[i].t, *was = e[i].before;
        if (!t->name || !linked_mentions(sql, t->name) || !sql_uses_table(sql, t->schema, t->name))
            continue;
        strbuf_printf(&names, "%s%s", found++ ? ", " : "", t->name);
        double seconds = common_seconds((struct span){e[i].before_at, e[i].at});
        *writes += was && t->inserted >= 0 && t->updated >= 0 && t->deleted >= 0
                       ? ((double)(t->inserted - was->inserted) + (double)(t->updated - was->updated) +
                          (double)(t->deleted - was->deleted)) /
                             seconds
                       : (double)NAN;
    }
    const char *out = found ? doc_text(d, strbuf_text(&names)) : NULL;
    *writes = found ? *writes : (double)NAN;
    strbuf_free(&names);
    free(e);
    return out;
}

static double ttl_for(double writes)
{
    double t = writes > 0 ? 2 * STALE_SHARE / writes * 1e9 : (double)TTL_MOST;
    return t < (double)TTL_LEAST ? (double)TTL_LEAST : t > (double)TTL_MOST ? (double)TTL_MOST : t;
}

static const char *key_of(struct doc *d, const struct query *q, int parameters)
{
    struct strbuf key = {0};
    const char *print = query_fingerprint(q);
    strbuf_printf(&key, "query:%s", print ? print : query_key(q));
    for (int i = 1; i <= MIN(parameters, 6); i++)
        strbuf_printf(&key, ":{$%d}", i);
    const char *out = doc_text(d, strbuf_text(&key));
    strbuf_free(&key);
    return out;
}

static void statement(struct doc *d, const struct view_ctx *c, struct table *t, const struct candidate *x,
                      double seconds)
{
    struct row *r = doc_row(d, t);
    const char *sql = query_text(x->q);
    int parameters = sql_parameters(sql);
    double writes, rate = (double)x->s.calls / seconds;
    char calls[UNIT_TEXT_MAX], mean[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX], written[UNIT_TEXT_MAX];
    const char *tables = tables_of(d, c, sql, &writes);
    double ttl = isfinite(writes) ? ttl_for(writes) : (double)NAN;
    double load = rate * ttl / 1e9, hit = parameters == 0 && isfinite(load) ? load / (1 + load) : (double)NAN;
    bool slow = x->s.mean_ns >= (double)VIEW_MEAN && parameters == 0;
    r->cells[R_what] = cell_text(common_sql(d, c, sql, true));
    r->cells[R_hit_ratio] = cell_real(hit);
    r->cells[R_ttl] = known(isfinite(ttl) ? time_text(d, ttl) : NULL);
    r->cells[R_key_pattern] = cell_text(key_of(d, x->q, parameters));
    r->cells[R_invalidation] = known(
        tables
            ? doc_printf(d, "INSERT, UPDATE or DELETE of %s%s", tables,
                         slow ? "; or a materialized view, refreshed every TTL, where readers can wait" : "")
            : NULL);
    r->cells[R_warming] = cell_text(parameters == 0 ? "run it once after a deploy" : UNKNOWN);
    r->cells[R_saves_share] = cell_real(hit * x->share);
    r->cells[R_why] = cell_text(doc_printf(
        d, "%s calls/s of %s, %s of the time; %s%s%s", unit_format(UNIT_LOAD, rate, calls),
        unit_format(UNIT_NS, x->s.mean_ns, mean), unit_format(UNIT_SHARE, x->share, share),
        isfinite(writes)
            ? doc_printf(d, "its tables are written %s", unit_format(UNIT_PER_S, writes, written))
            : "how often its tables are written is not known: a listing of tables, after some time, tells",
        parameters ? "; how often the same values come again is not known: a duration log of the server tells"
                   : "",
        ""));
    r->dive = (struct dive){.view = "query", .arg = doc_text(d, query_key(x->q))};
}

static void statements(struct doc *d, const struct view_ctx *c, struct table *t)
{
    struct candidate *x = mem_array(QUERIES_LOOKED_AT, sizeof *x);
    size_t n = candidates(c, x);
    struct span counted = model_counted(c->model, c->span);
    double seconds = common_seconds(counted);
    if (!isfinite(seconds))
        seconds = common_seconds(common_span(c));
    for (size_t i = 0; i < MIN(n, (size_t)QUERIES_SHOWN) && x[i].share >= SHARE_LEAST; i++)
        statement(d, c, t, &x[i], seconds);
    free(x);
}

/* ---- the doc ---- */

static const struct {
    const char *layer, *also, *key, *title, *empty;
} LAYERS[] = {
    {"browser", NULL, "browser", "Browser",
     "No answer was looked at: slowdive audit URL reads how long browsers may keep what is served."},
    {"cdn", "proxy", "cdn", "CDN",
     "No cache in front of the application was seen: an access log with $upstream_cache_status, or "
     "slowdive audit URL, tells."},
    {"application", NULL, "application", "Application",
     "No cache of the application is known, and no statement is worth one: add redis://host, and the "
     "database."},
    {"database", NULL, "database", "Database", "No database is known: add postgres://user@host/database."},
};

static struct doc *build_caching(const struct view_ctx *c)
{
    struct doc *d = doc_new("caching", "Caching architecture");
    struct caches_found f = caches_find(c);
    common_envelope(d, c, common_span(c));
    for (size_t k = 0; k < ARRAY_LEN(LAYERS); k++) {
        struct section *s = doc_table(d, LAYERS[k].key, LAYERS[k].title, COLUMNS, R_COLUMNS);
        for (size_t i = 0; i < f.n; i++)
            if (str_eq(f.items[i].e.r.layer, LAYERS[k].layer) || str_eq(f.items[i].e.r.layer, LAYERS[k].also))
                one_cache(d, &s->table, &f.items[i]);
        if (str_eq(LAYERS[k].key, "application"))
            statements(d, c, &s->table);
        s->weight = 1;
        s->empty = LAYERS[k].empty;
        s->note =
            table_rows(&s->table)
                ? common_note(d, c, &(struct note){.kinds = KINDS_CACHE, .n = SD_UNKNOWN, .last = SD_UNKNOWN})
                : NULL;
    }
    caches_found_free(&f);
    return d;
}

static const struct column ALSO[] = {
    {.key = "browser", .title = "Browser", .help = "the same of what browsers keep"},
    {.key = "cdn", .title = "CDN", .help = "the same of what stands in front of the application"},
    {.key = "database", .title = "Database", .help = "the same of the database's own cache"},
};

const struct view caching_view = {
    .name = "caching",
    .mixed = true,
    .place = PLACE_CACHE,
    .title = "Caching",
    .summary = "what to cache where, for how long, under which key, and what removes it",
    .build = build_caching,
    .rows = "application",
    .columns = COLUMNS,
    .n_columns = R_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
