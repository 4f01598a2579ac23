/* bench_model.c - applying records, asking for a window, and what a minute of a
 * plausible stream costs in a recording. Prints "name value unit" lines. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/model/model.h"
#include "core/schema.h"
#include "format/record/recording.h"

enum { ENDPOINTS = 40, QUERIES = 150, SESSIONS = 12, SECONDS = 900 };
#define T0 (INT64_C(1700000000) * SD_S)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t seed = 88172645463325252u;
static uint64_t dice(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static struct sd_batch *requests(sd_time at)
{
    struct sd_batch *b = batch_new("log:/var/log/nginx/access.log", at);
    for (int e = 0; e < ENDPOINTS; e++) {
        struct sd_bucket buckets[12];
        struct sd_hist h = {.buckets = buckets};
        struct sd_http r;
        char route[64];
        schema_clear(schema_of(SD_HTTP), &r);
        snprintf(route, sizeof route, "/api/v1/resource%d/:id", e);
        r.method = e % 4 ? "GET" : "POST";
        r.route = route;
        r.interval_ns = SD_S;
        r.count = r.total_ns = 0;
        uint32_t index = 1100 + (uint32_t)dice(100);
        for (h.n = 0; h.n < 4 + dice(8); h.n++, index += 1 + (uint32_t)dice(30)) {
            buckets[h.n] = (struct sd_bucket){.index = index, .count = 1 + (uint32_t)dice(3)};
            r.count += buckets[h.n].count;
            r.total_ns += sd_hist_lower(index) * buckets[h.n].count;
        }
        r.errors = 0;
        r.timed = r.status_2xx = r.count;
        r.bytes = r.count * (int64_t)(500 + dice(9000));
        r.min_ns = sd_hist_lower(buckets[0].index);
        r.max_ns = sd_hist_lower(index);
        r.first_at = at + (int64_t)dice(SD_S / 2);
        r.last_at = at + SD_S / 2 + (int64_t)dice(SD_S / 2);
        r.latency = &h;
        batch_add(b, SD_HTTP, &r);
    }
    return b;
}

static struct sd_batch *sessions(sd_time at)
{
    struct sd_batch *b = batch_new("postgres://shop", at);
    struct sd_metric k = {.name = "activity.sampled", .unit = "ns", .value = 1e8};
    batch_add(b, SD_METRIC, &k);
    for (int i = 0; i < SESSIONS; i++) {
        struct sd_activity a;
        char query[400], route[64];
        int q = (int)dice(QUERIES);
        schema_clear(schema_of(SD_ACTIVITY), &a);
        snprintf(query, sizeof query,
                 "SELECT o.id, o.status, c.name FROM orders o JOIN customers c ON c.id = o.customer_id "
                 "WHERE o.status = $1 AND o.column_%d > $2 ORDER BY o.created_at DESC LIMIT $3",
                 q);
        snprintf(route, sizeof route, "GET /api/v1/resource%d/{id}", q % ENDPOINTS);
        a.period_ns = SD_S / 10;
        a.pid = 1000 + i;
        a.database = a.role = a.application = "shop";
        a.client = "10.0.0.7";
        a.backend_type = "client backend";
        a.state = "active";
        a.wait_type = dice(2) ? "IO" : NULL;
        a.wait_event = a.wait_type ? "DataFileRead" : NULL;
        a.query_id = 7777777777 + q;
        a.query = query;
        a.route = route;
        a.backend_start = T0;
        a.xact_start = a.query_start = a.state_change = at - (int64_t)dice(SD_S);
        batch_add(b, SD_ACTIVITY, &a);
    }
    return b;
}

static struct sd_batch *statements(sd_time at, int64_t round)
{
    struct sd_batch *b = batch_new("postgres://shop", at);
    for (int q = 0; q < QUERIES; q++) {
        struct sd_statement r;
        schema_clear(schema_of(SD_STATEMENT), &r);
        r.query_id = 7777777777 + q;
        r.database = r.role = "shop";
        r.text = round ? NULL : "SELECT * FROM orders WHERE status = $1";
        r.since = T0;
        r.calls = round * (10 + q) + (int64_t)dice(10);
        r.total_ns = r.calls * 1234567;
        r.rows = r.calls * 3;
        r.shared_hit = r.calls * 17;
        r.shared_read = r.calls;
        batch_add(b, SD_STATEMENT, &r);
    }
    return b;
}

/* Five minutes of samples, and all routes of each of 5,000 queries. */
static double links(void)
{
    enum { MANY = 5000 };
    struct model *m = model_new(NULL);
    for (int s = 0; s < 300; s++) {
        struct sd_batch *b = batch_new("postgres://shop", T0 + s * SD_S);
        for (int i = 0; i < 40; i++) {
            struct sd_activity a;
            char route[64];
            schema_clear(schema_of(SD_ACTIVITY), &a);
            int q = (int)dice(MANY);
            snprintf(route, sizeof route, "GET /api/v1/resource%d/{id}", q % ENDPOINTS);
            a.period_ns = SD_S;
            a.pid = 1000 + i;
            a.database = "shop";
            a.state = "active";
            a.query_id = 1 + q;
            a.query = "SELECT 1";
            a.route = route;
            batch_add(b, SD_ACTIVITY, &a);
        }
        model_apply(m, b);
        batch_unref(b);
    }
    struct link out[8];
    size_t found = 0;
    double start = now();
    for (size_t i = 0; i < model_queries(m); i++)
        found += query_links(m, model_query(m, i), (struct span){T0, T0 + 300 * SD_S}, out, 8);
    double took = now() - start;
    if (found < model_queries(m) / 2)
        fprintf(stderr, "bench_model: links are missing\n");
    model_free(m);
    return took;
}

static void feed(struct model *m, struct strbuf *frame, size_t *bytes, const struct sd_batch *const *batches,
                 size_t n)
{
    for (size_t i = 0; i < n; i++) {
        model_apply(m, batches[i]);
    }
    strbuf_clear(frame);
    recording_encode_many(batches, n, frame);
    *bytes += frame->len;
}

int main(void)
{
    struct model *m = model_new(NULL);
    struct strbuf frame = {0};
    size_t bytes = 0;
    double apply = 0;
    for (int s = 0; s < SECONDS; s++) {
        const struct sd_batch *batches[16];
        size_t n = 0;
        sd_time at = T0 + s * SD_S;
        batches[n++] = requests(at);
        double start = now();
        model_apply(m, batches[0]);
        apply += now() - start;
        for (int k = 0; k < 10; k++)
            batches[n++] = sessions(at + k * SD_S / 10);
        if (s % 5 == 0)
            batches[n++] = statements(at, s / 5);
        feed(m, &frame, &bytes, batches, n);
        for (size_t i = 0; i < n; i++)
            batch_unref(batches[i]);
    }
    struct endpoint_stats *st = mem_alloc(sizeof *st);
    struct endpoint_point points[160];
    struct span window = {T0, T0 + SECONDS * SD_S};
    double start = now();
    for (int i = 0; i < 200; i++)
        endpoint_stats(model_endpoint(m, (size_t)i % ENDPOINTS), window, st);
    double stats = (now() - start) / 200;
    start = now();
    for (int i = 0; i < 20; i++)
        endpoint_series(model_endpoint(m, (size_t)i % ENDPOINTS), window, 160, points);
    printf("model_apply_http %.0f ns\n", apply / SECONDS / ENDPOINTS);
    printf("endpoint_stats_900_slots %.1f us\n", stats / 1e3);
    printf("endpoint_series_160_points %.1f us\n", (now() - start) / 20 / 1e3);
    printf("query_links_of_5000 %.1f ms\n", links() / 1e6);
    printf("model_bytes_15_minutes %.1f MB\n", (double)model_usage(m).bytes / 1e6);
    printf("recording_minute %.1f kB\n", (double)bytes / SECONDS * 60 / 1e3);
    free(st);
    strbuf_free(&frame);
    model_free(m);
    return 0;
}
