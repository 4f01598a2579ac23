/* Tables, indexes, locks and vacuums of a real server, through the source into the model. */
#include "tests/lib/test.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "core/model.h"
#include "core/redundant.h"
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

/* Drains until `done`; fails with `what` after 20 s. */
static void until(bool (*done)(void *ctx), void *ctx, const char *what)
{
    for (int64_t end = clock_mono() + 20 * SD_S; !done(ctx);) {
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
    return 0;
}

#define NEED_SERVER()                                                                                        \
    do {                                                                                                     \
        (void)state;                                                                                         \
        if (!have_pg) {                                                                                      \
            print_message("no server: %s\n", pg.why);                                                        \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

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

static bool has_indexes(void *ctx)
{
    (void)ctx;
    return index_named("partial_1") != NULL;
}

static void indexes_and_what_makes_them_needless(void **state)
{
    NEED_SERVER();
    until(has_indexes, NULL, "the indexes");
    const struct sd_index *one = index_named("kind_1"), *two = index_named("kind_2"), *wide = index_named("kind_name");
    const struct sd_index *key = index_named("items_pkey"), *unique = index_named("by_name"), *some = index_named("partial_1");
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

static const struct sd_activity *session(const char *application)
{
    static struct session_sample s[MAX];
    size_t n = model_sessions(model, INT64_MAX, s, MAX);
    for (size_t i = 0; i < n; i++)
        if (str_eq(s[i].a->application, application))
            return s[i].a;
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

static bool waits(void *application)
{
    const struct sd_activity *a = session(application);
    return a && a->blocked_by && a->lock;
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
    return holder("order-77", "prepared transaction") && waits("for a row") && waits("for advice") && session("adviser");
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
    PGconn *row = named("for a row", "BEGIN"), *adviser = PQconnectdb(pg.url), *advice = named("for advice", "BEGIN");
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
    row_of(notes, "text", "idle, blocks 1 by an advisory lock");
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
    char *made = private_pg_sql(&pg, NULL, "SELECT pg_create_logical_replication_slot('forgotten', 'test_decoding')");
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
