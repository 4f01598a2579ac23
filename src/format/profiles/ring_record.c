#include "format/profiles/ring_record.h"

/* What is left of a record. */
struct body {
    const unsigned char *at;
    size_t left;
    bool broken;
};

static const unsigned char *take(struct body *b, uint64_t n)
{
    if (n > b->left) {
        b->broken = true;
        b->left = 0;
        return NULL;
    }
    const unsigned char *at = b->at;
    b->at += n;
    b->left -= n;
    return at;
}

static uint64_t take_u64(struct body *b)
{
    uint64_t v = 0;
    const unsigned char *at = take(b, sizeof v);
    if (at)
        memcpy(&v, at, sizeof v);
    return v;
}

static uint32_t take_u32(struct body *b)
{
    uint32_t v = 0;
    const unsigned char *at = take(b, sizeof v);
    if (at)
        memcpy(&v, at, sizeof v);
    return v;
}

static const char *take_name(struct body *b)
{
    const char *name = (const char *)b->at;
    const char *end = memchr(b->at, 0, b->left);
    b->broken |= !end;
    return end ? name : "";
}

/* pid, tid, time, cpu, and four bytes that are kept free. */
static void take_id(struct body *b, struct ring_record *e)
{
    e->pid = take_u32(b);
    e->tid = take_u32(b);
    e->time = (int64_t)take_u64(b);
    e->cpu = take_u32(b);
    take_u32(b);
}

static void take_sample(struct body *b, const struct ring_layout *layout, struct ring_record *e)
{
    e->ip = take_u64(b);
    take_id(b, e);
    e->period = take_u64(b);
    uint64_t n = take_u64(b);
    if (n > b->left / 8)
        b->broken = true;
    if (b->broken)
        return;
    e->n_chain = (size_t)n;
    e->chain = take(b, n * 8);
    if (!layout->regs)
        return;
    size_t regs = (size_t)__builtin_popcountll(layout->regs);
    if (take_u64(b)) {
        e->regs = take(b, regs * 8);
        e->n_regs = e->regs ? regs : 0;
    }
    uint64_t size = take_u64(b);
    const unsigned char *stack = size ? take(b, size) : NULL;
    if (stack) {
        uint64_t filled = take_u64(b);
        e->stack_len = (size_t)MIN(filled, size);
        e->stack = b->broken ? NULL : stack;
    }
}

/* What records other than samples end in. */
static bool split_id(struct body *b, struct ring_record *e)
{
    enum { ID = 24 };
    if (b->left < ID)
        return false;
    struct body id = {b->at + b->left - ID, ID, false};
    take_id(&id, e);
    b->left -= ID;
    return true;
}

static void take_mapping(struct body *b, struct ring_record *e)
{
    e->pid = take_u32(b);
    e->tid = take_u32(b);
    e->start = take_u64(b);
    e->len = take_u64(b);
    e->offset = take_u64(b);
    if (e->type == PERF_RECORD_MMAP2) {
        bool by_build_id = e->misc & PERF_RECORD_MISC_MMAP_BUILD_ID;
        uint32_t major = take_u32(b), minor = take_u32(b);
        uint64_t inode = take_u64(b);
        take_u64(b); /* generation of the inode */
        take_u64(b); /* protection and flags */
        e->major = by_build_id ? 0 : major;
        e->minor = by_build_id ? 0 : minor;
        e->inode = by_build_id ? 0 : inode;
    }
    e->name = take_name(b);
    b->broken |= e->len > UINT64_MAX - e->start;
}

static void take_other(struct body *b, struct ring_record *e)
{
    switch (e->type) {
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
        take_mapping(b, e);
        break;
    case PERF_RECORD_COMM:
        e->pid = take_u32(b);
        e->tid = take_u32(b);
        e->name = take_name(b);
        break;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
        e->pid = take_u32(b);
        e->parent = take_u32(b);
        e->tid = take_u32(b);
        break;
    case PERF_RECORD_LOST:
        take_u64(b); /* id of the event */
        e->lost = take_u64(b);
        break;
    case PERF_RECORD_LOST_SAMPLES:
        e->lost = take_u64(b);
        break;
    default:
        break;
    }
}

size_t ring_record_size(const void *bytes, size_t len)
{
    struct perf_event_header h;
    if (len < sizeof h)
        return 0;
    memcpy(&h, bytes, sizeof h);
    return h.size >= sizeof h && h.size <= len ? h.size : 0;
}

bool ring_record_decode(const void *bytes, size_t len, const struct ring_layout *layout,
                        struct ring_record *e)
{
    struct perf_event_header h;
    size_t size = ring_record_size(bytes, len);
    if (!size)
        return false;
    memcpy(&h, bytes, sizeof h);
    *e = (struct ring_record){.type = h.type, .misc = h.misc};
    struct body b = {(const unsigned char *)bytes + sizeof h, size - sizeof h, false};
    if (h.type == PERF_RECORD_SAMPLE) {
        take_sample(&b, layout, e);
    } else {
        if (!split_id(&b, e))
            return false;
        take_other(&b, e);
    }
    return !b.broken;
}

uint64_t ring_record_ip(const struct ring_record *e, size_t i)
{
    uint64_t ip;
    memcpy(&ip, e->chain + i * sizeof ip, sizeof ip);
    return ip;
}
