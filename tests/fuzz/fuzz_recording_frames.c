/* A record file whose checksums hold and whose structure is the input's: lengths, overlaps,
 * frames in frames, claims and payloads. Reading ends, in work that is linear in the length. */
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "format/record/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct in {
    const uint8_t *p, *end;
};

static uint32_t take(struct in *in, int bytes)
{
    uint32_t v = 0;
    for (int i = 0; i < bytes && in->p < in->end; i++)
        v |= (uint32_t)*in->p++ << (8 * i);
    return v;
}

static void put32(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> (8 * i));
}

/* A payload: bytes of the input, packed or as they are, or a sound batch. */
static void payload(struct in *in, uint32_t how, struct strbuf *out, uint32_t *raw_len)
{
    size_t want = take(in, 1), n = MIN(want, (size_t)(in->end - in->p));
    struct strbuf raw = {0};
    if (how & 1) {
        struct sd_batch *b = batch_new("log", (sd_time)take(in, 2) * SD_S);
        batch_add(b, SD_EVENT, &(struct sd_event){.severity = "info", .title = "t", .text = "x"});
        strbuf_char(&raw, 0);
        batch_encode(b, &raw);
        raw.text[0] = (char)(raw.len - 1);
        batch_unref(b);
    } else {
        strbuf_add(&raw, in->p, n);
        in->p += n;
        strbuf_pad(&raw, 0, how & 2 ? (size_t)take(in, 2) * 16 : 0);
    }
    *raw_len = (uint32_t)raw.len;
    if (how & 4) {
        strbuf_add(out, raw.text, raw.len);
    } else {
        size_t room = ZSTD_compressBound(raw.len);
        char *packed = mem_alloc(room);
        strbuf_add(out, packed, ZSTD_compress(packed, room, raw.text, raw.len, 1));
        free(packed);
    }
    strbuf_free(&raw);
}

static void entry(struct strbuf *out, uint32_t len, uint32_t kind, uint32_t crc, uint32_t raw_len)
{
    char e[32] = "\xf5SDF";
    put32(e + 4, len);
    put32(e + 16, kind);
    put32(e + 20, crc);
    put32(e + 24, raw_len);
    put32(e + 28, (uint32_t)crc32_z(0, (void *)e, 28));
    strbuf_add(out, e, sizeof e);
}

static void sink(void *ctx, struct sd_batch *b)
{
    *(size_t *)ctx += batch_len(b);
    batch_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { FILE_MAX = 1 << 18 };
    struct in in = {data, data + size};
    struct strbuf file = {0}, inner = {0};
    recording_header(&file);
    while (in.p < in.end && file.len < FILE_MAX) {
        uint32_t how = take(&in, 1), raw_len = 0;
        struct strbuf body = {0};
        if (how & 8) { /* what was written last, in a frame of its own */
            strbuf_add(&body, strbuf_text(&inner), inner.len);
            raw_len = take(&in, 2);
        } else {
            payload(&in, how, &body, &raw_len);
        }
        uint32_t len = (uint32_t)body.len, crc = (uint32_t)crc32_z(0, (void *)body.text, body.len);
        if (how & 16)
            len = take(&in, 2) * (how & 1 ? 32 : 1);
        if (how & 32)
            crc = take(&in, 1);
        if (how & 64)
            raw_len = take(&in, 4);
        strbuf_clear(&inner);
        entry(&inner, len, how & 128 ? take(&in, 1) : 1, crc, raw_len);
        strbuf_add(&inner, body.text, how & 128 ? body.len / 2 : body.len);
        strbuf_add(&file, inner.text, inner.len);
        if (how == 255) /* the same entry over and over */
            for (uint32_t i = take(&in, 1); i && file.len < FILE_MAX; i--)
                strbuf_add(&file, inner.text, inner.len);
        strbuf_free(&body);
    }
    struct sd_error err;
    struct recording_stats st = {0};
    size_t records = 0;
    recording_decode(strbuf_text(&file), file.len, sink, NULL, &records, &st, &err);
    if (st.work > ((uint64_t)320 << 20) + 300 * (uint64_t)file.len)
        abort();
    strbuf_free(&file);
    strbuf_free(&inner);
    return 0;
}
