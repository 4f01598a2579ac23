#include "tests/lib/test.h"
#include "tests/lib/view_shop.h"

#include "core/schema.h"
#include "sink/print.h"

const struct span VIEW_MINUTE = {SHOP_START, SHOP_END};

struct sd_activity view_session(int64_t pid, const char *state)
{
    struct sd_activity r;
    schema_clear(schema_of(SD_ACTIVITY), &r);
    r.period_ns = SD_S;
    r.pid = pid;
    r.database = "shop";
    r.role = "app";
    r.state = state;
    return r;
}

void view_sampled(struct model *m, sd_time at, const struct sd_activity *r, size_t n)
{
    struct sd_batch *b = batch_new("shop", at);
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_ACTIVITY, &r[i]));
    model_apply(m, b);
    batch_unref(b);
}

void view_status(struct model *m, sd_time at, const char *origin, const char *kind, enum sd_state state,
                 const char *text)
{
    struct sd_status r;
    schema_clear(schema_of(SD_STATUS), &r);
    r.kind = kind;
    r.target = "somewhere";
    r.state = state;
    r.text = text;
    r.since = SHOP_START;
    r.last_data = state == SD_STATE_LIVE || state == SD_STATE_ENDED ? at : SD_UNKNOWN;
    r.drops = r.errors = r.overruns = 0;
    r.cpu_ns = (at - SHOP_START) / 100; /* 1 % of a processor */
    shop_add(m, origin, at, SD_STATUS, &r);
}

static void intake(struct model *m, sd_time at, int64_t total, int64_t unparsed, const char *sample)
{
    struct sd_intake r = {.unit = "lines",
                          .total = total,
                          .unparsed = unparsed,
                          .bytes = total * 80,
                          .sample = sample,
                          .reason = unparsed ? "the time is no time" : NULL};
    shop_add(m, "access.log", at, SD_INTAKE, &r);
}

static void metric(struct model *m, sd_time at, const char *name, double value, bool counter)
{
    struct sd_metric r = {.name = name, .unit = "count", .value = value, .counter = counter};
    shop_add(m, "shop", at, SD_METRIC, &r);
}

struct model *view_shop(void)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 60; s++) {
        sd_time at = SHOP_START + s * SD_S;
        shop_requests(m, at, "GET", "/orders/:id", 10, 0, 400 * SD_MS);
        shop_requests(m, at, "GET", "/products", 90, 0, 2 * SD_MS);
        shop_requests(m, at, "POST", "/checkout", 5, 1, 10 * SD_MS);
        shop_statement(m, at, SHOP_START - 3600 * SD_S, -4417923871243017745,
                       "SELECT *\n  FROM orders\n WHERE customer_id = $1", 1000 + s * 10,
                       (1000 + s * 10) * 40 * SD_MS);
        shop_statement(m, at, SHOP_START - 3600 * SD_S, 77, "SELECT 'secret' FROM products WHERE id = 42",
                       5000 + s * 90, (5000 + s * 90) * SD_MS);
        struct sd_activity a[3] = {view_session(10, "active"), view_session(11, "active"),
                                   view_session(12, "idle in transaction")};
        a[0].query_id = -4417923871243017745;
        a[0].query = "SELECT * FROM orders WHERE customer_id = 4711";
        a[0].route = "GET /orders/:id";
        a[0].query_start = at - 2 * SD_S;
        a[1].query_id = 77;
        a[1].route = "GET /products";
        a[1].wait_type = "Lock";
        a[1].wait_event = "transactionid";
        a[1].blocked_by = "12";
        a[1].query_start = at - 20 * SD_S;
        a[2].state_change = a[2].xact_start = at - 400 * SD_S;
        a[2].query = "SELECT 1";
        view_sampled(m, at, a, 3);
        metric(m, at, "postgresql.connections", 96, false);
        metric(m, at, "postgresql.max_connections", 100, false);
        view_status(m, at, "shop", "postgres", SD_STATE_LIVE, "live");
    }
    intake(m, SHOP_START + 60 * SD_S, 6300, 100, "what is this");
    view_status(m, SHOP_START + 60 * SD_S, "access.log", "log", SD_STATE_ENDED, NULL);
    view_status(m, SHOP_START + 60 * SD_S, "cache", "exec", SD_STATE_BACKOFF, "connection refused");
    return m;
}

struct view_ctx view_minute_ctx(const struct model *m, struct span span)
{
    return (struct view_ctx){
        .model = m, .span = span, .now = SHOP_START + 60 * SD_S, .live = !span_is_all(span)};
}

cJSON *view_json(const struct view_ctx *c, const char *view)
{
    struct strbuf out = {0};
    struct doc *d = view_named(view)->build(c);
    print_doc(d, PRINT_JSON, &(struct print_options){0}, &out);
    cJSON *j = cJSON_Parse(strbuf_text(&out));
    assert_non_null(j);
    strbuf_free(&out);
    doc_free(d);
    return j;
}

double shown_number(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (!cJSON_IsNumber(v))
        fail_msg("%s is no number", key);
    return v->valuedouble;
}

const char *shown_text(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (!cJSON_IsString(v))
        fail_msg("%s is no text", key);
    return v->valuestring;
}

cJSON *shown_row(const cJSON *o, const char *key, int i)
{
    cJSON *r = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, key), i);
    assert_non_null(r);
    return r;
}

void assert_near(double got, double want, double error)
{
    if (!(fabs(got - want) <= fabs(want) * error))
        fail_msg("%g is not %g", got, want);
}

int overview_row(const struct doc *d, const char *kind)
{
    const struct table *t = &d->sections[0].table;
    for (size_t i = 0; i < t->n_rows; i++)
        if (!strcmp(t->rows[i].cells[table_column(t, "kind")].s, kind))
            return (int)i;
    return -1;
}
