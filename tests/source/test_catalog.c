/* Tables, indexes, locks and vacuums of a real server, through the source into the model. */
#include "tests/lib/test.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "core/model/model.h"
#include "core/indexes/redundant.h"
#include "rt/rt.h"
#include "source/postgres/postgres.h"
#include "tests/lib/private_pg.h"
#include "view/view.h"

static struct private_pg pg;
static bool have_pg;

enum { MAX = 300 };
static struct rt *rt;
static struct model *model;

static void sql(const char *text)
{
    char *out = private_pg_sql(&pg, NULL, text);
    assert_non_null(out);
    free(out);
}

static void keep(void *ctx, const struct sd_batch *b)
{
    (void)ctx;
    model_apply(model, b);
}

/* Drains until `done`; fails with `what` after 2 minutes: on a busy machine a listing takes long, and the
 * next comes when 100 times as long has passed. */
static void until(bool (*done)(void *ctx), void *ctx, const char *what)
{
    for (int64_t end = clock_mono() + 120 * SD_S; !done(ctx);) {
        if (clock_mono() > end)
            fail_msg("waited in vain: %s", what);
        struct pollfd p = {.fd = rt_fd(rt), .events = POLLIN};
        poll(&p, 1, 100);
        rt_drain(rt, SD_S, keep, NULL);
    }
}

static struct table_entry table(const char *name)
{
    static struct table_entry e[MAX];
    size_t n = model_tables(model, SPAN_ALL, INT64_MAX, e, MAX);
    for (size_t i = 0; i < n; i++)
        if (str_eq(e[i].t->name, name) && str_eq(e[i].t->schema, "stock"))
            return e[i];
    return (struct table_entry){0};
}

static const struct sd_index *index_named(const char *name)
{
    static struct index_entry e[MAX];
    size_t n = model_indexes(model, SPAN_ALL, INT64_MAX, e, MAX);
    for (size_t i = 0; i < n; i++)
        if (str_eq(e[i].x->name, name))
            return e[i].x;
    return NULL;
}

static int setup(void **state)
{
    (void)state;
    if (!have_pg)
        return 0;
    sql("DROP SCHEMA IF EXISTS stock CASCADE; CREATE SCHEMA stock;"
        "CREATE TABLE stock.items (id int PRIMARY KEY, kind int, name text);"
        "INSERT INTO stock.items SELECT i, i % 10, i::text FROM generate_series(1, 5000) i;"
        "CREATE INDEX kind_1 ON stock.items (kind); CREATE INDEX kind_2 ON stock.items (kind);"
        "CREATE INDEX kind_name ON stock.items (kind, lower(name)) INCLUDE (id);"
        "CREATE UNIQUE INDEX by_name ON stock.items (name);"
        "CREATE INDEX partial_1 ON stock.items (name) WHERE kind = 3;"
        "DELETE FROM stock.items WHERE id <= 500; ANALYZE stock.items;");
    struct sd_error err;
    const struct sd_source_ops *ops = &postgres_source_ops;
    char target[300];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=postgres dbname=postgres", pg.port);
    rt = rt_new(&RT_DEFAULTS);
    model = model_new(&MODEL_DEFAULTS);
    void *opts = options_new(ops->options, ops->opts_size);
    assert_true(option_set(ops->options, opts, "interval", "200ms", &err));
    assert_true(option_set(ops->options, opts, "catalog_interval", "100ms", &err));
    assert_non_null(rt_start(rt, ops, "pg", target, opts, true, &err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (!have_pg)
        return 0;
    assert_int_equal(rt_free(rt, 10 * SD_S), 0);
    model_free(model);
    return private_pg_end_sessions(state);
}

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

/* ---- the catalogue ---- */

static bool counted(void *ctx)
{
    struct table_entry e = table("items");
    return e.t && e.t->deleted >= *(int64_t *)ctx;
}

static void tables_as_the_server_counts_them(void **state)
{
    NEED_SERVER();
    int64_t deleted = 500;
    until(counted, &deleted, "500 deleted rows");
    const struct sd_table *t = table("items").t;
    assert_string_equal(t->database, "postgres");
    assert_int_equal(t->inserted, 5000);
    assert_int_equal(t->updated, 0);
    assert_int_equal(t->rows_live, 4500);
    assert_int_equal(t->rows_dead, 500);
    assert_true(t->seq_scan >= 1 && sd_known(t->idx_scan) && sd_known(t->blks_hit) && sd_known(t->blks_read));
    assert_true(t->size_bytes >= 8192 && t->total_bytes > t->size_bytes);
    assert_true(sd_known(t->last_analyze));
    assert_false(sd_known(t->last_vacuum)); /* never is unknown, not zero */
    sql("DELETE FROM stock.items WHERE id <= 700");
    deleted = 700;
    until(counted, &deleted, "700 deleted rows");
    assert_non_null(table("items").before); /* there is something to compare with */
    char *out = private_pg_sql(&pg, NULL, "SELECT pg_total_relation_size('stock.items')");
    assert_int_equal(table("items").t->total_bytes, strtoll(out, NULL, 10));
    free(out);
}

static int64_t figure(const char *query)
{
    char *out = private_pg_sql(&pg, NULL, query);
    assert_non_null(out);
    int64_t v = strtoll(out, NULL, 10);
    free(out);
    return v;
}

static bool all_counted(void *ctx)
{
    (void)ctx;
    const struct sd_table *t = table("traffic").t;
    return t && t->deleted == 50 && t->seq_scan == 4 && t->idx_scan == 9; /* one scan built the key */
}

/* Known traffic gives known figures; sizes and blocks are what psql says, asked another way. */
static void known_traffic_gives_known_figures(void **state)
{
    NEED_SERVER();
    sql("CREATE TABLE stock.traffic (id int PRIMARY KEY, k int, body text) WITH (autovacuum_enabled = off);"
        "ALTER TABLE stock.traffic ALTER body SET STORAGE EXTERNAL;"
        "INSERT INTO stock.traffic SELECT i, i % 10, repeat('x', CASE WHEN i % 100 = 0 THEN 5000 ELSE 20 "
        "END) "
        "FROM generate_series(1, 1000) i");
    sql("SET enable_seqscan = off; UPDATE stock.traffic SET k = 99 WHERE id <= 100; DELETE FROM "
        "stock.traffic WHERE id > 950;"
        "SELECT body FROM stock.traffic WHERE id = 1; SELECT body FROM stock.traffic WHERE id = 200;"
        "SELECT body FROM stock.traffic WHERE id = 3; SELECT body FROM stock.traffic WHERE id = 400;"
        "SELECT body FROM stock.traffic WHERE id = 5; SELECT body FROM stock.traffic WHERE id = 600;"
        "SELECT body FROM stock.traffic WHERE id = 7");
    sql("SET max_parallel_workers_per_gather = 0; SELECT sum(k) FROM stock.traffic; SELECT max(k) FROM "
        "stock.traffic;"
        "SELECT count(body) FROM stock.traffic");
    until(all_counted, NULL, "the figures of the traffic");
    const struct sd_table *t = table("traffic").t;
    assert_int_equal(t->inserted, 1000);
    assert_int_equal(t->updated, 100);
    assert_int_equal(t->rows_live, 950);
    assert_int_equal(t->rows_dead, 150);
    assert_int_equal(t->seq_rows, 3 * 950);
    assert_false(sd_known(t->last_vacuum) || sd_known(t->last_analyze));
    assert_int_equal(t->size_bytes, figure("SELECT pg_relation_size('stock.traffic', 'main')"));
    assert_int_equal(t->total_bytes,
                     figure("SELECT pg_table_size('stock.traffic') + pg_indexes_size('stock.traffic')"));
    assert_int_equal(
        t->blks_hit + t->blks_read,
        figure("SELECT sum(pg_stat_get_blocks_fetched(o)) FROM (SELECT oid o FROM pg_class WHERE relname = "
               "'traffic' UNION SELECT indexrelid FROM pg_index WHERE indrelid = 'stock.traffic'::regclass "
               "UNION SELECT reltoastrelid FROM pg_class WHERE relname = 'traffic' UNION SELECT indexrelid "
               "FROM pg_index WHERE indrelid = (SELECT reltoastrelid FROM pg_class WHERE relname = "
               "'traffic')) x"));
    /* Again and again: whoever reads at that moment keeps a dead row. Before 15 the server tells it later. */
    int64_t vacuumed = 0;
    for (int tries = 0; tries < 1200; tries++) {
        if (tries % 20 == 0)
            sql("VACUUM (ANALYZE) stock.traffic");
        vacuumed = figure("SELECT (extract(epoch FROM last_vacuum) * 1000000)::int8 FROM "
                          "pg_stat_all_tables WHERE relname = 'traffic'");
        struct pollfd p = {.fd = rt_fd(rt), .events = POLLIN};
        poll(&p, 1, 100);
        rt_drain(rt, SD_S, keep, NULL);
        t = table("traffic").t;
        if (t->last_vacuum / 1000 == vacuumed && t->rows_dead == 0)
            break;
    }
    assert_true(sd_known(t->last_analyze));
    assert_int_equal(t->rows_dead, 0);
    assert_true(t->rows == 950);
    assert_int_equal(t->last_vacuum / 1000, vacuumed);
    assert_int_equal(index_named("traffic_pkey")->idx_scan, 9);
    assert_int_equal(index_named("traffic_pkey")->size_bytes,
                     figure("SELECT pg_relation_size('stock.traffic_pkey')"));
}

static bool last_kind(void *ctx)
{
    (void)ctx;
    const struct sd_table *t = table("measures_1").t;
    return table("unlogged").t && t && t->inserted == 100;
}

static bool is_gone(void *ctx)
{
    (void)ctx;
    return !table("unlogged").t;
}

static void kinds_of_tables(void **state)
{
    NEED_SERVER();
    sql("CREATE TABLE stock.measures (at int, v int) PARTITION BY RANGE (at);"
        "CREATE TABLE stock.measures_1 PARTITION OF stock.measures FOR VALUES FROM (0) TO (100);"
        "CREATE TABLE stock.measures_2 PARTITION OF stock.measures FOR VALUES FROM (100) TO (200);"
        "CREATE INDEX measures_at ON stock.measures (at);"
        "INSERT INTO stock.measures SELECT i, i FROM generate_series(0, 199) i;"
        "CREATE MATERIALIZED VIEW stock.summary AS SELECT count(*) FROM stock.items;"
        "CREATE VIEW stock.seen AS SELECT * FROM stock.items;"
        "CREATE UNLOGGED TABLE stock.unlogged (id int)");
    PGconn *c = PQconnectdb(pg.url);
    PQclear(PQexec(c, "CREATE TEMP TABLE passing (id int)"));
    until(last_kind, NULL, "the new tables");
    assert_int_equal(table("measures_1").t->inserted, 100);
    assert_non_null(table("summary").t);
    assert_null(table("seen").t);
    assert_null(table("measures").t); /* holds nothing: its partitions do */
    assert_null(table("passing").t);
    assert_true(table("unlogged").t->size_bytes == 0 && !sd_known(table("unlogged").t->idx_scan));
    assert_int_equal(index_named("measures_1_at_idx")->is_constraint, 1); /* goes only with its parent */
    sql("DROP TABLE stock.unlogged; CREATE UNLOGGED TABLE stock.unlogged_2 (id int)");
    until(is_gone, NULL, "the dropped table is listed no more");
    PQfinish(c);
}

static bool has_last_variant(void *ctx)
{
    (void)ctx;
    return index_named("r_same") != NULL;
}

/* Only what answers the very same questions is a duplicate. */
static void what_differs_is_no_duplicate(void **state)
{
    NEED_SERVER();
    static const char *const different[] = {"r_desc",  "r_nulls", "r_opclass", "r_collation", "r_partial",
                                            "r_lower", "r_hash",  "r_unique",  "r_other"};
    sql("CREATE TABLE stock.r (a text, b int);"
        "CREATE INDEX r_base ON stock.r (a);"
        "CREATE INDEX r_desc ON stock.r (a DESC); CREATE INDEX r_nulls ON stock.r (a NULLS FIRST);"
        "CREATE INDEX r_opclass ON stock.r (a text_pattern_ops); CREATE INDEX r_collation ON stock.r (a "
        "COLLATE \"C\");"
        "CREATE INDEX r_partial ON stock.r (a) WHERE b > 0; CREATE INDEX r_lower ON stock.r (lower(a));"
        "CREATE INDEX r_hash ON stock.r USING hash (a); CREATE UNIQUE INDEX r_unique ON stock.r (a);"
        "CREATE INDEX r_other ON stock.r (b, a);"
        "CREATE INDEX r_lower_2 ON stock.r (lower(a), b); CREATE INDEX r_partial_2 ON stock.r (a, b) WHERE b "
        "> 0;"
        "CREATE INDEX r_same ON stock.r (a) WITH (fillfactor = 70)");
    until(has_last_variant, NULL, "the indexes");
    const struct sd_index base = *index_named("r_base");
    for (size_t i = 0; i < ARRAY_LEN(different); i++) {
        struct sd_index x = *index_named(different[i]);
        if (redundant_index(&x, &base) != REDUNDANT_NO)
            fail_msg("%s is no duplicate of r_base", different[i]);
        if (!str_eq(different[i], "r_unique") && redundant_index(&base, &x) != REDUNDANT_NO)
            fail_msg("r_base is no duplicate of %s", different[i]);
    }
    struct sd_index unique = *index_named("r_unique"), same = *index_named("r_same");
    assert_int_equal(redundant_index(&base, &unique), REDUNDANT_DUPLICATE);
    assert_int_equal(redundant_index(&unique, &base), REDUNDANT_NO);
    assert_int_equal(redundant_index(&same, &base), REDUNDANT_DUPLICATE);
    struct sd_index lower = *index_named("r_lower"), lower_2 = *index_named("r_lower_2");
    assert_int_equal(redundant_index(&lower, &lower_2), REDUNDANT_PREFIX);
    struct sd_index partial = *index_named("r_partial"), partial_2 = *index_named("r_partial_2");
    assert_int_equal(redundant_index(&partial, &partial_2), REDUNDANT_PREFIX);
    assert_int_equal(redundant_index(&partial, &base), REDUNDANT_NO);
}

static bool has_indexes(void *ctx)
{
    (void)ctx;
    return index_named("partial_1") != NULL;
}

static void indexes_and_what_makes_them_needless(void **state)
{
    NEED_SERVER();
    until(has_indexes, NULL, "the indexes");
    const struct sd_index *one = index_named("kind_1"), *two = index_named("kind_2"),
                          *wide = index_named("kind_name");
    const struct sd_index *key = index_named("items_pkey"), *unique = index_named("by_name"),
                          *some = index_named("partial_1");
    assert_string_equal(one->table, "items");
    assert_string_equal(one->columns, "kind");
    assert_string_equal(one->method, "btree");
    assert_int_equal(one->idx_scan, 0);
    assert_int_equal(one->is_constraint, 0);
    assert_true(one->size_bytes > 0);
    assert_int_equal(key->is_constraint, 1);
    assert_int_equal(unique->is_constraint, 0);
    assert_int_equal(unique->is_unique, 1);
    assert_int_equal(some->is_partial, 1);
    assert_int_equal(redundant_index(two, one), REDUNDANT_DUPLICATE);
    assert_int_equal(redundant_index(one, wide), REDUNDANT_PREFIX);
    assert_int_equal(redundant_index(wide, one), REDUNDANT_NO);
    assert_int_equal(redundant_index(some, unique), REDUNDANT_NO);
    assert_int_equal(redundant_index(key, one), REDUNDANT_NO);
}

static bool size_unknown(void *ctx)
{
    (void)ctx;
    const struct sd_table *t = table("items").t;
    return t && !sd_known(t->total_bytes);
}

/* Somebody's ALTER TABLE must not hold up the listing, nor the listing wait in its queue. */
static void a_locked_table_is_listed_without_its_size(void **state)
{
    NEED_SERVER();
    PGconn *c = PQconnectdb(pg.url);
    PQclear(PQexec(c, "BEGIN; LOCK TABLE stock.items IN ACCESS EXCLUSIVE MODE"));
    until(size_unknown, NULL, "a listing with an unknown size");
    assert_true(sd_known(table("items").t->rows_live));
    PQfinish(c);
}

/* ---- locks and vacuums ---- */

static sd_time sampled_at; /* of the session that was found last */

static const struct sd_activity *session(const char *application)
{
    static struct session_sample s[MAX];
    size_t n = model_sessions(model, INT64_MAX, s, MAX);
    for (size_t i = 0; i < n; i++)
        if (str_eq(s[i].a->application, application)) {
            sampled_at = s[i].at;
            return s[i].a;
        }
    return NULL;
}

static PGconn *named(const char *application, const char *begin)
{
    PGconn *c = PQconnectdb(pg.url);
    char *set = mem_printf("SET application_name = '%s'", application);
    PQclear(PQexec(c, set));
    free(set);
    PGresult *r = PQexec(c, begin);
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    return c;
}

/* For a second: the views list no shorter wait. */
static bool waits(void *application)
{
    const struct sd_activity *a = session(application);
    return a && a->blocked_by && a->lock &&
           sampled_at - (sd_known(a->wait_start) ? a->wait_start : a->query_start) >= SD_S;
}

static void who_blocks_whom_and_on_what(void **state)
{
    NEED_SERVER();
    PGconn *holder = named("holder", "BEGIN; UPDATE stock.items SET name = 'x' WHERE id = 1000");
    PGconn *second = named("second", "BEGIN"), *third = named("third", "BEGIN");
    assert_true(PQsendQuery(second, "UPDATE stock.items SET name = 'y' WHERE id = 1000"));
    until(waits, "second", "the second session waits");
    assert_true(PQsendQuery(third, "LOCK TABLE stock.items IN ACCESS EXCLUSIVE MODE"));
    until(waits, "third", "the third session waits");
    const struct sd_activity *h = session("holder"), *s = session("second"), *t = session("third");
    char pid[24];
    snprintf(pid, sizeof pid, "%lld", (long long)h->pid);
    assert_string_equal(s->blocked_by, pid);
    assert_string_equal(s->lock, "row of stock.items");
    assert_string_equal(s->lock_mode, "ShareLock");
    assert_string_equal(t->lock, "table stock.items");
    assert_string_equal(t->lock_mode, "AccessExclusiveLock");
    assert_true(!sd_known(s->wait_start) || s->wait_start >= s->query_start);
    assert_string_equal(h->state, "idle in transaction");
    assert_true(h->xmin_age >= 0 && !h->lock && !sd_known(h->wait_start));

    struct view_ctx c = {.model = model, .span = SPAN_ALL, .now = INT64_MAX};
    struct doc *d = view_named("activity")->build(&c);
    const struct table *tree = &d->sections[0].table;
    assert_int_equal(tree->rows[0].cells[0].i, h->pid); /* first the one that blocks */
    assert_int_equal(tree->rows[0].depth, 0);
    assert_int_equal(tree->rows[1].depth, 1);
    assert_string_equal(d->sections[1].key, "notable");
    doc_free(d);
    PQfinish(holder);
    PQfinish(second);
    PQfinish(third);
}

static const struct sd_activity *holder(const char *name, const char *type)
{
    const struct sd_activity *a = session(name);
    return a && str_eq(a->backend_type, type) ? a : NULL;
}

static bool in_order(void *ctx)
{
    (void)ctx;
    return holder("order-77", "prepared transaction") && waits("for a row") && waits("for advice") &&
           session("adviser");
}

static const struct row *row_of(const struct table *t, const char *key, const char *value)
{
    int column = table_column(t, key);
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->rows[i].cells[column].type == CELL_TEXT && strstr(t->rows[i].cells[column].s, value))
            return &t->rows[i];
    fail_msg("no row with %s in %s", value, key);
    return NULL;
}

/* Who blocks is not always a busy session: a transaction prepared and left, a session that
 * is idle and keeps an advisory lock. */
static void who_blocks_without_being_busy(void **state)
{
    NEED_SERVER();
    sql("BEGIN; UPDATE stock.items SET name = 'x' WHERE id = 2000; PREPARE TRANSACTION 'order-77'");
    PGconn *row = named("for a row", "BEGIN"), *adviser = PQconnectdb(pg.url),
           *advice = named("for advice", "BEGIN");
    PQclear(PQexec(adviser, "SET application_name = 'adviser'"));
    PQclear(PQexec(adviser, "SELECT pg_advisory_lock(4242)"));
    assert_true(PQsendQuery(row, "UPDATE stock.items SET name = 'y' WHERE id = 2000"));
    assert_true(PQsendQuery(advice, "SELECT pg_advisory_lock(4242)"));
    until(in_order, NULL, "both wait");
    assert_string_equal(session("for a row")->blocked_by, "0");
    assert_string_equal(session("for advice")->lock, "advisory lock 4242");
    assert_string_equal(session("adviser")->state, "idle");
    assert_int_equal(session("order-77")->pid, 0);

    struct view_ctx c = {.model = model, .span = SPAN_ALL, .now = INT64_MAX};
    struct doc *d = view_named("activity")->build(&c);
    const struct table *tree = &d->sections[0].table, *notes = &d->sections[1].table;
    const struct row *r = row_of(tree, "text", "prepared transaction order-77");
    assert_int_equal(r->depth, 0);
    assert_null(r->session.origin); /* no signal can be sent to it */
    assert_int_equal(r[1].depth, 1);
    assert_string_equal(r[1].cells[table_column(tree, "application")].s, "for a row");
    r = row_of(tree, "application", "adviser");
    assert_string_equal(r[1].cells[table_column(tree, "application")].s, "for advice");
    row_of(notes, "text", "by a prepared transaction, waits for row of stock.items");
    row_of(notes, "text", "ROLLBACK PREPARED");
    row_of(notes, "text", "idle, blocks 1 with an advisory lock");
    doc_free(d);
    PQfinish(row);
    PQfinish(advice);
    PQfinish(adviser);
    sql("ROLLBACK PREPARED 'order-77'");
}

static bool slot_told(void *ctx)
{
    (void)ctx;
    return holder("forgotten", "replication slot (catalogue)") != NULL;
}

/* A slot nobody reads keeps dead rows as a forgotten transaction does. */
static void a_slot_that_keeps_rows_is_told(void **state)
{
    NEED_SERVER();
    char *made =
        private_pg_sql(&pg, NULL, "SELECT pg_create_logical_replication_slot('forgotten', 'test_decoding')");
    if (!made)
        skip(); /* the plugin is not installed */
    free(made);
    sql("DO $$ BEGIN FOR i IN 1..10100 LOOP PERFORM pg_catalog.txid_current(); COMMIT; END LOOP; END $$");
    until(slot_told, NULL, "the slot");
    const struct sd_activity *a = session("forgotten");
    assert_false(sd_known(a->pid));
    assert_string_equal(a->state, "not in use");
    assert_true(a->xmin_age >= 10000);
    free(private_pg_sql(&pg, NULL, "SELECT pg_drop_replication_slot('forgotten')"));
}

static bool vacuuming(void *ctx)
{
    (void)ctx;
    const struct sd_activity *a = session("vacuum");
    return a && a->phase;
}

static void a_vacuum_tells_how_far_it_is(void **state)
{
    NEED_SERVER();
    PGconn *c = named("vacuum", "SET vacuum_cost_delay = 100");
    PQclear(PQexec(c, "SET vacuum_cost_limit = 1"));
    assert_true(PQsendQuery(c, "VACUUM stock.items"));
    until(vacuuming, NULL, "progress of a vacuum");
    const struct sd_activity *a = session("vacuum");
    assert_true(str_starts(a->phase, "vacuum of stock.items: "));
    assert_true(!(a->progress < 0) && !(a->progress > 1));
    PGcancel *cancel = PQgetCancel(c);
    char error[100];
    PQcancel(cancel, error, sizeof error);
    PQfreeCancel(cancel);
    PQfinish(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_as_the_server_counts_them, setup, teardown),
        cmocka_unit_test_setup_teardown(known_traffic_gives_known_figures, setup, teardown),
        cmocka_unit_test_setup_teardown(kinds_of_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(what_differs_is_no_duplicate, setup, teardown),
        cmocka_unit_test_setup_teardown(indexes_and_what_makes_them_needless, setup, teardown),
        cmocka_unit_test_setup_teardown(a_locked_table_is_listed_without_its_size, setup, teardown),
        cmocka_unit_test_setup_teardown(who_blocks_whom_and_on_what, setup, teardown),
        cmocka_unit_test_setup_teardown(who_blocks_without_being_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slot_that_keeps_rows_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_vacuum_tells_how_far_it_is, setup, teardown),
    };
    have_pg = private_pg_start(&pg);
    if (have_pg) { /* both take a restart */
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET max_prepared_transactions = 4"));
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET wal_level = 'logical'"));
        private_pg_halt(&pg);
        have_pg = private_pg_resume(&pg);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_pg_stop(&pg);
    return failed;
}
