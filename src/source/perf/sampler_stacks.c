/* sampler_stacks.c - the stacks of a window: samples are counted by their addresses as they come; names are
 * looked for once, when the window ends. */
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "source/perf/sampler.h"

void sampler_stacks_free(struct sampler_stacks *s)
{
    free(s->items);
    free(s->frames);
    free(s->slots);
    *s = (struct sampler_stacks){0};
}

static void empty(struct sampler_stacks *s)
{
    s->n = s->n_frames = 0;
    if (s->slots)
        memset(s->slots, 0, s->n_slots * sizeof *s->slots);
}

/* ---- frames ---- */

struct symbol_frame sampler_frame_of(struct sampler_source *x, struct sampler_space *s, uint64_t ip,
                                     bool kernel)
{
    if (kernel)
        return (struct symbol_frame){.module = x->symbols.kernel, .address = ip};
    const struct sampler_map *m = sampler_space_map(s, ip);
    if (m && m->module) {
        symbol_module_open(&x->symbols, m->module, s->pid, m->start, m->end, m->inode);
        return (struct symbol_frame){.module = m->module, .address = ip - m->start + m->offset};
    }
    struct symbol_module *jit = m ? sampler_space_jit(x, s) : NULL;
    return (struct symbol_frame){.module = jit ? jit : x->symbols.nowhere, .address = jit ? ip : 0};
}

/* The chain as frames; returns how many. Behind a mark of the kernel or the process comes the address itself,
 * then those that calls return to. */
struct chain {
    struct symbol_frame frames[PERF_DEPTH_MAX];
    size_t n, user;
    bool judged, whole;
};

static void frames_of(struct sampler_source *x, struct sampler_space *s, const struct ring_record *e,
                      struct chain *c)
{
    bool kernel = (e->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL, exact = true;
    c->n = c->user = 0;
    c->judged = c->whole = false;
    for (size_t i = 0; i < e->n_chain && c->n < PERF_DEPTH_MAX; i++) {
        uint64_t ip = ring_record_ip(e, i);
        if (ip >= (uint64_t)PERF_CONTEXT_MAX) {
            kernel = ip == (uint64_t)PERF_CONTEXT_KERNEL;
            exact = true;
            continue;
        }
        struct symbol_frame f = sampler_frame_of(x, s, ip, kernel);
        /* No call returns to where no code is: a register was no frame pointer. What follows is as wrong. */
        if (!exact && f.module == x->symbols.nowhere)
            break;
        f.exact = exact;
        c->frames[c->n++] = f;
        c->user += !kernel;
        exact = false;
    }
    if (x->events.dwarf) {
        c->user = sampler_unwind(x, s, e, c->frames + c->n, PERF_DEPTH_MAX - c->n, &c->whole);
        c->n += c->user;
        c->judged = true;
    }
    if (!c->n && e->ip) {
        c->frames[0] = sampler_frame_of(x, s, e->ip, kernel);
        c->frames[0].exact = true;
        c->n = 1;
        c->user = !kernel;
    }
}

/* ---- counting ---- */

static bool same(const struct sampler_stacks *t, const struct sampler_stack *a, const struct sampler_space *s,
                 const struct symbol_frame *frames, size_t n)
{
    if (a->n != n || strcmp(a->comm, s->comm) != 0)
        return false;
    const struct symbol_frame *its = t->frames + a->first;
    for (size_t i = 0; i < n; i++)
        if (its[i].module != frames[i].module || its[i].address != frames[i].address ||
            its[i].exact != frames[i].exact)
            return false;
    return true;
}

static uint64_t hash_frames(const struct sampler_space *s, const struct symbol_frame *frames, size_t n)
{
    uint64_t h = str_hash(s->comm, strlen(s->comm));
    for (size_t i = 0; i < n; i++) {
        h = (h ^ frames[i].address ^ (uint64_t)(uintptr_t)frames[i].module << 1) *
            UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return h;
}

static void grow(struct sampler_stacks *t)
{
    t->n_slots = t->n_slots ? t->n_slots * 2 : 1024;
    free(t->slots);
    t->slots = mem_array(t->n_slots, sizeof *t->slots);
    for (size_t i = 0; i < t->n; i++) {
        size_t at = t->items[i].hash & (t->n_slots - 1);
        while (t->slots[at])
            at = (at + 1) & (t->n_slots - 1);
        t->slots[at] = (uint32_t)i + 1;
    }
}

static struct sampler_stack *stack_of(struct sampler_stacks *t, const struct sampler_space *s,
                                      const struct chain *c)
{
    const struct symbol_frame *frames = c->frames;
    size_t n = c->n;
    uint64_t hash = hash_frames(s, frames, n);
    if (t->n * 2 >= t->n_slots)
        grow(t);
    size_t at = hash & (t->n_slots - 1);
    for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
        struct sampler_stack *k = &t->items[t->slots[at] - 1];
        if (k->hash == hash && same(t, k, s, frames, n))
            return k;
    }
    if (t->n >= PERF_STACKS_MAX || t->n_frames + n > PERF_FRAMES_MAX)
        return NULL;
    if (t->n == t->cap)
        t->items = mem_grow(t->items, t->n, &t->cap, sizeof *t->items);
    while (t->cap_frames < t->n_frames + n) {
        t->cap_frames = MAX(t->cap_frames * 2, (size_t)4096);
        t->frames = mem_realloc(t->frames, t->cap_frames * sizeof *t->frames);
    }
    memcpy(t->frames + t->n_frames, frames, n * sizeof *frames);
    struct sampler_stack *k = &t->items[t->n++];
    *k = (struct sampler_stack){.hash = hash,
                                .first = (uint32_t)t->n_frames,
                                .n = (uint32_t)n,
                                .user = (uint32_t)c->user,
                                .judged = c->judged,
                                .whole = c->whole};
    snprintf(k->comm, sizeof k->comm, "%s", s->comm);
    t->n_frames += n;
    t->slots[at] = (uint32_t)t->n;
    return k;
}

void sampler_stacks_add(struct sampler_source *x, struct sampler_space *s, const struct ring_record *e,
                        int64_t samples, double value)
{
    struct chain c;
    frames_of(x, s, e, &c);
    struct sampler_stack *k = stack_of(&x->stacks, s, &c);
    x->events.lost += !k;
    if (!k)
        return;
    k->samples = add_sat(k->samples, samples);
    k->value += value;
}

/* ---- the profile ---- */

struct build {
    struct sampler_source *x;
    struct profile *p;
    uint32_t *ids;
    size_t n, cap;
    int64_t with_user, cut; /* samples with a part of the process, and those whose begin is missing */
};

static void push(struct build *b, const char *name, const char *module, const char *kind)
{
    if (b->n == b->cap)
        b->ids = mem_grow(b->ids, b->n, &b->cap, sizeof *b->ids);
    b->ids[b->n++] = profile_function(b->p, name, strlen(name), module, module ? strlen(module) : 0, kind);
}

static bool begins_a_thread(const char *name)
{
    static const char *const known[] = {"_start",          "main",
                                        "start_thread",    "clone",
                                        "clone3",          "__clone",
                                        "__clone3",        "thread_start",
                                        "_dl_start_user",  "runtime.goexit.abi0",
                                        "runtime.goexit",  "runtime.mstart",
                                        "runtime.mstart0", "runtime.mcall",
                                        "runtime.main",    "runtime.systemstack",
                                        "ret_from_fork",   NULL};
    return str_find(known, name) >= 0 || str_starts(name, "__libc_start") ||
           str_starts(name, "runtime.rt0_go");
}

/* Of a stripped C library the functions that start a thread have no names: what they called is whole. */
static bool is_libc(const struct symbol_name *f)
{
    return f->module && f->name[0] == '[' &&
           (str_starts(f->module, "libc.so") || str_starts(f->module, "libc-2") ||
            str_starts(f->module, "libpthread") || str_starts(f->module, "ld-musl"));
}

/* Frames from the outermost in; whether the process's part is whole. */
static bool push_frames(struct build *b, const struct sampler_stack *k)
{
    bool whole = !k->user;
    for (uint32_t i = k->n; i-- > 0;) {
        struct symbol_name names[SYMBOL_NAMES_MAX];
        const struct symbol_frame *f = &b->x->stacks.frames[k->first + i];
        size_t n = symbol_names(&b->x->symbols, f, names);
        uint32_t from_outside = k->n - 1 - i;
        /* Behind main lies what called it, whose begin may be missing. */
        if (from_outside < MIN(k->user, 3U))
            whole |= begins_a_thread(names[0].name) || (k->user > 1 && !from_outside && is_libc(names));
        for (size_t j = 0; j < n; j++)
            push(b, names[j].name, names[j].module, names[j].kind);
        symbols_go_on(&b->x->symbols);
    }
    return k->judged ? k->whole || !k->user : whole;
}

static void add_stack(struct build *b, const struct sampler_stack *k)
{
    b->n = 0;
    push(b, *k->comm ? k->comm : "[unknown]", NULL, "process");
    bool whole = push_frames(b, k);
    if (k->user)
        b->with_user += k->samples;
    if (!whole)
        b->cut += k->samples;
    profile_stack(b->p, b->ids, b->n, k->samples, &k->value);
}

struct profile *sampler_stacks_profile(struct sampler_source *x, const char *type)
{
    struct build b = {.x = x, .p = profile_new("perf", 1)};
    b.p->counted = b.p->series = true;
    profile_type(b.p, type, "ns");
    for (size_t i = 0; i < x->stacks.n && !x->stopping; i++)
        add_stack(&b, &x->stacks.items[i]);
    if (b.with_user)
        b.p->truncated_share = (double)b.cut / (double)b.p->samples;
    else if (b.p->samples)
        b.p->truncated_share = 0;
    free(b.ids);
    empty(&x->stacks);
    return b.p;
}
