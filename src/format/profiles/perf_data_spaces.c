#include "format/profiles/perf_data_spaces.h"

#include <stdlib.h>

enum {
    MAPS_MAX = 128 << 10, /* of a process: twice what Linux allows */
    HELD_MAX = 6 << 20    /* of all */
};
#define WORK_MAX ((size_t)1 << 30) /* maps moved */

/* Sorted, without overlaps; shared by a process and those it forked until one of them maps something. */
struct perf_map_set {
    unsigned refs;
    struct perf_map *items;
    size_t n, cap;
};

static void drop(struct perf_data_spaces *s, struct perf_map_set *set)
{
    if (!set || --set->refs)
        return;
    s->held -= set->n;
    free(set->items);
    free(set);
}

void perf_data_spaces_free(struct perf_data_spaces *s)
{
    for (size_t i = 0; i < s->pids.n; i++)
        drop(s, s->maps[i]);
    free(s->maps);
    free(s->files);
    tree_free(&s->file_ids);
    tree_free(&s->pids);
    tree_free(&s->tids);
}

uint32_t perf_file_of(struct perf_data_spaces *s, const char *path, size_t len)
{
    static const char deleted[] = " (deleted)", kernel[] = "[kernel.kallsyms]";
    len = strnlen(path, len);
    if (len > sizeof deleted - 1 && !memcmp(path + len - (sizeof deleted - 1), deleted, sizeof deleted - 1))
        len -= sizeof deleted - 1;
    if (len > sizeof kernel - 1 && !memcmp(path, kernel, sizeof kernel - 1)) /* "[kernel.kallsyms]_text" */
        len = sizeof kernel - 1;
    uint64_t id = str_hash(path, len) >> 1;
    uint32_t known = tree_find(&s->file_ids, id);
    if (known != UINT32_MAX && strlen(s->files[known].path) == len &&
        !memcmp(s->files[known].path, path, len))
        return known;
    uint32_t file = tree_add(&s->file_ids, known == UINT32_MAX ? id : UINT64_MAX);
    if (s->file_ids.full) {
        s->full = "it has more than 2,097,152 mapped files";
        return 0;
    }
    s->files = s->n_files == s->cap_files ? mem_grow(s->files, s->n_files, &s->cap_files, sizeof *s->files)
                                          : s->files;
    s->files[s->n_files++] = (struct perf_file){.path = arena_strndup(s->p->arena, path, len)};
    return file;
}

void perf_file_is(struct perf_file *f, const unsigned char *build_id, size_t n, uint64_t inode,
                  uint64_t generation)
{
    if (n && n <= PERF_BUILD_ID_MAX) {
        f->several |= f->build_id_len && (f->build_id_len != n || memcmp(f->build_id, build_id, n) != 0);
        f->build_id_len = n;
        memcpy(f->build_id, build_id, n);
    }
    if (!inode)
        return;
    f->several |= f->inode && (inode != f->inode || generation != f->generation);
    f->inode = inode;
    f->generation = generation;
}

/* The number of the process, made when it is new. */
static uint32_t process(struct perf_data_spaces *s, int32_t pid)
{
    uint32_t i = tree_find(&s->pids, (uint32_t)pid);
    if (i != UINT32_MAX)
        return i;
    i = tree_add(&s->pids, (uint32_t)pid);
    if (s->pids.full) {
        s->full = "it has more than 2,097,152 processes";
        return 0;
    }
    if (i == s->cap_maps)
        s->maps = mem_grow((void *)s->maps, i, &s->cap_maps, sizeof(struct perf_map_set *));
    s->maps[i] = NULL;
    return i;
}

/* The maps of a process, for it alone. */
static struct perf_map_set *own_maps(struct perf_data_spaces *s, uint32_t i)
{
    struct perf_map_set *was = s->maps[i], *own;
    if (was && was->refs == 1)
        return was;
    own = mem_alloc(sizeof *own);
    own->refs = 1;
    if (was) {
        own->n = own->cap = was->n;
        own->items = mem_array(own->cap + 1, sizeof *own->items);
        if (was->n)
            memcpy(own->items, was->items, was->n * sizeof *own->items);
        s->held += own->n;
        s->work += own->n;
        drop(s, was);
    }
    return s->maps[i] = own;
}

/* The first map that ends behind the address. */
static size_t first_behind(const struct perf_map_set *set, uint64_t address)
{
    size_t lo = 0, hi = set->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (set->items[mid].end > address)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

void perf_mapped(struct perf_data_spaces *s, int32_t pid, struct perf_map map)
{
    uint32_t i = process(s, pid);
    if (s->full || map.end <= map.start)
        return;
    struct perf_map_set *set = own_maps(s, i);
    size_t from = first_behind(set, map.start), to = from, n = 0;
    struct perf_map parts[3];
    while (to < set->n && set->items[to].start < map.end)
        to++;
    if (from < to && set->items[from].start < map.start) {
        parts[n] = set->items[from];
        parts[n++].end = map.start;
    }
    parts[n++] = map;
    if (from < to && set->items[to - 1].end > map.end) {
        parts[n] = set->items[to - 1];
        parts[n].offset += map.end - parts[n].start;
        parts[n++].start = map.end;
    }
    size_t behind = set->n - to, all = from + n + behind;
    while (set->cap < all)
        set->items = mem_grow(set->items, set->cap, &set->cap, sizeof *set->items);
    memmove(set->items + from + n, set->items + to, behind * sizeof *set->items);
    memcpy(set->items + from, parts, n * sizeof *parts);
    s->held += all - set->n;
    s->work += behind + (to - from);
    set->n = all;
    if (all > MAPS_MAX || s->held > HELD_MAX || s->work > WORK_MAX)
        s->full = "its processes have more mapped files than can be read";
}

void perf_forked(struct perf_data_spaces *s, int32_t pid, int32_t parent, int32_t tid, int32_t parent_tid)
{
    uint32_t named = tree_find(&s->tids, (uint32_t)parent_tid), thread = tree_find(&s->tids, (uint32_t)tid);
    if (thread == UINT32_MAX)
        thread = tree_add(&s->tids, (uint32_t)tid);
    if (s->tids.full) {
        s->full = "it has more than 2,097,152 threads";
        return;
    }
    s->tids.nodes[thread].function = named != UINT32_MAX ? s->tids.nodes[named].function : UINT32_MAX;
    if (pid == parent)
        return;
    uint32_t from = process(s, parent), to = process(s, pid);
    if (s->full || from == to || s->maps[from] == s->maps[to])
        return;
    drop(s, s->maps[to]);
    s->maps[to] = s->maps[from];
    if (s->maps[to])
        s->maps[to]->refs++;
}

void perf_named(struct perf_data_spaces *s, int32_t pid, int32_t tid, const char *name, size_t len, bool exec)
{
    uint32_t thread = tree_find(&s->tids, (uint32_t)tid);
    if (thread == UINT32_MAX)
        thread = tree_add(&s->tids, (uint32_t)tid);
    if (s->tids.full) {
        s->full = "it has more than 2,097,152 threads";
        return;
    }
    s->tids.nodes[thread].function = profile_function(s->p, name, len, NULL, 0, "process");
    if (exec)
        perf_exited(s, pid);
}

void perf_exited(struct perf_data_spaces *s, int32_t pid)
{
    uint32_t i = tree_find(&s->pids, (uint32_t)pid);
    if (i == UINT32_MAX)
        return;
    drop(s, s->maps[i]);
    s->maps[i] = NULL;
}

const struct perf_map *perf_map_at(const struct perf_data_spaces *s, int32_t pid, uint64_t address)
{
    uint32_t i = tree_find(&s->pids, (uint32_t)pid);
    const struct perf_map_set *set = i != UINT32_MAX ? s->maps[i] : NULL;
    size_t at = set ? first_behind(set, address) : 0;
    return set && at < set->n && set->items[at].start <= address ? &set->items[at] : NULL;
}

uint32_t perf_comm(struct perf_data_spaces *s, int32_t tid)
{
    char text[32];
    uint32_t thread = tree_find(&s->tids, (uint32_t)tid);
    if (thread != UINT32_MAX && s->tids.nodes[thread].function != UINT32_MAX)
        return s->tids.nodes[thread].function;
    int n = snprintf(text, sizeof text, tid ? ":%d" : "swapper", tid);
    return profile_function(s->p, text, (size_t)n, NULL, 0, "process");
}
