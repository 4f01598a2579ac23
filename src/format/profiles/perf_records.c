#include "format/profiles/perf_records.h"

#include <stdlib.h>
#include <zstd.h>

#include "format/profiles/profile_file.h"

/* Records of perf itself, beside those of the kernel. */
enum {
    HEADER_ATTR = 64,
    TRACING_DATA = 66,
    HEADER_BUILD_ID = 67,
    AUXTRACE = 71,
    HEADER_FEATURE = 80,
    COMPRESSED = 81,
    COMPRESSED2 = 83,
};
enum { FEATURE_BUILD_ID = 2, FEATURE_EVENT_DESC = 12, FEATURES = 256 };
enum { HEAD = 8, FILE_HEAD = 104, PIPE_HEAD = 16 };

static const char CUT[] = "it is cut: a part that its head names is not there";

/* The part of the file of that place and size; false: it is not there. */
static bool part(struct perf_bytes file, uint64_t at, uint64_t size, struct perf_bytes *out)
{
    if (at > perf_left(file) || size > perf_left(file) - at)
        return false;
    *out = (struct perf_bytes){file.at + at, file.at + at + size};
    return true;
}

/* The next record, and what stands behind it without being one. False: the end, or it is cut. */
static bool next(struct perf_bytes *b, struct perf_record *r)
{
    struct perf_bytes at = *b;
    if (perf_left(at) < HEAD)
        return false;
    r->type = perf_u32(&at);
    uint32_t second = perf_u32(&at);
    size_t size = second >> 16;
    if (size < HEAD || size > perf_left(*b))
        return false;
    r->misc = second & 0xffff;
    r->body = (struct perf_bytes){at.at, b->at + size};
    b->at += size;
    struct perf_bytes body = r->body;
    uint64_t behind = r->type == AUXTRACE       ? perf_u64(&body)
                      : r->type == TRACING_DATA ? ((uint64_t)perf_u32(&body) + 7) & ~UINT64_C(7)
                                                : 0;
    b->at += MIN(behind, (uint64_t)perf_left(*b));
    return true;
}

/* ---- the head ---- */

/* Names of the events: count, size of an attribute, and for each the attribute, its ids and its name. */
static void name_events(struct perf_events *events, struct perf_bytes b)
{
    uint32_t n = perf_u32(&b), size = perf_u32(&b);
    for (uint32_t i = 0; i < n && i < events->n && perf_left(b) > size; i++) {
        b.at += size;
        uint64_t ids = perf_u32(&b), len = perf_u32(&b);
        if (len > perf_left(b) || ids * 8 > perf_left(b) - len)
            return;
        if (len && *b.at)
            snprintf(events->items[i].name, sizeof events->items[i].name, "%.*s", (int)MIN(len, (uint64_t)80),
                     (const char *)b.at);
        b.at += len + ids * 8;
    }
}

static void add_build_ids(struct perf_file_parts *parts, struct perf_bytes b)
{
    if (parts->n_build_ids == parts->cap_build_ids)
        parts->build_ids =
            mem_grow(parts->build_ids, parts->n_build_ids, &parts->cap_build_ids, sizeof *parts->build_ids);
    parts->build_ids[parts->n_build_ids++] = b;
}

static const char *read_features(struct perf_file_parts *parts, struct perf_events *events,
                                 struct perf_bytes file, struct perf_bytes flags)
{
    struct perf_bytes list = {parts->data.end, file.end}, section;
    for (unsigned i = 0; i < FEATURES; i++) {
        if (!(flags.at[i / 8] & 1 << i % 8))
            continue;
        uint64_t at = perf_u64(&list), size = perf_u64(&list);
        if ((i != FEATURE_BUILD_ID && i != FEATURE_EVENT_DESC) || !part(file, at, size, &section))
            continue; /* a recording that was broken off has none */
        if (i == FEATURE_BUILD_ID)
            add_build_ids(parts, section);
        else
            name_events(events, section);
    }
    return NULL;
}

static const char *read_attributes(struct perf_events *events, struct perf_bytes file, struct perf_bytes list,
                                   uint64_t each)
{
    struct perf_bytes ids;
    if (each < 64 + 16 || each > 4096)
        return "its events are described in a size that is not known";
    while (perf_left(list) >= each) {
        struct perf_bytes attr = {list.at, list.at + each - 16}, where = {attr.end, list.at + each};
        list.at += each;
        uint64_t at = perf_u64(&where), size = perf_u64(&where);
        if (!part(file, at, size, &ids))
            return CUT;
        if (!perf_event_add(events, attr))
            return "it has more than 64 events";
        perf_event_ids(events, ids);
    }
    return NULL;
}

static const char *read_head(struct perf_file_parts *parts, struct perf_events *events,
                             struct perf_bytes file)
{
    struct perf_bytes b = {file.at + 16, file.end}, list, flags;
    uint64_t each = perf_u64(&b), at = perf_u64(&b), size = perf_u64(&b);
    if (!part(file, at, size, &list))
        return CUT;
    uint64_t data = perf_u64(&b), data_size = perf_u64(&b);
    if (data > perf_left(file))
        return CUT;
    /* 0: it was broken off, and goes on to the end. */
    data_size = data_size ? data_size : perf_left(file) - data;
    if (!part(file, data, data_size, &parts->data))
        return CUT;
    flags = (struct perf_bytes){file.at + 72, file.at + FILE_HEAD};
    const char *problem = read_attributes(events, file, list, each);
    return problem ? problem : read_features(parts, events, file, flags);
}

/* In a pipe what the head says comes as records. */
static const char *read_pipe_head(struct perf_file_parts *parts, struct perf_events *events)
{
    struct perf_record r;
    for (struct perf_bytes b = parts->data, start = b; next(&b, &r); start = b) {
        struct perf_bytes body = r.body;
        if (r.type == HEADER_ATTR) {
            struct perf_bytes attr = body;
            perf_u32(&attr); /* its type */
            uint32_t size = perf_u32(&attr);
            if (size > perf_left(body))
                return CUT;
            if (!perf_event_add(events, (struct perf_bytes){body.at, body.at + size}))
                return "it has more than 64 events";
            perf_event_ids(events, (struct perf_bytes){body.at + size, body.end});
        } else if (r.type == HEADER_FEATURE && perf_u64(&body) == FEATURE_EVENT_DESC) {
            name_events(events, body);
        } else if (r.type == HEADER_BUILD_ID) {
            add_build_ids(parts, (struct perf_bytes){start.at, r.body.end});
        }
    }
    return NULL;
}

/* ---- compressed records ---- */

static const char *unpack_part(ZSTD_DStream *z, struct perf_bytes body, struct strbuf *out)
{
    ZSTD_inBuffer in = {.src = body.at, .size = perf_left(body)};
    for (;;) {
        enum { STEP = 1 << 17 };
        ZSTD_outBuffer to = {.dst = strbuf_room(out, STEP), .size = STEP};
        size_t state = ZSTD_decompressStream(z, &to, &in);
        if (ZSTD_isError(state))
            return "its compressed records are cut or broken";
        out->len += to.pos;
        if (out->len > PROFILE_FILE_MAX)
            return "its records unpack to more than 256 MiB";
        if (in.pos == in.size && to.pos < to.size)
            return NULL;
    }
}

/* Those that were compressed, behind the others: a record may begin in one part and end in the next. */
static const char *unpack_records(struct perf_file_parts *parts)
{
    struct perf_record r;
    struct strbuf plain = {0}, unpacked = {0};
    const char *problem = NULL;
    ZSTD_DStream *z = NULL;
    for (struct perf_bytes b = parts->data, start = b; !problem && next(&b, &r); start = b) {
        bool packed = r.type == COMPRESSED || r.type == COMPRESSED2;
        if (r.type == COMPRESSED2) { /* the length, because they are padded */
            uint64_t n = perf_u64(&r.body);
            r.body.end = r.body.at + MIN(n, (uint64_t)perf_left(r.body));
        }
        if (packed && !z)
            z = ZSTD_createDStream();
        if (packed)
            problem = unpack_part(z, r.body, &unpacked);
        else
            strbuf_add(&plain, start.at, (size_t)(b.at - start.at));
    }
    ZSTD_freeDStream(z);
    if (!z || problem) {
        strbuf_free(&plain);
        strbuf_free(&unpacked);
        return problem;
    }
    strbuf_add(&plain, strbuf_text(&unpacked), unpacked.len);
    strbuf_free(&unpacked);
    size_t len = plain.len;
    parts->unpacked = (unsigned char *)strbuf_detach(&plain);
    parts->data = (struct perf_bytes){parts->unpacked, parts->unpacked + len};
    return NULL;
}

static bool has_packed(struct perf_bytes b)
{
    struct perf_record r;
    while (next(&b, &r))
        if (r.type == COMPRESSED || r.type == COMPRESSED2)
            return true;
    return false;
}

/* ---- records in the order of time ---- */

static bool is_read(uint32_t type)
{
    return type < 32 &&
           (1u << type & (1u << PERF_MMAP | 1u << PERF_LOST | 1u << PERF_COMM | 1u << PERF_EXIT |
                          1u << PERF_FORK | 1u << PERF_SAMPLE | 1u << PERF_MMAP2 | 1u << PERF_LOST_SAMPLES));
}

static int by_time(const void *a, const void *b)
{
    const struct perf_place *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

void perf_records_sort(struct perf_file_parts *parts, const struct perf_events *events)
{
    struct perf_record r;
    uint64_t last = 0;
    bool sorted = true;
    for (struct perf_bytes b = parts->data, start = b; next(&b, &r); start = b) {
        struct perf_sample s;
        if (!is_read(r.type))
            continue;
        uint64_t time = r.type != PERF_SAMPLE                  ? perf_time_at_end(events, r.body)
                        : perf_sample_read(events, r.body, &s) ? s.time
                                                               : UINT64_MAX;
        time = time == UINT64_MAX ? last : time; /* those without one stay where they are */
        sorted &= time >= last;
        last = time;
        if (parts->n_records == parts->cap_records)
            parts->records =
                mem_grow(parts->records, parts->n_records, &parts->cap_records, sizeof *parts->records);
        parts->records[parts->n_records++] =
            (struct perf_place){.time = time, .at = (uint32_t)(start.at - parts->data.at)};
    }
    if (!sorted)
        qsort(parts->records, parts->n_records, sizeof *parts->records, by_time);
}

bool perf_record_at(const struct perf_file_parts *parts, size_t i, struct perf_record *r)
{
    struct perf_bytes b = {parts->data.at + parts->records[i].at, parts->data.end};
    return next(&b, r);
}

const char *perf_records_find(struct perf_file_parts *parts, struct perf_events *events, const void *bytes,
                              size_t len)
{
    const unsigned char *at = bytes;
    struct perf_bytes file = {at, at + len}, b = {at + MIN(len, (size_t)8), at + len};
    if (len >= 8 && !memcmp(bytes, "2ELIFREP", 8))
        return "it was recorded on a machine of the other byte order; convert it with: perf script -i FILE > "
               "FILE.txt";
    if (len < PIPE_HEAD || memcmp(bytes, "PERFILE2", 8) != 0)
        return "it is no recording of perf";
    bool pipe = perf_u64(&b) == PIPE_HEAD;
    if (!pipe && len < FILE_HEAD)
        return CUT;
    parts->data = (struct perf_bytes){at + PIPE_HEAD, at + len};
    const char *problem = pipe ? read_pipe_head(parts, events) : read_head(parts, events, file);
    if (!problem && has_packed(parts->data))
        problem = unpack_records(parts);
    return problem;
}

void perf_records_free(struct perf_file_parts *parts)
{
    free(parts->unpacked);
    free(parts->records);
    free(parts->build_ids);
}
