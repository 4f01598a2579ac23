#include "tests/lib/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "core/hist.h"
#include "core/plans/hide.h"
#include "core/schema.h"
#include "format/record/recording.h"
#include "sink/conceal.h"
#include "sink/recorder.h"

#define T0 (INT64_C(1700000000) * SD_S)
enum { FIELDS_MOST = 128 }; /* of a record */

/* Lists with what lists can hold: nothing, unknown items, the extremes. */
static void encode_one(const struct sd_batch *b, struct strbuf *out)
{
    recording_encode_many(&b, 1, out);
}

static const void *list_of(enum sd_field_type type, unsigned v)
{
    static const int64_t numbers[] = {7, 7, SD_UNKNOWN, INT64_MAX, INT64_MIN + 1, 0};
    static const double reals[] = {0.5, 0.5, NAN, -INFINITY, 1e308};
    static const char *const texts[] = {"a", "a", NULL, "", "\xff\x1b[2J"};
    static const struct sd_ints ints[] = {{6, numbers}, {0, numbers}, {1, numbers + 3}};
    static const struct sd_reals of_reals[] = {{5, reals}, {0, NULL}, {2, reals + 3}};
    static const struct sd_texts of_texts[] = {{5, texts}, {0, NULL}, {3, texts + 2}};
    return type == SD_FIELD_LIST_INT    ? (const void *)&ints[v % 3]
           : type == SD_FIELD_LIST_REAL ? (const void *)&of_reals[v % 3]
                                        : &of_texts[v % 3];
}

/* A record whose every field depends on the seed; some are unknown. */
static void fill(const struct sd_schema *sc, void *r, unsigned seed, char texts[FIELDS_MOST][16])
{
    static const struct sd_bucket buckets[] = {
        {0, 1}, {63, 2}, {64, 70000}, {SD_HIST_BUCKETS - 1, UINT32_MAX}};
    static const struct sd_hist hists[] = {{4, buckets}, {0, buckets}, {2, buckets}};
    static const int64_t numbers[] = {0, 1, -1, 127, 128, INT64_MAX, INT64_MIN + 1, T0};
    assert_true(sc->n_fields <= FIELDS_MOST);
    schema_clear(sc, r);
    for (size_t i = 0; i < sc->n_fields; i++) {
        void *p = (char *)r + sc->fields[i].offset;
        unsigned v = seed * 31 + (unsigned)i * 7;
        if (v % 5 == 0)
            continue;
        if (sc->fields[i].type == SD_FIELD_INT) {
            *(int64_t *)p = numbers[v % ARRAY_LEN(numbers)];
        } else if (sc->fields[i].type == SD_FIELD_REAL) {
            *(double *)p = v % 3 ? v / 3.0 : 1.5;
        } else if (sc->fields[i].type == SD_FIELD_TEXT) {
            snprintf(texts[i], 16, "%s%u", v % 3 ? "\xff\x1b[" : "", v % 11);
            *(const char **)p = texts[i];
        } else if (sc->fields[i].type == SD_FIELD_HIST) {
            *(const struct sd_hist **)p = &hists[v % 3];
        } else {
            *(const void **)p = list_of(sc->fields[i].type, v);
        }
    }
}

static struct sd_batch *sample(unsigned seed)
{
    struct sd_batch *b = batch_new(seed % 2 ? "log" : "pg main", T0 + seed);
    union { /* the longest of all kinds */
#define SAMPLE_RECORD(number, UPPER, lower, help) struct sd_##lower lower;
        SD_RECORDS(SAMPLE_RECORD)
#undef SAMPLE_RECORD
    } r;
    char texts[FIELDS_MOST][16];
    for (unsigned i = 0; i < 12; i++) {
        const struct sd_schema *sc = schema_of((enum sd_kind)(1 + (seed + i / 2) % (SD_KIND_END - 1)));
        fill(sc, &r, seed + i, texts);
        assert_true(batch_add(b, sc->kind, &r));
    }
    return b;
}

static void same_hist(const struct sd_hist *a, const struct sd_hist *b)
{
    assert_int_equal(!a, !b);
    if (!a)
        return;
    assert_int_equal(a->n, b->n);
    if (a->n)
        assert_memory_equal(a->buckets, b->buckets, a->n * sizeof *a->buckets);
}

static bool same_real(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

static void same_list(enum sd_field_type type, const void *a, const void *b)
{
    const struct sd_ints *ia = a, *ib = b;
    const struct sd_reals *ra = a, *rb = b;
    const struct sd_texts *ta = a, *tb = b;
    assert_int_equal(!a, !b);
    if (!a)
        return;
    uint32_t n = type == SD_FIELD_LIST_INT ? ia->n : type == SD_FIELD_LIST_REAL ? ra->n : ta->n;
    assert_int_equal(n, type == SD_FIELD_LIST_INT ? ib->n : type == SD_FIELD_LIST_REAL ? rb->n : tb->n);
    for (uint32_t i = 0; i < n; i++)
        assert_true(type == SD_FIELD_LIST_INT    ? ia->items[i] == ib->items[i]
                    : type == SD_FIELD_LIST_REAL ? same_real(ra->items[i], rb->items[i])
                                                 : str_eq(ta->items[i], tb->items[i]));
}

static void same_batch(const struct sd_batch *a, const struct sd_batch *b)
{
    assert_string_equal(batch_origin(a), batch_origin(b));
    assert_int_equal(batch_time(a), batch_time(b));
    assert_int_equal(batch_len(a), batch_len(b));
    for (size_t i = 0; i < batch_len(a); i++) {
        enum sd_kind ka, kb;
        const char *ra = batch_record(a, i, &ka), *rb = batch_record(b, i, &kb);
        assert_int_equal(ka, kb);
        const struct sd_schema *sc = schema_of(ka);
        for (size_t f = 0; f < sc->n_fields; f++) {
            const void *pa = ra + sc->fields[f].offset, *pb = rb + sc->fields[f].offset;
            if (sc->fields[f].type == SD_FIELD_TEXT)
                assert_true(str_eq(*(const char *const *)pa, *(const char *const *)pb));
            else if (sc->fields[f].type == SD_FIELD_HIST)
                same_hist(*(const struct sd_hist *const *)pa, *(const struct sd_hist *const *)pb);
            else if (sc->fields[f].type > SD_FIELD_HIST)
                same_list(sc->fields[f].type, *(const void *const *)pa, *(const void *const *)pb);
            else if (sc->fields[f].type == SD_FIELD_INT || !isnan(*(const double *)pa))
                assert_memory_equal(pa, pb, 8);
            else
                assert_true(isnan(*(const double *)pb));
        }
    }
}

/* ---- batches ---- */

static void test_batch(void **state)
{
    (void)state;
    struct sd_batch *b = batch_new("x", T0);
    struct sd_metric k = {.name = "a", .value = 1, .counter = 1};
    struct sd_event e = {.title = "t"};
    assert_true(batch_add(b, SD_METRIC, &k));
    assert_true(batch_add(b, SD_EVENT, &e));
    k.name = "b";
    assert_true(batch_add(b, SD_METRIC, &k));
    assert_false(batch_add(b, (enum sd_kind)99, &k));
    assert_int_equal(batch_len(b), 3);
    const struct sd_metric *r;
    char names[8] = "";
    for (size_t i = 0; (r = batch_each(b, SD_METRIC, &i));)
        strncat(names, r->name, 1);
    assert_string_equal(names, "ab");
    assert_ptr_equal(batch_ref(b), b);
    batch_unref(b);
    assert_string_equal(batch_origin(b), "x");
    /* Bucket lists from outside are cut to what can be true. */
    struct sd_bucket rubbish[] = {{5, 1}, {5, 1}, {3, 1}, {9, 0}, {SD_HIST_BUCKETS, 1}, {10, 2}};
    struct sd_hist h = {.n = 6, .buckets = rubbish};
    struct sd_http http = {.latency = &h};
    assert_true(batch_add(b, SD_HTTP, &http));
    enum sd_kind kind;
    const struct sd_http *got = batch_record(b, 3, &kind);
    assert_int_equal(got->latency->n, 2);
    assert_int_equal(got->latency->buckets[1].index, 10);
    /* 64 MiB and no more. */
    char *big = mem_alloc((size_t)20 << 20);
    memset(big, 'x', ((size_t)20 << 20) - 1);
    e.text = big;
    assert_true(batch_add(b, SD_EVENT, &e));
    assert_true(batch_add(b, SD_EVENT, &e));
    assert_true(batch_add(b, SD_EVENT, &e));
    assert_false(batch_add(b, SD_EVENT, &e));
    assert_true(batch_bytes(b) <= BATCH_MAX_BYTES);
    free(big);
    batch_unref(b);
    batch_unref(NULL);
}

static void test_schema(void **state)
{
    (void)state;
    assert_null(schema_of((enum sd_kind)0));
    assert_null(schema_of(SD_KIND_END));
    assert_null(schema_named("nothing"));
    assert_int_equal(schema_named("http")->kind, SD_HTTP);
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    assert_int_equal(r.count, SD_UNKNOWN);
    assert_null(r.route);
    struct sd_metric k;
    schema_clear(schema_of(SD_METRIC), &k);
    assert_true(isnan(k.value));
    assert_string_equal(schema_state_name(SD_STATE_BACKOFF), "backing off");
    assert_string_equal(schema_state_name((enum sd_state)77), "unknown");
}

static void test_round_trip(void **state)
{
    (void)state;
    struct sd_error err;
    for (unsigned i = 0; i < 50; i++) {
        struct sd_batch *b = sample(i), *back;
        struct strbuf out = {0};
        batch_encode(b, &out);
        back = batch_decode(out.text, out.len, &err);
        assert_non_null(back);
        same_batch(b, back);
        for (size_t cut = 0; cut < out.len; cut++) { /* no prefix does harm */
            void *copy = mem_alloc(cut);
            memcpy(copy, out.text, cut);
            batch_unref(batch_decode(copy, cut, &err));
            free(copy);
        }
        batch_unref(back);
        batch_unref(b);
        strbuf_free(&out);
    }
}

/* ---- files ---- */

enum { FRAMES = 5 };
struct file {
    struct strbuf bytes;
    size_t starts[FRAMES + 1];
    struct sd_batch *batches[FRAMES];
};

static void make_file(struct file *f)
{
    *f = (struct file){0};
    recording_header(&f->bytes);
    for (unsigned i = 0; i < FRAMES; i++) {
        f->starts[i] = f->bytes.len;
        f->batches[i] = sample(i);
        encode_one(f->batches[i], &f->bytes);
    }
    f->starts[FRAMES] = f->bytes.len;
}

static void free_file(struct file *f)
{
    for (int i = 0; i < FRAMES; i++)
        batch_unref(f->batches[i]);
    strbuf_free(&f->bytes);
}

struct seen {
    sd_time at[64];
    size_t n;
};
static void see(void *ctx, struct sd_batch *b)
{
    struct seen *s = ctx;
    assert_true(s->n < 64);
    s->at[s->n++] = batch_time(b);
    batch_unref(b);
}

static void drop(void *ctx, struct sd_batch *b)
{
    ((struct seen *)ctx)->n++;
    batch_unref(b);
}

static void test_cut(void **state)
{
    (void)state;
    struct file f;
    make_file(&f);
    struct sd_error err = {0};
    struct recording_stats st;
    assert_false(recording_decode("", 0, see, NULL, &(struct seen){0}, &st, &err));
    assert_false(recording_decode("hello, world, hello", 19, see, NULL, &(struct seen){0}, &st, &err));
    assert_true(strlen(err.text) > 0);
    for (size_t cut = 1; cut <= f.bytes.len; cut++) {
        void *copy = mem_alloc(cut); /* so that reading past it is seen */
        memcpy(copy, f.bytes.text, cut);
        struct seen s = {0};
        size_t whole = 0;
        while (whole < FRAMES && f.starts[whole + 1] <= cut)
            whole++;
        if (!recording_decode(copy, cut, see, NULL, &s, &st, &err))
            fail_msg("cut at %zu: %s", cut, err.text);
        assert_int_equal(s.n, whole);
        assert_int_equal(st.frames, whole);
        assert_int_equal(st.lost, 0);
        bool clean = cut == RECORDING_HEADER_BYTES;
        for (int i = 0; i <= FRAMES; i++)
            clean |= cut == f.starts[i];
        assert_int_equal(st.cut, !clean);
        free(copy);
    }
    free_file(&f);
}

static void test_flip(void **state)
{
    (void)state;
    struct file f;
    make_file(&f);
    struct sd_error err;
    struct recording_stats st;
    for (size_t at = 0; at < f.bytes.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            f.bytes.text[at] ^= (char)(1 << bit);
            struct seen s = {0};
            assert_true(recording_decode(f.bytes.text, f.bytes.len, see, NULL, &s, &st, &err));
            size_t hurt = FRAMES; /* the header */
            for (size_t i = 0; i < FRAMES; i++)
                if (at >= f.starts[i] && at < f.starts[i + 1])
                    hurt = i;
            assert_int_equal(s.n, hurt < FRAMES ? FRAMES - 1 : FRAMES);
            for (size_t i = 0, k = 0; i < FRAMES; i++)
                if (i != hurt)
                    assert_int_equal(s.at[k++], T0 + (sd_time)i);
            assert_int_equal(st.lost + st.cut, 1);
            f.bytes.text[at] ^= (char)(1 << bit);
        }
    }
    free_file(&f);
}

/* ---- files that lie ---- */

static void put32(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> (8 * i));
}

/* A frame whose entry is valid and says what it likes. */
static void add_frame(struct strbuf *out, const void *data, size_t len, uint32_t claims, uint32_t raw_len,
                      bool good)
{
    char e[32] = "\xf5SDF";
    put32(e + 4, claims);
    put32(e + 16, 1);
    put32(e + 20, (uint32_t)crc32_z(0, data, len) ^ !good);
    put32(e + 24, raw_len);
    put32(e + 28, (uint32_t)crc32_z(0, (void *)e, 28));
    strbuf_add(out, e, sizeof e);
    strbuf_add(out, data, len);
}

/* Entries one behind the other, each of which claims all that follows, and none is whole. */
static void test_overlaps(void **state)
{
    (void)state;
    enum { N = 40000 };
    struct strbuf b = {0};
    struct sd_error err;
    struct recording_stats st;
    struct seen s = {0};
    recording_header(&b);
    for (uint32_t i = 0; i < N; i++)
        add_frame(&b, "", 0, (N - 1 - i) * 32, 100, false);
    struct sd_batch *sound = batch_new("log", T0);
    encode_one(sound, &b);
    batch_unref(sound);
    assert_true(recording_decode(b.text, b.len, see, NULL, &s, &st, &err));
    assert_true(st.lost > 0);
    assert_true(st.work < 16 * (uint64_t)b.len);
    strbuf_free(&b);
}

/* `len` bytes that unpack to `raw_len`, a batch that is nothing but a block of a kind to come. */
static size_t bomb(size_t raw_len, char *packed, size_t room)
{
    struct strbuf raw = {0}, head = {0}, batch = {0};
    struct sd_batch *b = batch_new("x", T0);
    batch_encode(b, &head);
    batch_unref(b);
    size_t zeros = raw_len - head.len - 16;
    strbuf_add(&batch, head.text, head.len);
    strbuf_add(&batch, "\xc8\x01\0\0", 4); /* kind 200, no records, no fields */
    for (int k = 0; k < 2; k++) {          /* the block's length, then before it the batch's */
        struct strbuf varint = {0};
        size_t v = k ? batch.len + zeros : zeros;
        for (; v >= 0x80; v >>= 7)
            strbuf_char(&varint, (char)(v | 0x80));
        strbuf_char(&varint, (char)v);
        strbuf_add(k ? &raw : &batch, varint.text, varint.len);
        strbuf_free(&varint);
    }
    strbuf_add(&raw, batch.text, batch.len);
    strbuf_pad(&raw, 0, zeros);
    size_t used = raw.len, len = ZSTD_compress(packed, room, raw.text, raw.len, 3);
    assert_false(ZSTD_isError(len));
    strbuf_free(&raw);
    strbuf_free(&head);
    strbuf_free(&batch);
    put32(packed + len, (uint32_t)used);
    return len;
}

static uint32_t bomb_raw(const char *packed, size_t len)
{
    const unsigned char *p = (const unsigned char *)packed + len;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void test_bombs(void **state)
{
    (void)state;
    static char packed[65536];
    struct sd_error err;
    struct recording_stats st;
    for (int large = 0; large < 2; large++) {
        struct seen s = {0};
        struct strbuf b = {0};
        size_t len = bomb(large ? (size_t)90 << 20 : (size_t)3 << 20, packed, sizeof packed - 4);
        recording_header(&b);
        for (int i = 0; i < 400; i++)
            add_frame(&b, packed, len, (uint32_t)len, bomb_raw(packed, len), true);
        s.n = 0;
        assert_true(recording_decode(b.text, b.len, drop, NULL, &s, &st, &err));
        if (large) { /* nothing of it is unpacked */
            assert_int_equal(st.lost, 400);
            assert_true(st.work <= b.len);
        } else { /* each for itself is small; together they are too much */
            assert_true(st.too_large);
            assert_true(st.frames > 10 && st.frames < 400);
        }
        strbuf_free(&b);
    }
}

/* A frame whose checksum holds was written so: what looks like a frame in it is none. */
static void test_nested(void **state)
{
    (void)state;
    struct strbuf inner = {0}, b = {0};
    struct sd_error err;
    struct recording_stats st;
    struct seen s = {0};
    struct sd_batch *batch = batch_new("log", T0);
    encode_one(batch, &inner);
    for (int i = 0; i < 200; i++) {
        struct strbuf outer = {0};
        add_frame(&outer, inner.text, inner.len, (uint32_t)inner.len, 100, true);
        strbuf_free(&inner);
        inner = outer;
    }
    recording_header(&b);
    strbuf_add(&b, inner.text, inner.len);
    encode_one(batch, &b);
    assert_true(recording_decode(b.text, b.len, see, NULL, &s, &st, &err));
    assert_int_equal(st.lost, 1);
    assert_int_equal(st.frames, 1);
    assert_true(st.work < 3 * (uint64_t)b.len + batch_bytes(batch));
    batch_unref(batch);
    strbuf_free(&inner);
    strbuf_free(&b);
}

static bool after_two(void *ctx)
{
    return ((struct seen *)ctx)->n >= 2;
}

static void test_stop(void **state)
{
    (void)state;
    struct file f;
    struct sd_error err;
    struct recording_stats st;
    struct seen s = {0};
    make_file(&f);
    assert_true(recording_decode(f.bytes.text, f.bytes.len, see, after_two, &s, &st, &err));
    assert_int_equal(s.n, 2);
    assert_true(st.stopped);
    free_file(&f);
}

/* ---- the recorder ---- */

static char folder[] = "/tmp/slowdive-test-XXXXXX";

static const char *path_in(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

struct all {
    const struct sd_batch *b[64];
    size_t n;
};
static void gather(void *ctx, struct sd_batch *b)
{
    struct all *a = ctx;
    assert_true(a->n < 64);
    a->b[a->n++] = b;
}

static void read_back(const char *path, struct all *a, struct recording_stats *st)
{
    char *data;
    size_t len;
    struct sd_error err;
    assert_true(file_read(path, 1 << 24, &data, &len, &err));
    *a = (struct all){0};
    assert_true(recording_decode(data, len, gather, NULL, a, st, &err));
    free(data);
}

static void drop_all(struct all *a)
{
    for (size_t i = 0; i < a->n; i++)
        batch_unref(a->b[i]);
}

static void test_recorder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    struct sd_error err = {0};
    struct recording_stats st;
    struct all a;
    for (int round = 0; round < 2; round++) { /* made, then continued */
        struct recorder *r = recorder_open(path_in("a"), RECORDER_APPEND, true, &err);
        assert_non_null(r);
        if (!round) { /* one at a time */
            assert_null(recorder_open(path_in("a"), RECORDER_APPEND, true, &err));
            assert_non_null(strstr(err.text, "being written by another recording already"));
        }
        for (unsigned i = 0; i < 10; i++) {
            struct sd_batch *b = sample(i);
            recorder_batch(r, b);
            batch_unref(b);
        }
        recorder_close(r);
        read_back(path_in("a"), &a, &st);
        assert_int_equal(a.n, 10 * (round + 1));
        assert_int_equal(st.lost + st.cut, 0);
        for (unsigned i = 0; i < 10; i++) {
            struct sd_batch *b = sample(i);
            same_batch(a.b[a.n - 10 + i], b);
            batch_unref(b);
        }
        drop_all(&a);
    }
    struct stat info;
    assert_int_equal(stat(path_in("a"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    unlink(path_in("a"));

    FILE *f = fopen(path_in("b"), "w");
    fputs("not ours", f);
    fclose(f);
    assert_null(recorder_open(path_in("b"), RECORDER_NEW, true, &err));
    assert_non_null(strstr(err.text, "was not changed"));
    unlink(path_in("b"));
    assert_null(recorder_open(path_in("no/such"), RECORDER_NEW, true, &err));
    rmdir(folder);
}

/* What is written becomes readable by itself, without a close. */
static void test_recorder_flushes(void **state)
{
    (void)state;
    memcpy(strrchr(folder, '-') + 1, "XXXXXX", 6);
    assert_non_null(mkdtemp(folder));
    struct sd_error err;
    struct recorder *r = recorder_open(path_in("a"), RECORDER_APPEND, true, &err);
    struct sd_batch *b = sample(1);
    recorder_batch(r, b);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        poll(NULL, 0, 5);
    } while (!recorder_stats(r).frames && now.tv_sec - start.tv_sec < 5);
    assert_int_equal(recorder_stats(r).frames, 1);
    struct all a;
    struct recording_stats st;
    read_back(path_in("a"), &a, &st);
    assert_int_equal(a.n, 1);
    drop_all(&a);
    batch_unref(b);
    recorder_close(r);
    unlink(path_in("a"));
    rmdir(folder);
}

static void test_conceal(void **state)
{
    (void)state;
    char *plan = plan_hide_literals(
        "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"orders\", \"Plan Rows\": 7, "
        "\"Output\": [\"id\", \"'s3cret'::text\"], \"Filter\": \"((mail)::text = 's3cret'::text)\"}}]");
    assert_null(strstr(plan, "s3cret"));
    assert_non_null(strstr(plan, "\"Seq Scan\""));
    assert_non_null(strstr(plan, "\"orders\""));
    assert_non_null(strstr(plan, "mail"));
    free(plan);
    plan = plan_hide_literals("Seq Scan on t (filter 's3cret'");
    assert_null(strstr(plan, "s3cret"));
    free(plan);

    struct conceal *c = conceal_new();
    struct sd_batch *b = batch_new("pg", T0);
    struct sd_activity a;
    schema_clear(schema_of(SD_ACTIVITY), &a);
    a.query = "SELECT * FROM t WHERE card = '4111 s3cret' -- x";
    struct sd_statement s;
    schema_clear(schema_of(SD_STATEMENT), &s);
    s.text = "SELECT $1";
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.sample = "GET /pay?card=s3cret HTTP/1.1 \"http://x/?q=s3cret\" end";
    in.samples = SD_TEXTS("GET /a?card=s3cret HTTP/1.1", NULL, in.sample);
    batch_add(b, SD_ACTIVITY, &a);
    batch_add(b, SD_STATEMENT, &s);
    batch_add(b, SD_INTAKE, &in);
    struct sd_plan p;
    schema_clear(schema_of(SD_PLAN), &p);
    p.failed = "relation \"orders\": invalid input syntax for type date: \"s3cret\"; or: \"s3cret";
    batch_add(b, SD_PLAN, &p);
    struct sd_advice ad;
    schema_clear(schema_of(SD_ADVICE), &ad);
    ad.ddl = "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a, lower(b)) WHERE c = 's3cret'";
    ad.columns = "a\ncoalesce(b, 's3cret')";
    ad.none = "invalid input: \"s3cret\"";
    batch_add(b, SD_ADVICE, &ad);
    const struct sd_batch *hidden = conceal_batch(c, b);
    enum sd_kind kind;
    const struct sd_activity *ha = batch_record(hidden, 0, &kind);
    assert_null(strstr(ha->query, "s3cret"));
    assert_non_null(strstr(ha->query, "card"));
    assert_null(strstr(ha->query, "4111"));
    const struct sd_statement *hs = batch_record(hidden, 1, &kind);
    assert_string_equal(hs->text, "SELECT $1");
    const struct sd_intake *hi = batch_record(hidden, 2, &kind);
    assert_string_equal(hi->sample, "GET /pay?... HTTP/1.1 \"http://x/?...\" end");
    assert_int_equal(hi->samples->n, 3);
    assert_string_equal(hi->samples->items[0], "GET /a?... HTTP/1.1");
    assert_null(hi->samples->items[1]);
    assert_string_equal(hi->samples->items[2], hi->sample);
    const struct sd_plan *hp = batch_record(hidden, 3, &kind);
    assert_string_equal(hp->failed,
                        "relation \"orders\": invalid input syntax for type date: \"...\"; or: \"...\"");
    const struct sd_advice *had = batch_record(hidden, 4, &kind);
    assert_string_equal(had->ddl, "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a, lower(b)) WHERE c = ?");
    assert_string_equal(had->columns, "a\ncoalesce(b, ?)");
    assert_string_equal(had->none, "invalid input: \"...\"");
    batch_unref(hidden);
    batch_unref(b);
    conceal_free(c);
}

/* Lists of each sort, through a schema that a later kind could have. */
struct lists {
    const struct sd_ints *stack;
    int64_t n;
    const struct sd_reals *bounds;
    const struct sd_texts *labels;
};
static const struct sd_field list_fields[] = {
    {.name = "stack", .type = SD_FIELD_LIST_INT, .offset = offsetof(struct lists, stack), .unit = ""},
    {.name = "n", .type = SD_FIELD_INT, .offset = offsetof(struct lists, n), .unit = ""},
    {.name = "bounds", .type = SD_FIELD_LIST_REAL, .offset = offsetof(struct lists, bounds), .unit = ""},
    {.name = "labels", .type = SD_FIELD_LIST_TEXT, .offset = offsetof(struct lists, labels), .unit = ""},
};
static const struct sd_schema list_schema = {
    .size = sizeof(struct lists), .n_fields = ARRAY_LEN(list_fields), .fields = list_fields};

static void same_lists(const struct lists *a, const struct lists *b)
{
    same_list(SD_FIELD_LIST_INT, a->stack, b->stack);
    same_list(SD_FIELD_LIST_REAL, a->bounds, b->bounds);
    same_list(SD_FIELD_LIST_TEXT, a->labels, b->labels);
    assert_int_equal(a->n, b->n);
}

static void test_lists(void **state)
{
    (void)state;
    struct lists rows[9];
    const void *records[9];
    for (unsigned i = 0; i < 9; i++) {
        unsigned v = i / 2; /* each twice: what is as before is written once */
        rows[i] = (struct lists){.stack = v == 3 ? NULL : list_of(SD_FIELD_LIST_INT, v),
                                 .n = i,
                                 .bounds = v == 1 ? NULL : list_of(SD_FIELD_LIST_REAL, v),
                                 .labels = list_of(SD_FIELD_LIST_TEXT, v)};
        /* A copy is of its own. */
        size_t need = schema_need(&list_schema, &rows[i]);
        void *to = mem_alloc(need), *from = memcpy(mem_alloc(sizeof rows[i]), &rows[i], sizeof rows[i]);
        struct lists *copy = schema_copy(&list_schema, from, to);
        free(from);
        same_lists(copy, &rows[i]);
        if (copy->labels)
            assert_true((const char *)copy->labels >= (char *)to &&
                        (const char *)copy->labels < (char *)to + need);
        free(to);
        records[i] = &rows[i];
    }
    struct strbuf out = {0};
    columns_encode(&list_schema, records, 9, &out);
    struct arena *a = arena_new();
    const struct lists *got = columns_decode(&list_schema, out.text, out.len, 9, 4, a);
    assert_non_null(got);
    for (int i = 0; i < 9; i++)
        same_lists(&got[i], &rows[i]);

    /* Of fewer fields, of more, and cut anywhere. */
    struct sd_schema less = list_schema;
    less.n_fields = 2;
    got = columns_decode(&less, out.text, out.len, 9, 4, a);
    assert_non_null(got);
    assert_int_equal(got[8].n, 8);
    assert_null(got[8].labels);
    for (size_t len = 0; len < out.len; len++)
        assert_null(columns_decode(&list_schema, out.text, len, 9, 4, a));
    arena_free(a);

    /* A type of column that is not known yet is passed over by its length. */
    struct strbuf newer = {0};
    a = arena_new();
    strbuf_add(&newer, "\x00\x04\x09\x03xyz", 7); /* INT 1; type 9 of three bytes */
    static const struct sd_schema one = {
        .size = sizeof(struct lists), .n_fields = 1, .fields = list_fields + 1};
    got = columns_decode(&one, newer.text, newer.len, 1, 2, a);
    assert_non_null(got);
    assert_int_equal(got->n, 1);
    arena_free(a);
    strbuf_free(&newer);
    strbuf_free(&out);
}

struct gist {
    struct sd_http http;
    int64_t statements;
    sd_kinds kinds;
};

static void note_gist(void *ctx, struct sd_batch *b)
{
    struct gist *gist = ctx;
    const struct sd_http *r;
    size_t i = 0;
    gist->kinds |= batch_kinds(b);
    if ((r = batch_each(b, SD_HTTP, &i)))
        gist->http = *r;
    for (i = 0; batch_each(b, SD_STATEMENT, &i);)
        gist->statements++;
    batch_unref(b);
}

/* One that was made before records had hosts and lists. */
static void test_old_recording(void **state)
{
    (void)state;
    FILE *f = fopen(test_file("data/shop.slowdive"), "rb");
    assert_non_null(f);
    struct strbuf bytes = {0};
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        strbuf_add(&bytes, chunk, n);
    fclose(f);
    struct recording_stats stats;
    struct sd_error err;
    struct gist gist = {.statements = 0};
    assert_true(recording_decode(bytes.text, bytes.len, note_gist, NULL, &gist, &stats, &err));
    strbuf_free(&bytes);
    assert_int_equal(stats.lost, 0);
    assert_false(stats.cut);
    assert_true(gist.kinds & SD_KIND_BIT(SD_HTTP) && gist.kinds & SD_KIND_BIT(SD_INTAKE));
    assert_true(gist.http.count > 0);
    assert_null(gist.http.host);
    assert_true(gist.statements > 0);
}

/* ABI: a list in place. */
static void test_lists_in_place(void **state)
{
    (void)state;
    struct sd_intake in;
    schema_clear(schema_of(SD_INTAKE), &in);
    in.samples = SD_TEXTS("one", NULL, "three");
    struct sd_batch *b = batch_new("x", T0);
    assert_true(batch_add(b, SD_INTAKE, &in));
    size_t i = 0;
    const struct sd_intake *got = batch_each(b, SD_INTAKE, &i);
    assert_int_equal(got->samples->n, 3);
    assert_string_equal(got->samples->items[2], "three");
    assert_true(got->samples != in.samples && got->samples->items[0] != in.samples->items[0]);
    assert_int_equal(SD_INTS(1, 2, 3)->n, 3);
    assert_true(SD_REALS(0.5)->items[0] == 0.5);
    batch_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_lists),         cmocka_unit_test(test_lists_in_place),
        cmocka_unit_test(test_old_recording), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut),           cmocka_unit_test(test_flip),
        cmocka_unit_test(test_overlaps),      cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_nested),        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_recorder),      cmocka_unit_test(test_recorder_flushes),
        cmocka_unit_test(test_conceal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
