#include "source/log/log_cache.h"

#include "core/schema.h"

static void cache_name(const struct accesslog_agg *a, const char *target, char *out, size_t size)
{
    const char *slash = strrchr(target, '/');
    const char *file = str_eq(target, "-") ? "standard input" : slash && slash[1] ? slash + 1 : target;
    snprintf(out, size, "%s %.250s", accesslog_agg_cache(a), file);
}

void log_cache_name(struct log_cache *room, const struct accesslog_agg *a, const char *target,
                    struct sd_cache *record)
{
    size_t n = 0;
    cache_name(a, target, room->name, sizeof room->name);
    room->texts[n++] =
        "Of the misses, a log tells only those of expired entries apart: $upstream_cache_status "
        "EXPIRED.";
    room->texts[n++] = "Evictions and the size of the cache are not in an access log.";
    room->notes = (struct sd_texts){.n = (uint32_t)n, .items = room->texts};
    record->layer = "proxy";
    record->name = room->name;
    record->product = accesslog_agg_cache(a);
    record->notes = &room->notes;
}

struct adding {
    const struct sd_host *h;
    struct sd_batch *b;
    const char *cache;
    int64_t watched_ns;
};

static void add_route(void *ctx, const char *route, const struct cache_route *r)
{
    const struct adding *x = ctx;
    struct sd_cache_prefix p;
    schema_clear(schema_of(SD_CACHE_PREFIX), &p);
    p.cache = x->cache;
    p.prefix = route;
    p.kind = "route";
    p.watched_ns = x->watched_ns;
    p.hits = r->hits;
    p.misses = r->misses;
    p.misses_expired = r->expired;
    p.hit_mean_ns = r->hit_timed ? r->hit_ns / r->hit_timed : SD_UNKNOWN;
    p.miss_mean_ns = r->miss_timed ? r->miss_ns / r->miss_timed : SD_UNKNOWN;
    p.method = "every request of the log";
    x->h->add(x->b, SD_CACHE_PREFIX, &p);
}

void log_cache_routes(const struct sd_host *h, struct sd_batch *b, const struct accesslog_agg *a,
                      const char *target)
{
    char name[300];
    const struct accesslog_intake *in = accesslog_agg_intake(a);
    cache_name(a, target, name, sizeof name);
    struct adding x = {.h = h, .b = b, .cache = name, .watched_ns = MAX(in->last - in->first, SD_S)};
    accesslog_agg_cached(a, add_route, &x);
}
