#include "format/caches/memcached_stats.h"

#include <errno.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/schema.h"

struct count {
    const char *name;
    size_t at;
};

#define COUNT(name_) {.name = #name_, .at = offsetof(struct memcached_stats, name_)},
static const struct count COUNTS[] = {MEMCACHED_COUNTS(COUNT)};
#undef COUNT
#define COUNT(name_) {.name = #name_, .at = offsetof(struct memcached_slab, name_)},
static const struct count SLAB_COUNTS[] = {MEMCACHED_SLAB_COUNTS(COUNT)};
#undef COUNT

static void clear(void *into, const struct count *counts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(int64_t *)(void *)((char *)into + counts[i].at) = SD_UNKNOWN;
}

void memcached_stats_clear(struct memcached_stats *m)
{
    memset(m, 0, sizeof *m);
    clear(m, COUNTS, ARRAY_LEN(COUNTS));
    m->cpu_ns = SD_UNKNOWN;
    m->evicts = true;
    snprintf(m->delimiter, sizeof m->delimiter, ":");
}

/* ---- reading ---- */

/* A count is an unsigned number of 64 bits. */
static bool read_count(const char *text, int64_t *v)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long x = strtoull(text, &end, 10);
    *v = errno || x > (unsigned long long)INT64_MAX ? NUM_MAX : (int64_t)x;
    return !*end;
}

static void put(void *into, const struct count *counts, size_t n, const char *name, const char *value)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(counts[i].name, name))
            read_count(value, (int64_t *)(void *)((char *)into + counts[i].at));
}

static struct memcached_slab *slab_of(struct memcached_stats *m, int64_t class_)
{
    for (size_t i = 0; i < m->n_slabs; i++)
        if (m->slabs[i].class_ == class_)
            return &m->slabs[i];
    if (m->n_slabs == MEMCACHED_SLABS)
        return NULL;
    struct memcached_slab *s = &m->slabs[m->n_slabs++];
    clear(s, SLAB_COUNTS, ARRAY_LEN(SLAB_COUNTS));
    s->class_ = class_;
    return s;
}

/* "items:3:number", or "3:chunk_size". False: it is not of a slab class. */
static bool read_slab(struct memcached_stats *m, const char *name, const char *value)
{
    const char *digits = str_starts(name, "items:") ? name + 6 : name;
    char *end;
    if (*digits < '0' || *digits > '9')
        return false;
    long class_ = strtol(digits, &end, 10);
    if (*end != ':' || class_ < 0 || class_ > 1000000)
        return false;
    struct memcached_slab *s = slab_of(m, class_);
    if (s)
        put(s, SLAB_COUNTS, ARRAY_LEN(SLAB_COUNTS), end + 1, value);
    return true;
}

static void read_cpu(struct memcached_stats *m, const char *value)
{
    char *end;
    double s = strtod(value, &end);
    if (end != value && s >= 0 && s < 1e9)
        m->cpu_ns = add_known(m->cpu_ns, real_to_int(s * 1e9));
}

static void read_stat(struct memcached_stats *m, const char *name, const char *value)
{
    if (read_slab(m, name, value))
        return;
    if (!strcmp(name, "version"))
        snprintf(m->version, sizeof m->version, "%s", value);
    else if (!strcmp(name, "rusage_user") || !strcmp(name, "rusage_system"))
        read_cpu(m, value);
    else if (!strcmp(name, "evictions") && (value[0] < '0' || value[0] > '9')) /* of the settings */
        m->evicts = !strcmp(value, "on");
    else if (!strcmp(name, "detail_enabled"))
        m->detail_on = !strcmp(value, "yes");
    else if (!strcmp(name, "stat_key_prefix"))
        snprintf(m->delimiter, sizeof m->delimiter, "%s", value);
    else
        put(m, COUNTS, ARRAY_LEN(COUNTS), name, value);
}

enum { NAME_MAX_BYTES = 300 };

/* The next line in its parts, at most three; false: there is none. `parts` are of the line's copy. */
struct line {
    char text[2 * NAME_MAX_BYTES];
    char *word[3]; /* "" where there is none; the last is all of the rest */
};
static bool next_line(const char **p, const char *end, struct line *l)
{
    if (*p >= end)
        return false;
    const char *stop = memchr(*p, '\n', (size_t)(end - *p));
    size_t n = (size_t)((stop ? stop : end) - *p);
    size_t kept = MIN(n, sizeof l->text - 1);
    memcpy(l->text, *p, kept);
    l->text[kept] = 0;
    l->text[strcspn(l->text, "\r")] = 0;
    *p = stop ? stop + 1 : end;
    char *s = l->text;
    for (size_t i = 0; i < ARRAY_LEN(l->word); i++) {
        l->word[i] = s;
        s += i + 1 < ARRAY_LEN(l->word) ? strcspn(s, " ") : strlen(s);
        if (*s)
            *s++ = 0;
    }
    return true;
}

static bool unexpected(const struct line *l, struct sd_error *err)
{
    if (str_eq(l->word[0], "CLIENT_ERROR") && str_starts(l->word[1], "unauthenticated"))
        return fail(err, "the memcached requires a login, which is not supported");
    char first[40];
    snprintf(first, sizeof first, "%s", l->word[0]);
    for (char *c = first; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '.';
    return fail(err, "the server is no memcached that speaks its text protocol: it answered \"%s\"", first);
}

bool memcached_stats_read(struct memcached_stats *m, const char *answer, size_t len, struct sd_error *err)
{
    struct line l;
    for (const char *p = answer; next_line(&p, answer + len, &l);) {
        if (str_eq(l.word[0], "END") || str_eq(l.word[0], "RESET"))
            continue;
        if (!str_eq(l.word[0], "STAT"))
            return unexpected(&l, err);
        read_stat(m, l.word[1], l.word[2]);
    }
    return true;
}

/* ---- records ---- */

static int64_t sum(const int64_t *v, size_t n)
{
    int64_t all = SD_UNKNOWN;
    for (size_t i = 0; i < n; i++)
        all = add_known(all, v[i]);
    return all;
}

static void add_slabs(const struct memcached_stats *m, const char *name, const struct sd_host *h,
                      struct sd_batch *b)
{
    for (size_t i = 0; i < m->n_slabs; i++) {
        const struct memcached_slab *s = &m->slabs[i];
        struct sd_cache_prefix p;
        char text[80];
        schema_clear(schema_of(SD_CACHE_PREFIX), &p);
        if (sd_known(s->chunk_size))
            snprintf(text, sizeof text, "slab %lld, up to %lld bytes", (long long)s->class_,
                     (long long)s->chunk_size);
        else
            snprintf(text, sizeof text, "slab %lld", (long long)s->class_);
        p.cache = name;
        p.prefix = text;
        p.kind = "slab";
        p.watched_ns = sd_known(m->uptime) ? mul_sat(m->uptime, SD_S) : SD_UNKNOWN;
        p.keys = sd_known(s->number) ? s->number : s->used_chunks;
        p.bytes = s->mem_requested;
        if (!sd_known(p.bytes) && sd_known(s->used_chunks) && sd_known(s->chunk_size))
            p.bytes = mul_sat(s->used_chunks, s->chunk_size);
        p.hits = s->get_hits;
        p.writes = s->cmd_set;
        p.deletes = s->delete_hits;
        p.method = "the server's own count, since its start; it does not count misses by slab";
        h->add(b, SD_CACHE_PREFIX, &p);
    }
}

void memcached_stats_add(const struct memcached_stats *m, const char *name, bool detail,
                         const struct sd_host *h, struct sd_batch *b)
{
    struct sd_cache r;
    const char *notes[4];
    size_t n = 0;
    schema_clear(schema_of(SD_CACHE), &r);
    r.layer = "application";
    r.name = name;
    r.product = "memcached";
    r.version = *m->version ? m->version : NULL;
    if (sd_known(m->time) && sd_known(m->uptime) && m->time >= m->uptime)
        r.since = mul_sat(m->time - m->uptime, SD_S);
    r.hits = m->get_hits;
    r.misses = m->get_misses;
    r.misses_expired = m->get_expired;
    r.misses_invalidated = m->get_flushed;
    r.evictions = m->evictions;
    r.evicted_unread = m->evicted_unfetched;
    r.expired = sum((const int64_t[]){m->reclaimed, m->crawler_reclaimed, m->get_expired}, 3);
    r.writes = m->cmd_set;
    r.requests = sum((const int64_t[]){m->cmd_get, m->cmd_set, m->cmd_touch, m->delete_hits, m->delete_misses,
                                       m->incr_hits, m->incr_misses, m->decr_hits, m->decr_misses},
                     9);
    r.errors = m->store_no_memory;
    r.bytes_out = m->bytes_written;
    r.connections = m->total_connections;
    r.rejected = m->rejected_connections;
    r.busy_ns = m->cpu_ns;
    r.entries = m->curr_items;
    r.bytes_used = m->bytes;
    r.bytes_max = m->limit_maxbytes;
    r.policy = m->evicts ? "lru" : "noeviction";
    r.clients = m->curr_connections;
    notes[n++] = "memcached measures no durations.";
    notes[n++] = "memcached does not tell keys that were never stored from evicted ones: of the misses only "
                 "expired and flushed ones are known.";
    if (!detail)
        notes[n++] = "Hits by prefix are unknown: memcached counts them only while stats detail is on, which "
                     "costs it a lock for each command. To allow it: --sample detail --yes.";
    r.notes = &(struct sd_texts){.n = (uint32_t)n, .items = notes};
    h->add(b, SD_CACHE, &r);
    add_slabs(m, name, h, b);
}

/* ---- prefixes ---- */

static int by_name(const void *a, const void *b)
{
    const struct memcached_prefix *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void memcached_prefixes_free(struct memcached_prefixes *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i].name);
    free(p->items);
    *p = (struct memcached_prefixes){.n = 0};
}

/* "PREFIX user get 2 hit 1 set 0 del 0" */
bool memcached_prefixes_read(struct memcached_prefixes *p, const char *answer, size_t len,
                             struct sd_error *err)
{
    struct line l;
    for (const char *s = answer; next_line(&s, answer + len, &l);) {
        long long get, hit, set, del;
        if (str_eq(l.word[0], "END"))
            continue;
        if (!str_eq(l.word[0], "PREFIX"))
            return unexpected(&l, err);
        if (sscanf(l.word[2], "get %18lld hit %18lld set %18lld del %18lld", &get, &hit, &set, &del) != 4 ||
            get < 0 || hit < 0 || set < 0 || del < 0)
            continue;
        p->items = mem_grow(p->items, p->n, &p->cap, sizeof *p->items);
        p->items[p->n++] = (struct memcached_prefix){
            .name = mem_strdup(l.word[1]), .gets = get, .hits = MIN(hit, get), .sets = set, .deletes = del};
    }
    if (p->n)
        qsort(p->items, p->n, sizeof *p->items, by_name);
    return true;
}

enum { PREFIXES_SHOWN = 1000 };

/* What grew since `before`; after a reset all of it. */
static struct memcached_prefix growth(const struct memcached_prefix *now,
                                      const struct memcached_prefixes *before)
{
    struct memcached_prefix g = *now;
    const struct memcached_prefix *b =
        before && before->n ? bsearch(now, before->items, before->n, sizeof *before->items, by_name) : NULL;
    if (!b || b->gets > g.gets || b->hits > g.hits || b->sets > g.sets || b->deletes > g.deletes)
        return g;
    g.gets -= b->gets;
    g.hits -= b->hits;
    g.sets -= b->sets;
    g.deletes -= b->deletes;
    g.hits = MIN(g.hits, g.gets);
    return g;
}

static int by_gets(const void *a, const void *b)
{
    const struct memcached_prefix *x = a, *y = b;
    return (x->gets < y->gets) - (x->gets > y->gets);
}

void memcached_prefixes_add(const struct memcached_prefixes *p, const struct memcached_prefixes *before,
                            const struct memcached_stats *m, const char *cache, int64_t watched_ns,
                            const struct sd_host *h, struct sd_batch *b)
{
    struct memcached_prefix *grown = mem_array(MAX(p->n, (size_t)1), sizeof *grown);
    for (size_t i = 0; i < p->n; i++)
        grown[i] = growth(&p->items[i], before);
    qsort(grown, p->n, sizeof *grown, by_gets);
    for (size_t i = 0; i < MIN(p->n, (size_t)PREFIXES_SHOWN); i++) {
        struct sd_cache_prefix r;
        char text[NAME_MAX_BYTES + 20];
        schema_clear(schema_of(SD_CACHE_PREFIX), &r);
        snprintf(text, sizeof text, "%.*s%s*", NAME_MAX_BYTES, grown[i].name, m->delimiter);
        r.cache = cache;
        r.prefix = text;
        r.kind = "prefix";
        r.watched_ns = watched_ns;
        r.hits = grown[i].hits;
        r.misses = grown[i].gets - grown[i].hits;
        r.writes = grown[i].sets;
        r.deletes = grown[i].deletes;
        r.method = "stats detail of memcached: every lookup";
        h->add(b, SD_CACHE_PREFIX, &r);
    }
    free(grown);
}
