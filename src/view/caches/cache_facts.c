/* cache_facts.c - the caches of the model with all their parts. */
#include "view/caches/cache_facts.h"

#include <stdlib.h>

#include "view/caches/caches.h"

enum { CACHES_MAX = 256, RECORDS_MAX = 20000 };

static const char *cache_of(enum sd_kind kind, const void *r)
{
    switch ((int)kind) {
    case SD_CACHE_PREFIX:
        return ((const struct sd_cache_prefix *)r)->cache;
    case SD_CACHE_KEY:
        return ((const struct sd_cache_key *)r)->cache;
    case SD_CACHE_COMMAND:
        return ((const struct sd_cache_command *)r)->cache;
    case SD_CACHE_SLOW:
        return ((const struct sd_cache_slow *)r)->cache;
    default:
        return ((const struct sd_cache_curve *)r)->cache;
    }
}

/* Those of the cache, to the end of the room; how many. */
static size_t records_of(const struct view_ctx *c, const struct cache_entry *e, enum sd_kind kind,
                         struct record_entry *room, size_t max)
{
    size_t n = model_cache_records(c->model, kind, c->span, c->now, room, max), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (str_eq(room[i].origin, e->origin) && str_eq(cache_of(kind, room[i].r), e->r.name))
            room[kept++] = room[i];
    return kept;
}

double cache_rate(const struct cache_facts *f, int64_t grown)
{
    return grown < 0 ? (double)NAN : (double)grown / f->seconds;
}

static void figure(struct cache_facts *f, const struct view_ctx *c)
{
    const struct cache_entry *e = &f->e;
    struct span covered = common_covered(c);
    sd_time from = sd_known(e->from) ? e->from : covered.from;
    f->seconds = e->whole ? (double)NAN : common_seconds((struct span){from, e->at});
    f->hit_ratio = cache_hit_ratio(&e->r);
    f->misses_per_s = cache_rate(f, e->r.misses);
    f->lookups_per_s = f->misses_per_s + cache_rate(f, e->r.hits);
}

struct caches_found caches_find(const struct view_ctx *c)
{
    struct cache_entry *e = mem_array(CACHES_MAX, sizeof *e);
    struct caches_found f = {.n = model_caches(c->model, c->span, c->now, e, CACHES_MAX)};
    struct record_entry *room = f.records = mem_array(RECORDS_MAX, sizeof *room);
    size_t left = RECORDS_MAX;
    f.items = mem_array(f.n + 1, sizeof *f.items);
    for (size_t i = 0; i < f.n; i++) {
        struct cache_facts *x = &f.items[i];
        *x = (struct cache_facts){.e = e[i]};
        figure(x, c);
        const struct {
            enum sd_kind kind;
            const struct record_entry **at;
            size_t *n;
        } parts[] = {{SD_CACHE_PREFIX, &x->prefixes, &x->n_prefixes},
                     {SD_CACHE_KEY, &x->keys, &x->n_keys},
                     {SD_CACHE_COMMAND, &x->commands, &x->n_commands},
                     {SD_CACHE_SLOW, &x->slow, &x->n_slow}};
        for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
            *parts[k].at = room;
            *parts[k].n = records_of(c, &e[i], parts[k].kind, room, left);
            room += *parts[k].n;
            left -= *parts[k].n;
        }
        x->curve = records_of(c, &e[i], SD_CACHE_CURVE, room, left) ? room[0].r : NULL;
    }
    free(e);
    return f;
}

void caches_found_free(struct caches_found *f)
{
    for (size_t i = 0; i < f->n; i++)
        cache_entry_free(&f->items[i].e);
    free(f->items);
    free(f->records);
}

double cache_curve_at(const struct sd_cache_curve *x, double size)
{
    const struct sd_reals *s = x->sizes, *m = x->miss_ratios;
    size_t n = s && m ? MIN(s->n, m->n) : 0;
    if (!n || !(size >= s->items[0]) || !(size <= s->items[n - 1]))
        return (double)NAN;
    for (size_t i = 1; i < n; i++)
        if (size <= s->items[i]) {
            double w = (size - s->items[i - 1]) / (s->items[i] - s->items[i - 1]);
            return m->items[i - 1] + w * (m->items[i] - m->items[i - 1]);
        }
    return m->items[0];
}

const char *cache_miss_reasons(struct doc *d, const struct sd_cache *r)
{
    const struct {
        const char *name;
        int64_t n;
    } why[] = {{"cold", r->misses_cold},
               {"expired", r->misses_expired},
               {"evicted", r->misses_evicted},
               {"deleted", r->misses_invalidated},
               {"bypassed", str_eq(r->product, "nginx") ? r->bypassed : SD_UNKNOWN}};
    struct strbuf text = {0};
    char share[UNIT_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(why); i++)
        if (why[i].n > 0 && r->misses > 0)
            strbuf_printf(&text, "%s%s %s", text.len ? ", " : "",
                          unit_format(UNIT_SHARE, MIN((double)why[i].n / (double)r->misses, 1.0), share),
                          why[i].name);
    const char *out = text.len ? doc_text(d, strbuf_text(&text)) : NULL;
    strbuf_free(&text);
    return out;
}

const char *caches_method_cost(const char *method)
{
    static const struct {
        const char *method, *cost;
    } METHODS[] = {
        {"keys",
         "walks over a sample of the keys (SCAN) and asks for the memory, type and TTL of some: at most 1 % "
         "of the server's time, no value is read"},
        {"monitor", "does what keys does, and reads all commands (MONITOR) in short bursts, which slows the "
                    "server while one "
                    "runs: ended when its latency grows, at most 1 % of its time"},
        {"detail",
         "switches on memcached's counting by prefix (stats detail on), which costs a few percent of its "
         "time, and off again at the end"},
    };
    for (size_t i = 0; i < ARRAY_LEN(METHODS); i++)
        if (str_eq(method, METHODS[i].method))
            return METHODS[i].cost;
    return NULL;
}
