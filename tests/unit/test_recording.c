/* The record file: cut, flipped, lying, old. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "format/record/recording.h"
#include "tests/lib/sample_batch.h"

static void encode_one(const struct sd_batch *b, struct strbuf *out)
{
    recording_encode_many(&b, 1, out);
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
        f->batches[i] = sample_batch(i);
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
                    assert_int_equal(s.at[k++], SAMPLE_START + (sd_time)i);
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
    struct sd_batch *sound = batch_new("log", SAMPLE_START);
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
    struct sd_batch *b = batch_new("x", SAMPLE_START);
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
    struct sd_batch *batch = batch_new("log", SAMPLE_START);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_recording), cmocka_unit_test(test_cut),   cmocka_unit_test(test_flip),
        cmocka_unit_test(test_overlaps),      cmocka_unit_test(test_bombs), cmocka_unit_test(test_nested),
        cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
