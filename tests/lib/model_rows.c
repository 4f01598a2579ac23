/* model_rows.c - see model_rows.h. */
#include "tests/lib/model_rows.h"

#include "tests/lib/test.h"

void add_batch(struct model *m, struct sd_batch *b)
{
    model_apply(m, b);
    batch_unref(b);
    assert_true(model_usage(m).bytes <= model_usage(m).max_bytes);
}

void *cleared(enum sd_kind kind, void *r)
{
    schema_clear(schema_of(kind), r);
    return r;
}

/* `count` requests of `ns` each that ended within the second at `at`. */
void add_http(struct model *m, sd_time at, const char *method, const char *route, int64_t count, int64_t ns)
{
    struct sd_bucket k = {.index = sd_hist_index(ns), .count = (uint32_t)count};
    struct sd_hist h = {.n = 1, .buckets = &k};
    struct sd_http r;
    cleared(SD_HTTP, &r);
    r.method = method;
    r.route = route;
    r.interval_ns = SD_S;
    r.count = r.timed = r.status_2xx = count;
    r.errors = 0;
    r.bytes = 100 * count;
    r.total_ns = ns * count;
    r.min_ns = r.max_ns = ns;
    r.first_at = r.last_at = at;
    r.latency = &h;
    struct sd_batch *b = batch_new("log", at);
    assert_true(batch_add(b, SD_HTTP, &r));
    add_batch(m, b);
}

struct sd_statement made_statement(const char *role, int64_t calls, int64_t total)
{
    struct sd_statement r;
    cleared(SD_STATEMENT, &r);
    r.query_id = 42;
    r.database = "shop";
    r.role = role;
    r.text = "SELECT $1";
    r.calls = calls;
    r.total_ns = total;
    r.rows = calls;
    return r;
}

void add_snapshot(struct model *m, sd_time at, size_t n, const struct sd_statement *rows)
{
    struct sd_batch *b = batch_new("pg", at);
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_STATEMENT, &rows[i]));
    add_batch(m, b);
}

void add_one(struct model *m, sd_time at, int64_t calls, int64_t total)
{
    struct sd_statement r = made_statement("app", calls, total);
    add_snapshot(m, at, 1, &r);
}

struct sd_activity made_session(int64_t query, const char *wait, const char *route)
{
    struct sd_activity a;
    cleared(SD_ACTIVITY, &a);
    a.period_ns = 100 * SD_MS;
    a.pid = 7;
    a.database = "shop";
    a.state = "active";
    a.wait_type = wait;
    a.wait_event = wait ? "DataFileRead" : NULL;
    a.query_id = query;
    a.query = "SELECT 1";
    a.route = route;
    return a;
}

void add_moment(struct model *m, sd_time at, size_t n, const struct sd_activity *rows)
{
    struct sd_batch *b = batch_new("pg", at);
    struct sd_metric sampled;
    cleared(SD_METRIC, &sampled);
    sampled.name = "activity.sampled";
    sampled.value = (double)n;
    batch_add(b, SD_METRIC, &sampled);
    for (size_t i = 0; i < n; i++)
        batch_add(b, SD_ACTIVITY, &rows[i]);
    add_batch(m, b);
}

struct span seconds(int64_t from, int64_t to)
{
    return (struct span){T0 + from * SD_S, T0 + to * SD_S};
}
