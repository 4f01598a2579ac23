/* Rows of histories as bytes: what goes in comes out, whatever it is; damage is found; what bytes claim costs
 * nothing. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <zlib.h>

#include "format/history/blob.h"
#include "format/history/coder.h"

#define T0 (1800000000 * SD_S)

struct chance {
    uint64_t state;
};
static struct chance chance_from(uint64_t seed)
{
    return (struct chance){seed};
}
static uint64_t chance_below(struct chance *c, uint64_t n)
{
    c->state = c->state * 6364136223846793005u + 1442695040888963407u;
    return (c->state >> 33) % n;
}
static double chance_normal(struct chance *c)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += (double)chance_below(c, 1 << 20) / (1 << 20);
    return sum;
}

static bool same_hist(const struct sd_hist *a, const struct sd_hist *b)
{
    return !a || !b ? a == b
                    : a->n == b->n && (!a->n || !memcmp(a->buckets, b->buckets, a->n * sizeof *a->buckets));
}

/* Texts and lists are those of the series. */
static void same_numbers(const struct sd_schema *sc, const void *x, const void *y)
{
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        const char *a = (const char *)x + f->offset, *b = (const char *)y + f->offset;
        if (!blob_holds(sc, i))
            continue;
        if (f->type == SD_FIELD_HIST)
            assert_true(same_hist(*(const struct sd_hist *const *)(const void *)a,
                                  *(const struct sd_hist *const *)(const void *)b));
        else if (f->type == SD_FIELD_REAL && isnan(*(const double *)(const void *)a))
            assert_true(isnan(*(const double *)(const void *)b));
        else
            assert_memory_equal(a, b, 8);
    }
}

static size_t round_trip(enum sd_kind kind, const struct blob_row *rows, size_t n, bool fast)
{
    struct strbuf b = {0};
    struct arena *a = arena_new();
    size_t got = 0;
    blob_encode(kind, rows, n, fast, &b);
    const struct blob_row *back = blob_decode(kind, b.text, b.len, NULL, NULL, a, &got);
    assert_non_null(back);
    assert_int_equal(got, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(back[i].series, rows[i].series);
        assert_int_equal(back[i].at, rows[i].at);
        assert_int_equal(back[i].length_ns, rows[i].length_ns);
        same_numbers(schema_of(kind), rows[i].record, back[i].record);
    }
    const struct blob_row *keys = blob_keys(kind, b.text, b.len, a, &got);
    assert_non_null(keys);
    assert_int_equal(got, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(keys[i].series, rows[i].series);
        assert_int_equal(keys[i].at, rows[i].at);
        assert_int_equal(keys[i].length_ns, rows[i].length_ns);
        assert_null(keys[i].record);
    }
    /* Cut anywhere, or with a bit changed, it is damaged. */
    for (size_t len = 0; len < b.len; len += 1 + b.len / 50) {
        assert_null(blob_decode(kind, b.text, len, NULL, NULL, a, &got));
        assert_null(blob_keys(kind, b.text, len, a, &got));
        b.text[len] ^= 1;
        assert_null(blob_decode(kind, b.text, b.len, NULL, NULL, a, &got));
        b.text[len] ^= 1;
    }
    size_t len = b.len;
    arena_free(a);
    strbuf_free(&b);
    return len;
}

struct made {
    struct sd_http http;
    struct sd_hist hist;
    struct sd_bucket buckets[64];
};

static int by_index(const void *a, const void *b)
{
    uint32_t x = ((const struct sd_bucket *)a)->index, y = ((const struct sd_bucket *)b)->index;
    return (x > y) - (x < y);
}

/* n requests of about 20 ms, in us. */
static void make_http(struct made *m, struct chance *c, unsigned n, sd_time at)
{
    schema_clear(schema_of(SD_HTTP), &m->http);
    m->http.interval_ns = 10 * SD_S;
    m->http.count = m->http.timed = m->http.status_2xx = n;
    m->http.errors = m->http.status_1xx = m->http.status_3xx = m->http.status_4xx = m->http.status_5xx = 0;
    m->http.total_ns = 0;
    m->http.min_ns = INT64_MAX;
    m->http.max_ns = 0;
    m->http.bytes = 0;
    m->hist.n = 0;
    for (unsigned i = 0; i < n; i++) {
        int64_t ns = (int64_t)(20000 * exp(0.5 * chance_normal(c))) * SD_US;
        uint32_t index = sd_hist_index(ns), k = 0;
        m->http.total_ns += ns;
        m->http.bytes += 500 + (int64_t)chance_below(c, 500);
        m->http.min_ns = MIN(m->http.min_ns, ns);
        m->http.max_ns = MAX(m->http.max_ns, ns);
        while (k < m->hist.n && m->buckets[k].index != index)
            k++;
        if (k == m->hist.n && m->hist.n < ARRAY_LEN(m->buckets))
            m->buckets[m->hist.n++] = (struct sd_bucket){index, 0};
        m->buckets[MIN(k, ARRAY_LEN(m->buckets) - 1)].count++;
    }
    qsort(m->buckets, m->hist.n, sizeof *m->buckets, by_index);
    m->hist.buckets = m->buckets;
    m->http.latency = &m->hist;
    m->http.first_at = at + SD_S;
    m->http.last_at = at + 9 * SD_S;
}

static void test_traffic(void **state)
{
    (void)state;
    enum { N = 360 };
    struct chance c = chance_from(1);
    struct made *m = mem_array(N, sizeof *m);
    struct blob_row rows[N];
    for (size_t i = 0; i < N; i++) {
        sd_time at = T0 + (int64_t)i * 10 * SD_S;
        make_http(&m[i], &c, 1 + (unsigned)chance_below(&c, 8), at);
        rows[i] = (struct blob_row){7, at, 10 * SD_S, &m[i].http};
    }
    size_t dense = round_trip(SD_HTTP, rows, N, false), fast = round_trip(SD_HTTP, rows, N, true);
    print_message("a row of 4.5 requests: dense %.1f bytes, fast %.1f\n", (double)dense / N,
                  (double)fast / N);
    assert_true(dense < N * 16);
    free(m);
}

/* Endpoints with much traffic: most buckets are in use, a few lie far away. */
static void test_busy_traffic(void **state)
{
    (void)state;
    enum { N = 90, MIDDLE = 1300, WIDTH = 120 };
    struct chance c = chance_from(3);
    struct sd_bucket(*buckets)[WIDTH + 2] = mem_array(N, sizeof *buckets);
    struct sd_hist hist[N];
    struct sd_http http[N];
    struct blob_row rows[N];
    for (size_t i = 0; i < N; i++) {
        uint32_t n = 0;
        schema_clear(schema_of(SD_HTTP), &http[i]);
        if (i % 30 == 29)
            buckets[i][n++] = (struct sd_bucket){0, 1};
        for (uint32_t k = 0; k < WIDTH; k++)
            if (chance_below(&c, 3))
                buckets[i][n++] =
                    (struct sd_bucket){MIDDLE + k, 1 + (uint32_t)chance_below(&c, i % 2 ? 2 : 70000)};
        if (i % 30 == 0)
            buckets[i][n++] = (struct sd_bucket){SD_HIST_BUCKETS - 1, UINT32_MAX};
        hist[i] = (struct sd_hist){.n = n, .buckets = buckets[i]};
        http[i].latency = i == 5 ? NULL : &hist[i];
        http[i].count = (int64_t)n;
        http[i].bytes = i == 7 ? INT64_MAX : i == 8 ? -5 : (int64_t)n * 700 + (int64_t)chance_below(&c, 90);
        rows[i] = (struct blob_row){1, T0 + (int64_t)i * 10 * SD_S, 10 * SD_S, &http[i]};
    }
    round_trip(SD_HTTP, rows, N, false);
    round_trip(SD_HTTP, rows, N, true);
    /* Without what lies far away and large counts: hardly more than a bit for each bucket. */
    for (size_t i = 0; i < N; i++) {
        for (uint32_t k = 0; k < hist[i].n; k++)
            buckets[i][k].count = 1;
        uint32_t far = hist[i].buckets[0].index == 0;
        hist[i] = (struct sd_hist){.n = hist[i].n - far - (i % 30 == 0), .buckets = buckets[i] + far};
        http[i].bytes = (int64_t)hist[i].n * 700;
        http[i].count = (int64_t)hist[i].n;
    }
    size_t bytes = round_trip(SD_HTTP, rows, N, false);
    print_message("a row of 80 buckets: %.1f bytes\n", (double)bytes / N);
    assert_true(bytes < (size_t)N * WIDTH / 8 * 3 / 2);
    free(buckets);
}

static void random_record(struct chance *c, const struct sd_schema *sc, char *record, struct made *m)
{
    static const int64_t INTS[] = {
        0, 1, -1, SD_UNKNOWN, INT64_MAX, INT64_MIN + 1, 1000000, 1800000000000000000};
    static const double REALS[] = {0, -0.0, 1, 0.1, 1e300, -1e-300, INFINITY, 12345678};
    schema_clear(sc, record);
    for (size_t i = 0; i < sc->n_fields; i++) {
        char *to = record + sc->fields[i].offset;
        if (sc->fields[i].type == SD_FIELD_INT) {
            int64_t v =
                chance_below(c, 2) ? INTS[chance_below(c, ARRAY_LEN(INTS))] : (int64_t)chance_below(c, 1000);
            memcpy(to, &v, sizeof v);
        } else if (sc->fields[i].type == SD_FIELD_REAL) {
            double v = chance_below(c, 4) ? REALS[chance_below(c, ARRAY_LEN(REALS))] : (double)NAN;
            memcpy(to, &v, sizeof v);
        } else if (sc->fields[i].type == SD_FIELD_HIST && chance_below(c, 3)) {
            const struct sd_hist *h = &m->hist;
            m->hist.n = 0;
            for (uint32_t k = (uint32_t)chance_below(c, 900); k < SD_HIST_BUCKETS && m->hist.n < 60;
                 k += 1 + (uint32_t)chance_below(c, 99))
                m->buckets[m->hist.n++] =
                    (struct sd_bucket){k, chance_below(c, 5) ? 1 + (uint32_t)chance_below(c, 9) : UINT32_MAX};
            m->hist.buckets = m->buckets;
            memcpy(to, &h, sizeof h);
        }
    }
}

/* Anything that a record can hold, of every kind that is kept. */
static void test_anything(void **state)
{
    (void)state;
    struct chance c = chance_from(2);
    for (int kind = 1; kind < SD_KIND_END; kind++) {
        const struct sd_schema *sc = schema_of((enum sd_kind)kind);
        if (!sc || !history_kind((enum sd_kind)kind))
            continue;
        for (int round = 0; round < 20; round++) {
            size_t n = chance_below(&c, 40);
            char *records = mem_array(n + 1, sc->size);
            struct made *made = mem_array(n + 1, sizeof *made);
            struct blob_row *rows = mem_array(n + 1, sizeof *rows);
            for (size_t i = 0; i < n; i++) {
                random_record(&c, sc, records + i * sc->size, &made[i]);
                sd_time at = chance_below(&c, 20) ? T0 + (int64_t)chance_below(&c, 99) : NUM_MIN;
                rows[i] = (struct blob_row){(uint32_t)(i / 3), at, (int64_t)chance_below(&c, 3) * SD_S,
                                            records + i * sc->size};
            }
            round_trip((enum sd_kind)kind, rows, n, round % 2);
            free(rows);
            free(made);
            free(records);
        }
    }
}

static const struct blob_row *decode_claims(const unsigned char *bytes, size_t n, struct arena *a)
{
    unsigned char with_crc[64];
    size_t rows;
    memcpy(with_crc, bytes, n);
    uint32_t crc = (uint32_t)crc32_z(0, bytes, n);
    for (int i = 0; i < 4; i++)
        with_crc[n + (size_t)i] = (unsigned char)(crc >> (8 * i));
    return blob_decode(SD_HTTP, with_crc, n + 4, NULL, NULL, a, &rows);
}

static void test_claims(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    size_t n;
    /* Nothing, rows without number, a fast blob that says it unpacks to 4 GB, and no form at all. */
    static const unsigned char NONE[] = {1, 0, 0}, MANY[] = {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0};
    static const unsigned char HUGE_BODY[] = {2, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char FORM[] = {9, 1, 0};
    assert_non_null(decode_claims(NONE, sizeof NONE, a));
    assert_null(decode_claims(MANY, sizeof MANY, a));
    assert_null(decode_claims(HUGE_BODY, sizeof HUGE_BODY, a));
    assert_null(decode_claims(FORM, sizeof FORM, a));
    assert_null(blob_decode(SD_HTTP, "", 0, NULL, NULL, a, &n));
    assert_null(pack_open(MANY + 1, sizeof MANY - 1, a, &n));
    assert_true(arena_bytes(a) < 1 << 20);
    arena_free(a);
}

static void test_pack(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct strbuf b = {0};
    const struct pack_section in[] = {{3, 1, "abc", 3}, {3, 2, "", 0}, {900, 4096, "defg", 4}};
    size_t n = 0;
    pack_close(in, ARRAY_LEN(in), &b);
    const struct pack_section *out = pack_open(b.text, b.len, a, &n);
    assert_int_equal(n, ARRAY_LEN(in));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(out[i].series, in[i].series);
        assert_int_equal(out[i].rows, in[i].rows);
        assert_int_equal(out[i].len, in[i].len);
        assert_memory_equal(out[i].bytes, in[i].bytes, in[i].len);
    }
    for (size_t len = 0; len < b.len; len++)
        assert_null(pack_open(b.text, len, a, &n));
    strbuf_free(&b);
    arena_free(a);
}

static void test_coder(void **state)
{
    (void)state;
    static const int64_t NUMBERS[] = {0, 1, -1, 2, 3, 4, 255, -256, INT64_MAX, INT64_MIN + 1, SD_UNKNOWN, 77};
    for (int fast = 0; fast < 2; fast++) {
        struct strbuf b = {0};
        struct coder_out out;
        struct coder_in in;
        struct number_model m;
        number_model_begin(&m);
        coder_begin(&out, fast, &b);
        for (size_t i = 0; i < 50 * ARRAY_LEN(NUMBERS); i++)
            coder_number(&out, &m, NUMBERS[i % ARRAY_LEN(NUMBERS)]);
        coder_end(&out);
        number_model_begin(&m);
        decoder_begin(&in, fast, b.text, b.len);
        for (size_t i = 0; i < 50 * ARRAY_LEN(NUMBERS); i++)
            assert_int_equal(decoder_number(&in, &m), NUMBERS[i % ARRAY_LEN(NUMBERS)]);
        assert_false(in.bad);
        strbuf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_coder),   cmocka_unit_test(test_pack),
                                       cmocka_unit_test(test_claims),  cmocka_unit_test(test_anything),
                                       cmocka_unit_test(test_traffic), cmocka_unit_test(test_busy_traffic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
