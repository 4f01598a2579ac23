/* perf_data.c - recordings of `perf record` (PERFILE2): of files and of pipes, plain or compressed. */
#include "format/profiles/perf_data.h"

#include <stdlib.h>

#include "base/num.h"
#include "format/profiles/perf_data_event.h"
#include "format/profiles/perf_records.h"
#include "format/profiles/perf_data_spaces.h"
#include "format/profiles/profile_file.h"

/* Above it stands what the addresses behind it are of. */
enum { CONTEXT_LEAST = -4095, CONTEXT_KERNEL = -128, CONTEXT_USER = -512 };
enum { IN_KERNEL = 1, IN_USER = 2 };

struct perf_data {
    struct profile *p;
    const struct perf_names *names;
    struct perf_events events;
    struct perf_data_spaces spaces;
    struct profile_tree named; /* as a table: where the functions of a place stand in `found` */
    uint32_t *found;           /* the number of functions, then they, the innermost first */
    size_t n_found, cap_found;
    uint32_t *frames;
    size_t n, cap;
    uint64_t first, last; /* times; first > last: none */
    uint64_t copied, unknown;
    struct strbuf text;
    const char *problem;
};

static bool refuse(struct perf_data *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

/* ---- frames ---- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static const char *kind_of(const char *path, bool kernel)
{
    const char *base = base_of(path);
    if (kernel)
        return "kernel";
    if (str_starts(path, "//anon") || (str_starts(base, "perf-") && str_ends(base, ".map")) ||
        (str_starts(base, "jitted-") && str_ends(base, ".so")))
        return "jit";
    return "native";
}

/* Where only the file is known, "[libc.so.6]". */
static uint32_t nameless(struct perf_data *x, uint32_t file, bool kernel)
{
    struct perf_file *f = &x->spaces.files[file];
    const char *base = base_of(f->path);
    if (!f->function) {
        strbuf_clear(&x->text);
        strbuf_printf(&x->text, *base == '[' ? "%.500s" : "[%.500s]", base);
        f->function = profile_function(x->p, strbuf_text(&x->text), x->text.len, base, strlen(base),
                                       kind_of(f->path, kernel)) +
                      1;
    }
    return f->function - 1;
}

static void push(struct perf_data *x, uint32_t function)
{
    x->frames = x->n == x->cap ? mem_grow(x->frames, x->n, &x->cap, sizeof *x->frames) : x->frames;
    x->frames[x->n++] = function;
}

static uint32_t keep(struct perf_data *x, uint32_t v)
{
    if (x->n_found == x->cap_found)
        x->found = mem_grow(x->found, x->n_found, &x->cap_found, sizeof *x->found);
    x->found[x->n_found] = v;
    return (uint32_t)x->n_found++;
}

/* Where the functions of a place stand in `found`. */
static uint32_t look_up(struct perf_data *x, const struct perf_data_place *at)
{
    struct perf_data_name names[PERF_DATA_NAMES_MAX];
    size_t n = x->names->names(x->names->ctx, at, names);
    uint32_t where = keep(x, n ? (uint32_t)n : 1);
    if (!n)
        keep(x, nameless(x, at->file, at->kernel));
    for (size_t i = n; i-- > 0;) {
        const char *module = names[i].module ? names[i].module : base_of(at->path);
        const char *kind = names[i].kind ? names[i].kind : kind_of(at->path, at->kernel);
        keep(x, profile_function(x->p, names[i].name, strlen(names[i].name), module, strlen(module), kind));
    }
    return where;
}

/* The functions at a place in a file, looked up once. */
static void push_names(struct perf_data *x, const struct perf_map *m, int32_t pid, uint64_t address,
                       bool kernel)
{
    const struct perf_file *f = &x->spaces.files[m->file];
    uint64_t offset = address - m->start + m->offset;
    bool own = f->path[0] != '/' || str_starts(f->path, "//anon") ||
               str_starts(f->path, "/memfd:"); /* differs by process */
    own &= !kernel;
    uint64_t id = ((uint64_t)m->file + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (own ? address : offset) ^
                  (own ? (uint64_t)(uint32_t)pid << 40 : 0);
    uint32_t node = tree_find(&x->named, id >> 1), where = (uint32_t)x->n_found;
    if (node != UINT32_MAX) {
        where = x->named.nodes[node].function;
    } else {
        where = look_up(x, &(struct perf_data_place){.file = m->file,
                                                     .path = f->path,
                                                     .build_id = f->build_id,
                                                     .build_id_len = f->build_id_len,
                                                     .inode = f->inode,
                                                     .generation = f->generation,
                                                     .several = f->several,
                                                     .kernel = kernel,
                                                     .pid = pid,
                                                     .address = address,
                                                     .offset = offset,
                                                     .start = m->start,
                                                     .begin = m->offset});
        node = x->named.full ? 0 : tree_add(&x->named, id >> 1);
        if (!x->named.full)
            x->named.nodes[node].function = where;
    }
    for (uint32_t i = 1; i <= x->found[where]; i++)
        push(x, x->found[where + i]);
    if (x->named.full)
        x->n_found = where; /* it is not kept */
}

static void push_place(struct perf_data *x, int32_t pid, uint64_t address, bool kernel)
{
    static const char unknown[] = "[unknown]", kallsyms[] = "[kernel.kallsyms]";
    const struct perf_map *m = perf_map_at(&x->spaces, kernel ? PERF_KERNEL : pid, address);
    struct perf_map all = {.end = UINT64_MAX};
    if (!m && !kernel) {
        x->unknown++;
        push(x, profile_function(x->p, unknown, sizeof unknown - 1, NULL, 0, NULL));
        return;
    }
    if (!m) {
        all.file = perf_file_of(&x->spaces, kallsyms, sizeof kallsyms - 1);
        m = &all;
    }
    if (x->spaces.full)
        return;
    if (x->names)
        push_names(x, m, pid, address, kernel);
    else
        push(x, nameless(x, m->file, kernel));
}

/* The stack, innermost first, then the name of the thread; then turned. */
static void stack_of(struct perf_data *x, const struct perf_sample *s, unsigned mode)
{
    struct perf_bytes chain = s->chain;
    bool kernel = mode == IN_KERNEL, exact = true;
    x->n = 0;
    if (perf_left(chain) < 8)
        push_place(x, s->pid, s->ip, kernel);
    while (perf_left(chain) >= 8 && x->n < PROFILE_DEPTH_MAX) {
        uint64_t ip = perf_u64(&chain);
        if (ip >= (uint64_t)CONTEXT_LEAST) {
            kernel = (int64_t)ip == CONTEXT_KERNEL || ((int64_t)ip != CONTEXT_USER && kernel);
            exact = true;
            continue;
        }
        push_place(x, s->pid, ip - !exact, kernel); /* in the call, not behind it */
        exact = false;
    }
    push(x, perf_comm(&x->spaces, s->tid));
    for (size_t i = 0; i < x->n / 2; i++) {
        uint32_t t = x->frames[i];
        x->frames[i] = x->frames[x->n - 1 - i];
        x->frames[x->n - 1 - i] = t;
    }
}

/* ---- records ---- */

static bool take_sample(struct perf_data *x, const struct perf_record *r)
{
    struct perf_sample s;
    double values[PERF_EVENTS_MAX] = {0};
    if (!perf_sample_read(&x->events, r->body, &s)) {
        x->p->skipped++;
        return true;
    }
    stack_of(x, &s, r->misc & 7);
    if (x->p->full || x->spaces.full)
        return refuse(x, x->spaces.full);
    values[s.event->sample] = (double)s.period;
    x->copied += s.event->stacks_copied;
    if (s.time != UINT64_MAX) {
        x->first = MIN(x->first, s.time);
        x->last = MAX(x->last, s.time);
    }
    return profile_stack(x->p, x->frames, x->n, 1, values);
}

static void take_map(struct perf_data *x, const struct perf_record *r)
{
    enum { BUILD_ID = 1 << 14 };
    struct perf_bytes b = r->body;
    int32_t pid = (int32_t)perf_u32(&b);
    perf_u32(&b);
    struct perf_map m = {.start = perf_u64(&b)};
    uint64_t length = perf_u64(&b);
    m.end = length > UINT64_MAX - m.start ? UINT64_MAX : m.start + length;
    m.offset = perf_u64(&b);
    unsigned char id[24] = {0};
    bool with_id = r->type == PERF_MMAP2 && r->misc & BUILD_ID && perf_left(b) >= sizeof id;
    if (with_id)
        memcpy(id, b.at, sizeof id); /* size, 3 bytes, id */
    struct perf_bytes which = b;
    perf_u64(&which); /* the device */
    b.at += r->type == PERF_MMAP2 ? MIN((size_t)32, perf_left(b)) : 0;
    m.file = perf_file_of(&x->spaces, (const char *)b.at, perf_left(b));
    if (x->spaces.full)
        return;
    struct perf_file *f = &x->spaces.files[m.file];
    uint64_t inode = perf_u64(&which), generation = perf_u64(&which);
    if (r->type == PERF_MMAP2 && with_id)
        perf_file_is(f, id + 4, id[0], 0, 0);
    else if (r->type == PERF_MMAP2)
        perf_file_is(f, NULL, 0, inode, generation);
    if (x->names && x->names->mapped)
        x->names->mapped(x->names->ctx, pid, f->path);
    perf_mapped(&x->spaces, pid, m);
}

static void take_process(struct perf_data *x, const struct perf_record *r)
{
    enum { EXEC = 1 << 13 };
    struct perf_bytes b = r->body;
    int32_t pid = (int32_t)perf_u32(&b), second = (int32_t)perf_u32(&b);
    if (r->type == PERF_COMM) {
        perf_named(&x->spaces, pid, second, (const char *)b.at, perf_left(b), r->misc & EXEC);
        return;
    }
    int32_t tid = (int32_t)perf_u32(&b), parent_tid = (int32_t)perf_u32(&b);
    if (r->type == PERF_FORK)
        perf_forked(&x->spaces, pid, second, tid, parent_tid);
    else if (pid == tid)
        perf_exited(&x->spaces, pid);
}

static void take_lost(struct perf_data *x, const struct perf_record *r)
{
    struct perf_bytes b = r->body;
    if (r->type == PERF_LOST)
        perf_u64(&b); /* of which event */
    uint64_t n = perf_u64(&b);
    x->p->lost = add_sat(x->p->lost, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static bool take_record(struct perf_data *x, const struct perf_record *r)
{
    switch (r->type) {
    case PERF_SAMPLE:
        return take_sample(x, r);
    case PERF_MMAP:
    case PERF_MMAP2:
        take_map(x, r);
        break;
    case PERF_COMM:
    case PERF_FORK:
    case PERF_EXIT:
        take_process(x, r);
        break;
    case PERF_LOST:
    case PERF_LOST_SAMPLES:
        take_lost(x, r);
        break;
    default:
        break;
    }
    return !x->spaces.full || refuse(x, x->spaces.full);
}

/* Which build the files were that are named by the recording's head. */
static void take_build_ids(struct perf_data *x, struct perf_bytes b)
{
    enum { SIZED = 1 << 15, HEAD = 8 };
    while (perf_left(b) >= HEAD && !x->spaces.full) {
        struct perf_bytes one = b;
        perf_u32(&one);
        uint32_t second = perf_u32(&one);
        size_t size = second >> 16;
        if (size < HEAD + 28 || size > perf_left(b))
            return;
        one.end = b.at + size;
        b.at += size;
        perf_u32(&one); /* the process */
        const unsigned char *id = one.at;
        one.at += 24;
        size_t n = second & SIZED ? id[20] : PERF_BUILD_ID_MAX;
        uint32_t file = perf_file_of(&x->spaces, (const char *)one.at, perf_left(one));
        if (!x->spaces.full)
            perf_file_is(&x->spaces.files[file], id, n, 0, 0);
    }
}

static void say_what_is_missing(struct perf_data *x)
{
    if (!x->names)
        profile_say(x->p, "Names are not in the file: functions stand as the module they are in.");
    if (x->copied)
        profile_say(x->p,
                    "Stacks were recorded as copies for DWARF, which are not unwound: only their innermost "
                    "frame is known.");
    if (x->p->skipped)
        profile_say(x->p, "Some samples are of no event that the file describes.");
}

static bool read_file(struct perf_data *x, struct perf_file_parts *parts)
{
    struct perf_record r;
    if (!x->events.n)
        return refuse(x, "it describes no event");
    x->p->lost = 0;
    perf_events_name(&x->events, x->p);
    for (size_t i = 0; i < parts->n_build_ids; i++)
        take_build_ids(x, parts->build_ids[i]);
    perf_records_sort(parts, &x->events);
    for (size_t i = 0; i < parts->n_records; i++)
        if (perf_record_at(parts, i, &r) && !take_record(x, &r))
            return false;
    if (!x->p->samples)
        return refuse(x, "it has no samples");
    if (x->first < x->last)
        x->p->duration_ns = real_to_int((double)(x->last - x->first));
    x->p->truncated_share = (double)x->copied / (double)x->p->samples;
    say_what_is_missing(x);
    return true;
}

struct profile *perf_data_read_named(const void *bytes, size_t len, const struct perf_names *names,
                                     struct sd_error *err)
{
    struct perf_data x = {
        .p = profile_new("perf.data", PERF_EVENTS_MAX), .names = names, .first = UINT64_MAX};
    struct perf_file_parts parts = {0};
    x.spaces.p = x.p;
    x.p->counted = true;
    const char *problem = perf_records_find(&parts, &x.events, bytes, len);
    if (problem) {
        refuse(&x, problem);
    } else {
        x.p->max_types = x.events.n;
        read_file(&x, &parts);
    }
    perf_records_free(&parts);
    perf_data_spaces_free(&x.spaces);
    tree_free(&x.named);
    free(x.found);
    tree_free(&x.events.ids);
    free(x.frames);
    strbuf_free(&x.text);
    return profile_read_end(x.p, x.problem, err);
}

struct profile *perf_data_read(const void *bytes, size_t len, struct sd_error *err)
{
    return perf_data_read_named(bytes, len, NULL, err);
}

bool perf_data_like(const void *head, size_t len)
{
    return len > 8 && (!memcmp(head, "PERFILE2", 8) || !memcmp(head, "2ELIFREP", 8));
}
