/* Which indexes a statement makes worth asking about; how large they would be. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/indexes/candidate.h"
#include "core/indexes/choice.h"
#include "core/indexes/pattern.h"
#include "core/indexes/size.h"

static struct catalog *shop;

static struct catalog_column *column(struct catalog_relation *r, const char *name, const char *type,
                                     int length, double distinct)
{
    struct catalog_column *c = db_catalog_column(shop, r, name, type);
    c->length = length;
    c->align = length == 8 ? 8 : length > 0 ? 4 : 1;
    c->null_frac = 0;
    c->n_distinct = distinct;
    c->avg_width = length > 0 ? length : 20;
    return c;
}

/* Rooms with what lies in them: ranges, places, addresses, pages of text. */
static void add_rooms(void)
{
    struct catalog_relation *r = db_catalog_add(shop, "public", "room", 'r');
    r->rows = 60000;
    r->pages = 1500;
    r->size_bytes = 1500 * 8192;
    r->toast_pages = 9000;
    column(r, "id", "int8", 8, -1);
    column(r, "during", "tstzrange", -1, -1);
    column(r, "place", "point", 16, -1);
    column(r, "address", "inet", -1, -1);
    column(r, "text", "text", -1, -1)->longest = 3000;
    column(r, "title", "varchar", -1, -1)->most_bytes = 400;
    column(r, "code", "text", -1, -1)->longest = 30;
    column(r, "marks", "_int8", -1, -1);
    struct catalog_index *ix = db_catalog_index(shop, r, "room_pkey");
    ix->n_keys = ix->n_columns = 1;
    ix->is_unique = ix->is_constraint = true;
}

static int setup(void **state)
{
    (void)state;
    shop = db_catalog_new();
    struct catalog_relation *o = db_catalog_add(shop, "public", "orders", 'r');
    o->rows = 100000;
    o->pages = 2000;
    o->size_bytes = 2000 * 8192;
    column(o, "id", "int8", 8, -1);
    column(o, "customer_id", "int4", 4, 5000);
    column(o, "status", "text", -1, 4);
    column(o, "placed", "timestamptz", 8, -0.9);
    column(o, "total", "numeric", -1, 9000);
    column(o, "note", "jsonb", -1, -1);
    struct catalog_index *ix = db_catalog_index(shop, o, "orders_pkey");
    ix->n_keys = ix->n_columns = 1;
    ix->is_unique = ix->is_constraint = true;
    struct catalog_relation *c = db_catalog_add(shop, "public", "customer", 'r');
    c->rows = 5000;
    c->pages = 100;
    c->size_bytes = 100 * 8192;
    column(c, "id", "int4", 4, -1);
    column(c, "email", "text", -1, -1);
    column(c, "city", "text", -1, 50);
    struct catalog_relation *t = db_catalog_add(shop, "public", "tiny", 'r');
    t->rows = 10;
    t->pages = 1;
    t->size_bytes = 8192;
    column(t, "id", "int4", 4, -1);
    add_rooms();
    struct catalog_relation *v = db_catalog_add(shop, "public", "open_orders", 'v');
    v->view = "SELECT orders.customer_id AS who, orders.placed AS at FROM orders WHERE (orders.status = "
              "'open'::text);";
    column(v, "who", "int4", 4, NAN);
    column(v, "at", "timestamptz", 8, NAN);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    db_catalog_free(shop);
    return 0;
}

/* All candidates of a statement, a line each, as DDL without "CREATE INDEX ON public.". */
static char *all_of(const char *sql)
{
    struct statement_use use;
    struct candidate_list l = {0};
    struct strbuf b = {0};
    struct sd_error err;
    strbuf_char(&b, '\n');
    if (statement_use(shop, sql, &use, &err)) {
        candidates(shop, &use, &l);
        for (size_t i = 0; i < l.n; i++) {
            struct strbuf ddl = {0};
            index_def_ddl(&l.items[i], NULL, &ddl);
            strbuf_printf(&b, "%s\n", ddl.text + strlen("CREATE INDEX ON public."));
            strbuf_free(&ddl);
        }
        statement_use_free(&use);
    }
    candidate_free(&l);
    return strbuf_detach(&b);
}

static void has(const char *sql, const char *ddl)
{
    char *all = all_of(sql), *line = mem_printf("\n%s\n", ddl);
    if (!strstr(all, line))
        fail_msg("%s\nshould have %s, it has:%s", sql, ddl, all);
    free(all);
    free(line);
}

static void has_none(const char *sql)
{
    char *all = all_of(sql);
    if (strcmp(all, "\n") != 0)
        fail_msg("%s\nshould have none, it has:%s", sql, all);
    free(all);
}

static void lacks(const char *sql, const char *part)
{
    char *all = all_of(sql);
    if (strstr(all, part))
        fail_msg("%s\nshould have no %s, it has:%s", sql, part, all);
    free(all);
}

/* An entry of a B-tree holds 2704 bytes; what is longer is found by its hash. */
static void test_long_values(void **state)
{
    (void)state;
    has("select id from room where text = $1", "room USING hash (text)");
    lacks("select id from room where text = $1", "room (text");
    lacks("select id, text from room where code = $1", "INCLUDE (id, text)");
    lacks("select id, text from room where code = $1", "text)");
    has("select id, title from room where code = $1", "room (code) INCLUDE (id, title)");
    lacks("select id from room where text > $1 order by text limit 3", "text");
    has("select id from room where lower(title) = $1", "room (lower(title)) INCLUDE (id, title)");
    struct catalog_relation *r = (struct catalog_relation *)(uintptr_t)db_catalog_find(shop, NULL, "room");
    r->toast_pages = 0; /* no value is stored outside of its row: all of them fit */
    has("select * from room where text = $1", "room (text)");
    r->toast_pages = 9000;
}

static void test_space(void **state)
{
    (void)state;
    has("select * from room where during && tstzrange($1, $2)", "room USING gist (during)");
    has("select * from room where during @> $1::timestamptz", "room USING gist (during)");
    has("select * from room where $1::tstzrange @> during", "room USING gist (during)");
    has("select * from room where place <@ box '((0,0),(1,1))'", "room USING gist (place)");
    has("select * from room order by place <-> point(3, 4) limit 5", "room USING gist (place)");
    lacks("select * from room order by place <-> point(3, 4)", "gist");
    has("select * from room where address <<= inet '10.0.0.0/8'", "room USING spgist (address)");
    has("select * from room where marks @> array[7]::bigint[]", "room USING gin (marks)");
    lacks("select * from room where place <@ box '((0,0),(1,1))' order by place", "room (place");
}

static void test_forms(void **state)
{
    (void)state;
    has("select * from orders where (customer_id, status) in ((1, 'a'), (2, 'b'))",
        "orders (customer_id, status)");
    has("select * from orders where (customer_id, placed) > ($1, $2)", "orders (customer_id, placed)");
    has("select * from orders where customer_id = any(array(select id from tiny))", "orders (customer_id)");
    has("select * from orders where (customer_id, total) in (select id, id from tiny)",
        "orders (customer_id, total)");
    has("select * from orders where customer_id = 1 and total = 2 or customer_id = 3 and total = 4",
        "orders (customer_id, total)");
    has("select * from orders where customer_id = 9 and (customer_id = 1 or total = 2)",
        "orders (customer_id)");
    has("select * from customer where email ~ '^info@'", "customer (email text_pattern_ops)");
    has("select * from customer where email similar to 'info@%'", "customer (email text_pattern_ops)");
    lacks("select * from customer where email ~ '^(info|news)@'", "customer (email");
    lacks("select * from customer where email ~* '^info@'", "customer (email");
    has("select * from customer order by email collate \"C\" limit 5", "customer (email COLLATE \"C\")");
    lacks("select * from customer where email = 'x' order by city collate \"C\"", "(email, city)");
    /* an index leads with the column: the cast goes, not a second index comes */
    has_none("select * from orders where id::text = '5'");
    has_none("select * from room where 7 = any(marks)");
    /* one of fifty cities is another one with the next call */
    lacks("select * from customer where city = 'Bonn' and email > 'x'", "WHERE");
}

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *regex;
        size_t prefix;
        bool whole;
    } cases[] = {{"^abc", 3, false}, {"^abc$", 3, true},   {"^abc?", 2, false},  {"^a{2}", 0, false},
                 {"abc", 0, false},  {"^a\\.b", 3, false}, {"^ab|cd", 0, false}, {"^(ab)", 0, false},
                 {"^", 0, false},    {"^a.c", 1, false},   {"^a\\d", 1, false},  {"^ab+", 2, false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct text_pattern p = pattern_of_regex(cases[i].regex, false);
        if (p.prefix != cases[i].prefix || p.whole != cases[i].whole)
            fail_msg("%s: prefix of %zu, whole %d", cases[i].regex, p.prefix, p.whole);
    }
    assert_int_equal(pattern_of_regex("^abc", true).prefix, 0);
    assert_int_equal(pattern_of_similar("ab_d").prefix, 2);
    assert_int_equal(pattern_of_similar("ab*").prefix, 1);
    assert_int_equal(pattern_of_like("ab%", false).prefix, 2);
}

static void test_shapes(void **state)
{
    (void)state;
    has("select * from orders where placed > '2026-01-01' and customer_id = 7",
        "orders (customer_id, placed)");
    has("select total from orders where customer_id = 7", "orders (customer_id) INCLUDE (total)");
    has("select * from orders where customer_id = $1 order by placed desc limit 10",
        "orders (customer_id, placed)");
    has("select * from orders order by customer_id, placed desc limit 10",
        "orders (customer_id, placed DESC)");
    has("select * from orders order by placed desc nulls last limit 10", "orders (placed DESC NULLS LAST)");
    has("select * from orders where status = 'open' and customer_id = 3",
        "orders (customer_id) WHERE status = 'open'");
    has("select * from orders o, customer c where c.id = o.customer_id and c.city = 'x'",
        "orders (customer_id)");
    has("select * from orders o, customer c where c.id = o.customer_id and c.city = 'x'",
        "customer (city, id)");
    has("select id from customer where lower(email) = 'a@b'", "customer (lower(email))");
    has("select id from customer where email like 'abc%'", "customer (email text_pattern_ops)");
    has("select customer_id, sum(total) from orders group by customer_id",
        "orders (customer_id) INCLUDE (total)");
    has("select distinct city from customer", "customer (city)");
    has("select * from orders where note @> '{\"a\": 1}'", "orders USING gin (note)");
    has("update orders set total = 0 where customer_id = 3 and status = 'x'", "orders (customer_id, status)");
    has("select max(placed) from orders where customer_id = 5", "orders (customer_id, placed)");
}

static void test_patterns_not_seen(void **state)
{
    (void)state;
    shop->has_trigram = true;
    has("select id from customer where email like $1", "customer USING gin (email gin_trgm_ops)");
    has("select id from customer where city = $1 and email like '%abcdef%'",
        "customer USING gin (email gin_trgm_ops)");
    char *all = all_of("select id from customer where city = $1 and email like $2");
    assert_null(strstr(all, "gin"));
    assert_non_null(strstr(all, "customer (city)"));
    free(all);
    shop->has_trigram = false;
}

static void test_through(void **state)
{
    (void)state;
    has("select at from open_orders where who = 5", "orders (customer_id, status) INCLUDE (placed)");
    has("with x as (select customer_id as k from orders) select * from x where k = 5",
        "orders (customer_id)");
    has("select * from (select o.customer_id k from orders o) s(z) where z = 1", "orders (customer_id)");
    has("select 1 from customer c where exists (select 1 from orders o where o.customer_id = c.id)",
        "orders (customer_id)");
    has("select 1 from customer where id in (select customer_id from orders where total > 5)",
        "customer (id)");
    has("select * from customer where (email)::text = 'x'::text", "customer (email)");
    has("select * from orders join customer on customer.id = orders.customer_id and customer.city = 'b'",
        "customer (city)");
}

static void test_nothing(void **state)
{
    (void)state;
    has_none("select * from tiny where id = 1");
    has_none("select * from orders where id = 5"); /* the primary key is there */
    has_none("select * from orders");
    has_none("select * from orders where status <> 'x'");
    has_none("select * from orders where customer_id = (random() * 10)::int");
    has_none("select * from missing where a = 1");
    has_none("select * from orders where total + 1 = 5 + random()");
    has_none("not sql");
    has_none("");
}

static struct index_def on(const char *table, const char *a, const char *b)
{
    const struct catalog_relation *r = db_catalog_find(shop, NULL, table);
    struct index_def d = {.rel = r, .n_keys = b ? 2 : 1, .predicate_share = 1};
    d.keys[0].column = db_catalog_position(r, a);
    if (b)
        d.keys[1].column = db_catalog_position(r, b);
    return d;
}

static void test_sizes(void **state)
{
    (void)state;
    /* 100,000 different int8: 366 to a leaf, 275 leaves; a real one has 2,260,992 bytes */
    struct index_def unique = on("orders", "id", NULL), few = on("orders", "status", NULL),
                     many = on("orders", "total", NULL);
    assert_true(fabs(index_size(&unique) / 2260992 - 1) < 0.02);
    /* 4 values share posting lists: about 6.3 bytes a row */
    assert_true(index_size(&few) < 750e3 && index_size(&few) > 620e3);
    /* numeric is never shared */
    assert_true(index_size(&many) > 2.5e6);
    few.include[few.n_include++] = 0;
    assert_true(index_size(&few) > 3e6);
    few.n_include = 0;
    few.predicate_share = 0.01;
    assert_true(index_size(&few) < 40e3);
}

/* 60 pages of 100 rows each, far apart in a table a hundred times as large. */
static double sampled_distinct(uint64_t (*value)(uint64_t row), double n_distinct)
{
    enum { ROWS = 6000, PAGE_ROWS = 100 };
    static uint64_t hash[ROWS];
    static int64_t page[ROWS];
    static int32_t width[ROWS];
    const uint64_t *hashes[] = {hash};
    const int32_t *widths[] = {width};
    struct catalog_sample sample = {.n = ROWS, .page = page, .hash = hashes, .width = widths};
    struct catalog *c = db_catalog_new();
    struct catalog_relation *r = db_catalog_add(c, "public", "sampled", 'r');
    r->rows = 100.0 * ROWS;
    r->pages = r->rows / PAGE_ROWS;
    column(r, "v", "int4", 4, n_distinct);
    for (size_t i = 0; i < ROWS; i++) {
        page[i] = (int64_t)(i / PAGE_ROWS) * 100 + (int64_t)(i / PAGE_ROWS * 37 % 90);
        hash[i] = value((uint64_t)page[i] * PAGE_ROWS + i % PAGE_ROWS) * 0x9e3779b97f4a7c15u;
        width[i] = 4;
    }
    r->sample = &sample;
    struct index_def d = {.rel = r, .keys = {{.column = 0}}, .n_keys = 1, .predicate_share = 1};
    double distinct = index_size_distinct(&d);
    db_catalog_free(c);
    return distinct;
}

static uint64_t by_three(uint64_t row)
{
    return row / 3;
}

static uint64_t by_seventeen(uint64_t row)
{
    return row / 17;
}

static uint64_t again_and_again(uint64_t row) /* together, but in 150 places */
{
    return row / 10 % 400;
}

static uint64_t anywhere(uint64_t row)
{
    return (row * 0x2545f4914f6cdd1du >> 20) % 200000;
}

/* The open ones of all tasks have few owners: the index of them alone is not a part of that of all. */
static void test_partial_size(void **state)
{
    (void)state;
    enum { ROWS = 6000, OPEN = 400 };
    static uint64_t owner[ROWS];
    static int32_t width[ROWS];
    static bool open[ROWS];
    static int64_t page[ROWS];
    const uint64_t *hashes[] = {owner};
    const int32_t *widths[] = {width};
    struct catalog_condition conditions[] = {{.sql = "state = 'open'", .holds = open}};
    struct catalog_sample sample = {.n = ROWS,
                                    .page = page,
                                    .hash = hashes,
                                    .width = widths,
                                    .conditions = conditions,
                                    .n_conditions = 1};
    struct catalog *c = db_catalog_new();
    struct catalog_relation *r = db_catalog_add(c, "public", "task", 'r');
    r->rows = 300000;
    r->pages = 3000;
    column(r, "owner", "int4", 4, 20000);
    for (uint64_t i = 0; i < ROWS; i++) {
        open[i] = i >= ROWS - OPEN;
        owner[i] = (open[i] ? 1 + i * 7919 % 150 : 1000 + i * 104729 % 20000) * 0x9e3779b97f4a7c15u;
        page[i] = (int64_t)(i / 100) * 50;
        width[i] = 4;
    }
    struct index_def d = {.rel = r,
                          .keys = {{.column = 0}},
                          .n_keys = 1,
                          .predicate = "state = 'open'",
                          .predicate_share = 20000.0 / 300000};
    r->sample = &sample;
    double size = index_size(&d); /* PostgreSQL 15 builds 163,840 bytes */
    assert_true(size > 0.85 * 163840 && size < 1.15 * 163840);
    sample.n_conditions = 0; /* what the whole table would tell */
    assert_true(index_size(&d) > 2 * 163840);
    db_catalog_free(c);
}

static void test_stored_together(void **state)
{
    (void)state;
    /* What ANALYZE says is off by a fifth; runs are cut at the borders of pages. */
    assert_true(fabs(sampled_distinct(by_three, 240000) / 200000 - 1) < 0.05);
    assert_true(fabs(sampled_distinct(by_three, 160000) / 200000 - 1) < 0.05);
    assert_true(fabs(sampled_distinct(by_seventeen, 42000) / 35294 - 1) < 0.08);
    assert_true(fabs(sampled_distinct(again_and_again, 400) / 400 - 1) < 0.05);
    assert_true(sampled_distinct(anywhere, 190000) >= 190000 && sampled_distinct(anywhere, 190000) < 250000);
}

static void test_covers(void **state)
{
    (void)state;
    struct index_def one = on("orders", "customer_id", NULL), two = on("orders", "customer_id", "placed"),
                     merged;
    struct index_def other = on("orders", "placed", NULL);
    assert_true(index_def_covers(&two, &one));
    assert_false(index_def_covers(&one, &two));
    assert_false(index_def_covers(&two, &other));
    one.include[one.n_include++] = 4;
    assert_false(index_def_covers(&two, &one));
    assert_true(candidate_merge(&two, &one, &merged));
    assert_true(index_def_covers(&merged, &one) && index_def_covers(&merged, &two));
    assert_false(candidate_merge(&two, &other, &merged));
}

/* A planner for whom an index on a column of the statement's filter saves nine tenths. */
static bool planner(void *ctx, size_t statement, const struct index_def *const *set, size_t n, double *cost,
                    bool *used)
{
    const struct choice *c = ctx;
    *cost = 1000;
    for (size_t i = 0; i < n; i++)
        used[i] = false;
    for (size_t i = 0; i < n; i++)
        if (c->statements[statement].use->items[0].preds[0].key.column == set[i]->keys[0].column &&
            *cost > 500) {
            used[i] = true;
            *cost = 100;
        }
    return true;
}

/* What the server writes is known again in what we write. */
static void test_exists(void **state)
{
    (void)state;
    struct catalog_relation *r =
        (struct catalog_relation *)(uintptr_t)db_catalog_find(shop, NULL, "customer");
    struct catalog_index *ix = db_catalog_index(shop, r, "customer_lower");
    ix->n_keys = ix->n_columns = 1;
    ix->keys[0] = -1;
    ix->expressions[0] = "lower((email)::text)";
    ix->has_expression = true;
    ix->predicate = "(city = ANY (ARRAY['a (b'::text, 'c'::text]))";
    struct index_def d = {.rel = r,
                          .keys = {{.column = -1, .expr = "lower(email)"}},
                          .n_keys = 1,
                          .predicate = "city IN ('a (b', 'c')",
                          .predicate_share = 1};
    assert_non_null(index_def_exists(&d));
    d.include[d.n_include++] = 0;
    assert_null(index_def_exists(&d));
    assert_non_null(index_def_doubles(&d));
    d.predicate = "city IN ('a(b', 'c')";
    assert_null(index_def_doubles(&d));
    struct index_def gin = {.rel = r, .method = INDEX_GIN, .keys = {{.column = 2}}, .n_keys = 1};
    assert_null(index_def_exists(&gin));
    ix = db_catalog_index(shop, r, "customer_city");
    ix->method = "gin";
    ix->n_keys = ix->n_columns = 1;
    ix->keys[0] = 2;
    assert_non_null(index_def_exists(&gin));
}

static void test_choice(void **state)
{
    (void)state;
    static const char *const sql[] = {"select * from orders where customer_id = 1",
                                      "select * from orders where status = 'a'",
                                      "select * from orders where total = 5"};
    struct statement_use use[3];
    struct choice_statement statements[3] = {{0}};
    struct sd_error err;
    for (size_t budget = 0; budget < 3; budget++) {
        struct choice c = {.statements = statements, .n_statements = 3, .cost = planner, .ctx = &c};
        static const double budgets[] = {INFINITY, 2e6, 1000};
        static const size_t chosen[] = {3, 2, 0};
        c.budget = budgets[budget];
        for (size_t i = 0; i < 3; i++) {
            assert_true(statement_use(shop, sql[i], &use[i], &err));
            statements[i] = (struct choice_statement){.use = &use[i], .weight = 1};
            candidates(shop, &use[i], &statements[i].own);
        }
        assert_true(index_choice(&c));
        assert_int_equal(c.n_chosen, chosen[budget]);
        assert_true(fabs(c.before - 3000) < 1 && fabs(c.after - (3000 - 900.0 * (double)chosen[budget])) < 1);
        assert_true(c.size <= c.budget);
        index_choice_free(&c);
        for (size_t i = 0; i < 3; i++) {
            candidate_free(&statements[i].own);
            statement_use_free(&use[i]);
        }
    }
}

/* A clock that is a second further each time it is looked at: a machine that is very busy. */
static int64_t busy_now;
static int64_t busy_clock(void)
{
    return busy_now += SD_S;
}

/* What is chosen depends on the number of plans, never on how long they take. */
static void test_choice_by_calls(void **state)
{
    (void)state;
    static const char *const sql[] = {"select * from orders where customer_id = 1 and total > 7",
                                      "select * from orders where status = 'a' and customer_id = 3",
                                      "select * from orders where total = 5 order by placed limit 3"};
    struct statement_use use[3];
    struct choice_statement statements[3] = {{0}};
    struct sd_error err;
    size_t calls[3] = {0}, chosen[3] = {0};
    for (int run = 0; run < 3; run++) {
        struct choice c = {.statements = statements,
                           .n_statements = 3,
                           .cost = planner,
                           .ctx = &c,
                           .budget = INFINITY,
                           .calls_most = 12,
                           .now = run ? busy_clock : NULL,
                           .deadline = run == 2 ? 3 * SD_S : INT64_MAX};
        busy_now = 0;
        for (size_t i = 0; i < 3; i++) {
            assert_true(statement_use(shop, sql[i], &use[i], &err));
            statements[i] = (struct choice_statement){.use = &use[i], .weight = 1};
            candidates(shop, &use[i], &statements[i].own);
        }
        assert_true(index_choice(&c));
        calls[run] = c.calls;
        chosen[run] = c.n_chosen;
        assert_int_equal(c.cut_short, run == 2); /* only there the clock came first, and says so */
        index_choice_free(&c);
        for (size_t i = 0; i < 3; i++) {
            candidate_free(&statements[i].own);
            statement_use_free(&use[i]);
        }
    }
    assert_int_equal(calls[0], calls[1]);
    assert_int_equal(chosen[0], chosen[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),         cmocka_unit_test(test_patterns_not_seen),
        cmocka_unit_test(test_long_values),    cmocka_unit_test(test_space),
        cmocka_unit_test(test_forms),          cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_through),        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_sizes),          cmocka_unit_test(test_stored_together),
        cmocka_unit_test(test_partial_size),   cmocka_unit_test(test_covers),
        cmocka_unit_test(test_exists),         cmocka_unit_test(test_choice),
        cmocka_unit_test(test_choice_by_calls)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
