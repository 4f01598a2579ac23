#include "source/postgres/bloat.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/indexes/unused_space.h"
#include "core/schema.h"
#include "source/postgres/advisor_private.h"

#define LIMIT_NS  (60 * SD_S)
#define LISTED    2000   /* the largest */
#define MIN_BYTES 131072 /* of a relation that is worth an estimate */

#define METHOD_TABLE "rows times their width in pg_stats"
#define ONE_BY_ONE   "its server keeps each equal key anew, before 13: how large it would be is not known"
#define METHOD_INDEX "a B-tree of the same rows as CREATE INDEX builds it, by pg_stats"

/* What the catalogue of the advisor does not hold. */
static const char FACTS[] = OWN_TAG
    "SELECT coalesce(x.indrelid, c.oid)::int8, c.relname::text, c.relkind::text, c.reltuples::float8, "
    "(SELECT o.option_value::int8 FROM pg_catalog.pg_options_to_table(c.reloptions) o "
    "WHERE o.option_name = 'fillfactor') "
    "FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'm', 'i') AND c.relpages >= 16 AND n.nspname !~ '^pg_' "
    "ORDER BY 1, c.relname LIMIT 200000";
enum { TABLE, NAME, KIND, ROWS, FILLFACTOR };

const char *bloat_facts_sql(void)
{
    return FACTS;
}

struct estimate {
    struct postgres *p;
    struct sd_batch *reply;
    const char *database;
    struct catalog *catalog;
    PGresult *facts;
    struct sd_bloat *items;
    size_t n, cap;
    int64_t total, left_out;
};

/* The row of the facts; -1. In order of table and name. */
static int fact_of(const struct estimate *e, int64_t table, const char *name)
{
    int lo = 0, hi = PQntuples(e->facts);
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (conn_int(e->facts, mid, TABLE) < table)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < PQntuples(e->facts) && conn_int(e->facts, lo, TABLE) == table; lo++)
        if (str_eq(conn_text(e->facts, lo, NAME), name))
            return lo;
    return -1;
}

static void add(struct estimate *e, const struct catalog_relation *r, const struct catalog_index *x, int fact,
                struct space_estimate b)
{
    int64_t size = x ? x->size_bytes : r->size_bytes;
    struct sd_bloat item;
    if (size < MIN_BYTES || e->p->s->host->withdrawn(e->p->s))
        return;
    schema_clear(schema_of(SD_BLOAT), &item);
    item.database = e->database;
    item.kind = x ? "index" : "table";
    item.schema = r->schema;
    item.table = r->name;
    item.name = x ? x->name : r->name;
    item.size_bytes = size;
    item.method = x ? METHOD_INDEX : METHOD_TABLE;
    item.fillfactor = conn_int(e->facts, fact, FILLFACTOR);
    item.problem = b.why;
    if (isfinite(b.needed)) {
        item.needed_bytes = real_to_int(b.needed);
        item.error = b.error * b.needed / (double)size;
        e->total = add_sat(e->total, size);
    } else {
        e->left_out++;
    }
    e->items = mem_grow(e->items, e->n, &e->cap, sizeof *e->items);
    e->items[e->n++] = item;
}

static void add_relation(struct estimate *e, const struct catalog_relation *r)
{
    if (r->kind != 'r' && r->kind != 'm')
        return;
    int fact = fact_of(e, r->oid, r->name);
    add(e, r, NULL, fact, space_of_table(r, (int)MAX(conn_int(e->facts, fact, FILLFACTOR), 0)));
    for (size_t i = 0; i < r->n_indexes; i++) {
        const struct catalog_index *x = &r->indexes[i];
        fact = fact_of(e, r->oid, x->name);
        double rows = conn_real(e->facts, fact, ROWS);
        if (!str_eq(x->method, "btree") || !x->is_valid)
            continue;
        struct space_estimate b = space_of_index(r, x, rows >= 0 ? rows : (double)NAN,
                                                 (int)MAX(conn_int(e->facts, fact, FILLFACTOR), 0));
        /* The estimate is of B-trees that keep equal keys once: 13 and later. */
        if (e->p->version < 130000 && !x->is_unique && isfinite(b.needed))
            b = (struct space_estimate){.needed = (double)NAN, .error = (double)NAN, .why = ONE_BY_ONE};
        add(e, r, x, fact, b);
    }
}

/* The one with the most unused space first. */
static int by_waste(const void *a, const void *b)
{
    const struct sd_bloat *x = a, *y = b;
    int64_t p = sd_known(x->needed_bytes) ? x->size_bytes - x->needed_bytes : -1,
            q = sd_known(y->needed_bytes) ? y->size_bytes - y->needed_bytes : -1;
    return (p < q) - (p > q);
}

static void answer(struct estimate *e, int64_t began)
{
    struct sd_bloat whole;
    schema_clear(schema_of(SD_BLOAT), &whole);
    whole.database = e->database;
    whole.kind = "database";
    whole.size_bytes = e->total;
    whole.left_out = e->left_out;
    whole.elapsed_ns = clock_mono() - began;
    e->p->s->host->add(e->reply, SD_BLOAT, &whole);
    if (e->n)
        qsort(e->items, e->n, sizeof *e->items, by_waste);
    for (size_t i = 0; i < MIN(e->n, (size_t)LISTED); i++)
        e->p->s->host->add(e->reply, SD_BLOAT, &e->items[i]);
}

static bool estimate(struct estimate *e, struct conn *c, int64_t limit, struct sd_error *err)
{
    int64_t began = clock_mono();
    struct advisor *a = advisor_borrow(c, limit, false, err);
    if (!a)
        return false;
    e->catalog = advisor_catalog(a, NULL, err);
    bool ok = e->catalog && advisor_ask(a, FACTS, 0, NULL, &e->facts, err);
    for (size_t i = 0; ok && i < e->catalog->n; i++)
        add_relation(e, e->catalog->relations[i]);
    if (ok)
        answer(e, began);
    advisor_close(a);
    return ok;
}

enum sd_result bloat_request(struct postgres *p, const struct sd_job_bloat *job, struct sd_batch *reply,
                             struct sd_error *err)
{
    struct estimate e = {.p = p, .reply = reply, .database = job->database ? job->database : p->database};
    struct conn c = {0};
    int64_t limit = sd_known(job->limit_ns) && job->limit_ns > 0 ? MIN(job->limit_ns, LIMIT_NS) : LIMIT_NS;
    enum sd_result result = conn_open(&c, p, str_eq(e.database, p->database) ? NULL : e.database, err);
    if (result == SD_OK && !estimate(&e, &c, limit, err))
        result = SD_UNSUPPORTED;
    if (p->s->host->withdrawn(p->s))
        result = sd_fail(err, SD_UNSUPPORTED, "withdrawn");
    PQclear(e.facts);
    db_catalog_free(e.catalog);
    free(e.items);
    if (c.p) {
        if (c.pg && !p->s->host->should_stop(p->s))
            conn_end(&c);
        conn_close(&c);
    }
    return result == SD_OK ? SD_OK : SD_UNSUPPORTED;
}
