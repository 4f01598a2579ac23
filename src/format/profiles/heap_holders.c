#include "format/profiles/heap_holders.h"

#include <stdlib.h>

enum { HOLDERS_MAX = 1024, PATH_MAX_STEPS = 12, NEAR = 3 };

#define LEAST  0.001 /* of the heap */
#define MOSTLY 0.9

struct work {
    const struct heap_objects *h;
    struct profile *p;
    uint64_t *retained;
    uint32_t *owner;   /* its holder, a store left out */
    uint32_t *largest; /* the one right below that holds most; 0: none */
    uint32_t *vote, *votes, *held;
    uint32_t *chosen, n; /* objects that are holders, the largest first */
    uint8_t *is_holder;
};

static const char *name_of(const struct work *w, uint32_t object)
{
    return object ? w->p->functions[w->h->functions[object]].name : "";
}

/* ---- figures ---- */

static void retain(struct work *w)
{
    const struct heap_objects *h = w->h;
    for (uint32_t i = 0; i < h->n; i++)
        w->retained[i] = h->sizes[i];
    for (uint32_t i = h->n; i-- > 0;)
        if (h->order[i])
            w->retained[h->holder[h->order[i]]] += w->retained[h->order[i]];
    for (uint32_t i = 1; i < h->n; i++) {
        uint32_t above = h->holder[i];
        bool store = above && h->type(h->ctx, above) == HEAP_STORE;
        w->owner[i] = store ? h->holder[above] : above;
    }
}

/* Who is in the majority below each, if any is (Boyer and Moore), without the stores. */
static void vote(struct work *w)
{
    const struct heap_objects *h = w->h;
    for (uint32_t i = 1; i < h->n; i++) {
        uint32_t o = w->owner[i];
        if (w->retained[i] > w->retained[w->largest[o]] || !w->largest[o])
            w->largest[o] = i;
        if (h->type(h->ctx, i) == HEAP_STORE)
            continue;
        w->held[o]++;
        if (!w->votes[o])
            w->vote[o] = h->functions[i];
        w->votes[o] += w->vote[o] == h->functions[i] ? 1 : -1U;
    }
    memset(w->votes, 0, h->n * sizeof *w->votes);
    for (uint32_t i = 1; i < h->n; i++)
        w->votes[w->owner[i]] += h->type(h->ctx, i) != HEAP_STORE && w->vote[w->owner[i]] == h->functions[i];
}

/* ---- which ---- */

/* Of objects that hold each other in a row, as in a list, only the first: so many would hold much. */
static bool is_in_chain(const struct work *w, uint32_t object)
{
    uint32_t above = w->h->holder[object];
    for (size_t i = 0; i < NEAR && above; i++, above = w->h->holder[above])
        if (w->h->functions[above] == w->h->functions[object])
            return true;
    return false;
}

static int by_retained(const void *a, const void *b, void *work)
{
    const struct work *w = work;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return w->retained[x] > w->retained[y] ? -1 : w->retained[x] < w->retained[y] ? 1 : x < y ? -1 : x > y;
}

static void choose(struct work *w)
{
    const struct heap_objects *h = w->h;
    uint64_t least = (uint64_t)(LEAST * (double)w->retained[0]);
    size_t cap = 0;
    for (uint32_t i = 1; i < h->n; i++) {
        enum heap_type t = h->type(h->ctx, i);
        if (w->retained[i] <= least || (t != HEAP_OBJECT && t != HEAP_CLOSURE) || is_in_chain(w, i))
            continue;
        w->chosen = w->n == cap ? mem_grow(w->chosen, w->n, &cap, sizeof *w->chosen) : w->chosen;
        w->chosen[w->n++] = i;
    }
    if (w->n)
        qsort_r(w->chosen, w->n, sizeof *w->chosen, by_retained, w);
    w->n = MIN(w->n, (uint32_t)HOLDERS_MAX);
    for (uint32_t i = 0; i < w->n; i++)
        w->is_holder[w->chosen[i]] = 1;
}

/* ---- what it is ---- */

/* Constructors, of Node and of Chrome. */
static const char *const LISTENERS[] = {"Listener", "EventListener", "V8EventListener", "JSEventListener",
                                        NULL};
static const char *const TIMERS[] = {"Timeout",  "TimersList",      "Immediate", "ImmediateList",
                                     "DOMTimer", "ScheduledAction", NULL};

/* Where emitters of events keep those that listen: Node's EventEmitter and EventTarget, libraries. */
static bool is_listeners(const struct work *w, uint32_t object)
{
    static const char *const properties[] = {"_events",    "<symbol kEvents>", "_listeners",  "listeners",
                                             "_callbacks", "__listeners",      "subscribers", "_subscribers",
                                             "observers",  "_observers",       NULL};
    uint32_t by;
    const char *property = w->h->property(w->h->ctx, object, &by);
    return (property && str_find(properties, property) >= 0) || str_find(LISTENERS, name_of(w, object)) >= 0;
}

static bool is_timers(const struct work *w, uint32_t object)
{
    return str_find(TIMERS, name_of(w, object)) >= 0;
}

/* Among the object and its nearest holders. */
static bool near(const struct work *w, uint32_t object, bool (*is)(const struct work *, uint32_t))
{
    for (size_t i = 0; i < NEAR && object; i++, object = w->owner[object])
        if (is(w, object))
            return true;
    return false;
}

/* Below it each object holds the next one of its kind. */
static uint32_t goes_on(const struct work *w, uint32_t object)
{
    uint32_t below = w->largest[object];
    for (size_t i = 0; i < NEAR && below; i++, below = w->largest[below])
        if (w->h->functions[below] == w->h->functions[w->largest[object]] && i)
            return w->largest[object];
    return 0;
}

static const char *what_it_is(const struct work *w, uint32_t object, const char *holds)
{
    const struct heap_objects *h = w->h;
    static const char *const collections[] = {"Map", "Set", "Array", "Object", NULL};
    static const char *const kinds[] = {"map", "set", "array", "object"};
    uint32_t next = goes_on(w, object), most = w->largest[object];
    if (str_starts(name_of(w, object), "Detached ") || (holds && str_starts(holds, "Detached ")))
        return "detached";
    if (near(w, object, is_listeners) || str_find(LISTENERS, holds ? holds : "") >= 0)
        return "listeners";
    if (near(w, object, is_timers) || str_find(TIMERS, holds ? holds : "") >= 0)
        return "timers";
    int i = str_find(collections, name_of(w, object));
    if (i >= 0 && !next)
        return kinds[i];
    bool closure = h->type(h->ctx, object) == HEAP_CLOSURE ||
                   (most && h->type(h->ctx, most) == HEAP_CLOSURE) ||
                   (next && w->largest[next] && h->type(h->ctx, w->largest[next]) == HEAP_CLOSURE);
    if (closure && (next || (double)w->retained[most] >= MOSTLY * (double)w->retained[object]))
        return "closure";
    return next ? "chain" : i >= 0 ? kinds[i] : NULL;
}

/* ---- the records ---- */

/* The property by which its holder refers to it. */
static const char *property_of(const struct work *w, uint32_t object)
{
    uint32_t by = 0;
    const char *property = w->h->property(w->h->ctx, object, &by);
    return property && by == w->h->holder[object] ? arena_strdup(w->p->arena, property) : NULL;
}

static const char *through(const struct work *w, uint32_t object)
{
    uint32_t most = w->largest[object];
    bool nearly = most && (double)w->retained[most] >= MOSTLY * (double)w->retained[object];
    return nearly ? property_of(w, most) : NULL;
}

/* One holder with the property that leads on. */
static void add_step(struct strbuf *path, const char *before, const char *name, const char *property)
{
    strbuf_printf(path, "%s%.100s%s%.60s", path->len ? before : "", name, property ? "." : "",
                  property ? property : "");
}

/* "Shop.sessions < (context).shop". What refers to an object, but is not the only one that keeps it, stands
 * before an ellipsis. */
static const char *path_to(const struct work *w, uint32_t object)
{
    struct strbuf path = {0};
    size_t n = 0;
    for (uint32_t below = object, at; below; below = at, n++) {
        uint32_t by = 0;
        at = w->owner[below];
        if (n >= PATH_MAX_STEPS)
            continue;
        const char *property = w->h->property(w->h->ctx, below, &by), *before = " \u2039 ";
        if (property && by && by != w->h->holder[below]) {
            add_step(&path, before, name_of(w, by), property);
            before = " \u2039 \u2026 \u2039 ";
            property = NULL;
        }
        if (at)
            add_step(&path, before, name_of(w, at), property);
    }
    if (n > PATH_MAX_STEPS)
        strbuf_printf(&path, " \u2039 %zu more", n - PATH_MAX_STEPS);
    const char *text = path.len ? arena_strdup(w->p->arena, strbuf_text(&path)) : NULL;
    strbuf_free(&path);
    return text;
}

static uint32_t holder_above(const struct work *w, uint32_t object)
{
    uint32_t above = w->owner[object];
    while (above && !w->is_holder[above])
        above = w->owner[above];
    return above;
}

static struct sd_profile_holder record_of(const struct work *w, uint32_t object)
{
    uint32_t above = holder_above(w, object);
    bool most = w->held[object] && w->votes[object] * 2 > w->held[object];
    const char *holds = most ? w->p->functions[w->vote[object]].name : NULL;
    return (struct sd_profile_holder){
        .id = (int64_t)w->h->ids[object],
        .above = above ? (int64_t)w->h->ids[above] : 0,
        .name = name_of(w, object),
        .property = above && above == w->owner[object] ? property_of(w, object) : NULL,
        .through = through(w, object),
        .what = what_it_is(w, object, holds),
        .path = path_to(w, object),
        .holds = holds,
        .held = w->held[object],
        .bytes = (int64_t)w->retained[object],
    };
}

void heap_holders(const struct heap_objects *h, struct profile *p)
{
    struct work w = {.h = h, .p = p};
    uint32_t **arrays[] = {&w.owner, &w.largest, &w.vote, &w.votes, &w.held};
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++)
        *arrays[i] = mem_array((size_t)h->n + 1, sizeof(uint32_t));
    w.retained = mem_array((size_t)h->n + 1, sizeof *w.retained);
    w.is_holder = mem_array((size_t)h->n + 1, 1);
    retain(&w);
    vote(&w);
    choose(&w);
    p->holders = mem_array(w.n + 1, sizeof *p->holders);
    for (uint32_t i = 0; i < w.n; i++)
        p->holders[p->n_holders++] = record_of(&w, w.chosen[i]);
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++)
        free(*arrays[i]);
    free(w.retained);
    free(w.is_holder);
    free(w.chosen);
}
