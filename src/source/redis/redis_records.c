/* redis_records.c - what is known of the servers, as records. */
#include <stdlib.h>

#include "source/redis/redis.h"

enum { TEXTS_MAX = 32 };

void redis_event(const struct redis *x, struct sd_batch *b, const char *severity, const char *title,
                 const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (b)
        x->s->host->add(b, SD_EVENT, &(struct sd_event){.severity = severity, .title = title, .text = text});
}

void redis_metric(const struct redis *x, struct sd_batch *b, const char *name, const char *labels,
                  const char *unit, double value)
{
    if (!isnan(value))
        x->s->host->add(
            b, SD_METRIC,
            &(struct sd_metric){.name = name, .labels = labels, .unit = *unit ? unit : NULL, .value = value});
}

struct texts {
    const char *items[TEXTS_MAX];
    struct sd_texts list;
};

static void add(struct texts *t, const char *text)
{
    if (!text || t->list.n == TEXTS_MAX)
        return;
    t->items[t->list.n++] = text;
    t->list.items = t->items;
}

/* Without our own lookups, which are no application's. */
static int64_t corrected(int64_t counted, int64_t own)
{
    return counted < 0 ? counted : MAX(counted - own, 0);
}

static void add_errors(const struct redis *x, const struct redis_node *n, struct sd_batch *b)
{
    for (size_t i = 0; i < n->info.n_errors; i++) {
        char *labels = mem_printf("cache=%s,error=%s", n->name, n->info.errors[i]);
        if (n->info.error_counts[i] >= 0)
            x->s->host->add(b, SD_METRIC,
                            &(struct sd_metric){.name = "redis.errors",
                                                .labels = labels,
                                                .unit = "count",
                                                .value = (double)n->info.error_counts[i],
                                                .counter = 1});
        free(labels);
    }
}

/* A server that is not read now: its counters are unknown, what it was stays. */
static struct sd_cache unread(const struct redis_node *n)
{
    struct sd_cache c = n->info.cache;
    c.hits = c.misses = c.evictions = c.expired = c.requests = c.errors = c.bytes_out = SD_UNKNOWN;
    c.connections = c.rejected = c.busy_ns = SD_UNKNOWN;
    return c;
}

void redis_node_records(const struct redis *x, struct redis_node *n, struct sd_batch *b)
{
    struct texts notes = {.list = {0}}, troubles = {.list = {0}};
    const struct sd_host *h = x->s->host;
    if (!n->name)
        return;
    struct sd_cache c = n->problem ? unread(n) : n->info.cache;
    char *silent = n->problem ? mem_printf("it does not answer: %s", n->problem) : NULL;
    add(&troubles, silent);
    for (size_t i = 0; !n->problem && i < n->info.cache.troubles->n; i++)
        add(&troubles, n->info.cache.troubles->items[i]);
    add(&troubles, n->problem ? NULL : n->client_trouble);
    add(&troubles, x->cluster_trouble);
    if (!n->sampled)
        add(&notes, "why keys are missed is unknown: the server does not count it");
    add(&notes, "latencies of hits and misses are unknown: the server measures them by command");
    add(&notes, n->lack);
    c.name = n->name;
    c.since = n->since;
    c.hits = corrected(c.hits, n->own_hits);
    c.misses = corrected(c.misses, n->own_misses);
    c.troubles = &troubles.list;
    c.notes = &notes.list;
    h->add(b, SD_CACHE, &c);
    for (size_t i = 0; i < n->info.n_commands && !n->problem; i++) {
        struct sd_cache_command *k = &n->info.commands[i];
        k->cache = n->name;
        h->add(b, SD_CACHE_COMMAND, k);
    }
    if (!n->problem)
        add_errors(x, n, b);
    free(silent);
}

/* All of them are in one batch, because the newest batch is what counts. */
void redis_slow_records(struct redis *x, struct sd_batch *b)
{
    bool any = false;
    for (size_t i = 0; i < x->n; i++)
        any |= x->nodes[i]->slow_changed;
    for (size_t i = 0; i < x->n && any; i++) {
        struct redis_node *n = x->nodes[i];
        n->slow_changed = false;
        for (size_t k = 0; k < n->n_slow; k++) {
            n->slow[k].cache = n->name;
            x->s->host->add(b, SD_CACHE_SLOW, &n->slow[k]);
        }
    }
}
