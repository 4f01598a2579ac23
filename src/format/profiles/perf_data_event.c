#include "format/profiles/perf_data_event.h"

enum {
    HAS_IP = 1 << 0,
    HAS_TID = 1 << 1,
    HAS_TIME = 1 << 2,
    HAS_ADDR = 1 << 3,
    HAS_READ = 1 << 4,
    HAS_CALLCHAIN = 1 << 5,
    HAS_ID = 1 << 6,
    HAS_CPU = 1 << 7,
    HAS_PERIOD = 1 << 8,
    HAS_STREAM = 1 << 9,
    HAS_STACK = 1 << 13,
    HAS_IDENTIFIER = 1 << 16,

    READ_ENABLED = 1,
    READ_RUNNING = 2,
    READ_ID = 4,
    READ_GROUP = 8,
    READ_LOST = 16,

    ATTR_FREQ = 1 << 10,
    ATTR_ID_ALL = 1 << 18,
    ATTR_LEAST = 64, /* bytes; the first version had as many */
};

uint64_t perf_u64(struct perf_bytes *b)
{
    uint64_t v = 0;
    size_t n = MIN(perf_left(*b), sizeof v);
    if (n == sizeof v)
        memcpy(&v, b->at, n);
    b->at += n;
    return v;
}

uint32_t perf_u32(struct perf_bytes *b)
{
    uint32_t v = 0;
    size_t n = MIN(perf_left(*b), sizeof v);
    if (n == sizeof v)
        memcpy(&v, b->at, n);
    b->at += n;
    return v;
}

/* What perf calls the events that have no name in the file. */
static const char *name_of(uint64_t type, uint64_t config)
{
    static const char *const hardware[] = {
        "cycles",        "instructions", "cache-references",        "cache-misses",           "branches",
        "branch-misses", "bus-cycles",   "stalled-cycles-frontend", "stalled-cycles-backend", "ref-cycles"};
    static const char *const software[] = {
        "cpu-clock",        "task-clock",   "page-faults",  "context-switches",
        "cpu-migrations",   "minor-faults", "major-faults", "alignment-faults",
        "emulation-faults", "dummy",        "bpf-output",   "cgroup-switches"};
    if (type == 0 && config < ARRAY_LEN(hardware))
        return hardware[config];
    return type == 1 && config < ARRAY_LEN(software) ? software[config] : NULL;
}

struct perf_data_event *perf_event_add(struct perf_events *e, struct perf_bytes attr)
{
    if (e->n == PERF_EVENTS_MAX || perf_left(attr) < ATTR_LEAST)
        return NULL;
    struct perf_data_event *v = &e->items[e->n++];
    *v = (struct perf_data_event){.type = perf_u32(&attr)};
    perf_u32(&attr); /* its size */
    v->config = perf_u64(&attr);
    v->period = perf_u64(&attr);
    v->sample_type = perf_u64(&attr);
    v->read_format = perf_u64(&attr);
    uint64_t flags = perf_u64(&attr);
    v->freq = flags & ATTR_FREQ;
    v->sample_id_all = flags & ATTR_ID_ALL;
    v->stacks_copied = v->sample_type & HAS_STACK;
    e->mixed |= v->sample_type != e->items[0].sample_type || v->read_format != e->items[0].read_format;
    const char *name = name_of(v->type, v->config);
    if (name)
        snprintf(v->name, sizeof v->name, "%s", name);
    else
        snprintf(v->name, sizeof v->name, "event %u:%llx", (unsigned)v->type, (unsigned long long)v->config);
    return v;
}

void perf_event_ids(struct perf_events *e, struct perf_bytes ids)
{
    while (e->n && perf_left(ids) >= 8 && !e->ids.full) {
        uint64_t id = perf_u64(&ids);
        if (id != UINT64_MAX && tree_find(&e->ids, id) == UINT32_MAX) {
            uint32_t node = tree_add(&e->ids, id);
            e->ids.nodes[node].function = (uint32_t)e->n - 1;
        }
    }
}

void perf_events_name(struct perf_events *e, struct profile *p)
{
    for (size_t i = 0; i < e->n; i++) {
        struct perf_data_event *v = &e->items[i];
        bool clock = v->type == 1 && v->config <= 1;
        char *end = v->name + strlen(v->name); /* "cycles:u" */
        while (end > v->name && strchr("ukhpPGHSDWeI", end[-1]))
            end--;
        if (end > v->name + 1 && end[-1] == ':')
            end[-1] = 0;
        v->sample = profile_type(p, v->name, clock ? "ns" : "count");
        v->scale = 1;
    }
}

/* The event of an id; when all have the same fields, an unknown one is the first. */
static const struct perf_data_event *event_of(const struct perf_events *e, uint64_t id)
{
    uint32_t node = e->n > 1 ? tree_find(&e->ids, id) : UINT32_MAX;
    if (node != UINT32_MAX)
        return &e->items[e->ids.nodes[node].function];
    return e->n == 1 ? &e->items[0] : NULL;
}

/* The id in a sample, by the fields of the first event: perf takes care that it stands at the same place. */
static uint64_t sample_id(const struct perf_events *e, struct perf_bytes body)
{
    uint64_t has = e->items[0].sample_type;
    if (has & HAS_IDENTIFIER)
        return perf_u64(&body);
    if (!(has & HAS_ID))
        return 0;
    for (unsigned bit = HAS_IP; bit <= HAS_ADDR; bit <<= 1)
        if (has & bit)
            perf_u64(&body);
    return perf_u64(&body);
}

/* The value of a counter, or of a group of them. False: it is cut. */
static bool skip_read(const struct perf_data_event *v, struct perf_bytes *b)
{
    uint64_t f = v->read_format, times = !!(f & READ_ENABLED) + !!(f & READ_RUNNING);
    uint64_t each = 1 + !!(f & READ_ID) + !!(f & READ_LOST);
    uint64_t n = f & READ_GROUP ? perf_u64(b) : 1;
    if (n > perf_left(*b) / 8)
        return false;
    uint64_t bytes = 8 * (times + n * each);
    if (bytes > perf_left(*b))
        return false;
    b->at += bytes;
    return true;
}

bool perf_sample_read(const struct perf_events *e, struct perf_bytes b, struct perf_sample *s)
{
    const struct perf_data_event *v = event_of(e, e->n ? sample_id(e, b) : 0);
    if (!v)
        return false;
    uint64_t has = v->sample_type;
    *s = (struct perf_sample){.event = v, .time = UINT64_MAX, .pid = -1, .tid = -1};
    if (has & HAS_IDENTIFIER)
        perf_u64(&b);
    if (has & HAS_IP)
        s->ip = perf_u64(&b);
    if (has & HAS_TID) {
        s->pid = (int32_t)perf_u32(&b);
        s->tid = (int32_t)perf_u32(&b);
    }
    if (has & HAS_TIME)
        s->time = perf_u64(&b);
    for (unsigned bit = HAS_ADDR; bit; bit = bit == HAS_ADDR ? HAS_ID : bit == HAS_ID ? HAS_STREAM : 0)
        if (has & bit)
            perf_u64(&b);
    if (has & HAS_CPU)
        perf_u64(&b);
    s->period = has & HAS_PERIOD ? perf_u64(&b) : v->freq ? 1 : v->period;
    if (has & HAS_READ && !skip_read(v, &b))
        return false;
    if (!(has & HAS_CALLCHAIN))
        return true;
    uint64_t n = perf_u64(&b);
    if (n > perf_left(b) / 8)
        return false;
    s->chain = (struct perf_bytes){b.at, b.at + n * 8};
    return true;
}

uint64_t perf_time_at_end(const struct perf_events *e, struct perf_bytes body)
{
    const struct perf_data_event *v = e->n ? &e->items[0] : NULL;
    uint64_t has = v ? v->sample_type : 0;
    if (!v || !v->sample_id_all || !(has & HAS_TIME))
        return UINT64_MAX;
    size_t behind = 0;
    static const unsigned fields[] = {HAS_ID, HAS_STREAM, HAS_CPU, HAS_IDENTIFIER};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        behind += has & fields[i] ? 8 : 0;
    if (perf_left(body) < behind + 8)
        return UINT64_MAX;
    body.at = body.end - behind - 8;
    return perf_u64(&body);
}
