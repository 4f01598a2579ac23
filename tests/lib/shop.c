#include "tests/lib/shop.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/schema.h"

const char SHOP_HOSTILE[] = "\x1b]0;owned\x07\x1b[2J\xc2\x9b"
                            "31m \xe2\x80\xae"
                            "evil \xff\xfe\x01\r\n\t\xe6\xbc\xa2\xe5\xad\x97"
                            "e\xcc\x81 DROP TABLE x; --";

static const char PLAN[] =
    "[{\"Plan\":{\"Node Type\":\"Limit\",\"Startup Cost\":0.0,\"Total Cost\":5800.0,\"Plan Rows\":10,\"Plan "
    "Width\":64,"
    "\"Plans\":[{\"Node Type\":\"Sort\",\"Parent Relationship\":\"Outer\",\"Startup Cost\":10.0,\"Total "
    "Cost\":5790.0,"
    "\"Plan Rows\":52,\"Plan Width\":64,\"Sort Key\":[\"created_at\"],\"Plans\":[{\"Node Type\":\"Seq Scan\","
    "\"Parent Relationship\":\"Outer\",\"Relation "
    "Name\":\"orders\",\"Schema\":\"public\",\"Alias\":\"orders\","
    "\"Startup Cost\":0.0,\"Total Cost\":5700.0,\"Plan Rows\":52,\"Plan Width\":64,"
    "\"Filter\":\"(orders.customer_id = 42)\"}]}]}}]";

void shop_add(struct model *m, const char *origin, sd_time at, enum sd_kind kind, const void *record)
{
    struct sd_batch *b = batch_new(origin, at);
    if (!batch_add(b, kind, record))
        abort();
    model_apply(m, b);
    batch_unref(b);
}

void shop_requests(struct model *m, sd_time at, const char *method, const char *route, int64_t n,
                   int64_t errors, int64_t ns)
{
    struct sd_bucket bucket = {.index = sd_hist_index(ns), .count = (uint32_t)n};
    struct sd_hist h = {.n = 1, .buckets = &bucket};
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = method;
    r.route = route;
    r.interval_ns = SD_S;
    r.count = n;
    r.errors = r.status_5xx = errors;
    r.status_1xx = r.status_3xx = r.status_4xx = 0;
    r.status_2xx = n - errors;
    r.bytes = n * 100;
    r.first_at = at;
    r.last_at = at + SD_S - 1;
    r.timed = 0;
    if (ns != SD_UNKNOWN) {
        r.timed = n;
        r.total_ns = n * ns;
        r.min_ns = r.max_ns = ns;
        r.latency = &h;
    }
    shop_add(m, "access.log", at, SD_HTTP, &r);
}

void shop_statement(struct model *m, sd_time at, sd_time since, int64_t id, const char *text, int64_t calls,
                    int64_t total_ns)
{
    struct sd_statement r;
    schema_clear(schema_of(SD_STATEMENT), &r);
    r.query_id = id;
    r.database = "shop";
    r.role = "app";
    r.text = text;
    r.toplevel = 1;
    r.since = since;
    r.calls = calls;
    r.total_ns = total_ns;
    r.rows = calls * 10;
    r.shared_hit = calls * 9;
    r.shared_read = calls;
    shop_add(m, "shop", at, SD_STATEMENT, &r);
}

static void sessions(struct model *m, sd_time at, const char *text)
{
    struct sd_batch *b = batch_new("shop", at);
    for (int i = 0; i < 3; i++) {
        struct sd_activity a;
        schema_clear(schema_of(SD_ACTIVITY), &a);
        a.period_ns = SD_S;
        a.pid = 10 + i;
        a.database = "shop";
        a.role = i == 2 ? text : "app";
        a.state = i == 2 ? "idle in transaction" : "active";
        a.query_id = i == 1 ? 78 : 77;
        a.query = text;
        a.route = i == 1 ? "GET /products" : "GET /orders/:id";
        a.wait_type = i == 1 ? "Lock" : NULL;
        a.wait_event = i == 1 ? "transactionid" : NULL;
        a.blocked_by = i == 1 ? "12" : NULL;
        a.query_start = at - (2 + i) * SD_S;
        a.xact_start = a.state_change = at - 20 * SD_S;
        batch_add(b, SD_ACTIVITY, &a);
    }
    model_apply(m, b);
    batch_unref(b);
}

static void status(struct model *m, sd_time at, const char *origin, const char *kind, enum sd_state state,
                   const char *text)
{
    struct sd_status r;
    schema_clear(schema_of(SD_STATUS), &r);
    r.kind = kind;
    r.target = text;
    r.state = state;
    r.text = text;
    r.since = SHOP_START;
    r.last_data = at;
    r.drops = r.errors = r.overruns = 0;
    shop_add(m, origin, at, SD_STATUS, &r);
}

struct model *shop_model(bool hostile)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    const char *orders =
        hostile ? SHOP_HOSTILE : "SELECT *\n  FROM orders\n WHERE customer_id = $1 ORDER BY created_at";
    for (int s = 0; s < 60; s++) {
        sd_time at = SHOP_START + s * SD_S;
        shop_requests(m, at, "GET", "/orders/:id", 10, 0, (300 + s % 7 * 40) * SD_MS);
        shop_requests(m, at, "GET", "/products", 90, 0, 2 * SD_MS);
        shop_requests(m, at, "POST", "/checkout", 5, 1, 10 * SD_MS);
        if (hostile) {
            char route[300];
            for (int i = 0; i < 4; i++) {
                snprintf(route, sizeof route, "/%d/%s", s * 4 + i, SHOP_HOSTILE);
                shop_requests(m, at, i ? "GET" : SHOP_HOSTILE, route, 1, 0, SD_MS * (i + 1));
            }
        }
        shop_statement(m, at, SHOP_START - 3600 * SD_S, 77, orders, 1000 + s * 10,
                       (1000 + s * 10) * 40 * SD_MS);
        shop_statement(m, at, SHOP_START - 3600 * SD_S, 78, "SELECT name FROM products WHERE id = $1",
                       5000 + s * 90, (5000 + s * 90) * SD_MS);
        sessions(m, at, orders);
        status(m, at, "shop", "postgres", SD_STATE_LIVE, hostile ? SHOP_HOSTILE : "live");
        status(m, at, "access.log", "log", SD_STATE_LIVE, "live");
    }
    struct sd_plan plan = {
        .query_id = 77, .database = "shop", .query = orders, .body = PLAN, .generic = 1, .analyzed = 0};
    shop_add(m, "shop", SHOP_START + 30 * SD_S, SD_PLAN, &plan);
    return m;
}
