/* gperftools.c - the CPU profile that gperftools and old pprof write: words of the machine that wrote it,
 * then the maps of its process. https://gperftools.github.io/gperftools/cpuprofile-fileformat.html */
#include "format/profiles/profile_file.h"

#include <stdlib.h>

enum { MAPS_MAX = 1 << 16 };

struct map {
    uint64_t start, end;
    const char *name;
    size_t len;
};

struct words {
    const unsigned char *at, *end;
    unsigned size; /* of a word: 4 or 8 */
    bool big;      /* its bytes, the largest first */
};

struct gperftools {
    struct profile *p;
    struct words words;
    struct map *maps; /* by address */
    size_t n_maps, cap_maps;
    uint32_t *frames;
    size_t n, cap;
    double period; /* ns */
    const char *problem;
};

static bool refuse(struct gperftools *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

static const char CUT[] = "it is cut: it has no end";

static bool word(struct words *w, uint64_t *v)
{
    *v = 0;
    if ((size_t)(w->end - w->at) < w->size)
        return false;
    for (unsigned i = 0; i < w->size; i++)
        *v |= (uint64_t)w->at[i] << 8 * (w->big ? w->size - 1 - i : i);
    w->at += w->size;
    return true;
}

/* The head: 0, the number of words that follow, version 0, the period in us, 0. False: not of these words. */
static bool read_head(struct words *w, uint64_t *period)
{
    uint64_t head[5];
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        if (!word(w, &head[i]))
            return false;
    *period = head[3];
    return !head[0] && head[1] == 3 && !head[2] && head[3] && head[3] < 1000000000 && !head[4];
}

/* Behind the head; size 0: it is none. */
static struct words find_words(const void *bytes, size_t len, uint64_t *period)
{
    for (unsigned form = 0; form < 4; form++) {
        struct words w = {.at = bytes, .end = (const unsigned char *)bytes + len, .size = form & 1 ? 4 : 8};
        w.big = form & 2;
        if (read_head(&w, period))
            return w;
    }
    return (struct words){.size = 0};
}

static int by_start(const void *a, const void *b)
{
    const struct map *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

/* "START-END r-xp OFFSET DEVICE INODE PATH", as /proc/PID/maps has them. */
static void read_maps(struct gperftools *x, const char *text, size_t len)
{
    for (const char *end = text + len, *next; text < end; text = next) {
        char line[512], perms[8], path[300] = "";
        unsigned long long start, stop;
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        next = newline ? newline + 1 : end;
        size_t n = MIN((size_t)(next - text), sizeof line - 1);
        memcpy(line, text, n);
        line[n] = 0;
        if (sscanf(line, " %llx-%llx %7s %*s %*s %*s %299[^\n]", &start, &stop, perms, path) < 3 ||
            !strchr(perms, 'x') || x->n_maps == MAPS_MAX)
            continue;
        const char *slash = strrchr(path, '/'), *name = slash && slash[1] ? slash + 1 : path;
        x->maps =
            x->n_maps == x->cap_maps ? mem_grow(x->maps, x->n_maps, &x->cap_maps, sizeof *x->maps) : x->maps;
        x->maps[x->n_maps++] = (struct map){start, stop, arena_strdup(x->p->arena, name), strlen(name)};
    }
    if (x->n_maps)
        qsort(x->maps, x->n_maps, sizeof *x->maps, by_start);
}

/* The file has no names: a function is the module it is in. */
static uint32_t function_at(struct gperftools *x, uint64_t address)
{
    static const char unknown[] = "<unknown>";
    char text[320];
    size_t lo = 0, hi = x->n_maps;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (x->maps[mid].end > address)
            hi = mid;
        else
            lo = mid + 1;
    }
    const struct map *m = lo < x->n_maps && x->maps[lo].start <= address ? &x->maps[lo] : NULL;
    if (!m || !m->len)
        return profile_function(x->p, unknown, sizeof unknown - 1, NULL, 0, NULL);
    int n = snprintf(text, sizeof text, *m->name == '[' ? "%s" : "[%s]", m->name);
    return profile_function(x->p, text, (size_t)n, m->name, m->len, "native");
}

/* How often, how many addresses, the addresses, innermost first; the last has 0, 1, 0. */
static bool read_stacks(struct gperftools *x, struct words w)
{
    for (uint64_t times, depth, address; word(&w, &times) && word(&w, &depth);) {
        bool last = !times && depth == 1;
        if (depth > (size_t)(w.end - w.at) / w.size || depth > PROFILE_DEPTH_MAX || times > INT32_MAX)
            return refuse(x, CUT);
        x->n = 0;
        for (uint64_t i = 0; i < depth; i++) {
            word(&w, &address);
            x->frames = x->n == x->cap ? mem_grow(x->frames, x->n, &x->cap, sizeof *x->frames) : x->frames;
            if (!last)
                x->frames[x->n++] = function_at(x, i ? address - 1 : address);
        }
        if (last && !address)
            return true;
        for (size_t i = 0; i < x->n / 2; i++) {
            uint32_t t = x->frames[i];
            x->frames[i] = x->frames[x->n - 1 - i];
            x->frames[x->n - 1 - i] = t;
        }
        double values[2] = {(double)times, (double)times * x->period};
        if (!profile_stack(x->p, x->frames, x->n, (int64_t)times, values))
            return false;
    }
    return refuse(x, CUT);
}

/* Where the maps begin: behind the end of the stacks. */
static const unsigned char *skip_stacks(struct words w)
{
    for (uint64_t times, depth, first = 1; word(&w, &times) && word(&w, &depth);) {
        if (depth > (size_t)(w.end - w.at) / w.size)
            break;
        const unsigned char *behind = w.at + depth * w.size;
        if (!times && depth == 1 && word(&w, &first) && !first)
            return behind;
        w.at = behind;
    }
    return w.end;
}

struct profile *gperftools_read(const void *bytes, size_t len, struct sd_error *err)
{
    uint64_t period = 0;
    struct gperftools x = {.p = profile_new("gperftools", 2)};
    struct words w = find_words(bytes, len, &period);
    x.period = (double)period * 1e3;
    x.p->counted = true;
    profile_type(x.p, "samples", "count");
    x.p->chosen = profile_type(x.p, "cpu", "ns");
    if (!w.size) {
        refuse(&x, "it is no CPU profile of gperftools");
    } else {
        const unsigned char *maps = skip_stacks(w);
        read_maps(&x, (const char *)maps, (size_t)(w.end - maps));
        if (read_stacks(&x, w))
            profile_say(x.p,
                        "Names are not in the file: functions stand as the module they are in; pprof -proto "
                        "PROGRAM FILE adds them.");
    }
    free(x.maps);
    free(x.frames);
    return profile_read_end(x.p, x.problem, err);
}

bool gperftools_like(const void *head, size_t len)
{
    uint64_t period;
    return find_words(head, len, &period).size;
}
