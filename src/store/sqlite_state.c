/* sqlite_state.c - what a SQLite history has: tiers, hosts, gaps. */
#include <stdlib.h>

#include "store/sqlite_internal.h"

struct list {
    char *items;
    size_t n, cap;
};
#define LIST_ADD(list, type)                                                                                 \
    (((list)->items = (list)->n == (list)->cap                                                               \
                          ? mem_grow((list)->items, (list)->n, &(list)->cap, sizeof(type))                   \
                          : (list)->items),                                                                  \
     (type *)(void *)(list)->items + (list)->n++)

/* ---- tiers ---- */

static void add_tier(struct list *tiers, sqlite3_stmt *st)
{
    int64_t step = sqlite3_column_int64(st, 0);
    struct store_tier *t = (struct store_tier *)(void *)tiers->items;
    size_t i = 0;
    while (i < tiers->n && t[i].step_ns != step)
        i++;
    if (i == tiers->n) /* of tiers that are no longer wanted */
        *LIST_ADD(tiers, struct store_tier) =
            (struct store_tier){.step_ns = step, .oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    t = (struct store_tier *)(void *)tiers->items + i;
    sd_time oldest = sqlite3_column_int64(st, 3), newest = sqlite3_column_int64(st, 4);
    t->rows += sqlite3_column_int64(st, 1);
    t->bytes += sqlite3_column_int64(st, 2);
    t->oldest = sd_known(t->oldest) ? MIN(t->oldest, oldest) : oldest;
    t->newest = sd_known(t->newest) ? MAX(t->newest, newest) : newest;
}

static int by_step(const void *a, const void *b)
{
    int64_t x = ((const struct store_tier *)a)->step_ns, y = ((const struct store_tier *)b)->step_ns;
    return (x > y) - (x < y);
}

static void find_tiers(struct sqlite_store *s, struct arena *a, struct store_state *out)
{
    struct list tiers = {0};
    for (size_t i = 0; i < s->tiers.n; i++)
        *LIST_ADD(&tiers, struct store_tier) = (struct store_tier){.step_ns = s->tiers.items[i].step_ns,
                                                                   .keep_ns = s->tiers.items[i].keep_ns,
                                                                   .oldest = SD_UNKNOWN,
                                                                   .newest = SD_UNKNOWN};
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT step, sum(rows), sum(bytes), min(begins), max(last) FROM (SELECT step, rows, "
                 "bytes, begins, last FROM chunk WHERE " SEEN_OWNERS
                 " UNION ALL SELECT step, rows, length(data), begins, last FROM fresh WHERE " SEEN_OWNERS
                 ") GROUP BY step",
                 "");
    while (sql_row(s, st))
        add_tier(&tiers, st);
    qsort(tiers.items, tiers.n, sizeof(struct store_tier), by_step);
    out->tiers = arena_copy(a, tiers.items, tiers.n * sizeof(struct store_tier));
    out->n_tiers = tiers.n;
    for (size_t i = 0; i < tiers.n; i++) {
        const struct store_tier *t = &out->tiers[i];
        if (sd_known(t->oldest) && (!sd_known(out->oldest) || t->oldest < out->oldest))
            out->oldest = t->oldest;
        if (sd_known(t->newest) && (!sd_known(out->newest) || t->newest > out->newest))
            out->newest = t->newest;
    }
    free(tiers.items);
}

/* ---- hosts ---- */

static struct store_host *host_named(struct list *hosts, const char *name)
{
    struct store_host *h = (struct store_host *)(void *)hosts->items;
    for (size_t i = 0; i < hosts->n; i++)
        if (str_eq(h[i].name, name))
            return &h[i];
    h = LIST_ADD(hosts, struct store_host);
    *h = (struct store_host){.name = name, .oldest = SD_UNKNOWN, .newest = SD_UNKNOWN, .skew_ns = SD_UNKNOWN};
    return h;
}

static void reaches(struct store_host *h, sd_time oldest, sd_time newest)
{
    h->oldest = sd_known(h->oldest) ? MIN(h->oldest, oldest) : oldest;
    h->newest = sd_known(h->newest) ? MAX(h->newest, newest) : newest;
}

static void hosts_of_series(struct sqlite_store *s, struct arena *a, struct list *hosts)
{
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT text, sum(rows), min(first), max(last) FROM series JOIN name ON name.id = host "
                 "WHERE " SEEN_OWNERS_OF("series.owner") " GROUP BY host",
                 "");
    while (sql_row(s, st)) {
        struct store_host *h = host_named(hosts, arena_strdup(a, (const char *)sqlite3_column_text(st, 0)));
        h->rows += sqlite3_column_int64(st, 1);
        reaches(h, sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3));
    }
}

static void hosts_of_runs(struct sqlite_store *s, struct arena *a, struct list *hosts)
{
    sqlite3_stmt *st = sql_bind(
        s, "SELECT host, version, lost FROM run WHERE state = 1 AND host IS NOT NULL ORDER BY id", "");
    while (sql_row(s, st)) {
        struct store_host *h = host_named(hosts, arena_strdup(a, (const char *)sqlite3_column_text(st, 0)));
        const char *version = (const char *)sqlite3_column_text(st, 1);
        h->version = version ? arena_strdup(a, version) : h->version;
        h->runs++;
        h->lost = add_sat(h->lost, sqlite3_column_int64(st, 2));
    }
}

struct fresh_hosts {
    struct sqlite_store *s;
    struct list *hosts;
};

static void host_of_rows(void *ctx, const struct blob_row *rows, size_t n)
{
    struct fresh_hosts *f = ctx;
    for (size_t i = 0; i < n; i++) {
        const struct series *e = series_of(f->s, rows[i].series);
        if (!e || !e->host)
            continue;
        struct store_host *h = host_named(f->hosts, e->host);
        h->rows++;
        reaches(h, rows[i].at, add_sat(rows[i].at, rows[i].length_ns));
    }
}

static void hosts_of_fresh(struct sqlite_store *s, struct arena *a, struct list *hosts)
{
    struct fresh_hosts f = {s, hosts};
    sqlite3_stmt *st = sql_bind(s, "SELECT kind, data FROM fresh WHERE " SEEN_OWNERS, "");
    while (sql_row(s, st)) {
        int64_t kind = sqlite3_column_int64(st, 0);
        if (kind > 0 && kind < SD_KIND_END)
            put_each_key(s, (enum sd_kind)kind, sqlite3_column_blob(st, 1),
                         (size_t)sqlite3_column_bytes(st, 1), host_of_rows, &f);
    }
    struct store_host *h = (struct store_host *)(void *)hosts->items;
    for (size_t i = 0; i < hosts->n; i++) /* names of the dictionary do not outlive it */
        h[i].name = arena_strdup(a, h[i].name);
}

/* ---- gaps: times between what the runs of a host cover. Between the puts of one import there are none: they
 * are cut by their size, and what was read is whole. ---- */

static void find_gaps(struct sqlite_store *s, struct arena *a, struct list *hosts, struct store_state *out)
{
    struct list gaps = {0};
    const char *host = NULL;
    sd_time to = SD_UNKNOWN;
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT host, from_at, to_at FROM span JOIN run ON run.id = run WHERE state = 1 AND "
                 "host IS NOT NULL AND import = 0 UNION ALL SELECT host, min(from_at), max(to_at) FROM span "
                 "JOIN run ON run.id = run WHERE state = 1 AND host IS NOT NULL AND import = 1 GROUP BY run "
                 "ORDER BY 1, 2, 3",
                 "");
    while (sql_row(s, st)) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        sd_time begins = sqlite3_column_int64(st, 1), ends = sqlite3_column_int64(st, 2);
        if (!str_eq(host, name)) {
            host = arena_strdup(a, name);
            to = ends;
        } else if (begins > to) {
            struct store_host *h = host_named(hosts, host);
            *LIST_ADD(&gaps, struct store_gap) = (struct store_gap){host, to, begins};
            h->gaps++;
            h->gap_ns = add_sat(h->gap_ns, sub_sat(begins, to));
        }
        to = MAX(to, ends);
    }
    out->gaps = gaps.n ? arena_copy(a, gaps.items, gaps.n * sizeof(struct store_gap)) : NULL;
    out->n_gaps = gaps.n;
    free(gaps.items);
}

/* ---- endpoints ---- */

static void add_endpoint(void *ctx, struct series *e)
{
    const struct sd_http *h = e->record;
    const struct sd_history_latency *l = e->record;
    bool others = e->kind == SD_HISTORY_LATENCY && l->route; /* known by others' histograms */
    const char *method = others ? l->method : h->method, *route = others ? l->route : h->route;
    if (e->wanted && (e->kind == SD_HTTP || others))
        *LIST_ADD((struct list *)ctx, char *) = mem_printf("%s %s", method ? method : "", route ? route : "");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void want_seen(void *ctx, struct series *e)
{
    const struct list *owners = ctx;
    e->wanted = e->owner == 0;
    for (size_t i = 0; i < owners->n; i++)
        e->wanted |= ((const int64_t *)(const void *)owners->items)[i] == e->owner;
}

static int64_t count_endpoints(struct sqlite_store *s)
{
    struct list owners = {0}, names = {0};
    sqlite3_stmt *st = sql_bind(s, "SELECT id FROM run WHERE state = 1 AND import = 1", "");
    while (sql_row(s, st))
        *LIST_ADD(&owners, int64_t) = sqlite3_column_int64(st, 0);
    series_each(s, want_seen, &owners);
    series_each(s, add_endpoint, &names);
    char **items = (char **)(void *)names.items;
    int64_t n = 0;
    if (names.n)
        qsort(items, names.n, sizeof *items, by_text);
    for (size_t i = 0; i < names.n; i++)
        n += !i || strcmp(items[i], items[i - 1]);
    for (size_t i = 0; i < names.n; i++)
        free(items[i]);
    free(items);
    free(owners.items);
    return n;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct store_host *)a)->name, ((const struct store_host *)b)->name);
}

static void gather(struct sqlite_store *s, struct arena *a, struct store_state *out)
{
    struct list hosts = {0};
    out->schema = sql_int(s, sql_bind(s, "PRAGMA user_version", ""), 0);
    out->bytes = sqlite_file_bytes(s);
    out->lost = sql_int(s, sql_bind(s, "SELECT sum(lost) FROM run WHERE state = 1", ""), 0);
    find_tiers(s, a, out);
    hosts_of_series(s, a, &hosts);
    hosts_of_runs(s, a, &hosts);
    hosts_of_fresh(s, a, &hosts);
    find_gaps(s, a, &hosts, out);
    out->endpoints = count_endpoints(s);
    struct store_host *h = (struct store_host *)(void *)hosts.items;
    if (hosts.n)
        qsort(h, hosts.n, sizeof *h, by_name);
    for (size_t i = 0; i < hosts.n; i++) /* what a series had before it was dropped is not there any more */
        if (sd_known(h[i].oldest) && sd_known(out->oldest))
            h[i].oldest = MAX(h[i].oldest, out->oldest);
    out->hosts = hosts.n ? arena_copy(a, h, hosts.n * sizeof *h) : NULL;
    out->n_hosts = hosts.n;
    free(hosts.items);
}

enum sd_result sqlite_state(struct store *base, bool verify, struct arena *a, struct store_state *out,
                            struct sd_error *err)
{
    enum { TRIES = 5 };
    struct sqlite_store *s = sqlite_store_of(base);
    const struct store_state empty = *out;
    enum sd_result result = SD_OK;
    for (int i = 0; i < TRIES; i++) {
        *out = empty;
        s->rc = SQLITE_OK;
        result = sqlite_file_fresh(s, err);
        if (result != SD_OK)
            break;
        if (sql_begin(s, false) && series_refresh(s))
            gather(s, a, out);
        if (verify && (s->rc == SQLITE_OK || (s->rc & 0xff) == SQLITE_CORRUPT)) {
            out->damage = s->rc == SQLITE_OK ? NULL : arena_strdup(a, s->why);
            s->rc = SQLITE_OK;
            if (!out->damage)
                out->damage = sqlite_verify(s, a);
        }
        sql_rollback(s);
        if (!sqlite_file_moved(s))
            break;
    }
    return result == SD_OK ? sql_result(s, "read", err) : result;
}
